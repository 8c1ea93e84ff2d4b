import { randomFillSync } from "node:crypto";
import { NbdBlockSink } from "../src/transfer/nbd/block-sink.ts";
import { interleave, median, seconds } from "./lib/measure.ts";
import { allocatedMib, writeMixedDisk } from "./lib/mixed-disk.ts";
import { NbdLab } from "./lib/nbd-lab.ts";
import { PumpProcess } from "./lib/pump-process.ts";
import { seededRandom } from "./lib/random.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";
import { cloudFigures } from "./transfer-clouds.ts";

const mib = 1024 * 1024;
const diskMib = 2048;
const granularityBytes = 64 * 1024;
const changedShare = 0.01;
const bitmap = "since-first";
const exportName = "disk";
const format = "qcow2";

export const transferBench: Bench = {
  name: "transfer",
  summary:
    "A 2 GiB disk from NBD to qcow2, with hashes and manifest, beside nbdcopy; then what changed of it; every cloud's disks both ways, into and out of an end that keeps nothing, beside a bare loop of its SDK (Google Cloud and Oracle Cloud have no calls for blocks: beside a bare loop of their helper's own protocol)",
  run,
};

async function run(context: BenchContext): Promise<Figure[]> {
  const { note, runs = 5, seed = 1 } = context;
  await using lab = new NbdLab();
  note("making a disk of 2 GiB, 60 % allocated, half of that incompressible");
  const disk = { file: await makeDisk(lab), format };
  const memory: number[] = [];
  const proofs: number[] = [];
  const ours = { file: lab.file("ours.qcow2"), format };
  const first = await interleave(runs, {
    ours: async (round) => {
      await lab.qcow2("ours.qcow2", diskMib * mib);
      await using servers = await serveBoth(lab, disk.file, ours.file);
      await using pumping = await PumpProcess.start();
      const { source, sink } = servers;
      const time = await seconds(() => pumping.call({ kind: "pump", generationId: "first", source, sink }));
      const proof = pumping.call({ kind: "prove", manifestId: "first", source: sink });
      proofs.push(await seconds(() => proof));
      const { identical, peakMemoryMib } = await proof;
      memory.push(peakMemoryMib);
      await servers.stop();
      if (!identical || !(await lab.identical(disk, ours))) throw new Error("The copy differs from the disk.");
      note(`round ${round + 1}: ours ${time.toFixed(2)} s`);
      return time;
    },
    nbdcopy: async (round) => {
      const target = { file: await lab.qcow2("nbdcopy.qcow2", diskMib * mib), format };
      await using servers = await serveBoth(lab, disk.file, target.file);
      const uris = [servers.source, servers.sink].map((path) => `nbd+unix:///${exportName}?socket=${path}`);
      const time = await seconds(async () => {
        const { exitCode, stderr } = await lab.tools.run("nbdcopy", ["--flush", ...uris]);
        if (exitCode !== 0) throw new Error(`nbdcopy: ${stderr}`);
      });
      await servers.stop();
      if (!(await lab.identical(disk, target))) throw new Error("nbdcopy's copy differs from the disk.");
      note(`round ${round + 1}: nbdcopy ${time.toFixed(2)} s`);
      return time;
    },
  });
  const sizeBytes = diskMib * mib;
  const clouds = await cloudFigures(lab, { ...disk, sizeBytes, dataBytes: allocatedMib(diskMib) * mib }, context);
  const changed = await secondGeneration(lab, disk.file, ours.file, { note, runs, seed });
  const firstSeconds = median(first.ours);
  return [
    figure({
      name: "full copy, allocated bytes",
      value: allocatedMib(diskMib) / firstSeconds,
      unit: "MiB/s",
      peer: "nbdcopy --flush",
      peer_value: allocatedMib(diskMib) / median(first.nbdcopy),
      goal: 0.8,
      better: "higher",
    }),
    figure({
      name: "second generation, bytes moved per byte changed",
      value: changed.bytesCopied / changed.bytesChanged,
      unit: "ratio",
      goal: 1.1,
      better: "lower",
    }),
    figure({
      name: "second generation, time",
      value: changed.seconds,
      unit: "s",
      goal: 0.1 * firstSeconds + 0.5,
      better: "lower",
    }),
    figure({
      name: "peak memory of the worker",
      value: Math.max(...memory, changed.memory),
      unit: "MiB",
      goal: 512,
      better: "lower",
    }),
    ...clouds,
    figure({
      name: "proof, bytes read back",
      value: allocatedMib(diskMib) / median(proofs),
      unit: "MiB/s",
      better: "higher",
    }),
  ];
}

