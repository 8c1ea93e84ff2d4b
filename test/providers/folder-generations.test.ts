import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { Provider } from "../../src/providers/provider.ts";
import type { BlockSink } from "../../src/transfer/ports.ts";
import type { ConformanceSite } from "./harness.ts";
import { openFolder } from "./support/folder.ts";
import { readAll } from "./support/read-all.ts";

const unit = 64 * 1024;
const signal = AbortSignal.timeout(120_000);

let place: ConformanceSite & { readonly storagePath: string };
let provider: Provider;
let counter = 0;

before(async () => {
  place = await openFolder();
  provider = place.provider;
});
after(() => place?.close());

/** A volume as other programs see it. */
function rawBytes(volumeId: string): Buffer {
  return readFileSync(join(place.storagePath, "volumes", volumeId, "disk.raw"));
}

type Step =
  | { readonly do: "write" | "zero"; readonly at: number; readonly length: number; readonly pattern: number }
  | { readonly do: "flush" | "take-over" | "reopen" | "next" };

const diskBytes = 5 * unit + 512;
const range = fc.record({
  at: fc.nat(diskBytes - 1),
  length: fc.integer({ min: 1, max: 3 * unit }),
  pattern: fc.integer({ min: 0, max: 3 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: range.map((where): Step => ({ do: "write", ...where })) },
  { weight: 2, arbitrary: range.map((where): Step => ({ do: "zero", ...where })) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Step>({ do: "flush" }, { do: "take-over" }, { do: "reopen" }, { do: "next" }),
  },
);

test("generations hold what was flushed, whatever is written, taken over, reopened and built on", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const points: string[] = [];
      let durable = Buffer.alloc(diskBytes);
      let now = Buffer.alloc(diskBytes);
      let generationId = `fuzz-${++counter}`;
      let attempt = 0;
      const replica = { replicaId: "fuzz", sizeBytes: diskBytes, tags: {} };
      const next = (): Promise<BlockSink> => {
        attempt += 1;
        return provider.disks.openGeneration({ replica, generationId, parentPointId: points.at(-1), attempt }, signal);
      };
      const zombies: BlockSink[] = [];
      let sink = await next();
      const seal = async (): Promise<void> => {
        await sink.flush();
        durable = Buffer.from(now);
        await sink.close();
        await provider.disks.sealGeneration({ replicaId: "fuzz", generationId, attempt, leavesWritten: 1 }, signal);
        points.push(generationId);
      };
      for (const each of steps) {
        if (each.do === "write" || each.do === "zero") {
          const length = Math.min(each.length, diskBytes - each.at);
          const pattern = each.do === "zero" ? 0 : each.pattern;
          if (each.do === "zero") await sink.writeZeroes(each.at, length);
          else await sink.write(each.at, Buffer.alloc(length, pattern));
          now.fill(pattern, each.at, each.at + length);
        } else if (each.do === "flush") {
          await sink.flush();
          durable = Buffer.from(now);
        } else if (each.do === "next") {
          await seal();
          generationId = `fuzz-${++counter}`;
          attempt = 0;
          sink = await next();
        } else {
          if (each.do === "reopen") await sink.close();
          else zombies.push(sink);
          sink = await next();
          now = Buffer.from(durable);
        }
        // Whoever was shut out writes on, over what was flushed too, and is never heard.
        for (const zombie of zombies) {
          await assert.rejects(async () => {
            await zombie.write(0, Buffer.alloc(2 * unit, 0xee));
            await zombie.flush();
          });
        }
      }
      await seal();
      for (const zombie of zombies) await zombie.close();
      const last = points.at(-1) ?? "";
      assert.ok((await readAll(await provider.disks.openPoint(last, signal))).equals(durable), "the point differs");
      const { volumeId } = await provider.disks.materialise({ pointId: last, key: `v-${last}`, tags: {} }, signal);
      assert.ok(
        (await readAll(await provider.disks.openVolume(volumeId, signal))).equals(durable),
        "the clone differs",
      );
      assert.ok(rawBytes(volumeId).equals(durable), "the clone's file is not what its log says");
      await provider.disks.deleteVolume(volumeId, signal);
      for (const point of points) await provider.disks.deletePoint(point, signal);
      assert.deepEqual(readdirSync(join(place.storagePath, "generations")), []);
    }),
    { numRuns: 25 },
  );
});

