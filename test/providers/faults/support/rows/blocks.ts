import { GiB } from "../make.ts";
import { noCapacity, type Row } from "../table.ts";

const block = 512 * 1024;
const replica = { replicaId: "replica", sizeBytes: GiB, tags: {} };

/** What is read of a source and written to a sink. Each call opens its own: the adapter under test is a new one. */
export const blockRows: readonly Row[] = [
  {
    call: "source.extents",
    at: "ebs:ListSnapshotBlocks",
    lasting: noCapacity,
    async prepare(site) {
      const pointId = await site.point();
      return {
        async call({ disks }, signal) {
          const source = await disks.openPoint(pointId, signal);
          return Array.fromAsync(source.extents({ signal }));
        },
      };
    },
  },
  {
    call: "source.read",
    at: "ebs:GetSnapshotBlock",
    lasting: noCapacity,
    async prepare(site) {
      const pointId = await site.point();
      return {
        async call({ disks }, signal) {
          const source = await disks.openPoint(pointId, signal);
          const target = new Uint8Array(block);
          await source.read(0, target, signal);
          if (target[0] !== 1) throw new Error(`it read ${target[0]}`);
        },
      };
    },
  },
  {
    call: "source.close",
    async prepare(site) {
      const pointId = await site.point();
      const source = await site.provider.disks.openPoint(pointId, site.signal());
      return { call: () => source.close() };
    },
  },
  ...(["write", "writeZeroes"] as const).map(
    (call): Row => ({
      call: `sink.${call}`,
      at: "ebs:PutSnapshotBlock",
      lasting: noCapacity,
      async prepare(site) {
        const { disks } = site.provider;
        const parentPointId = await site.point();
        const generationId = site.key("generation");
        const input = { replica, generationId, parentPointId, attempt: 1 };
        await (await disks.openGeneration(input, site.signal())).close();
        return {
          async call(provider, signal) {
            const sink = await provider.disks.openGeneration(input, signal);
            if (call === "write") await sink.write(0, Buffer.alloc(block, 2), signal);
            else await sink.writeZeroes(0, block, signal);
          },
          async undo() {
            const seal = { replicaId: "replica", generationId, attempt: 1, leavesWritten: 1 };
            await disks.sealGeneration(seal, site.signal());
            await disks.deletePoint(generationId, site.signal());
          },
        };
      },
    }),
  ),
  ...(["flush", "close"] as const).map(
    (call): Row => ({
      call: `sink.${call}`,
      async prepare(site) {
        const { disks } = site.provider;
        const generationId = site.key("generation");
        const sink = await disks.openGeneration({ replica, generationId, attempt: 1 }, site.signal());
        return {
          call: (_provider, signal) => (call === "flush" ? sink.flush(signal) : sink.close()),
          undo: () => disks.discardGeneration({ replicaId: "replica", generationId }, site.signal()),
        };
      },
    }),
  ),
];
