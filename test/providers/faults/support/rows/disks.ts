import type { FaultSite } from "../fault-site.ts";
import { GiB, makePoint } from "../make.ts";
import { noCapacity, notRepeated, type Prepared, type Row, shownAndUnknown } from "../table.ts";

const block = 512 * 1024;
const replica = { replicaId: "replica", sizeBytes: GiB, tags: {} };

/** With a source point of the suite's VM. */
async function withSourcePoint(
  site: FaultSite,
  call: (point: { sourcePointId: string; diskId: string }) => Prepared["call"],
): Promise<Prepared> {
  const vmId = await site.vmIn("stopped");
  const { disks } = site.provider;
  const input = { vmId, mode: "stopped", key: site.key("source-point") } as const;
  const { sourcePointId, disks: seen } = await disks.createSourcePoint(input, site.signal());
  return {
    call: call({ sourcePointId, diskId: seen[0]?.diskId ?? "" }),
    undo: () => disks.releaseSourcePoint(sourcePointId, site.signal()),
  };
}

/** With a sealed recovery point, which others have, too. */
async function withPoint(site: FaultSite, call: (pointId: string) => Prepared["call"]): Promise<Prepared> {
  return { call: call(await site.point()) };
}

/** With a generation that has a block and is not sealed. */
async function withGeneration(site: FaultSite, call: (generationId: string) => Prepared["call"]): Promise<Prepared> {
  const generationId = site.key("generation");
  const { disks } = site.provider;
  const sink = await disks.openGeneration({ replica, generationId, attempt: 1 }, site.signal());
  await sink.write(0, Buffer.alloc(block, 1));
  await sink.close();
  return {
    call: call(generationId),
    async undo() {
      await disks.deletePoint(generationId, site.signal());
      await disks.discardGeneration({ replicaId: "replica", generationId }, site.signal());
    },
  };
}

export const sourceRows: readonly Row[] = [
  {
    call: "disks.volumeSize",
    prepare: async () => ({ call: async ({ disks }) => disks.volumeSize(1) }),
  },
  {
    call: "disks.freeBytes",
    prepare: async () => ({ call: ({ disks }, signal) => disks.freeBytes(signal) }),
  },
  {
    call: "disks.inspectSource",
    at: "ec2:DescribeVolumes",
    async prepare(site) {
      const vmId = await site.vmIn("stopped");
      return { call: ({ disks }, signal) => disks.inspectSource(vmId, signal) };
    },
  },
  {
    call: "disks.createSourcePoint",
    at: "ec2:CreateSnapshots",
    passing: notRepeated,
    async prepare(site) {
      const input = { vmId: await site.vmIn("stopped"), mode: "stopped", key: site.key("source-point") } as const;
      return {
        call: ({ disks }, signal) => disks.createSourcePoint(input, signal),
        async undo() {
          const { disks } = site.provider;
          const { sourcePointId } = await disks.createSourcePoint(input, site.signal());
          await disks.releaseSourcePoint(sourcePointId, site.signal());
        },
      };
    },
  },
  {
    call: "disks.createSourcePoints",
    at: "ec2:DescribeSnapshots",
    async prepare(site) {
      const input = { vmId: await site.vmIn("stopped"), mode: "stopped", key: site.key("source-points") } as const;
      return {
        call: async ({ disks }, signal) => {
          for (const each of (await disks.createSourcePoints?.([input], signal)) ?? []) {
            if (each.status === "rejected") throw each.reason;
          }
        },
        async undo() {
          const { disks } = site.provider;
          const { sourcePointId } = await disks.createSourcePoint(input, site.signal());
          await disks.releaseSourcePoint(sourcePointId, site.signal());
        },
      };
    },
  },
  {
    call: "disks.unchangedSince",
    at: "ec2:DescribeSnapshots",
    prepare: (site) =>
      withSourcePoint(
        site,
        (point) =>
          ({ disks }, signal) =>
            Promise.resolve(disks.unchangedSince?.([{ ...point, baselineId: "sp-none/xvda" }], signal)),
      ),
  },
  {
    call: "disks.releaseSourcePoints",
    at: "ec2:DeleteSnapshot",
    ...shownAndUnknown,
    prepare: (site) =>
      withSourcePoint(
        site,
        ({ sourcePointId }) =>
          async ({ disks }, signal) =>
            disks.releaseSourcePoints?.([sourcePointId], signal),
      ),
  },
  {
    call: "disks.openSource",
    at: "ec2:DescribeSnapshots",
    prepare: (site) =>
      withSourcePoint(site, (point) => async ({ disks }, signal) => {
        await (await disks.openSource({ ...point, attempt: 1 }, signal)).close();
      }),
  },
  {
    call: "disks.adoptPoint",
    at: "ec2:CreateTags",
    async prepare(site) {
      let adopted = "";
      const prepared = await withSourcePoint(site, (point) => async ({ disks }, signal) => {
        adopted = (await disks.adoptPoint(point, signal)).pointId;
      });
      return {
        call: prepared.call,
        async undo() {
          await prepared.undo?.();
          await site.provider.disks.deletePoint(adopted, site.signal());
        },
      };
    },
  },
  {
    call: "disks.releaseSourcePoint",
    at: "ec2:DeleteSnapshot",
    ...shownAndUnknown,
    prepare: (site) =>
      withSourcePoint(
        site,
        ({ sourcePointId }) =>
          ({ disks }, signal) =>
            disks.releaseSourcePoint(sourcePointId, signal),
      ),
  },
];

