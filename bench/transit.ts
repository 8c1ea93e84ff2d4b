import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { ensureSelfMade } from "../src/api/tls/self-made.ts";
import { freePorts } from "../src/host/ports.ts";
import { openRemoteSink } from "../src/transfer/link/client.ts";
import { MemoryCheckpointStore } from "../src/transfer/memory-checkpoint.ts";
import type { Extent } from "../src/transfer/ports.ts";
import { pump } from "../src/transfer/pump.ts";
import { interleave, median, seconds } from "./lib/measure.ts";
import { allocatedMib, writeMixedDisk } from "./lib/mixed-disk.ts";
import { RawSource } from "./lib/raw-ends.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";

const mib = 1024 * 1024;
const diskMib = 512;
const linkBytesPerSecond = 62.5e6;
const program = (name: string) => fileURLToPath(new URL(`./lib/${name}.ts`, import.meta.url));

export const transitBench: Bench = {
  name: "transit",
  summary:
    "A disk over a link of 500 Mbps, TLS 1.3 and adaptive zstd, beside `zstd -1` over the same link and beside no compression",
  run,
};

async function run({ note, runs = 3 }: BenchContext): Promise<Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-transit-"));
  const children: ChildProcess[] = [];
  try {
    const zstd = spawnSync("sh", ["-c", "command -v zstd"], { encoding: "utf8" }).stdout.trim();
    if (!zstd) throw new Error("There is no zstd on PATH to measure beside.");
    const mixed = join(dir, "mixed.raw");
    writeFileSync(mixed, "");
    writeMixedDisk(mixed, diskMib);
    const random = join(dir, "random.raw");
    writeRandom(random);
    const lab = await Lab.open(dir, zstd, children);
    const sparse = sparseExtents();
    const all: readonly Extent[] = [{ offset: 0, length: diskMib * mib, kind: "data" }];
    let wire = 0;
    let zstdWire = 0;
    const first = await interleave(runs, {
      ours: async () => {
        const sent = await lab.send(mixed, sparse, true);
        wire = sent.wire;
        note(`mixed, ours: ${sent.time.toFixed(2)} s, ${(wire / mib).toFixed(1)} MiB on the wire`);
        return sent.time;
      },
      plain: async () => {
        const { time } = await lab.send(mixed, sparse, false);
        note(`mixed, without compression: ${time.toFixed(2)} s`);
        return time;
      },
      zstd: async () => {
        const sent = await lab.pipe(mixed);
        zstdWire = sent.wire;
        note(`mixed, zstd -1: ${sent.time.toFixed(2)} s, ${(zstdWire / mib).toFixed(1)} MiB on the wire`);
        return sent.time;
      },
    });
    const second = await interleave(runs, {
      ours: async () => (await lab.send(random, all, true)).time,
      plain: async () => (await lab.send(random, all, false)).time,
    });
    note(`random: ours ${median(second.ours).toFixed(2)} s, without compression ${median(second.plain).toFixed(2)} s`);
    const moved = allocatedMib(diskMib);
    return [
      figure({
        name: "half text, half random: allocated bytes",
        value: moved / median(first.ours),
        unit: "MiB/s",
        peer: "zstd -1 over the same link",
        peer_value: moved / median(first.zstd),
        goal: 0.9,
        better: "higher",
      }),
      figure({
        name: "half text, half random: beside no compression",
        value: moved / median(first.ours),
        unit: "MiB/s",
        peer: "ours without compression",
        peer_value: moved / median(first.plain),
        better: "higher",
      }),
      figure({
        name: "half text, half random: bytes on the wire",
        value: wire / mib,
        unit: "MiB",
        peer: "zstd -1",
        peer_value: zstdWire / mib,
        better: "lower",
      }),
      figure({
        name: "random: allocated bytes",
        value: diskMib / median(second.ours),
        unit: "MiB/s",
        peer: "ours without compression",
        peer_value: diskMib / median(second.plain),
        goal: 0.95,
        better: "higher",
      }),
    ];
  } finally {
    for (const child of children) child.kill("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
  }
}

