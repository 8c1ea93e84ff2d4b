import assert from "node:assert/strict";
import { test } from "node:test";
import { hashBytes, hashLeaf, manifestDataBytes, zeroChunk } from "../../src/transfer/manifest.ts";
import { leafBytes, leavesPerChunk } from "../../src/transfer/ports.ts";

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
