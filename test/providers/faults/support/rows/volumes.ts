import type { FaultSite } from "../fault-site.ts";
import { GiB } from "../make.ts";
import { notRepeated, type Prepared, type Row, shownAndUnknown } from "../table.ts";

/** With a volume that nothing uses. */
async function withVolume(
  site: FaultSite,
  call: (volumeId: string) => Prepared["call"],
): Promise<Prepared & { volumeId: string }> {
  const { disks } = site.provider;
  const input = { sizeBytes: GiB, key: site.key("volume"), tags: {} };
  const { volumeId } = await disks.createVolume(input, site.signal());
  return { volumeId, call: call(volumeId), undo: () => disks.deleteVolume(volumeId, site.signal()) };
}

export const volumeRows: readonly Row[] = [
  {
    call: "disks.listVolumes",
    at: "ec2:DescribeVolumes",
    prepare: async () => ({ call: ({ disks }, signal) => Array.fromAsync(disks.listVolumes?.(signal) ?? []) }),
  },
  {
    call: "disks.listPoints",
    at: "ec2:DescribeSnapshots",
    prepare: async () => ({ call: ({ disks }, signal) => Array.fromAsync(disks.listPoints?.(signal) ?? []) }),
  },
  {
    call: "disks.createVolume",
    at: "ec2:CreateVolume",
    // A token that another call has just used may lead to a volume that is not known everywhere yet.
    passing: { "not-found": "ok" },
    async prepare(site) {
      const input = { sizeBytes: GiB, key: site.key("volume"), tags: {} };
      return {
        call: ({ disks }, signal) => disks.createVolume(input, signal),
        async undo() {
          const { disks } = site.provider;
          const { volumeId } = await disks.createVolume(input, site.signal());
          await disks.deleteVolume(volumeId, site.signal());
        },
      };
    },
  },
  {
    call: "disks.deleteVolume",
    at: "ec2:DeleteVolume",
    ...shownAndUnknown,
    prepare: (site) =>
      withVolume(
        site,
        (volumeId) =>
          ({ disks }, signal) =>
            disks.deleteVolume(volumeId, signal),
      ),
  },
  {
    call: "disks.openVolume",
    at: "ec2:CreateSnapshot",
    // It has no key for a repeat to find it by: what a lost answer has made is looked for at once.
    lasting: { timeout: "ok" },
    passing: { ...notRepeated, timeout: "ok" },
    exceptAt: { "ec2:DeleteSnapshot": "it comes with closing, which is not repeated: the census shows what it leaves" },
    prepare: (site) =>
      withVolume(
        site,
        (volumeId) =>
          async ({ disks }, signal) =>
            (await disks.openVolume(volumeId, signal)).close(),
      ),
  },
  {
    call: "snapshots.listSnapshots",
    at: "ec2:DescribeSnapshots",
    prepare: async () => ({
      call: ({ snapshots }, signal) => Array.fromAsync(snapshots?.listSnapshots(signal) ?? []),
    }),
  },
  {
    call: "snapshots.createSnapshot",
    at: "ec2:CreateSnapshot",
    passing: notRepeated,
    async prepare(site) {
      const key = site.key("snapshot");
      const { undo, volumeId } = await withVolume(site, () => async () => undefined);
      const input = { volumeId, key, tags: {} };
      return {
        call: async ({ snapshots }, signal) => snapshots?.createSnapshot(input, signal),
        async undo() {
          const { snapshots } = site.provider;
          const made = await snapshots?.createSnapshot(input, site.signal());
          await snapshots?.deleteSnapshot(made?.snapshotId ?? "", site.signal());
          await undo?.();
        },
      };
    },
  },
  {
    call: "snapshots.deleteSnapshot",
    at: "ec2:DeleteSnapshot",
    ...shownAndUnknown,
    async prepare(site) {
      const { undo, volumeId } = await withVolume(site, () => async () => undefined);
      const input = { volumeId, key: site.key("snapshot"), tags: {} };
      const made = await site.provider.snapshots?.createSnapshot(input, site.signal());
      return {
        call: async ({ snapshots }, signal) => snapshots?.deleteSnapshot(made?.snapshotId ?? "", signal),
        ...(undo && { undo }),
      };
    },
  },
];
