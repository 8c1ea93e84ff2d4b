import type { Instance } from "@aws-sdk/client-ec2";
import { stoppedConsistency } from "../../domain/consistency.ts";
import { capabilities } from "../capabilities.ts";
import type { Subject } from "../failures.ts";
import type { PointToTake, SourcePoint, SourcePointDisk } from "../provider.ts";
import { BlockLists } from "./block-lists.ts";
import type { Aws } from "./client.ts";
import { baselinesOf, blockBytes, type Lineage } from "./lineages.ts";
import type { OurSnapshot } from "./points.ts";
import { devicesOf } from "./vm.ts";

/** What a point is called that is taken of an instance. */
export interface PointInTaking extends Pick<PointToTake, "vmId" | "mode"> {
  readonly sourcePointId: string;
  readonly subject: Subject;
}

/** What the complete snapshots of a point say of it, in the order of the instance's disks. */
export async function toSourcePoint(
  aws: Aws,
  { sourcePointId, vmId, mode, subject }: PointInTaking,
  seen: {
    readonly instance: Instance;
    readonly snapshots: readonly OurSnapshot[];
    readonly lineages: ReadonlyMap<string, Lineage>;
  },
  signal: AbortSignal,
): Promise<SourcePoint> {
  const { instance, snapshots, lineages } = seen;
  const place = new Map(devicesOf(instance).map(({ diskId }, index) => [diskId, index]));
  const ordered = snapshots.toSorted(
    (a, b) => (place.get(a.notes.disk ?? "") ?? 0) - (place.get(b.notes.disk ?? "") ?? 0),
  );
  const disks = await Promise.all(
    ordered.map(async (snapshot): Promise<SourcePointDisk> => {
      const { snapshotId, sizeBytes, volumeId, fullBytes, notes } = snapshot;
      return {
        diskId: notes.disk ?? volumeId,
        sizeBytes,
        allocatedBytes: fullBytes ?? (await writtenBytes(aws, snapshotId, subject, signal)),
        baselines: baselinesOf(lineages.get(volumeId), snapshot).map(({ baseline }) => baseline),
      };
    }),
  );
  const takenAt = snapshots.map(({ startedAt }) => startedAt).toSorted()[0] ?? new Date(0).toISOString();
  const why = capabilities.aws["disks.application-consistent"];
  const consistency = mode === "stopped" ? stoppedConsistency : { level: "crash" as const, why };
  return { sourcePointId, vmId, mode, takenAt, consistency, disks };
}

async function writtenBytes(aws: Aws, snapshotId: string, subject: Subject, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for await (const { index } of new BlockLists(aws, snapshotId, subject).allocated(signal)) {
    if (index >= 0) bytes += blockBytes;
  }
  return bytes;
}