async function makeDisk(lab: NbdLab): Promise<string> {
  const raw = lab.raw("disk.raw", diskMib * mib);
  writeMixedDisk(raw, diskMib);
  const file = lab.file("disk.qcow2");
  await lab.image("convert", "-f", "raw", "-O", format, raw, file);
  return file;
}

async function serveBoth(lab: NbdLab, from: string, to: string, flags: readonly string[] = []) {
  const reading = await lab.serve(from, ["--read-only", "-f", format, ...flags]);
  const writing = await lab.serve(to, ["-f", format]);
  // A clean end, so that the comparison of the images sees all that either copier wrote.
  const stop = async (): Promise<void> => void (await Promise.all([reading.stop("SIGTERM"), writing.stop("SIGTERM")]));
  return { source: reading.path, sink: writing.path, stop, [Symbol.asyncDispose]: stop };
}

async function secondGeneration(
  lab: NbdLab,
  disk: string,
  parent: string,
  { note, runs, seed }: Pick<BenchContext, "note"> & { runs: number; seed: number },
) {
  await using pumping = await PumpProcess.start();
  // The first generation once more, in the process that will know its manifest.
  await lab.qcow2("ours.qcow2", diskMib * mib);
  const servers = await serveBoth(lab, disk, parent);
  await pumping.call({ kind: "pump", generationId: "first", source: servers.source, sink: servers.sink });
  await servers.stop();
  await lab.image("bitmap", "--add", "-f", format, disk, bitmap);
  const bytesChanged = await change(lab, disk, seed);
  const times: number[] = [];
  let bytesCopied = 0;
  let memory = 0;
  for (let round = 0; round < Math.max(3, runs); round++) {
    const overlay = await lab.qcow2("second.qcow2", diskMib * mib, { file: parent, format });
    await using both = await serveBoth(lab, disk, overlay, ["-B", bitmap]);
    const { source, sink } = both;
    const since = { bitmap, parentManifestId: "first" };
    const reply = pumping.call({ kind: "pump", generationId: `second-${round}`, source, sink, since });
    times.push(await seconds(() => reply));
    ({ bytesCopied, peakMemoryMib: memory } = await reply);
    await both.stop();
    if (!(await lab.identical({ file: disk, format }, { file: overlay, format }))) {
      throw new Error("The second generation differs from the disk.");
    }
    note(`second generation ${round + 1}: ${times.at(-1)?.toFixed(2)} s`);
  }
  return { bytesChanged, bytesCopied, seconds: median(times), memory };
}

/** Rewrites 1 % of the disk, a granule here and there; returns the bytes, at the granularity that is tracked. */
async function change(lab: NbdLab, disk: string, seed: number): Promise<number> {
  const server = await lab.serve(disk, ["-f", format]);
  const sink = await NbdBlockSink.open({ path: server.path, exportName });
  const random = seededRandom(seed);
  const granules = new Set<number>();
  const all = (diskMib * mib) / granularityBytes;
  while (granules.size < all * changedShare) granules.add(Math.floor(random() * all));
  for (const granule of granules) {
    await sink.write(granule * granularityBytes, randomFillSync(Buffer.alloc(granularityBytes)));
  }
  await sink.flush();
  await sink.close();
  await server.stop("SIGTERM");
  return granules.size * granularityBytes;
}
