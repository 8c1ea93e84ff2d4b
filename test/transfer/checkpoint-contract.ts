import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { isDone, leafOf, markDone, zeroChunk } from "../../src/transfer/manifest.ts";
import type { CheckpointStore, ManifestChunk, TransferProgress } from "../../src/transfer/ports.ts";
import { leafBytes, leavesPerChunk } from "../../src/transfer/ports.ts";

const sizeBytes = 3 * leavesPerChunk * leafBytes - 12_345;
const progress: TransferProgress = {
  bytesDone: 10,
  bytesToMove: 100,
  bytesCopied: 10,
  bytesResent: 0,
  leavesWritten: 3,
};
const conflict = (error: unknown): boolean => isProviderError(error, "Conflict");
let generations = 0;

/** What every checkpoint store must do; `makeStore` is called once for each test. */
export function checkpointContract(makeStore: () => Promise<CheckpointStore> | CheckpointStore): void {
  describe("a checkpoint store", () => {
    const newId = (): string => `contract-${process.pid}-${Date.now()}-${generations++}`;

    test("begins a generation with nothing moved and raises the attempt each time", async () => {
      const store = await makeStore();
      const generationId = newId();
      assert.equal(await store.state(generationId), undefined);
      const first = await store.beginAttempt({ generationId, sizeBytes });
      assert.equal(first.sealed, false);
      assert.equal(first.sizeBytes, sizeBytes);
      assert.deepEqual(first.progress, {
        bytesDone: 0,
        bytesToMove: 0,
        bytesCopied: 0,
        bytesResent: 0,
        leavesWritten: 0,
      });
      const second = await store.beginAttempt({ generationId, sizeBytes });
      assert.ok(second.attempt > first.attempt);
      assert.equal((await store.state(generationId))?.attempt, second.attempt);
      assert.deepEqual(await all(store, generationId), []);
    });

    test("gives back committed chunks by ascending index, with their marks", async () => {
      const store = await makeStore();
      const generationId = newId();
      const { attempt } = await store.beginAttempt({ generationId, sizeBytes });
      const chunks = [marked(2, 5), marked(0, 7)];
      await store.commit({ generationId, attempt, chunks, progress });
      assert.deepEqual(await all(store, generationId), [chunks[1], chunks[0]].map(plain));
      const again = marked(0, 7, 4095);
      await store.commit({
        generationId,
        attempt,
        chunks: [again],
        progress: { ...progress, bytesDone: 20, bytesCopied: 20 },
      });
      const [first] = await all(store, generationId);
      assert.deepEqual(first, plain(again));
      const state = await store.state(generationId);
      assert.deepEqual(state?.progress, { ...progress, bytesDone: 20, bytesCopied: 20 });
    });

    test("refuses commits of an attempt that is not current, and keeps nothing of them", async () => {
      const store = await makeStore();
      const generationId = newId();
      const { attempt } = await store.beginAttempt({ generationId, sizeBytes });
      const newer = await store.beginAttempt({ generationId, sizeBytes });
      await assert.rejects(store.commit({ generationId, attempt, chunks: [marked(0, 1)], progress }), conflict);
      await assert.rejects(
        store.commit({ generationId, attempt: newer.attempt + 1, chunks: [marked(0, 1)], progress }),
        conflict,
      );
      assert.deepEqual(await all(store, generationId), []);
      await assert.rejects(store.seal({ generationId, attempt, rootHash: "aa".repeat(32) }), conflict);
      await store.commit({ generationId, attempt: newer.attempt, chunks: [marked(1, 1)], progress });
      assert.equal((await all(store, generationId)).length, 1);
    });

    test("counts what an ended attempt sent beyond its commits as sent again", async () => {
      const store = await makeStore();
      const generationId = newId();
      const first = await store.beginAttempt({ generationId, sizeBytes });
      await store.noteSent({ generationId, attempt: first.attempt, bytesSent: 50 });
      await store.commit({
        generationId,
        attempt: first.attempt,
        chunks: [],
        progress: { ...progress, bytesCopied: 30 },
      });
      const second = await store.beginAttempt({ generationId, sizeBytes });
      assert.equal(second.progress.bytesResent, 20);
      await store.noteSent({ generationId, attempt: first.attempt, bytesSent: 500 });
      await store.noteSent({ generationId, attempt: second.attempt, bytesSent: 5 });
      const third = await store.beginAttempt({ generationId, sizeBytes });
      assert.equal(third.progress.bytesResent, 25);
      assert.equal(third.progress.bytesCopied, 30);
      const fourth = await store.beginAttempt({ generationId, sizeBytes });
      assert.equal(fourth.progress.bytesResent, 25);
    });

    test("starts from the parent's leaves with none of them marked done", async () => {
      const store = await makeStore();
      const parentId = newId();
      const parent = await store.beginAttempt({ generationId: parentId, sizeBytes });
      const chunk = marked(1, 3);
      await store.commit({ generationId: parentId, attempt: parent.attempt, chunks: [chunk], progress });
      await store.seal({ generationId: parentId, attempt: parent.attempt, rootHash: "bb".repeat(32) });
      const generationId = newId();
      const child = await store.beginAttempt({ generationId, sizeBytes, parentManifestId: parentId });
      const [inherited, ...others] = await all(store, generationId);
      assert.ok(inherited);
      assert.equal(others.length, 0);
      assert.deepEqual(Buffer.from(inherited.leaves), Buffer.from(chunk.leaves));
      assert.ok(inherited.done.every((byte) => byte === 0));
      const changed = { ...inherited, leaves: Uint8Array.from(inherited.leaves).fill(9, 0, 32) };
      markDone(changed, 0);
      await store.commit({ generationId, attempt: child.attempt, chunks: [changed], progress });
      await store.beginAttempt({ generationId, sizeBytes, parentManifestId: parentId });
      const [kept] = await all(store, generationId);
      assert.ok(kept && isDone(kept, 0) && leafOf(kept, 0).every((byte) => byte === 9));
      assert.deepEqual(await all(store, parentId), [plain(chunk)]);
    });

    test("refuses a parent that it does not know, and another size", async () => {
      const store = await makeStore();
      const generationId = newId();
      await assert.rejects(
        store.beginAttempt({ generationId, sizeBytes, parentManifestId: newId() }),
        (error: unknown) => isProviderError(error, "NotFound"),
      );
      await store.beginAttempt({ generationId, sizeBytes });
      await assert.rejects(store.beginAttempt({ generationId, sizeBytes: sizeBytes + 1 }), conflict);
    });

    test("keeps a sealed generation as it is", async () => {
      const store = await makeStore();
      const generationId = newId();
      const { attempt } = await store.beginAttempt({ generationId, sizeBytes });
      const rootHash = "cc".repeat(32);
      await store.seal({ generationId, attempt, rootHash });
      await store.seal({ generationId, attempt, rootHash });
      const state = await store.state(generationId);
      assert.equal(state?.sealed, true);
      assert.equal(state?.rootHash, rootHash);
      await assert.rejects(store.seal({ generationId, attempt, rootHash: "dd".repeat(32) }), conflict);
      await assert.rejects(store.commit({ generationId, attempt, chunks: [marked(0, 1)], progress }), conflict);
      await assert.rejects(store.beginAttempt({ generationId, sizeBytes }), conflict);
    });
  });
}

function marked(index: number, ...leaves: number[]): ManifestChunk {
  const chunk = zeroChunk(sizeBytes, index);
  for (const leaf of leaves) {
    chunk.leaves.fill(leaf + index, leaf * 32, leaf * 32 + 32);
    markDone(chunk, leaf);
  }
  return chunk;
}

async function all(store: CheckpointStore, manifestId: string): Promise<ManifestChunk[]> {
  return (await Array.fromAsync(store.chunks(manifestId))).map(plain);
}

/** Free of Buffer, which compares as another type. */
function plain(chunk: ManifestChunk | undefined): ManifestChunk {
  assert.ok(chunk);
  return { index: chunk.index, leaves: Uint8Array.from(chunk.leaves), done: Uint8Array.from(chunk.done) };
}
