import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError, ProviderError } from "../../src/domain/errors.ts";
import { openRemoteSink, openRemoteSource } from "../../src/transfer/link/client.ts";
import { AdaptiveCompression, compress } from "../../src/transfer/link/compression.ts";
import { compressedFlag, type Frame, type FrameHead, FrameSocket, frameType } from "../../src/transfer/link/frames.ts";
import { type ServedEnd, serveLink } from "../../src/transfer/link/server.ts";
import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import { leafBytes } from "../../src/transfer/ports.ts";
import { pump } from "../../src/transfer/pump.ts";
import { MemoryDisk } from "./lib/memory-disk.ts";

const mib = 1024 ** 2;
const ask = { for: "a disk" };

/** Both ends of a connection on loopback, one of which serves what is given. */
async function linked(
  t: { after(work: () => void): void },
  open: (asked: unknown) => Promise<ServedEnd> | ServedEnd,
  compression = true,
): Promise<{ socket: Socket; served: Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const served = new Promise<void>((resolve) =>
    server.once("connection", (socket) => {
      resolve(serveLink(socket, { name: "the caller", compression, open: async (asked) => open(asked) }));
    }),
  );
  const socket = connect({ host: "127.0.0.1", port });
  t.after(() => {
    socket.destroy();
    server.close();
  });
  return { socket, served };
}

function mixed(bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 4 * leafBytes) {
    randomBytes(leafBytes).copy(content, at);
    content.fill("the same words again and again. ", at + leafBytes, Math.min(bytes, at + 2 * leafBytes));
  }
  return content;
}

const options = { name: "the other end" };

describe("a copy over a link", () => {
  const content = mixed(16 * mib + 512);

  for (const wholeLeaves of [false, true]) {
    test(`writes the same bytes as beside the disk${wholeLeaves ? ", also whole leaves with their hashes" : ""}`, async (t) => {
      const target = new MemoryDisk(Buffer.alloc(content.byteLength));
      target.wholeLeaves = wholeLeaves;
      const { socket, served } = await linked(t, (asked) => {
        assert.deepEqual(asked, ask);
        return { sink: target };
      });
      const sink = await openRemoteSink(socket, ask, options);
      const checkpoint = new MemoryCheckpointStore();
      const state = await checkpoint.beginAttempt({ generationId: "g", sizeBytes: content.byteLength });
      let taken = 0;
      const limiter = { take: async (bytes: number) => void (taken += bytes) };
      const source = new MemoryDisk(content);
      const { bytesCopied, bytesOnWire = 0 } = await pump({ source, sink, checkpoint, state, limiter });
      assert.ok(Buffer.from(target.bytes).equals(content));
      assert.ok(bytesOnWire < bytesCopied * 0.7, `${bytesOnWire} of ${bytesCopied}`);
      // The limit is one of what travels, not of what was read.
      assert.ok(taken <= bytesOnWire && taken > bytesOnWire * 0.9, `${taken} of ${bytesOnWire}`);
      await sink.close();
      await served;
    });
  }

  test("reads the same bytes when the target fetches them", async (t) => {
    const source = new MemoryDisk(content);
    source.baselines.set("before", [{ offset: 0, length: leafBytes, kind: "data" }]);
    const { socket, served } = await linked(t, () => ({ source }));
    const remote = await openRemoteSource(socket, ask, options);
    const target = new MemoryDisk(Buffer.alloc(content.byteLength));
    const checkpoint = new MemoryCheckpointStore();
    const state = await checkpoint.beginAttempt({ generationId: "g", sizeBytes: content.byteLength });
    const { bytesCopied, bytesOnWire = 0 } = await pump({ source: remote, sink: target, checkpoint, state });
    assert.ok(Buffer.from(target.bytes).equals(content));
    assert.ok(bytesOnWire < bytesCopied * 0.7);
    const since = await Array.fromAsync(remote.extents({ sinceBaseline: "before" }));
    assert.deepEqual(since, await Array.fromAsync(source.extents({ sinceBaseline: "before" })));
    await remote.close();
    await served;
  });

  test("is not compressed where that is switched off", async (t) => {
    const target = new MemoryDisk(Buffer.alloc(content.byteLength));
    const { socket } = await linked(t, () => ({ sink: target }));
    const sink = await openRemoteSink(socket, ask, { ...options, compression: false });
    await sink.write(0, content.subarray(0, mib));
    assert.ok((sink.wire?.bytes ?? 0) > mib);
  });
});

