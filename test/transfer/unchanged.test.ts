import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import { type BlockSink, type BlockSource, leafBytes } from "../../src/transfer/ports.ts";
import { pump } from "../../src/transfer/pump.ts";
import { movedFrom, unchangedUntil } from "../../src/transfer/unchanged.ts";
import { noise } from "./lib/content.ts";

const leaves = 9;
const sizeBytes = leaves * leafBytes;
const { signal } = new AbortController();

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

/** A disk that is all data, and which bytes of it were read. */
function sourceOf(content: Buffer, changed?: readonly number[]) {
  const read: number[] = [];
  const source: BlockSource = {
    sizeBytes,
    async *extents({ sinceBaseline }) {
      if (sinceBaseline === undefined) yield { offset: 0, length: sizeBytes, kind: "data" };
      else for (const leaf of changed ?? []) yield { offset: leaf * leafBytes, length: leafBytes, kind: "data" };
    },
    async read(offset, target) {
      for (let at = offset; at < offset + target.byteLength; at += leafBytes) read.push(at / leafBytes);
      target.set(content.subarray(offset, offset + target.byteLength));
    },
    close: async () => undefined,
  };
  return { source, read };
}

function sinkInto(content: Buffer) {
  const written: number[] = [];
  const sink: BlockSink = {
    sizeBytes,
    async write(offset, data) {
      for (let at = offset; at < offset + data.byteLength; at += leafBytes) written.push(at / leafBytes);
      content.set(data, offset);
    },
    async writeZeroes(offset, length) {
      content.fill(0, offset, offset + length);
    },
    flush: async () => undefined,
    close: async () => undefined,
  };
  return { sink, written };
}

async function sealed(content: Buffer): Promise<MemoryCheckpointStore> {
  const checkpoint = new MemoryCheckpointStore();
  const state = await checkpoint.beginAttempt({ generationId: "first", sizeBytes });
  const { rootHash } = await pump({
    source: sourceOf(content).source,
    sink: sinkInto(Buffer.alloc(sizeBytes)).sink,
    checkpoint,
    state,
  });
  await checkpoint.seal({ generationId: "first", attempt: state.attempt, rootHash });
  return checkpoint;
}

test("a disk of which nothing differs is told as such, by its hashes or by what its site kept track of", async () => {
  const content = noise(sizeBytes, 1);
  const checkpoint = await sealed(content);
  const since = { checkpoint, parentManifestId: "first", signal };
  const compared = sourceOf(content);
  assert.equal(await unchangedUntil({ source: compared.source, ...since }), undefined);
  assert.equal(compared.read.length, leaves, "all of it has to be looked at");
  const tracked = sourceOf(content, []);
  assert.equal(await unchangedUntil({ source: tracked.source, ...since, sinceBaseline: "b" }), undefined);
  assert.deepEqual(tracked.read, [], "its site knows");
  const touched = sourceOf(content, [4, 6]);
  assert.equal(await unchangedUntil({ source: touched.source, ...since, sinceBaseline: "b" }), 4 * leafBytes);
});

test("what was compared up to the first difference is not read again by the copy, which ends with the same content", async () => {
  const before = noise(sizeBytes, 1);
  const checkpoint = await sealed(before);
  const now = Buffer.from(before);
  for (const leaf of [6, 8]) now.fill(leaf, leaf * leafBytes, (leaf + 1) * leafBytes);
  const { source, read } = sourceOf(now);
  const from = await unchangedUntil({ source, checkpoint, parentManifestId: "first", signal });
  assert.equal(from, 6 * leafBytes);
  const compared = read.splice(0);
  assert.ok(compared.includes(6));
  const state = await checkpoint.beginAttempt({ generationId: "second", sizeBytes, parentManifestId: "first" });
  const target = Buffer.from(before);
  const { sink, written } = sinkInto(target);
  const moved = await pump({
    ...{ source: movedFrom(source, from), sink, checkpoint, state },
    ...{ parentManifestId: "first", compareWithParent: true },
  });
  assert.deepEqual(ascending(read), [6, 7, 8]);
  assert.deepEqual(ascending(written), [6, 8]);
  assert.equal(moved.bytesCopied, 2 * leafBytes);
  assert.ok(target.equals(now));
  const fresh = await sealed(now);
  assert.equal(moved.rootHash, (await fresh.state("first"))?.rootHash);
});