class Lab {
  readonly #target: string;
  readonly #zstd: string;
  readonly #ca: string;
  readonly #ports: { readonly link: number; readonly frame: number };
  #generations = 0;

  private constructor(target: string, zstd: string, ca: string, ports: { link: number; frame: number }) {
    this.#target = target;
    this.#zstd = zstd;
    this.#ca = ca;
    this.#ports = ports;
  }

  /** The far end and the link to it, in processes of their own. */
  static async open(dir: string, zstd: string, children: ChildProcess[]): Promise<Lab> {
    const { certFile, keyFile } = await ensureSelfMade(join(dir, "tls"), ["127.0.0.1"]);
    const [key, cert] = [keyFile, certFile].map((file) => readFileSync(file, "utf8"));
    const file = join(dir, "target.raw");
    const setup = JSON.stringify({ key, cert, file, sizeBytes: diskMib * mib, zstd });
    const receiver = spawn(process.execPath, [program("transit-receiver"), setup], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(receiver);
    const [line] = (await once(createInterface({ input: receiver.stdout }), "line")) as [string];
    const far = JSON.parse(line) as { link: number; frame: number };
    const [link = 0, frame = 0] = await freePorts(2);
    const at = (port: number) => ({ host: "127.0.0.1", port });
    const plans = [
      { listen: at(link), to: at(far.link), bytesPerSecond: linkBytesPerSecond },
      { listen: at(frame), to: at(far.frame), bytesPerSecond: linkBytesPerSecond },
    ];
    children.push(spawn(process.execPath, [program("shaped-relay"), JSON.stringify(plans)], { stdio: "inherit" }));
    // Both are opened together; the other one would take a connection for a copy.
    await reachable(link);
    return new Lab(file, zstd, readFileSync(join(dir, "tls/ca.pem"), "utf8"), { link, frame });
  }

  async send(file: string, extents: readonly Extent[], compression: boolean): Promise<{ time: number; wire: number }> {
    const socket = connect({ host: "127.0.0.1", port: this.#ports.link, ca: this.#ca, minVersion: "TLSv1.3" });
    await once(socket, "secureConnect");
    const source = await RawSource.open(file, extents);
    const sink = await openRemoteSink(socket, {}, { name: "bench", compression });
    const checkpoint = new MemoryCheckpointStore();
    this.#generations += 1;
    const generationId = `g-${this.#generations}`;
    const state = await checkpoint.beginAttempt({ generationId, sizeBytes: source.sizeBytes });
    const time = await seconds(() => pump({ source, sink, checkpoint, state }));
    const wire = sink.wire?.bytes ?? 0;
    await Promise.all([sink.close(), source.close()]);
    this.#compare(file);
    return { time, wire };
  }

  async pipe(file: string): Promise<{ time: number; wire: number }> {
    let wire = 0;
    const time = await seconds(async () => {
      const socket = connectPlain({ host: "127.0.0.1", port: this.#ports.frame });
      const packing = spawn(this.#zstd, ["-1", "-T2", "-q", "-c", file], { stdio: ["ignore", "pipe", "inherit"] });
      packing.stdout.on("data", (chunk: Buffer) => {
        wire += chunk.byteLength;
      });
      packing.stdout.pipe(socket);
      socket.resume();
      await once(socket, "close");
    });
    this.#compare(file);
    return { time, wire };
  }

  #compare(file: string): void {
    if (spawnSync("cmp", ["-s", file, this.#target]).status !== 0) throw new Error("The copy differs from the disk.");
  }
}

async function reachable(port: number): Promise<void> {
  for (;;) {
    const socket = connectPlain({ host: "127.0.0.1", port });
    const there = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (there) return;
  }
}

function sparseExtents(): Extent[] {
  return Array.from({ length: diskMib }, (_, index): Extent => {
    return { offset: index * mib, length: mib, kind: index % 10 < 6 ? "data" : "zero" };
  });
}

function writeRandom(file: string): void {
  const handle = openSync(file, "w");
  const block = Buffer.alloc(mib);
  for (let index = 0; index < diskMib; index++) writeSync(handle, randomFillSync(block));
}
