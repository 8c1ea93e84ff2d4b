import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { leafBytes, leavesPerChunk, type ManifestChunk, type TransferProgress } from "../../src/transfer/ports.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const sizeBytes = leafBytes * leavesPerChunk * 2 + leafBytes * 3;
const progress = (bytesCopied: number): TransferProgress => ({
  bytesDone: bytesCopied,
  bytesToMove: sizeBytes,
  bytesCopied,
  bytesResent: 0,
  leavesWritten: 0,
});
const conflict = (error: unknown) => isProviderError(error, "Conflict");

function chunk(index: number, leaves = randomBytes(32 * leavesPerChunk)): ManifestChunk {
  return { index, leaves, done: Buffer.alloc(Math.ceil(leaves.length / 32 / 8), 0xff) };
}

async function sealedGeneration(chunks: readonly ManifestChunk[]): Promise<string> {
  const { checkpoints } = lab.store;
  const generationId = randomUUID();
  const { attempt } = await checkpoints.beginAttempt({ generationId, sizeBytes });
  await checkpoints.commit({ generationId, attempt, chunks, progress: progress(1) });
  await checkpoints.seal({ generationId, attempt, rootHash: "root" });
  return generationId;
}

function digest(chunks: readonly ManifestChunk[]): string[] {
  return chunks.map(({ index, leaves }) => `${index} ${createHash("sha256").update(leaves).digest("hex")}`);
}

describe("chunks", () => {
  test("come back in order as they were committed, replaced where committed again", async () => {
    const { checkpoints } = lab.store;
    const generationId = randomUUID();
    const { attempt } = await checkpoints.beginAttempt({ generationId, sizeBytes });
    const [first, second, last] = [chunk(0), chunk(1), chunk(2, randomBytes(96))];
    await checkpoints.commit({ generationId, attempt, chunks: [last, chunk(0)], progress: progress(1) });
    await checkpoints.commit({ generationId, attempt, chunks: [first, second], progress: progress(2) });
    const read = await Array.fromAsync(checkpoints.chunks(generationId));
    assert.deepEqual(digest(read), digest([first, second, last]));
    assert.deepEqual(Buffer.from(read[2]?.done ?? []), Buffer.from(last.done));
    assert.equal((await checkpoints.state(generationId))?.progress.bytesCopied, 2);
  });

  test("of one repeated leaf come back whole", async () => {
    const { checkpoints } = lab.store;
    const generationId = randomUUID();
    const { attempt } = await checkpoints.beginAttempt({ generationId, sizeBytes });
    const leaf = randomBytes(32);
    const same = chunk(0, Buffer.alloc(32 * leavesPerChunk, leaf));
    const almost = chunk(1, Buffer.concat([Buffer.alloc(32 * (leavesPerChunk - 1), leaf), randomBytes(32)]));
    await checkpoints.commit({ generationId, attempt, chunks: [same, almost], progress: progress(1) });
    assert.deepEqual(digest(await Array.fromAsync(checkpoints.chunks(generationId))), digest([same, almost]));
  });

  test("more than one read or write takes are all kept", async () => {
    const { checkpoints } = lab.store;
    const generationId = randomUUID();
    const { attempt } = await checkpoints.beginAttempt({ generationId, sizeBytes: leafBytes * leavesPerChunk * 100 });
    const chunks = Array.from({ length: 100 }, (_, index) => chunk(index, randomBytes(64)));
    await checkpoints.commit({ generationId, attempt, chunks, progress: progress(1) });
    assert.deepEqual(digest(await Array.fromAsync(checkpoints.chunks(generationId))), digest(chunks));
  });

  test("of a parent are inherited over generations with nothing marked done, and stay the parent's own", async () => {
    const { checkpoints } = lab.store;
    const original = [chunk(0), chunk(1), chunk(2, Buffer.alloc(96, 7))];
    const first = await sealedGeneration(original);
    const changed = chunk(1);
    const second = randomUUID();
    await checkpoints.beginAttempt({ generationId: second, sizeBytes, parentManifestId: first });
    const inherited = await Array.fromAsync(checkpoints.chunks(second));
    assert.deepEqual(digest(inherited), digest(original));
    assert.ok(inherited.every(({ done }) => done.length > 0 && done.every((byte) => byte === 0)));
    await checkpoints.commit({ generationId: second, attempt: 1, chunks: [changed], progress: progress(1) });
    await checkpoints.seal({ generationId: second, attempt: 1, rootHash: "root 2" });
    const third = randomUUID();
    await checkpoints.beginAttempt({ generationId: third, sizeBytes, parentManifestId: second });
    const last = original[2] as ManifestChunk;
    assert.deepEqual(
      digest(await Array.fromAsync(checkpoints.chunks(third))),
      digest([original[0] as ManifestChunk, changed, last]),
    );
    assert.deepEqual(digest(await Array.fromAsync(checkpoints.chunks(first))), digest(original));
  });

  test("of a parent that is still open are inherited as they were", async () => {
    const { checkpoints } = lab.store;
    const parent = randomUUID();
    await checkpoints.beginAttempt({ generationId: parent, sizeBytes });
    const before = chunk(0);
    await checkpoints.commit({ generationId: parent, attempt: 1, chunks: [before], progress: progress(1) });
    const child = randomUUID();
    await checkpoints.beginAttempt({ generationId: child, sizeBytes, parentManifestId: parent });
    await checkpoints.commit({ generationId: parent, attempt: 1, chunks: [chunk(0)], progress: progress(2) });
    assert.deepEqual(digest(await Array.fromAsync(checkpoints.chunks(child))), digest([before]));
  });

  test("are not inherited twice by a second attempt", async () => {
    const { checkpoints } = lab.store;
    const parent = await sealedGeneration([chunk(0)]);
    const child = randomUUID();
    await checkpoints.beginAttempt({ generationId: child, sizeBytes, parentManifestId: parent });
    const mine = chunk(0);
    await checkpoints.commit({ generationId: child, attempt: 1, chunks: [mine], progress: progress(1) });
    await checkpoints.beginAttempt({ generationId: child, sizeBytes, parentManifestId: parent });
    const read = await Array.fromAsync(checkpoints.chunks(child));
    assert.deepEqual(digest(read), digest([mine]));
    assert.deepEqual(Buffer.from(read[0]?.done ?? []), Buffer.from(mine.done));
  });
});

