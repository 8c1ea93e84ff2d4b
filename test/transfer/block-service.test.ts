import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isProviderError } from "../../src/domain/errors.ts";
import { joinBlockService, openServedSink, openServedSource } from "../../src/transfer/block-service/client.ts";
import { readSettings } from "../../src/transfer/block-service/settings.ts";
import { hashLeaf } from "../../src/transfer/manifest.ts";
import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import { leafBytes } from "../../src/transfer/ports.ts";
import { prove } from "../../src/transfer/proof.ts";
import { pump } from "../../src/transfer/pump.ts";
import { MemoryDisk } from "./lib/memory-disk.ts";

const program = fileURLToPath(new URL("../../src/transfer/block-service/main.ts", import.meta.url));
const signal = AbortSignal.timeout(60_000);

interface Served {
  readonly port: number;
  readonly name: string;
  readonly key: Buffer;
  readonly path: string;
  readonly said: string[];
  readonly ended: Promise<number | null>;
}

/** A helper's program, as a process of its own, beside a disk of these bytes. */
async function serve(
  t: TestContext,
  content: Uint8Array,
  { write, joinWithinMs = 60_000 }: { write: boolean; joinWithinMs?: number },
): Promise<Served> {
  const devices = mkdtempSync(join(tmpdir(), "nc-helper-"));
  const path = join(devices, "disk");
  writeFileSync(path, content);
  const name = "helper-1";
  const key = randomBytes(32);
  const port = await freePort();
  const settings = { name, key: key.toString("base64url"), port, device: "disk", write, joinWithinMs };
  const env = {
    ...process.env,
    NOVACRON_BLOCK_SERVICE: JSON.stringify(settings),
    NOVACRON_LISTEN_HOST: "127.0.0.1",
    NOVACRON_DEVICES: devices,
  };
  const child: ChildProcess = spawn(process.execPath, [program], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(devices, { recursive: true, force: true });
  });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once("close", () => reject(new Error(`it ended: ${said.join("\n")}`)));
    createInterface(child.stdout as NodeJS.ReadableStream).on("line", (line) => {
      said.push(line);
      if (line.includes("listening")) resolve();
    });
  });
  return { port, name, key, path, said, ended };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function address({ port, name, key }: Served) {
  return { host: "127.0.0.1", port, name, key };
}

function content(leaves: number): Buffer {
  const bytes = Buffer.alloc(leaves * leafBytes);
  for (let leaf = 0; leaf < leaves; leaf += 2) randomBytes(leafBytes).copy(bytes, leaf * leafBytes);
  return bytes;
}