describe("a link", () => {
  test("carries a failure as it is", async (t) => {
    const failure = new ProviderError("Conflict", {
      operation: "open the generation",
      resource: "site-b/generation/g",
      reason: "a newer attempt has it",
      action: "Stop.",
    });
    const { socket } = await linked(t, () => Promise.reject(failure));
    await assert.rejects(openRemoteSink(socket, ask, options), (error) => {
      assert.ok(isProviderError(error, "Conflict"));
      assert.equal(error.message, failure.message);
      return true;
    });
  });

  test("that is cut fails what is under way as unavailable, and closes the disk", async (t) => {
    let closed = false;
    const stuck = new MemoryDisk(Buffer.alloc(mib));
    stuck.flush = (signal?: AbortSignal) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
    stuck.close = async () => void (closed = true);
    const { socket, served } = await linked(t, () => ({ sink: stuck }));
    const sink = await openRemoteSink(socket, ask, options);
    const flushing = sink.flush();
    socket.destroy();
    await assert.rejects(flushing, (error) => isProviderError(error, "Unavailable"));
    await assert.rejects(sink.write(0, Buffer.alloc(1)), (error) => isProviderError(error, "Unavailable"));
    await served;
    assert.ok(closed);
  });

  test("ends with a signal's reason when a request is given up", async (t) => {
    const stuck = new MemoryDisk(Buffer.alloc(mib));
    stuck.flush = () => new Promise(() => undefined);
    const { socket } = await linked(t, () => ({ sink: stuck }));
    const sink = await openRemoteSink(socket, ask, options);
    const abort = new AbortController();
    const flushing = sink.flush(abort.signal);
    abort.abort(new Error("given up"));
    await assert.rejects(flushing, /given up/);
    await assert.rejects(sink.flush(), (error) => isProviderError(error, "Unavailable"));
  });

  test("refuses a second disk, and frames that make no sense", async (t) => {
    const { socket, served } = await linked(t, () => ({ sink: new MemoryDisk(Buffer.alloc(mib)) }));
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(Buffer.alloc(24, 0xff));
    await served;
    const other = await linked(t, () => ({ sink: new MemoryDisk(Buffer.alloc(mib)) }));
    await openRemoteSink(other.socket, ask, options);
    await assert.rejects(openRemoteSink(other.socket, ask, options), (error) => isProviderError(error, "InvalidInput"));
  });
});

