import assert from "node:assert/strict";
import { createServer } from "node:net";
import { NbdLab } from "../../bench/lib/nbd-lab.ts";
import { isProviderError } from "../../src/domain/errors.ts";
import { NbdBlockSink } from "../../src/transfer/nbd/block-sink.ts";
import { NbdBlockSource } from "../../src/transfer/nbd/block-source.ts";
import type { BlockSource, Extent } from "../../src/transfer/ports.ts";
import { describe, test } from "../support/needs-qemu.ts";
import { kib, mib, noise, writeAt } from "./lib/content.ts";

const qcow2 = ["-f", "qcow2"];
const readOnlyRaw = ["--read-only", "-f", "raw"];
const tib = 1024 ** 4;

function extentsOf(source: BlockSource, sinceBaseline?: string): Promise<Extent[]> {
  return Array.fromAsync(source.extents({ sinceBaseline }));
}

describe("an NBD source", () => {
  test("reads the bytes of a disk of an odd number of sectors, up to its last one", async () => {
    await using lab = new NbdLab();
    const size = 3 * mib + 5 * 512;
    const content = noise(size, 1);
    const image = lab.raw("disk.raw", size);
    writeAt(image, 0, content);
    const source = await NbdBlockSource.open(await lab.serve(image, readOnlyRaw));
    assert.equal(source.sizeBytes, size);
    const target = new Uint8Array(new SharedArrayBuffer(size));
    const cuts = [0, 1, 70_000, mib + 3, size - 512, size];
    await Promise.all(
      cuts.slice(1).map((end, index) => source.read(cuts[index] ?? 0, target.subarray(cuts[index], end))),
    );
    assert.equal(Buffer.compare(target, content), 0);
    assert.deepEqual(await extentsOf(source), [{ offset: 0, length: size, kind: "data" }]);
    await source.close();
  });

  test("maps a disk of 2 TiB that is nearly empty", async () => {
    await using lab = new NbdLab();
    const image = lab.raw("disk.raw", 2 * tib);
    const places = [0, 5 * 1024 ** 3 - 64 * kib, tib, 2 * tib - 64 * kib];
    for (const place of places) writeAt(image, place, noise(64 * kib, place));
    const source = await NbdBlockSource.open(await lab.serve(image, readOnlyRaw));
    const extents = await extentsOf(source);
    assert.deepEqual(
      extents.filter(({ kind }) => kind === "data"),
      places.map((offset) => ({ offset, length: 64 * kib, kind: "data" })),
    );
    let end = 0;
    for (const { offset, length } of extents) {
      assert.equal(offset, end);
      end += length;
    }
    assert.equal(end, 2 * tib);
    await source.close();
  });

  test("tells what changed by a dirty bitmap, zeroed ranges as zeros", async () => {
    await using lab = new NbdLab();
    const image = await lab.qcow2("disk.qcow2", 8 * mib);
    const filling = await lab.serve(image, qcow2);
    const first = await NbdBlockSink.open(filling);
    await first.write(0, noise(4 * mib, 1));
    await first.close();
    await filling.stop("SIGTERM");
    await lab.image("bitmap", "--add", "-f", "qcow2", image, "b0");
    const changing = await lab.serve(image, qcow2);
    const second = await NbdBlockSink.open(changing);
    await second.write(64 * kib, noise(100, 2));
    await second.writeZeroes(mib, 128 * kib);
    await second.write(6 * mib, noise(64 * kib, 3));
    await second.close();
    await changing.stop("SIGTERM");
    const baselines = { point: { kind: "dirty-bitmap", bitmap: "b0" } } as const;
    const server = await lab.serve(image, ["--read-only", ...qcow2, "-B", "b0"]);
    const source = await NbdBlockSource.open({ ...server, baselines });
    assert.deepEqual(await extentsOf(source, "point"), [
      { offset: 64 * kib, length: 64 * kib, kind: "data" },
      { offset: mib, length: 128 * kib, kind: "zero" },
      { offset: 6 * mib, length: 64 * kib, kind: "data" },
    ]);
    await source.close();
  });

  test("tells what changed by what an overlay holds itself", async () => {
    await using lab = new NbdLab();
    const base = lab.raw("base.raw", 4 * mib);
    writeAt(base, 0, noise(4 * mib, 1));
    const overlay = await lab.qcow2("overlay.qcow2", 4 * mib, { file: base, format: "raw" });
    const changing = await lab.serve(overlay, qcow2);
    const sink = await NbdBlockSink.open(changing);
    await sink.write(2 * mib, noise(64 * kib, 2));
    await sink.writeZeroes(3 * mib, 64 * kib);
    await sink.close();
    await changing.stop("SIGTERM");
    const server = await lab.serve(overlay, ["--read-only", ...qcow2, "--allocation-depth"]);
    const baselines = { point: { kind: "overlay-allocation" } } as const;
    const source = await NbdBlockSource.open({ ...server, baselines });
    assert.deepEqual(await extentsOf(source, "point"), [
      { offset: 2 * mib, length: 64 * kib, kind: "data" },
      { offset: 3 * mib, length: 64 * kib, kind: "zero" },
    ]);
    await source.close();
  });

  test("says NotFound for a baseline or an export that is not there", async () => {
    await using lab = new NbdLab();
    const server = await lab.serve(lab.raw("disk.raw", mib), readOnlyRaw);
    const notFound = (error: unknown): boolean => isProviderError(error, "NotFound");
    const baselines = { gone: { kind: "dirty-bitmap", bitmap: "b9" } } as const;
    const source = await NbdBlockSource.open({ ...server, baselines });
    await assert.rejects(extentsOf(source, "never"), notFound);
    await assert.rejects(extentsOf(source, "gone"), notFound);
    await source.close();
    await assert.rejects(NbdBlockSource.open({ path: server.path, exportName: "other" }), notFound);
  });

  test("says Unavailable, which is retried, when the server dies or is not there", async () => {
    await using lab = new NbdLab();
    const server = await lab.serve(lab.raw("disk.raw", mib), readOnlyRaw);
    const source = await NbdBlockSource.open(server);
    const unavailable = (error: unknown): boolean => isProviderError(error, "Unavailable");
    server.process.kill("SIGSTOP");
    const reading = source.read(0, new Uint8Array(mib));
    const mapping = extentsOf(source);
    const refused = [assert.rejects(reading, unavailable), assert.rejects(mapping, unavailable)];
    await server.stop("SIGKILL");
    await Promise.all(refused);
    await assert.rejects(source.read(0, new Uint8Array(512)), unavailable);
    await assert.rejects(NbdBlockSource.open(server), unavailable);
  });

  test("gives up on a server that has stopped answering, and waits on for one that owes nothing", async () => {
    await using lab = new NbdLab();
    const server = await lab.serve(lab.raw("disk.raw", mib), readOnlyRaw);
    const source = await NbdBlockSource.open({ ...server, stallTimeoutMs: 100 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await source.read(0, new Uint8Array(mib));
    server.process.kill("SIGSTOP");
    await assert.rejects(source.read(0, new Uint8Array(mib)), (error: unknown) => {
      return isProviderError(error, "Unavailable") && error.message.includes("stopped answering");
    });
  });

  test("settles an abort with its reason though the server hangs", async () => {
    await using lab = new NbdLab();
    const server = await lab.serve(lab.raw("disk.raw", mib), readOnlyRaw);
    const source = await NbdBlockSource.open(server);
    server.process.kill("SIGSTOP");
    const abort = new AbortController();
    const reason = new Error("an operator cancelled it");
    const requests = [
      source.read(0, new Uint8Array(mib), abort.signal),
      source.read(0, new Uint8Array(mib), abort.signal),
      source.read(512, new Uint8Array(512), abort.signal),
      Array.fromAsync(source.extents({ signal: abort.signal })),
    ];
    const settled = Promise.allSettled(requests);
    setImmediate(() => abort.abort(reason));
    for (const result of await settled) assert.equal(result.status === "rejected" && result.reason, reason);
  });

  test("refuses what does not speak the protocol", async () => {
    await using lab = new NbdLab();
    const path = lab.file("http.sock");
    const server = createServer((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await assert.rejects(NbdBlockSource.open({ path, exportName: "" }), /does not speak NBD/);
    server.close();
  });
});

describe("an NBD sink", () => {
  test("writes, zeroes and keeps what was flushed through a kill of its server", async () => {
    await using lab = new NbdLab();
    const image = await lab.qcow2("disk.qcow2", 16 * mib);
    const server = await lab.serve(image, qcow2);
    const sink = await NbdBlockSink.open(server);
    const content = noise(5 * mib + 512, 1);
    await Promise.all([sink.write(512, content), sink.write(12 * mib, noise(mib, 2))]);
    await sink.writeZeroes(mib, 3 * mib - 512);
    await sink.flush();
    await server.stop("SIGKILL");
    const expected = Buffer.alloc(16 * mib);
    expected.set(content, 512);
    expected.set(noise(mib, 2), 12 * mib);
    expected.fill(0, mib, 4 * mib - 512);
    const raw = lab.raw("expected.raw", 16 * mib);
    writeAt(raw, 0, expected);
    assert.ok(await lab.identical({ file: image, format: "qcow2" }, { file: raw, format: "raw" }));
  });

  test("zeroes more than one request can name", async () => {
    await using lab = new NbdLab();
    const image = await lab.qcow2("disk.qcow2", 10 * 1024 ** 3);
    const server = await lab.serve(image, qcow2);
    const sink = await NbdBlockSink.open(server);
    await sink.write(9 * 1024 ** 3, noise(64 * kib, 1));
    await sink.writeZeroes(0, sink.sizeBytes);
    await sink.close();
    const source = await NbdBlockSource.open(server);
    assert.ok((await extentsOf(source)).every(({ kind }) => kind === "zero"));
    await source.close();
  });

  test("calls a full disk by its name, and it is retried", async () => {
    await using lab = new NbdLab();
    const image = lab.raw("disk.raw", 4 * mib);
    const fault = "inject-error.0.event=none,inject-error.0.iotype=write,inject-error.0.errno=28";
    const options = `driver=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename=${image},file.${fault.replaceAll(",", ",file.")}`;
    const sink = await NbdBlockSink.open(await lab.serve(options, ["--image-opts"]));
    await assert.rejects(sink.write(0, noise(mib, 1)), (error: unknown) => {
      assert.ok(isProviderError(error, "Unavailable"));
      assert.match(error.message, /storage is full.*Free space/);
      return true;
    });
    await sink.close();
  });

  test("says Conflict for an export that is read-only", async () => {
    await using lab = new NbdLab();
    const server = await lab.serve(lab.raw("disk.raw", mib), readOnlyRaw);
    await assert.rejects(NbdBlockSink.open(server), (error: unknown) => isProviderError(error, "Conflict"));
  });
});