describe("a helper's block service", () => {
  test("tells zeros, hashes beside the disk and reads it, and ends with its session", async (t) => {
    const bytes = content(8);
    const served = await serve(t, bytes, { write: false });
    const socket = await joinBlockService(address(served), signal);
    const source = await openServedSource(socket, served.name, signal);
    assert.equal(source.sizeBytes, bytes.byteLength);
    for (let look = 0; look < 2; look++) {
      const extents = await Array.fromAsync(source.extents({ signal }));
      assert.deepEqual(
        extents.map(({ kind, length }) => [kind, length]),
        Array.from({ length: 8 }, (_, leaf) => [leaf % 2 === 0 ? "data" : "zero", leafBytes]),
      );
    }
    const target = Buffer.alloc(leafBytes);
    await source.read(2 * leafBytes, target, signal);
    assert.ok(target.equals(bytes.subarray(2 * leafBytes, 3 * leafBytes)));
    const hashes = Buffer.from((await source.hashes?.(leafBytes, 2 * leafBytes, signal)) ?? []);
    const expected = [1, 2].map((leaf) => hashLeaf(bytes.subarray(leaf * leafBytes, (leaf + 1) * leafBytes)));
    assert.ok(hashes.equals(Buffer.concat(expected)));
    await assert.rejects(Array.fromAsync(source.extents({ sinceBaseline: "p" })), (error) =>
      isProviderError(error, "NotFound"),
    );
    await source.close();
    assert.equal(await served.ended, 0);
    assert.ok(!served.said.join().includes(served.key.toString("base64url")), "it told its key");
  });

  test("writes what is flushed to the disk", async (t) => {
    const served = await serve(t, Buffer.alloc(4 * leafBytes, 7), { write: true });
    const sink = await openServedSink(await joinBlockService(address(served), signal), served.name, signal);
    const data = randomBytes(leafBytes);
    await sink.write(leafBytes, data, signal);
    await sink.writeZeroes(2 * leafBytes, 4096, signal);
    await sink.flush(signal);
    const expected = Buffer.alloc(4 * leafBytes, 7);
    data.copy(expected, leafBytes);
    expected.fill(0, 2 * leafBytes, 2 * leafBytes + 4096);
    assert.ok(readFileSync(served.path).equals(expected));
    await sink.close();
    assert.equal(await served.ended, 0);
  });

  test("lets in nobody without the key, and nobody a second time", async (t) => {
    const served = await serve(t, content(2), { write: false });
    const stranger = { ...address(served), key: randomBytes(32) };
    await assert.rejects(joinBlockService(stranger, signal), (error) => isProviderError(error, "Unavailable"));
    await assert.rejects(joinBlockService({ ...address(served), name: "helper-2" }, signal));
    const socket = await joinBlockService(address(served), signal);
    const source = await openServedSource(socket, served.name, signal);
    await assert.rejects(joinBlockService(address(served), signal), (error) => {
      assert.ok(!String(error).includes(served.key.toString("base64url")));
      return isProviderError(error, "Unavailable");
    });
    await source.read(0, new Uint8Array(512), signal);
    await source.close();
  });

  test("ends when nobody joins in time", async (t) => {
    const served = await serve(t, content(1), { write: false, joinWithinMs: 50 });
    assert.equal(await served.ended, 0);
  });

  test("moves only the leaves that differ, and proves a disk without moving it", async (t) => {
    const before = content(32);
    const after = Buffer.from(before);
    randomBytes(leafBytes).copy(after, 4 * leafBytes);
    randomBytes(4096).copy(after, 11 * leafBytes);
    const checkpoint = new MemoryCheckpointStore();
    const sink = new MemoryDisk(new Uint8Array(before.byteLength));
    const first = await checkpoint.beginAttempt({ generationId: "g1", sizeBytes: before.byteLength });
    const { rootHash, ...one } = await pump({ source: new MemoryDisk(before), sink, checkpoint, state: first });
    assert.ok(one.bytesCopied > 0);
    await checkpoint.seal({ generationId: "g1", attempt: 1, rootHash });

    const served = await serve(t, after, { write: false });
    const source = await openServedSource(await joinBlockService(address(served), signal), served.name, signal);
    const sizeBytes = after.byteLength;
    const state = await checkpoint.beginAttempt({ generationId: "g2", sizeBytes, parentManifestId: "g1" });
    const parts = { parentManifestId: "g1", compareWithParent: true, signal };
    const moved = await pump({ source, sink, checkpoint, state, ...parts });
    assert.ok(Buffer.from(sink.bytes).equals(after));
    assert.equal(moved.leavesWritten, 2);
    const wire = source.wire?.bytes ?? 0;
    // One of the two leaves shrinks to a few KiB; the map and the other leaves' hashes are small.
    assert.ok(wire > leafBytes && wire < 2 * leafBytes, `${wire} bytes on the wire`);
    await checkpoint.seal({ generationId: "g2", attempt: 1, rootHash: moved.rootHash });
    const proof = await prove({ source, checkpoint, manifestId: "g2", signal });
    assert.deepEqual([proof.identical, proof.bytesReread > 2 * leafBytes], [true, true]);
    assert.ok((source.wire?.bytes ?? 0) - wire < leafBytes, "a proof moved the disk");
    const other = await prove({ source, checkpoint, manifestId: "g1", signal });
    assert.deepEqual(
      other.differing.map(({ offset }) => offset),
      [4 * leafBytes, 11 * leafBytes],
    );
    await source.close();
  });

  test("names what is wrong with its settings, and nothing of what they are", () => {
    const text = JSON.stringify({ name: "n", key: "c2hvcnQ", port: 0, device: "../x", write: 1, joinWithinMs: 5 });
    assert.throws(() => readSettings(text), /lack or garble: key, port, device, write$/);
    assert.throws(() => readSettings(`{"key":"c2hvcnQ`), /not JSON$/);
  });
});
