import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds } from "./lib/cpu-time.ts";
import { GroupLab } from "./lib/group-lab.ts";
import { idleInstances } from "./lib/idle-instances.ts";
import { median } from "./lib/measure.ts";
import { seededRandom } from "./lib/random.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";
import { StackLab, startParts } from "./lib/stack-lab.ts";

const vms = 200;
const gib = 2 ** 30;
const disk = { sizeBytes: 4 * gib, dataBytes: gib };
/** What libvirt's dirty bitmaps tell apart. */
const unitBytes = 64 * 1024;
const changedShare = 0.01;
const site = "aws-us-east-1";
/** Between two rounds. */
const pauseMs = 3_000;

export const replicationBench: Bench = {
  name: "replication",
  summary: `A round of a group of ${vms} idle VMs of the simulated AWS: CPU time and calls for each; a 4 GiB disk of which 1 % changed: bytes moved of the units that did`,
  takes: ["resources"],
  run,
};

async function run(context: BenchContext): Promise<Figure[]> {
  await using lab = new StackLab(await startParts());
  const port = await freePort();
  const config = join(lab.dir, "bench.yaml");
  writeFileSync(config, `telemetry: { worker_metrics: "127.0.0.1:${port}" }\n`);
  const worker = await lab.startWorkerProcess({ NOVACRON_CONFIG: config });
  const calls = () => cloudCalls(port, site);
  const pids = { worker: worker.pid ?? 0, postgres: lab.postgres.pid ?? 0, temporal: lab.temporal.pid ?? 0 };
  return [...(await changedDisk(lab, context)), ...(await idleGroup(lab, context, { calls, pids }))];
}

interface Watched {
  calls(): Promise<ReadonlyMap<string, number>>;
  readonly pids: Readonly<Record<"worker" | "postgres" | "temporal", number>>;
}

async function idleGroup(lab: StackLab, context: BenchContext, { calls, pids }: Watched): Promise<Figure[]> {
  const { note, runs = 3, resources: count = vms } = context;
  const ids = await idleInstances(lab, count, (made) => note(`${made} of ${count} instances are there`));
  const group = await GroupLab.protect(lab, ids, { from: site, to: "onprem-b" });
  note("planned; everything is copied once");
  const first = await group.points(1);
  note(`the first point took ${secondsOf(first)} s`);
  await group.rests();
  // The inventory hears of each snapshot that comes and goes, also of other people's: that is no part of a round.
  await lab.client.workflow.getHandle(`inventory/${site}/changes`).terminate();
  const rounds: { cpu: Record<keyof typeof pids, number>; calls: number; seconds: number }[] = [];
  for (let round = 0; round < runs; round++) {
    await sleep(pauseMs);
    const before = { cpu: cpuOf(pids), calls: await calls() };
    await group.askForPoint();
    const point = await group.points(round + 2);
    if (point.bytesCopied > 0) throw new Error(`${point.bytesCopied} bytes of idle VMs were moved.`);
    await group.rests();
    const after = { cpu: cpuOf(pids), calls: await calls() };
    const made = [...after.calls].map(([call, n]) => [call, n - (before.calls.get(call) ?? 0)] as const);
    const sum = made.reduce((all, [, n]) => all + n, 0);
    const spent = (who: keyof typeof pids) => ((after.cpu[who] - before.cpu[who]) * 1000) / count;
    const cpu = { worker: spent("worker"), postgres: spent("postgres"), temporal: spent("temporal") };
    rounds.push({ cpu, calls: sum / count, seconds: secondsOf(point) });
    const listed = made.filter(([, n]) => n > 0).map(([call, n]) => `${call} ${n}`);
    note(`round ${round + 1}: ${cpu.worker.toFixed(1)} ms of CPU a VM, ${secondsOf(point)} s, ${listed.join(", ")}`);
  }
  await group.end();
  const middle = (of: (round: (typeof rounds)[number]) => number) => median(rounds.map(of));
  return [
    figure({
      name: `${count} idle VMs: CPU time of the worker a VM and round`,
      ...{ value: middle(({ cpu }) => cpu.worker), unit: "ms", goal: 50, better: "lower" },
    }),
    figure({
      name: `${count} idle VMs: calls a VM and round`,
      ...{ value: middle((round) => round.calls), unit: "calls", goal: 6, better: "lower" },
    }),
    figure({
      name: "the same, CPU time of PostgreSQL and Temporal",
      ...{ value: middle(({ cpu }) => cpu.postgres + cpu.temporal), unit: "ms", better: "lower" },
    }),
    figure({
      name: "the same, a whole round (AWS takes five snapshots a second)",
      ...{ value: middle(({ seconds }) => seconds), unit: "s", better: "lower" },
    }),
  ];
}

