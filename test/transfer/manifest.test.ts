import assert from "node:assert/strict";
import { test } from "node:test";
import { firstDifference, hashBytes, hashLeaf, manifestDataBytes, zeroChunk } from "../../src/transfer/manifest.ts";
import { leafBytes, leavesPerChunk, type ManifestChunk } from "../../src/transfer/ports.ts";

test("a manifest tells how much of its disk is not zeros, its short last leaf by its own length", async () => {
  const sizeBytes = (leavesPerChunk + 3) * leafBytes - 1000;
  const data = hashLeaf(Buffer.alloc(leafBytes, 1));
  const [first, last] = [zeroChunk(sizeBytes, 0), zeroChunk(sizeBytes, 1)];
  assert.equal(await manifestDataBytes(sizeBytes, [first, last]), 0);
  for (const leaf of [0, 7]) first.leaves.set(data, leaf * hashBytes);
  last.leaves.set(data, 2 * hashBytes);
  assert.equal(await manifestDataBytes(sizeBytes, [first, last]), 3 * leafBytes - 1000);
  // A chunk that is not stored is of zeros.
  assert.equal(await manifestDataBytes(sizeBytes, [last]), leafBytes - 1000);
});

test("two manifests tell the first leaf that they differ in, over what both disks have", async () => {
  const sizeBytes = (leavesPerChunk + 3) * leafBytes;
  const data = hashLeaf(Buffer.alloc(leafBytes, 1));
  const disk = (size: number, chunks: readonly ManifestChunk[]) => ({
    sizeBytes: size,
    chunks: (async function* () {
      yield* chunks;
    })(),
  });
  const filled = () => {
    const last = zeroChunk(sizeBytes, 1);
    last.leaves.set(data, hashBytes);
    return last;
  };
  assert.equal(await firstDifference(disk(sizeBytes, [filled()]), disk(sizeBytes, [filled()])), undefined);
  const stored = disk(sizeBytes, [zeroChunk(sizeBytes, 0), filled()]);
  assert.equal(await firstDifference(stored, disk(sizeBytes, [filled()])), undefined, "zeros need not be stored");
  assert.equal(await firstDifference(disk(sizeBytes, [filled()]), disk(sizeBytes, [])), leavesPerChunk + 1);
  const larger = sizeBytes + 5 * leafBytes;
  const last = zeroChunk(larger, 1);
  last.leaves.set(data, hashBytes);
  last.leaves.set(data, 6 * hashBytes);
  assert.equal(await firstDifference(disk(sizeBytes, [filled()]), disk(larger, [last])), undefined, "behind its end");
});
