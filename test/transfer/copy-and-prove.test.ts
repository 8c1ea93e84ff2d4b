import assert from "node:assert/strict";
import { NbdLab, type NbdServer } from "../../bench/lib/nbd-lab.ts";
import { isProviderError } from "../../src/domain/errors.ts";
import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import { NbdBlockSink } from "../../src/transfer/nbd/block-sink.ts";
import type { NbdSourceOptions } from "../../src/transfer/nbd/block-source.ts";
import { NbdBlockSource } from "../../src/transfer/nbd/block-source.ts";
import type { BlockSink } from "../../src/transfer/ports.ts";
import { leafBytes } from "../../src/transfer/ports.ts";
import { prove } from "../../src/transfer/proof.ts";
import type { PumpInput, PumpResult } from "../../src/transfer/pump.ts";
import { pump } from "../../src/transfer/pump.ts";
import { describe, test } from "../support/needs-qemu.ts";
import { kib, mib, noise, rootOf, writeAt } from "./lib/content.ts";

const qcow2 = ["-f", "qcow2"];
const readOnlyRaw = ["--read-only", "-f", "raw"];
const gib = 1024 ** 3;

interface Copy extends Partial<Pick<PumpInput, "sinceBaseline" | "compareWithParent" | "parentManifestId">> {
  readonly from: NbdSourceOptions;
  readonly to: NbdServer;
  readonly checkpoint: MemoryCheckpointStore;
  readonly generationId: string;
  /** Sees the sink before the pump does. */
  readonly through?: (sink: BlockSink) => BlockSink;
}

/** One attempt, sealed when it gets through. */
async function copy({
  from,
  to,
  checkpoint,
  generationId,
  through = (sink) => sink,
  ...options
}: Copy): Promise<PumpResult> {
  await using open = new AsyncDisposableStack();
  const source = await NbdBlockSource.open(from);
  open.defer(() => source.close());
  const sink = await NbdBlockSink.open(to);
  open.defer(() => sink.close());
  const { parentManifestId } = options;
  const state = await checkpoint.beginAttempt({ generationId, sizeBytes: source.sizeBytes, parentManifestId });
  const result = await pump({ source, sink: through(sink), checkpoint, state, ...options });
  await checkpoint.seal({ generationId, attempt: state.attempt, rootHash: result.rootHash });
  return result;
}

async function proof(server: NbdServer, checkpoint: MemoryCheckpointStore, manifestId: string) {
  const source = await NbdBlockSource.open(server);
  try {
    return await prove({ source, checkpoint, manifestId });
  } finally {
    await source.close();
  }
}

