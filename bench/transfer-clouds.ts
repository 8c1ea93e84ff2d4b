import { type CloudName, cloudEnds } from "./lib/clouds/index.ts";
import { NullEnd } from "./lib/clouds/null-end.ts";
import { interleave, median, seconds } from "./lib/measure.ts";
import { allocatedMib, writeMixedDisk } from "./lib/mixed-disk.ts";
import type { NbdLab } from "./lib/nbd-lab.ts";
import { LoopProcess, PumpProcess } from "./lib/pump-process.ts";
import type { BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";

const mib = 1024 * 1024;
/** Moved before the time begins, on both sides. */
const warmUpMib = 64;
const mostRuns = 3;

/** A disk with data on it, and how much. */
export interface FilledDisk {
  readonly file: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly dataBytes: number;
}

interface Row {
  readonly lab: NbdLab;
  readonly cloud: CloudName;
  readonly direction: "into" | "outOf";
  readonly end: NullEnd;
}

/** The disk into each cloud, and as much out of it; neither end keeps a byte. */
export async function cloudFigures(lab: NbdLab, disk: FilledDisk, context: BenchContext): Promise<Figure[]> {
  const file = lab.raw("small.raw", warmUpMib * mib);
  writeMixedDisk(file, warmUpMib);
  const sizes = { sizeBytes: warmUpMib * mib, dataBytes: allocatedMib(warmUpMib) * mib };
  const disks = { warmUp: { file, format: "raw", ...sizes }, disk };
  const figures: Figure[] = [];
  for (const cloud of Object.keys(cloudEnds) as CloudName[]) {
    await using end = await NullEnd.start(cloudEnds[cloud].nullEnd);
    for (const direction of ["into", "outOf"] as const) {
      figures.push(...(await measure({ lab, cloud, direction, end }, disks, context)));
    }
  }
  return figures;
}

async function measure(
  row: Row,
  { warmUp, disk }: { readonly warmUp: FilledDisk; readonly disk: FilledDisk },
  { note, runs = mostRuns }: BenchContext,
): Promise<Figure[]> {
  await using pumping = await PumpProcess.start();
  await using looping = await LoopProcess.start();
  const { into, outOf, peer, goal, readyMadeGoal } = cloudEnds[row.cloud];
  const name = row.direction === "into" ? `NBD to ${into}` : `${outOf} to NBD`;
  const rate = (time: number): number => disk.dataBytes / mib / time;
  const noted = (who: string, move: (disk: FilledDisk) => Promise<number>) => async (round: number) => {
    // Before the time begins, so that its code has run and what it loads is there.
    if (round === 0) await move(warmUp);
    const time = await move(disk);
    note(`${name}: ${who} ${rate(time).toFixed(0)} MiB/s`);
    return time;
  };
  const contenders: Record<string, (round: number) => Promise<number>> = {
    ours: noted("ours", pumped(row, pumping)),
    bare: noted("bare", looped(row, looping, "disk")),
  };
  if (row.direction === "into") contenders.readyMade = noted("bare, ready-made", looped(row, looping, "ready-made"));
  const { ours = [], bare = [], readyMade } = await interleave(Math.min(runs, mostRuns), contenders);
  const beside = (who: string, theirs: readonly number[], aim: number | undefined): Figure =>
    figure({
      name,
      value: rate(median(ours)),
      unit: "MiB/s",
      peer: who,
      peer_value: rate(median(theirs)),
      ...(aim === undefined ? {} : { goal: aim }),
      better: "higher",
    });
  return [
    beside(peer, bare, goal),
    ...(readyMade ? [beside(`${peer}, of ready-made blocks`, readyMade, readyMadeGoal)] : []),
  ];
}

/** Seconds that our pump takes for a disk, with hashes and manifest. */
function pumped({ lab, cloud, direction, end }: Row, pumping: PumpProcess) {
  let generations = 0;
  return async (disk: FilledDisk): Promise<number> => {
    const sizeBytes = direction === "into" ? disk.sizeBytes : disk.dataBytes;
    await end.reset(sizeBytes);
    const place = { cloud, endpoint: end.endpoint, sizeBytes };
    const server = direction === "into" ? await serve(lab, disk) : await serveNothing(lab, sizeBytes);
    const [source, sink] = direction === "into" ? [server.path, place] : [place, server.path];
    const reply = pumping.call({ kind: "pump", generationId: `${generations++}`, source, sink });
    const time = await seconds(() => reply);
    await server.stop("SIGTERM");
    checkAll(direction === "into" ? await end.reset(0) : (await reply).bytesCopied, disk);
    return time;
  };
}

/** Seconds that the cloud's own client takes for as much. */
function looped({ lab, cloud, direction, end }: Row, looping: LoopProcess, sends: "disk" | "ready-made") {
  return async (disk: FilledDisk): Promise<number> => {
    const { dataBytes: bytes } = disk;
    await end.reset(direction === "into" ? disk.sizeBytes : bytes);
    const server =
      direction === "outOf" ? await serveNothing(lab, bytes) : sends === "disk" ? await serve(lab, disk) : undefined;
    const nbd = direction === "into" ? { from: server?.path } : { to: server?.path };
    const time = await seconds(() => looping.call({ cloud, endpoint: end.endpoint, bytes, ...nbd }));
    await server?.stop("SIGTERM");
    if (direction === "into") checkAll(await end.reset(0), disk);
    return time;
  };
}

function serve(lab: NbdLab, { file, format }: FilledDisk) {
  return lab.serve(file, ["--read-only", "-f", format]);
}

/** Of QEMU's driver that takes what is written and keeps nothing: the end of both contenders on the way out. */
function serveNothing(lab: NbdLab, sizeBytes: number) {
  return lab.serve(`driver=null-co,read-zeroes=on,size=${sizeBytes}`, ["--image-opts"]);
}

function checkAll(moved: number, { dataBytes }: FilledDisk): void {
  if (moved !== dataBytes) throw new Error(`${moved} bytes were moved instead of ${dataBytes}.`);
}
