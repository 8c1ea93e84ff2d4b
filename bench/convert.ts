/**
 * `convert`: each ordered pair of image formats, `novacron image convert` beside `qemu-img convert` on the same file in the
 * same run. What both take for an empty image of the same formats is their start-up, and is taken off. Neither flushes:
 * qemu-img's default cache mode for what it writes is `unsafe`, ours leaves the bytes to the system too.
 */
import { spawn } from "node:child_process";
import { rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ImageFormat } from "../src/transfer/formats/format-names.ts";
import { imageFormats } from "../src/transfer/formats/format-names.ts";
import { interleave, median, seconds } from "./lib/measure.ts";
import { writeMixedDisk } from "./lib/mixed-disk.ts";
import { NbdLab } from "./lib/nbd-lab.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";

export const convertBench: Bench = {
  name: "convert",
  summary: "Each pair of image formats on an image of 4 GiB, beside qemu-img convert",
  takes: ["size", "pairs"],
  run,
};

const mibPerGib = 1024;
const mib = 1024 * 1024;
const defaultGib = 4;
const goal = 0.95;
/** qemu-img deflates in one thread. */
const deflatedGoal = 1.5;
const deflatedSizeGoal = 1.02;
const toolTimeoutMs = 15 * 60_000;
const cli = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

/** qemu-img's name and options of each format. */
const peers: Readonly<Record<ImageFormat, { readonly driver: string; readonly options?: string }>> = {
  raw: { driver: "raw" },
  qcow2: { driver: "qcow2" },
  vmdk: { driver: "vmdk", options: "subformat=streamOptimized" },
  "vhd-fixed": { driver: "vpc", options: "subformat=fixed,force_size=on" },
  "vhd-dynamic": { driver: "vpc", options: "subformat=dynamic,force_size=on" },
  vhdx: { driver: "vhdx" },
};

interface Pair {
  readonly from: ImageFormat;
  readonly to: ImageFormat;
}

async function run({ note, runs = 3, sizeGib = defaultGib, pairs }: BenchContext): Promise<Figure[]> {
  const chosen = choosePairs(pairs);
  await using lab = new NbdLab();
  note(`making a disk of ${sizeGib} GiB, 60 % allocated, half of that incompressible`);
  const disk = lab.raw("disk.raw", sizeGib * mibPerGib * mib);
  writeMixedDisk(disk, sizeGib * mibPerGib);
  const empty = lab.raw("empty.raw", sizeGib * mibPerGib * mib);
  const figures: Figure[] = [];
  for (const from of imageFormats) {
    const targets = chosen.filter((pair) => pair.from === from);
    if (targets.length === 0) continue;
    // One format's source at a time, so that the room needed is a few images and not all of them.
    const source = { full: await made(lab, disk, from, "full"), empty: await made(lab, empty, from, "empty") };
    for (const pair of targets) figures.push(...(await measure(lab, pair, { disk, source, note, runs, sizeGib })));
    for (const file of Object.values(source)) if (file !== disk && file !== empty) rmSync(file);
  }
  return figures;
}