describe("a copy from NBD to qcow2", () => {
  for (const size of [512, 64 * kib - 512, leafBytes, leafBytes + 512, 7 * mib + 3 * 512]) {
    test(`is identical for a disk of ${size} bytes, and proven`, async () => {
      await using lab = new NbdLab();
      const image = lab.raw("disk.raw", size);
      const content = Buffer.alloc(size);
      content.set(noise(Math.min(size, 300 * kib), 1));
      content.set(noise(Math.min(size, 512), 2), size - Math.min(size, 512));
      writeAt(image, 0, content);
      const target = await lab.qcow2("copy.qcow2", size);
      const [from, to] = [await lab.serve(image, readOnlyRaw), await lab.serve(target, qcow2)];
      const checkpoint = new MemoryCheckpointStore();
      const result = await copy({ from, to, checkpoint, generationId: "g" });
      assert.equal(result.rootHash, await rootOf(content));
      assert.equal((await proof(to, checkpoint, "g")).identical, true);
      await to.stop("SIGTERM");
      assert.ok(await lab.identical({ file: image, format: "raw" }, { file: target, format: "qcow2" }));
    });
  }

  test("moves 50 MiB of a 2 TiB disk and nothing else, and proves it by reading as little", async () => {
    await using lab = new NbdLab();
    const size = 2048 * gib;
    const image = lab.raw("disk.raw", size);
    for (let part = 0; part < 50; part++) writeAt(image, part * 40 * gib + part * 4096, noise(mib, part));
    const target = await lab.qcow2("copy.qcow2", size);
    const [from, to] = [await lab.serve(image, readOnlyRaw), await lab.serve(target, qcow2)];
    const checkpoint = new MemoryCheckpointStore();
    const result = await copy({ from, to, checkpoint, generationId: "g" });
    assert.equal(result.bytesCopied, 50 * mib);
    const { identical, bytesReread } = await proof(to, checkpoint, "g");
    assert.ok(identical);
    assert.ok(bytesReread <= 50 * 3 * leafBytes);
    assert.equal((await Array.fromAsync(checkpoint.chunks("g"))).length, 50);
  });

  test("goes on after its target's server was killed, and sends little again", async () => {
    await using lab = new NbdLab();
    const size = 256 * mib;
    const image = lab.raw("disk.raw", size);
    writeAt(image, 0, noise(size, 1));
    const target = await lab.qcow2("copy.qcow2", size);
    const from = await lab.serve(image, readOnlyRaw);
    const first = await lab.serve(target, qcow2);
    const checkpoint = new MemoryCheckpointStore();
    let bytesSent = 0;
    const counting = (sink: BlockSink, onWrite: () => void): BlockSink => ({
      sizeBytes: sink.sizeBytes,
      write: (offset, data, signal) => {
        bytesSent += data.byteLength;
        onWrite();
        return sink.write(offset, data, signal);
      },
      writeZeroes: (offset, length, signal) => sink.writeZeroes(offset, length, signal),
      flush: (signal) => sink.flush(signal),
      close: () => sink.close(),
    });
    const killed = copy({
      from,
      to: first,
      checkpoint,
      generationId: "g",
      through: (sink) => counting(sink, () => void (bytesSent >= 160 * mib && first.process.kill("SIGKILL"))),
    });
    await assert.rejects(killed, (error: unknown) => isProviderError(error, "Unavailable"));
    await first.stop();
    const durable = (await checkpoint.state("g"))?.progress.bytesCopied ?? 0;
    assert.ok(durable > 0);
    const second = await lab.serve(target, qcow2);
    const through = (sink: BlockSink): BlockSink => counting(sink, () => undefined);
    const result = await copy({ from, to: second, checkpoint, generationId: "g", through });
    const sentAgain = bytesSent - size;
    assert.ok(sentAgain < 64 * mib, `${sentAgain} bytes were sent again`);
    assert.ok(result.bytesResent <= sentAgain && result.bytesResent >= sentAgain - 16 * mib);
    assert.equal(result.bytesCopied, size);
    assert.equal((await proof(second, checkpoint, "g")).identical, true);
    await second.stop("SIGTERM");
    assert.ok(await lab.identical({ file: image, format: "raw" }, { file: target, format: "qcow2" }));
  });

  test("moves only what a dirty bitmap or the hashes say changed", async () => {
    await using lab = new NbdLab();
    const size = 64 * mib;
    const format = "qcow2";
    const image = await lab.qcow2("disk.qcow2", size);
    const change = async (write: (sink: NbdBlockSink) => Promise<unknown>): Promise<void> => {
      const server = await lab.serve(image, qcow2);
      const sink = await NbdBlockSink.open(server);
      await write(sink);
      await sink.close();
      await server.stop("SIGTERM");
    };
    await change((sink) => sink.write(0, noise(40 * mib, 1)));
    const replica = await lab.qcow2("replica.qcow2", size);
    const checkpoint = new MemoryCheckpointStore();
    const [from, to] = [await lab.serve(image, ["--read-only", ...qcow2]), await lab.serve(replica, qcow2)];
    await copy({ from, to, checkpoint, generationId: "first" });
    await Promise.all([from.stop("SIGTERM"), to.stop("SIGTERM")]);
    await lab.image("bitmap", "--add", "-f", format, image, "b0");
    await change(async (sink) => {
      for (const place of [1, 17, 39, 50]) await sink.write(place * mib + 64 * kib, noise(64 * kib, place));
      await sink.writeZeroes(20 * mib, 2 * mib);
    });
    const changed = await lab.serve(image, ["--read-only", ...qcow2, "-B", "b0"]);
    const baselines = { point: { kind: "dirty-bitmap", bitmap: "b0" } } as const;
    const ways = {
      bitmap: { sinceBaseline: "point", most: 4 * 64 * kib },
      hashes: { compareWithParent: true, most: 4 * leafBytes },
    };
    for (const [generationId, { most, ...way }] of Object.entries(ways)) {
      const overlay = await lab.qcow2(`${generationId}.qcow2`, size, { file: replica, format });
      const target = await lab.serve(overlay, qcow2);
      const parts = {
        from: { ...changed, baselines },
        to: target,
        checkpoint,
        generationId,
        parentManifestId: "first",
      };
      const result = await copy({ ...parts, ...way });
      assert.ok(result.bytesCopied > 0 && result.bytesCopied <= most, `${generationId} moved ${result.bytesCopied}`);
      assert.equal((await proof(target, checkpoint, generationId)).identical, true);
      await target.stop("SIGTERM");
      assert.ok(await lab.identical({ file: image, format }, { file: overlay, format }));
    }
    const roots = await Promise.all(Object.keys(ways).map((id) => checkpoint.state(id)));
    assert.equal(roots[0]?.rootHash, roots[1]?.rootHash);
  });
});