describe("fencing", () => {
  test("an earlier attempt can neither commit nor seal", async () => {
    const { checkpoints } = lab.store;
    const generationId = randomUUID();
    assert.equal((await checkpoints.beginAttempt({ generationId, sizeBytes })).attempt, 1);
    assert.equal((await checkpoints.beginAttempt({ generationId, sizeBytes })).attempt, 2);
    const commit = checkpoints.commit({ generationId, attempt: 1, chunks: [chunk(0)], progress: progress(9) });
    await assert.rejects(commit, conflict);
    await assert.rejects(checkpoints.seal({ generationId, attempt: 1, rootHash: "root" }), conflict);
    assert.deepEqual(await Array.fromAsync(checkpoints.chunks(generationId)), []);
    assert.equal((await checkpoints.state(generationId))?.progress.bytesCopied, 0);
  });

  test("attempts that begin at once get numbers of their own, and one of them is current", async () => {
    const { checkpoints } = lab.store;
    const generationId = randomUUID();
    const begun = await Promise.all(
      Array.from({ length: 8 }, () => checkpoints.beginAttempt({ generationId, sizeBytes })),
    );
    assert.deepEqual(
      begun.map(({ attempt }) => attempt).sort((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    const commits = await Promise.allSettled(
      begun.map(({ attempt }) =>
        checkpoints.commit({ generationId, attempt, chunks: [chunk(attempt)], progress: progress(1) }),
      ),
    );
    assert.equal(commits.filter(({ status }) => status === "fulfilled").length, 1);
    assert.deepEqual(
      (await Array.fromAsync(checkpoints.chunks(generationId))).map(({ index }) => index),
      [8],
    );
  });

  test("a sealed generation refuses everything but the same seal", async () => {
    const { checkpoints } = lab.store;
    const generationId = await sealedGeneration([chunk(0)]);
    await checkpoints.seal({ generationId, attempt: 1, rootHash: "root" });
    await assert.rejects(checkpoints.seal({ generationId, attempt: 1, rootHash: "other" }), conflict);
    await assert.rejects(checkpoints.beginAttempt({ generationId, sizeBytes }), conflict);
    await assert.rejects(checkpoints.commit({ generationId, attempt: 1, chunks: [], progress: progress(1) }), conflict);
    assert.equal((await checkpoints.state(generationId))?.rootHash, "root");
  });

  test("another size, of the disk or of the parent, is refused", async () => {
    const { checkpoints } = lab.store;
    const generationId = await sealedGeneration([]);
    const open = randomUUID();
    await checkpoints.beginAttempt({ generationId: open, sizeBytes });
    await assert.rejects(checkpoints.beginAttempt({ generationId: open, sizeBytes: 1 }), conflict);
    const child = { generationId: randomUUID(), sizeBytes: 1, parentManifestId: generationId };
    await assert.rejects(checkpoints.beginAttempt(child), conflict);
    assert.equal(await checkpoints.state(child.generationId), undefined);
  });
});

describe("bytes sent again", () => {
  test("are what dead attempts had sent and not committed", async () => {
    const { checkpoints } = lab.store;
    const generationId = randomUUID();
    await checkpoints.beginAttempt({ generationId, sizeBytes });
    await checkpoints.commit({ generationId, attempt: 1, chunks: [], progress: progress(100) });
    await checkpoints.noteSent({ generationId, attempt: 1, bytesSent: 130 });
    await checkpoints.noteSent({ generationId, attempt: 1, bytesSent: 120 });
    assert.equal((await checkpoints.beginAttempt({ generationId, sizeBytes })).progress.bytesResent, 30);
    await checkpoints.noteSent({ generationId, attempt: 1, bytesSent: 999 });
    await checkpoints.noteSent({ generationId, attempt: 2, bytesSent: 50 });
    await checkpoints.commit({ generationId, attempt: 2, chunks: [], progress: progress(150) });
    assert.equal((await checkpoints.beginAttempt({ generationId, sizeBytes })).progress.bytesResent, 30);
    await checkpoints.noteSent({ generationId, attempt: 3, bytesSent: 5 });
    assert.equal((await checkpoints.beginAttempt({ generationId, sizeBytes })).progress.bytesResent, 35);
  });
});