async function measure(
  lab: NbdLab,
  { from, to }: Pair,
  options: { disk: string; source: Source; note: (line: string) => void; runs: number; sizeGib: number },
): Promise<Figure[]> {
  const { disk, source, note, runs, sizeGib } = options;
  const files = { ours: lab.file("ours"), peer: lab.file("peer"), startUp: lab.file("start-up") };
  let leftover = files.peer;
  await theirs(lab, from, to, source.full, leftover);
  const sizes = { ours: 0, peer: 0 };
  const startUps: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
  const contender = (who: "ours" | "peer") => async (round: number) => {
    const convert = who === "ours" ? ours : theirs;
    startUps[who].push(await seconds(() => convert(lab, from, to, source.empty, files.startUp)));
    rmSync(files.startUp);
    // An output goes just before the next one is made: a virtual machine may give memory that is free for a second or two
    // back to its host, and whoever comes next would pay for getting it again.
    rmSync(leftover);
    const time = await seconds(() => convert(lab, from, to, source.full, files[who]));
    leftover = files[who];
    sizes[who] = statSync(leftover).size;
    if (round === 0) await requireSame(lab, disk, leftover, to);
    return time;
  };
  const times = await interleave(runs, { ours: contender("ours"), peer: contender("peer") });
  rmSync(leftover);
  const net = (who: "ours" | "peer") => Math.max(0.001, median(times[who]) - median(startUps[who]));
  note(
    `${from} → ${to}: ours ${net("ours").toFixed(2)} s (start-up ${median(startUps.ours).toFixed(2)}), qemu-img ${net("peer").toFixed(2)} s (${median(startUps.peer).toFixed(2)})`,
  );
  const speed = (who: "ours" | "peer") => (sizeGib * mibPerGib) / net(who);
  const peer = "qemu-img convert";
  const figures = [
    figure({
      name: `${from} → ${to}`,
      value: speed("ours"),
      unit: "MiB/s of disk",
      peer,
      peer_value: speed("peer"),
      goal: to === "vmdk" ? deflatedGoal : goal,
      better: "higher",
    }),
  ];
  if (to === "vmdk") {
    const name = `${from} → ${to}, file`;
    const peerValue = sizes.peer / mib;
    const size = { name, value: sizes.ours / mib, unit: "MiB", peer, peer_value: peerValue, goal: deflatedSizeGoal };
    figures.push(figure({ ...size, better: "lower" }));
  }
  return figures;
}

interface Source {
  readonly full: string;
  readonly empty: string;
}

/** An image of the format by qemu-img, so that neither contender reads its own files. */
async function made(lab: NbdLab, raw: string, format: ImageFormat, name: string): Promise<string> {
  if (format === "raw") return raw;
  const file = lab.file(`${name}.source`);
  await theirs(lab, "raw", format, raw, file);
  return file;
}

async function theirs(lab: NbdLab, from: ImageFormat, to: ImageFormat, source: string, target: string): Promise<void> {
  const { driver, options } = peers[to];
  const args = ["convert", "-f", peers[from].driver, "-O", driver, ...(options ? ["-o", options] : []), source, target];
  const { exitCode, stderr } = await lab.tools.run("qemu-img", args, { timeoutMs: toolTimeoutMs });
  if (exitCode !== 0) throw new Error(`qemu-img ${args.join(" ")}: ${stderr}`);
}

function ours(_lab: NbdLab, from: ImageFormat, to: ImageFormat, source: string, target: string): Promise<void> {
  const args = [cli, "image", "convert", source, target, "--from", from, "--to", to];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`image convert: ${stderr}`))));
  });
}

async function requireSame(lab: NbdLab, disk: string, file: string, format: ImageFormat): Promise<void> {
  const args = ["compare", "-f", "raw", "-F", peers[format].driver, disk, file];
  const { exitCode, stdout, stderr } = await lab.tools.run("qemu-img", args, { timeoutMs: toolTimeoutMs });
  if (exitCode !== 0) throw new Error(`The ${format} image differs from the disk: ${stdout}${stderr}`);
}

/** All, or what `--pairs` names: `raw:qcow2,any:vmdk`. */
function choosePairs(text: string | undefined): Pair[] {
  const all = imageFormats.flatMap((from) => imageFormats.map((to) => ({ from, to })));
  if (text === undefined) return all;
  const wanted = text.split(",").map((pair) => pair.split(":"));
  for (const pair of wanted) {
    const known = (name: string | undefined) => name === "any" || imageFormats.some((format) => format === name);
    if (pair.length !== 2 || !pair.every(known)) {
      throw new Error(`--pairs: ${pair.join(":")} is no pair of ${imageFormats.join(", ")} (or any)`);
    }
  }
  const matches = (name: string | undefined, format: ImageFormat) => name === "any" || name === format;
  return all.filter(({ from, to }) => wanted.some(([one, other]) => matches(one, from) && matches(other, to)));
}