describe("a proof", () => {
  test("names exactly the extents in which a copy differs", async () => {
    await using lab = new NbdLab();
    const size = 20 * mib + 512;
    const image = lab.raw("disk.raw", size);
    writeAt(image, 0, noise(10 * mib, 1));
    const replica = lab.raw("copy.raw", size);
    const checkpoint = new MemoryCheckpointStore();
    const to = await lab.serve(replica, ["-f", "raw"]);
    await copy({ from: await lab.serve(image, readOnlyRaw), to, checkpoint, generationId: "g" });
    assert.deepEqual((await proof(to, checkpoint, "g")).differing, []);
    await to.stop();
    writeAt(replica, 3 * leafBytes + 77, Buffer.from([0]));
    writeAt(replica, 5 * mib - 1, Buffer.from([0, 0]));
    writeAt(replica, size - 1, Buffer.from([1]));
    const { identical, differing } = await proof(await lab.serve(replica, readOnlyRaw), checkpoint, "g");
    assert.equal(identical, false);
    assert.deepEqual(differing, [
      { offset: 3 * leafBytes, length: leafBytes },
      { offset: 5 * mib - leafBytes, length: 2 * leafBytes },
      { offset: 20 * mib, length: 512 },
    ]);
  });

  test("finds data that has become a hole", async () => {
    await using lab = new NbdLab();
    const image = lab.raw("disk.raw", 4 * mib);
    writeAt(image, 0, noise(4 * mib, 1));
    const to = await lab.serve(lab.raw("copy.raw", 4 * mib), ["-f", "raw"]);
    const checkpoint = new MemoryCheckpointStore();
    await copy({ from: await lab.serve(image, readOnlyRaw), to, checkpoint, generationId: "g" });
    const sink = await NbdBlockSink.open(to);
    await sink.writeZeroes(mib, mib);
    await sink.close();
    const { differing, bytesReread } = await proof(to, checkpoint, "g");
    assert.deepEqual(differing, [{ offset: mib, length: mib }]);
    assert.equal(bytesReread, 3 * mib);
  });

  test("does not trust hashes that do not give the sealed root", async () => {
    await using lab = new NbdLab();
    const image = lab.raw("disk.raw", mib);
    writeAt(image, 0, noise(mib, 1));
    const to = await lab.serve(lab.raw("copy.raw", mib), ["-f", "raw"]);
    const checkpoint = new MemoryCheckpointStore();
    await copy({ from: await lab.serve(image, readOnlyRaw), to, checkpoint, generationId: "g" });
    const source = await NbdBlockSource.open(to);
    const forged = {
      state: (id: string) => checkpoint.state(id),
      async *chunks(id: string) {
        for await (const chunk of checkpoint.chunks(id)) yield { ...chunk, leaves: chunk.leaves.fill(1, 0, 32) };
      },
    };
    await assert.rejects(prove({ source, checkpoint: forged, manifestId: "g" }), (error: unknown) =>
      isProviderError(error, "IntegrityFailure"),
    );
    await assert.rejects(prove({ source, checkpoint, manifestId: "unknown" }), (error: unknown) =>
      isProviderError(error, "NotFound"),
    );
    await source.close();
  });
});
