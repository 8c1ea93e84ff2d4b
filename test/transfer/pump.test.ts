import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isProviderError } from "../../src/domain/errors.ts";
import { hashBytes, hashLeaf } from "../../src/transfer/manifest.ts";
import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import { padSource } from "../../src/transfer/padded-source.ts";
import type { BlockSource, Extent } from "../../src/transfer/ports.ts";
import { leafBytes } from "../../src/transfer/ports.ts";
import type { PumpInput } from "../../src/transfer/pump.ts";
import { pump } from "../../src/transfer/pump.ts";
import { noise, rootOf } from "./lib/content.ts";
import { MemoryDisk } from "./lib/memory-disk.ts";

const granule = 64 * 1024;
const granules = 96;

/** A disk's size with a piece of each kind here and there. */
const contents = fc
  .record({
    granules: fc.integer({ min: 1, max: granules }),
    tail: fc.integer({ min: 1, max: granule }),
    used: fc.array(fc.nat(granules - 1), { maxLength: 2 * granules, size: "max" }),
    seed: fc.nat(),
  })
  .map(({ granules, tail, used, seed }) => {
    const content = new Uint8Array((granules - 1) * granule + tail);
    for (const at of used) {
      if (at * granule >= content.byteLength) continue;
      const length = Math.min(granule, content.byteLength - at * granule);
      content.set(noise(length, seed + at), at * granule);
    }
    return content;
  });

/** The same disk a while later: some granules rewritten, some zeroed. */
const histories = fc.record({
  before: contents,
  changes: fc.array(fc.record({ at: fc.nat(granules - 1), zero: fc.boolean() }), {
    minLength: 1,
    maxLength: granules,
    size: "max",
  }),
  wholeLeaves: fc.boolean(),
  growBytes: fc.constantFrom(0, 1, 3 * granule, 1024 * 1024),
  crashes: fc.array(fc.noBias(fc.integer({ min: 0, max: 5 * 1024 * 1024 })), { maxLength: 3, size: "max" }),
  windowBytes: fc.constantFrom(1, 1024 * 1024, 3 * 1024 * 1024),
});

function changed(before: Uint8Array, changes: readonly { at: number; zero: boolean }[]) {
  const after = Uint8Array.from(before);
  const dirty: Extent[] = [];
  for (const { at, zero } of [...new Map(changes.map((change) => [change.at, change])).values()].sort(
    (a, b) => a.at - b.at,
  )) {
    const offset = at * granule;
    if (offset >= after.byteLength) continue;
    const length = Math.min(granule, after.byteLength - offset);
    after.set(zero ? new Uint8Array(length) : noise(length, 7000 + at), offset);
    dirty.push({ offset, length, kind: "data" });
  }
  return { after, dirty };
}

/** Runs attempts until one gets through; each crash loses what was not flushed. */
async function copyThroughCrashes(
  input: Omit<PumpInput, "state" | "checkpoint" | "sink">,
  sink: MemoryDisk,
  checkpoint: MemoryCheckpointStore,
  generationId: string,
  crashes: readonly number[],
) {
  const sizeBytes = sink.sizeBytes;
  for (const crashAfterBytes of [...crashes, Number.POSITIVE_INFINITY]) {
    sink.restart();
    sink.crashAfterBytes = crashAfterBytes;
    const { parentManifestId } = input;
    const state = await checkpoint.beginAttempt({ generationId, sizeBytes, parentManifestId });
    try {
      const result = await pump({ ...input, sink, checkpoint, state });
      await checkpoint.seal({ generationId, attempt: state.attempt, rootHash: result.rootHash });
      return result;
    } catch (error) {
      if (!isProviderError(error, "Unavailable")) throw error;
    }
  }
  throw new Error("unreachable");
}