async function changedDisk(lab: StackLab, { note, runs = 3, seed = 1 }: BenchContext): Promise<Figure[]> {
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", {
    site: "onprem-a",
    name: "changing",
    disks: [disk],
  });
  await (await lab.deps.registry.provider("onprem-a")).compute.startVm(vmId, AbortSignal.timeout(60_000));
  const group = await GroupLab.protect(lab, [vmId], { from: "onprem-a", to: "onprem-b" });
  await group.points(1);
  const random = seededRandom(seed);
  const wanted = Math.round((disk.sizeBytes / unitBytes) * changedShare);
  const ratios: number[] = [];
  const times: number[] = [];
  for (let round = 0; round < runs; round++) {
    const units = new Set<number>();
    while (units.size < wanted) units.add(Math.floor((random() * disk.sizeBytes) / unitBytes));
    await write(lab, vmId, [...units], 1 + (round % 255));
    await group.askForPoint();
    const point = await group.points(round + 2);
    ratios.push(point.bytesCopied / (units.size * unitBytes));
    times.push(secondsOf(point));
    note(`1 % of 4 GiB: ${point.bytesCopied} bytes for ${units.size} units, ${secondsOf(point)} s`);
  }
  await group.end();
  await lab.virsh("onprem-a", "destroy", vmId);
  return [
    figure({
      name: "1 % of a 4 GiB disk changed: bytes moved per byte of the units that did",
      ...{ value: Math.max(...ratios), unit: "ratio", goal: 1.1, better: "lower" },
    }),
    figure({ name: "the same, a whole round", value: median(times), unit: "s", better: "lower" }),
  ];
}

/** 4 KiB in each of the units, by the hypervisor's monitor: no guest is in the machine. */
async function write(lab: StackLab, vmId: string, units: readonly number[], pattern: number): Promise<void> {
  const device = "/machine/peripheral/virtio-disk0/virtio-backend";
  for (let at = 0; at < units.length; at += 100) {
    const commands = units
      .slice(at, at + 100)
      .map((unit) => `qemu-io -d ${device} "write -P ${pattern} ${unit * unitBytes} 4096"`)
      .map((command) => `qemu-monitor-command --hmp ${vmId} '${command}'`);
    const said = (await lab.virsh("onprem-a", commands.join("; "))).trim();
    if (said !== "") throw new Error(`The machine's disk can't be written: ${said}`);
  }
}

function secondsOf({ createdAt, provenAt = createdAt }: { createdAt: string; provenAt?: string }): number {
  return (Date.parse(provenAt) - Date.parse(createdAt)) / 1000;
}

function cpuOf<Name extends string>(pids: Readonly<Record<Name, number>>): Record<Name, number> {
  const spent = Object.entries<number>(pids).map(([name, pid]) => [name, cpuSeconds(pid)]);
  return Object.fromEntries(spent) as Record<Name, number>;
}

/** Requests that the worker has made to the site's cloud, each attempt by itself. */
async function cloudCalls(port: number, site: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counts = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (!line.startsWith("novacron_cloud_call_duration_seconds_count{") || !line.includes(`site="${site}"`)) continue;
    const call = /call="([^"]*)"/.exec(line)?.[1] ?? "";
    counts.set(call, (counts.get(call) ?? 0) + Number(line.slice(line.lastIndexOf(" ") + 1)));
  }
  if (counts.size === 0) throw new Error("The worker tells of no call.");
  return counts;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