test("a clone holds zeros where they were written over something, also when it shares the point's blocks", async () => {
  const sealed = async (
    generationId: string,
    parentPointId: string | undefined,
    work: (sink: BlockSink) => Promise<void>,
  ) => {
    const replica = { replicaId: "cloned", sizeBytes: 4 * unit, tags: {} };
    const sink = await provider.disks.openGeneration({ replica, generationId, parentPointId, attempt: 1 }, signal);
    await work(sink);
    await sink.flush();
    await sink.close();
    await provider.disks.sealGeneration({ replicaId: "cloned", generationId, attempt: 1, leavesWritten: 1 }, signal);
    const { volumeId } = await provider.disks.materialise(
      { pointId: generationId, key: generationId, tags: {} },
      signal,
    );
    const bytes = rawBytes(volumeId);
    assert.ok((await readAll(await provider.disks.openVolume(volumeId, signal))).equals(bytes));
    await provider.disks.deleteVolume(volumeId, signal);
    return [0, 1, 2, 3].map((at) => bytes[at * unit]);
  };
  const whole = await sealed("cloned-1", undefined, (sink) => sink.write(0, Buffer.alloc(2 * unit, 1)));
  const child = await sealed("cloned-2", "cloned-1", async (sink) => {
    await sink.writeZeroes(0, unit);
    await sink.write(3 * unit, Buffer.alloc(unit, 2));
  });
  const erased = await sealed("cloned-3", undefined, async (sink) => {
    await sink.write(0, Buffer.alloc(2 * unit, 3));
    await sink.writeZeroes(0, unit);
  });
  assert.deepEqual({ whole, child, erased }, { whole: [1, 1, 0, 0], child: [0, 1, 0, 2], erased: [0, 3, 0, 0] });
  for (const pointId of ["cloned-2", "cloned-1", "cloned-3"]) await provider.disks.deletePoint(pointId, signal);
});

test("zeros are never written, whoever sends them as bytes", async () => {
  const replica = { replicaId: "zeros", sizeBytes: 64 * unit, tags: {} };
  const input = { replica, generationId: "zeros", attempt: 1 };
  const sink = await provider.disks.openGeneration(input, signal);
  const bytes = Buffer.alloc(32 * unit);
  bytes.fill(1, 16 * unit, 17 * unit);
  await sink.write(0, bytes);
  await sink.flush();
  await sink.close();
  const folder = join(place.storagePath, "generations/zeros/attempts/1.0");
  assert.ok(statSync(join(folder, "0.raw")).blocks * 512 <= 2 * unit);
  await provider.disks.sealGeneration(
    { replicaId: "zeros", generationId: "zeros", attempt: 1, leavesWritten: 1 },
    signal,
  );
  const source = await provider.disks.openPoint("zeros", signal);
  const data = (await Array.fromAsync(source.extents({}))).filter(({ kind }) => kind === "data");
  await source.close();
  assert.deepEqual(data, [{ offset: 16 * unit, length: unit, kind: "data" }]);
  await provider.disks.deletePoint("zeros", signal);
});

test("a flush that was torn by a crash does not count, and an attempt goes on without it", async () => {
  const replica = { replicaId: "torn", sizeBytes: 4 * unit, tags: {} };
  const open = (attempt: number) => provider.disks.openGeneration({ replica, generationId: "torn", attempt }, signal);
  const first = await open(1);
  await first.write(0, Buffer.alloc(unit, 1));
  await first.flush();
  appendFileSync(join(place.storagePath, "generations/torn/attempts/1.0/log.jsonl"), '{"ranges":[[65536,65');
  const second = await open(2);
  await second.write(2 * unit, Buffer.alloc(unit, 2));
  await second.flush();
  await second.close();
  await first.close();
  await provider.disks.sealGeneration(
    { replicaId: "torn", generationId: "torn", attempt: 2, leavesWritten: 1 },
    signal,
  );
  const bytes = await readAll(await provider.disks.openPoint("torn", signal));
  assert.deepEqual([bytes[0], bytes[unit], bytes[2 * unit]], [1, 0, 2]);
  await provider.disks.deletePoint("torn", signal);
});