export const replicaRows: readonly Row[] = [
  {
    call: "disks.openGeneration",
    at: "ebs:StartSnapshot",
    lasting: noCapacity,
    async prepare(site) {
      const generationId = site.key("generation");
      return {
        async call({ disks }, signal) {
          await (await disks.openGeneration({ replica, generationId, attempt: 1 }, signal)).close();
        },
        undo: () => site.provider.disks.discardGeneration({ replicaId: "replica", generationId }, site.signal()),
      };
    },
  },
  {
    call: "disks.sealGeneration",
    at: "ebs:CompleteSnapshot",
    lasting: noCapacity,
    prepare: (site) =>
      withGeneration(site, (generationId) => ({ disks }, signal) => {
        const seal = { replicaId: "replica", generationId, attempt: 1, leavesWritten: 1 };
        return disks.sealGeneration(seal, signal);
      }),
  },
  {
    call: "disks.discardGeneration",
    at: "ec2:DeleteSnapshot",
    ...shownAndUnknown,
    prepare: (site) =>
      withGeneration(
        site,
        (generationId) =>
          ({ disks }, signal) =>
            disks.discardGeneration({ replicaId: "replica", generationId }, signal),
      ),
  },
  {
    call: "disks.getPoint",
    at: "ec2:DescribeSnapshots",
    prepare: (site) =>
      withPoint(
        site,
        (pointId) =>
          ({ disks }, signal) =>
            disks.getPoint(pointId, signal),
      ),
  },
  {
    call: "disks.openPoint",
    at: "ec2:DescribeSnapshots",
    prepare: (site) =>
      withPoint(
        site,
        (pointId) =>
          async ({ disks }, signal) =>
            (await disks.openPoint(pointId, signal)).close(),
      ),
  },
  {
    call: "disks.deletePoint",
    at: "ec2:DeleteSnapshot",
    ...shownAndUnknown,
    async prepare(site) {
      const pointId = await makePoint(site);
      return { call: ({ disks }, signal) => disks.deletePoint(pointId, signal) };
    },
  },
  {
    call: "disks.materialise",
    at: "ec2:DescribeSnapshots",
    async prepare(site) {
      const input = { pointId: await site.point(), key: site.key("clone"), tags: {} };
      return {
        call: ({ disks }, signal) => disks.materialise(input, signal),
        async undo() {
          const { disks } = site.provider;
          const { volumeId } = await disks.materialise(input, site.signal());
          await disks.deleteVolume(volumeId, site.signal());
        },
      };
    },
  },
];
