import { leafBytes } from "../src/transfer/ports.ts";
import { NullEbs } from "./lib/ebs-null.ts";
import { interleave, median, seconds } from "./lib/measure.ts";
import { writeMixedDisk } from "./lib/mixed-disk.ts";
import type { NbdLab } from "./lib/nbd-lab.ts";
import { LoopProcess, PumpProcess } from "./lib/pump-process.ts";
import type { BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";

const mib = 1024 * 1024;
const gib = 1024 * mib;
const format = "qcow2";
const peer = "bare SDK loop, 16 in flight";
/** Below this the one side hashes, keeps a manifest and commits; the other only sends what it had ready, or checks each
 *  block and writes it to the same NBD server. */
const goal = 0.8;
/** Moved before the time begins, on both sides: their SDK is loaded then and their connections are open. */
const warmUpMib = 64;
const warmUpBlocks = 64;

/** Of qemu's driver that takes what is written and keeps nothing: the end of both contenders on the way out of EBS. */
const nullDisk = (sizeBytes: number): string => `driver=null-co,read-zeroes=on,size=${sizeBytes}`;

/** A disk of `allocatedMib` (in `disk`, of `sizeBytes`) into EBS direct, and as much out of it; neither end keeps a byte. */
export async function ebsFigures(
  lab: NbdLab,
  disk: { readonly file: string; readonly sizeBytes: number; readonly allocatedMib: number },
  { note, runs = 5 }: BenchContext,
): Promise<Figure[]> {
  await using ebs = await NullEbs.start();
  const { allocatedMib, sizeBytes } = disk;
  const blocks = (allocatedMib * mib) / leafBytes;
  const { endpoint } = ebs;
  let generation = 0;
  const size = Math.ceil((allocatedMib * mib) / gib) * gib;
  const serveNothing = () => lab.serve(nullDisk(size), ["--image-opts"]);
  const loop = async (direction: "put" | "get"): Promise<number> => {
    const server = await serveNothing();
    await using bare = await LoopProcess.start();
    await ebs.reset(blocks);
    const nbd = server.path;
    await bare.call({ direction, endpoint, nbd, blocks: warmUpBlocks });
    const time = await seconds(() => bare.call({ direction, endpoint, nbd, blocks }));
    await server.stop("SIGTERM");
    return time;
  };
  const small = lab.raw("small.raw", warmUpMib * mib);
  writeMixedDisk(small, warmUpMib);
  const snapshotOf = (sizeMib: number) => ({ ebs: endpoint, sizeBytes: sizeMib * mib });
  const warmUp = async (pumping: PumpProcess, direction: "put" | "get"): Promise<void> => {
    const server = await lab.serve(small, ["-f", "raw"]);
    const generationId = `ebs-${generation++}`;
    const [source, sink] =
      direction === "put" ? [server.path, snapshotOf(warmUpMib)] : [snapshotOf(warmUpMib), server.path];
    await ebs.reset(warmUpBlocks);
    await pumping.call({ kind: "pump", generationId, source, sink });
    await server.stop("SIGTERM");
  };
  const into = await interleave(runs, {
    ours: async () => {
      const server = await lab.serve(disk.file, ["--read-only", "-f", format]);
      await using pumping = await PumpProcess.start();
      await warmUp(pumping, "put");
      await ebs.reset(0);
      const generationId = `ebs-${generation++}`;
      const sink = { ebs: endpoint, sizeBytes };
      const time = await seconds(() => pumping.call({ kind: "pump", generationId, source: server.path, sink }));
      await server.stop("SIGTERM");
      const sent = await ebs.reset(0);
      if (sent !== allocatedMib * mib) throw new Error(`${sent} bytes arrived instead of ${allocatedMib} MiB.`);
      note(`into EBS direct: ${(allocatedMib / time).toFixed(0)} MiB/s`);
      return time;
    },
    bare: () => loop("put"),
  });
  const outOf = await interleave(runs, {
    ours: async () => {
      const server = await serveNothing();
      await using pumping = await PumpProcess.start();
      await warmUp(pumping, "get");
      await ebs.reset(blocks);
      const generationId = `ebs-${generation++}`;
      const source = { ebs: endpoint, sizeBytes: size };
      const reply = pumping.call({ kind: "pump", generationId, source, sink: server.path });
      const time = await seconds(() => reply);
      if ((await reply).bytesCopied !== blocks * leafBytes) throw new Error("Not all blocks were copied.");
      await server.stop("SIGTERM");
      note(`out of EBS direct: ${(allocatedMib / time).toFixed(0)} MiB/s`);
      return time;
    },
    bare: () => loop("get"),
  });
  const row = (name: string, times: { ours: number[]; bare: number[] }): Figure =>
    figure({
      name,
      value: allocatedMib / median(times.ours),
      unit: "MiB/s",
      peer,
      peer_value: allocatedMib / median(times.bare),
      goal,
      better: "higher",
    });
  return [row("NBD to EBS direct", into), row("EBS direct to NBD", outOf)];
}