describe("pump", () => {
  test("copies any disk through any crashes, and its root is the content's", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async ({ before, crashes, windowBytes, wholeLeaves, growBytes }) => {
        const sizeBytes = before.byteLength + growBytes;
        const source = padSource(new MemoryDisk(before), sizeBytes);
        const sink = new MemoryDisk(new Uint8Array(sizeBytes));
        sink.wholeLeaves = wholeLeaves;
        const result = await copyThroughCrashes(
          { source, windowBytes },
          sink,
          new MemoryCheckpointStore(),
          "first",
          crashes,
        );
        const expected = new Uint8Array(sizeBytes);
        expected.set(before);
        assert.deepEqual(Buffer.compare(sink.bytes, expected), 0);
        assert.equal(result.rootHash, await rootOf(expected));
        assert.equal(result.bytesCopied, result.bytesToMove);
        assert.equal(result.bytesDone, sizeBytes);
        assert.equal(result.leavesWritten, sink.leavesTouched.size);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  for (const tracking of ["dirty-bitmap", "hash-compare"] as const) {
    test(`moves a second generation by ${tracking} through any crashes`, async () => {
      await fc.assert(
        fc.asyncProperty(histories, async ({ before, changes, crashes, windowBytes, wholeLeaves }) => {
          const checkpoint = new MemoryCheckpointStore();
          const first = new MemoryDisk(new Uint8Array(before.byteLength));
          await copyThroughCrashes({ source: new MemoryDisk(before) }, first, checkpoint, "first", []);
          const { after, dirty } = changed(before, changes);
          const source = new MemoryDisk(after);
          source.baselines.set("first-point", dirty);
          const sink = new MemoryDisk(first.bytes);
          sink.wholeLeaves = wholeLeaves;
          const parts = tracking === "dirty-bitmap" ? { sinceBaseline: "first-point" } : { compareWithParent: true };
          const input = { source, parentManifestId: "first", windowBytes, ...parts };
          const result = await copyThroughCrashes(input, sink, checkpoint, "second", crashes);
          assert.equal(Buffer.compare(sink.bytes, after), 0);
          assert.equal(result.rootHash, await rootOf(after));
          assert.equal(result.leavesWritten, sink.leavesTouched.size);
          if (tracking === "dirty-bitmap" && !wholeLeaves) {
            const most = dirty.reduce((sum, { length }) => sum + length, 0);
            assert.ok(result.bytesCopied <= most, `${result.bytesCopied} bytes moved of ${most} changed`);
          }
        }),
        { numRuns: 40, endOnFailure: true },
      );
    });
  }

  test("moves nothing when hashes say that nothing changed", async () => {
    const content = noise(3 * leafBytes, 1);
    const checkpoint = new MemoryCheckpointStore();
    const sink = new MemoryDisk(new Uint8Array(content.byteLength));
    await copyThroughCrashes({ source: new MemoryDisk(content) }, sink, checkpoint, "first", []);
    const written = sink.bytesWritten;
    const input = { source: new MemoryDisk(content), parentManifestId: "first", compareWithParent: true };
    const result = await copyThroughCrashes(input, sink, checkpoint, "second", []);
    assert.equal(sink.bytesWritten, written);
    assert.equal(result.bytesCopied, 0);
    assert.equal(result.bytesToMove, 0);
    assert.equal(result.rootHash, await rootOf(content));
  });

  test("ends with Conflict as soon as a newer attempt has begun, and enters nothing more", async () => {
    const source = new MemoryDisk(noise(16 * leafBytes, 2));
    const sink = new MemoryDisk(new Uint8Array(source.sizeBytes));
    const checkpoint = new MemoryCheckpointStore();
    const state = await checkpoint.beginAttempt({ generationId: "g", sizeBytes: source.sizeBytes });
    await checkpoint.beginAttempt({ generationId: "g", sizeBytes: source.sizeBytes });
    await assert.rejects(pump({ source, sink, checkpoint, state, windowBytes: leafBytes }), (error: unknown) =>
      isProviderError(error, "Conflict"),
    );
    assert.deepEqual(await Array.fromAsync(checkpoint.chunks("g")), []);
    assert.ok(sink.bytesWritten < source.sizeBytes);
  });

  test("stops when a leaf is not what its source's own checksum says, and says where", async () => {
    const content = noise(4 * leafBytes, 5);
    const disk = new MemoryDisk(content);
    const source: BlockSource = {
      sizeBytes: content.byteLength,
      extents: (options) => disk.extents(options),
      async read(offset, target, signal, vouched) {
        await disk.read(offset, target, signal);
        for (let at = 0; at < target.byteLength; at += leafBytes) {
          const leaf = (offset + at) / leafBytes;
          const hash = hashLeaf(content.subarray(offset + at, offset + at + leafBytes));
          // The first has none, the last another than it should.
          if (leaf === 3) hash[0] = (hash[0] ?? 0) ^ 1;
          if (leaf > 0) vouched?.set(hash, (at / leafBytes) * hashBytes);
        }
      },
      close: async () => undefined,
    };
    const checkpoint = new MemoryCheckpointStore();
    const state = await checkpoint.beginAttempt({ generationId: "g", sizeBytes: content.byteLength });
    const sink = new MemoryDisk(new Uint8Array(content.byteLength));
    await assert.rejects(pump({ source, sink, checkpoint, state }), (error: unknown) => {
      assert.ok(isProviderError(error, "IntegrityFailure"), String(error));
      assert.match(error.message, new RegExp(`from ${3 * leafBytes} on`));
      return true;
    });
  });

  test("settles an abort with its reason while reads hang", async () => {
    const content = noise(4 * leafBytes, 3);
    const hanging: BlockSource = {
      sizeBytes: content.byteLength,
      extents: (options) => new MemoryDisk(content).extents(options),
      read: (_offset, _target, signal) =>
        new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
      close: async () => undefined,
    };
    const checkpoint = new MemoryCheckpointStore();
    const state = await checkpoint.beginAttempt({ generationId: "g", sizeBytes: content.byteLength });
    const sink = new MemoryDisk(new Uint8Array(content.byteLength));
    const abort = new AbortController();
    const reason = new Error("an operator paused it");
    setImmediate(() => abort.abort(reason));
    await assert.rejects(pump({ source: hanging, sink, checkpoint, state, signal: abort.signal }), reason);
  });

  test("refuses a copy of differences without the manifest they are differences to", async () => {
    const source = new MemoryDisk(noise(leafBytes, 4));
    const checkpoint = new MemoryCheckpointStore();
    const state = await checkpoint.beginAttempt({ generationId: "g", sizeBytes: source.sizeBytes });
    const input = { source, sink: new MemoryDisk(new Uint8Array(leafBytes)), checkpoint, state };
    await assert.rejects(pump({ ...input, compareWithParent: true }), (error: unknown) =>
      isProviderError(error, "InvalidInput"),
    );
  });
});
