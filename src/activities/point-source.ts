import type { GroupPointVm } from "../domain/group-point.ts";
import type { Vm } from "../domain/vm.ts";
import type { Provider, SourcePointDisk } from "../providers/provider.ts";
import type { ActivityDeps } from "./deps.ts";
import type { SourceSide } from "./plan-observations.ts";

/** Of what a point can't say itself. */
export interface PointSource {
  readonly vm: Vm;
  /** Where it came from: its hardware is what the guest knows. */
  readonly origin: Provider;
  /** Where its bytes lie. */
  readonly holder: Provider;
  readonly held: GroupPointVm;
}

/** A VM of a group's recovery point, to be planned like one that is there. Nothing is asked of the site that it came from. */
export function pointAsSource(
  { origin, holder, held }: PointSource,
  { store, transfer }: Pick<ActivityDeps, "store" | "transfer">,
): SourceSide {
  const { "disks.source-stopped": _notNeeded, "disks.peek": _neither, ...capabilities } = origin.capabilities;
  const { listInstanceTypes } = origin.compute;
  const { diskTypes } = origin.disks;
  return {
    site: holder.site,
    kind: origin.kind,
    capabilities,
    compute: listInstanceTypes ? { listInstanceTypes } : {},
    network: {},
    disks: {
      ...(diskTypes ? { diskTypes } : {}),
      async inspectSource() {
        return Promise.all(held.disks.map(inspect));
      },
      async peek(_vmId, diskId, signal) {
        const disk = held.disks.find((each) => each.diskId === diskId);
        return holder.disks.openPoint(disk?.generationId ?? diskId, signal);
      },
      async *listVolumes() {},
    },
  };

  async function inspect({ diskId, sizeBytes, generationId }: GroupPointVm["disks"][number]): Promise<SourcePointDisk> {
    const allocatedBytes = await transfer.manifestDataBytes(sizeBytes, store.checkpoints.chunks(generationId));
    const granularityBytes = transfer.leafBytes;
    // A site that holds the same content already needs none of it.
    const baselines = [{ baselineId: generationId, tracking: "hash-compare" as const, granularityBytes }];
    return { diskId, sizeBytes, allocatedBytes, baselines };
  }
}