describe("who doesn't keep to what a link is", () => {
  /** One frame of our own making, and the answer to it. */
  async function answered(frames: FrameSocket, came: Promise<Frame>, head: FrameHead, body: Uint8Array) {
    frames.send(head, [body]);
    return came;
  }

  function speaking(socket: Socket): { frames: FrameSocket; next(): Promise<Frame> } {
    let came: (frame: Frame) => void = () => undefined;
    const frames = new FrameSocket(socket, "them", { frame: (frame) => came(frame), ended: () => undefined });
    return { frames, next: () => new Promise((resolve) => (came = resolve)) };
  }

  test("writes nothing that is larger than a request, or not as large as it said, or with other hashes", async (t) => {
    const disk = new MemoryDisk(Buffer.alloc(16 * mib));
    disk.write = () => Promise.reject(new Error("it came through"));
    const { socket } = await linked(t, () => ({ sink: disk }));
    const { frames, next } = speaking(socket);
    await answered(frames, next(), { id: 1, type: frameType.open }, Buffer.from("{}"));
    const bomb = await compress(Buffer.alloc(8 * mib));
    const wrong: (readonly [Partial<FrameHead>, Uint8Array])[] = [
      [{ length: 8 * mib, flags: compressedFlag }, bomb],
      [{ length: mib, flags: compressedFlag }, bomb],
      [{ length: mib }, Buffer.alloc(512)],
      [{ length: 512, hashes: 2 }, Buffer.alloc(512 + 64)],
      [{ length: 512, hashes: 60_000 }, Buffer.alloc(512)],
    ];
    for (const [head, body] of wrong) {
      const { type, body: said } = await answered(frames, next(), { id: 2, type: frameType.write, ...head }, body);
      assert.equal(type, frameType.error);
      assert.doesNotMatch(said.toString(), /came through/);
    }
  });

  test("is not listened to while there is as much in hand as a copy has under way", async (t) => {
    const disk = new MemoryDisk(Buffer.alloc(mib));
    let taken = 0;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    disk.write = () => {
      taken += 1;
      return released;
    };
    const { socket } = await linked(t, () => ({ sink: disk }));
    const { frames, next } = speaking(socket);
    await answered(frames, next(), { id: 1, type: frameType.open }, Buffer.from("{}"));
    for (let id = 2; id < 202; id++) frames.send({ id, type: frameType.write, length: mib }, [disk.bytes]);
    while (taken < 60) await sleep(5);
    await sleep(200);
    assert.ok(taken <= 64, `${taken} MiB in hand`);
    release();
    while (taken < 200) await sleep(5);
  });

  test("costs the one who asked the link, not its process, with an answer that can't be read", async (t) => {
    const server = createServer((socket) => {
      const frames = new FrameSocket(socket, "asker", {
        frame: ({ id }) => frames.send({ id, type: frameType.error }, [Buffer.from("not JSON")]),
        ended: () => undefined,
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const socket = connect({ host: "127.0.0.1", port: (server.address() as { port: number }).port });
    t.after(() => {
      socket.destroy();
      server.close();
    });
    await assert.rejects(openRemoteSink(socket, ask, options), (error) => isProviderError(error, "Unavailable"));
  });
});

describe("compression", () => {
  /** Sends so many MiB at the two speeds, in bytes of the disk a second; how much of it was compressed. */
  function share(totalMib: number, speeds: { on: number; off: number; ratio: number }): number {
    let now = 0;
    let compressed = 0;
    const adaptive = new AdaptiveCompression(true, () => now);
    for (let sent = 0; sent < totalMib; sent++) {
      const sending = adaptive.begin();
      if (sending.compress) compressed += 1;
      now += (mib / (sending.compress ? speeds.on : speeds.off)) * 1000;
      adaptive.arrived(sending, mib, sending.compress ? mib * speeds.ratio : mib);
    }
    return compressed / totalMib;
  }

  test("goes on where it makes the disk arrive sooner", () => {
    assert.ok(share(4_000, { on: 100 * mib, off: 50 * mib, ratio: 0.5 }) > 0.9);
  });

  test("ends where the processor is slower than the link", () => {
    assert.ok(share(4_000, { on: 300 * mib, off: 900 * mib, ratio: 0.5 }) < 0.1);
  });

  test("ends soon where the data doesn't shrink", () => {
    assert.ok(share(4_000, { on: 100 * mib, off: 100 * mib, ratio: 1 }) < 0.1);
  });

  test("outlasts a few MiB that don't shrink", () => {
    const adaptive = new AdaptiveCompression(true, () => 0);
    for (let sent = 0; sent < 40; sent++) {
      const sending = adaptive.begin();
      assert.equal(sending.compress, true, `after ${sent} MiB`);
      adaptive.arrived(sending, mib, sent < 10 ? mib : mib / 10);
    }
  });

  test("that is off stays off", () => {
    const adaptive = new AdaptiveCompression(false);
    for (let sent = 0; sent < 500; sent++) {
      const sending = adaptive.begin();
      assert.equal(sending.compress, false);
      adaptive.arrived(sending, mib, mib);
    }
  });
});
