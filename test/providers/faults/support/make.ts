import type { VmSpec } from "../../../../src/providers/provider.ts";
import type { FaultSite } from "./fault-site.ts";

const MiB = 2 ** 20;
export const GiB = 2 ** 30;

export function vmSpec({ cloud }: FaultSite, volumeIds: readonly string[]): VmSpec {
  return {
    name: "fault vm",
    cpus: 1,
    memoryBytes: 64 * MiB,
    firmware: "bios",
    architecture: "x86_64",
    disks: volumeIds.map((volumeId, index) => ({ volumeId, bus: cloud.bus, boot: index === 0 })),
    nics: [],
    publishPorts: [],
    tags: {},
  };
}

/** A sealed recovery point with something in its first block. */
export async function makePoint(site: FaultSite, parentPointId?: string): Promise<string> {
  const generationId = site.key("generation");
  const { disks } = site.provider;
  const replica = { replicaId: "replica", sizeBytes: GiB, tags: {} };
  const sink = await disks.openGeneration({ replica, generationId, parentPointId, attempt: 1 }, site.signal());
  await sink.write(0, Buffer.alloc(MiB / 2, 1));
  await sink.close();
  await disks.sealGeneration({ replicaId: "replica", generationId, attempt: 1, leavesWritten: 1 }, site.signal());
  return generationId;
}

/** A running VM whose boot disk is a clone of a point that holds nothing to boot from. */
export async function makeVm(site: FaultSite): Promise<{ vmId: string; volumeId: string }> {
  const volumeId = await cloneOf(site);
  const { vmId } = await site.provider.compute.createVm(vmSpec(site, [volumeId]), site.key("vm"), site.signal());
  return { vmId, volumeId };
}

/** A volume made of the suite's own point. */
export async function cloneOf(site: FaultSite): Promise<string> {
  const input = { pointId: await site.point(), key: site.key("clone"), tags: {} };
  return (await site.provider.disks.materialise(input, site.signal())).volumeId;
}
