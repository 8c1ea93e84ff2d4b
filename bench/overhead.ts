import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rollbackUpdate } from "../src/workflows/migrate-vm/messages.ts";
import { interleave, median, seconds } from "./lib/measure.ts";
import { NbdLab } from "./lib/nbd-lab.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";
import { type Site, StackLab, startParts } from "./lib/stack-lab.ts";

const from: Site = "onprem-a";
const to: Site = "onprem-b";
const memoryMib = 128;
const marker = /NOVACRON-GUEST-READY/;
const bootWithinMs = 120_000;
const exportName = "disk";

export const overheadBench: Bench = {
  name: "overhead",
  summary: "A running 128 MiB guest moved end to end, minus a bare copy of its disk, minus a bare boot of it",
  run,
};

async function run({ note, runs = 3 }: BenchContext): Promise<Figure[]> {
  await using lab = new StackLab(await startParts());
  await using nbd = new NbdLab(lab.dir);
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/guests", {
    site: from,
    name: "overhead",
    memoryMib,
    start: false,
  });
  await lab.startWorkerProcess();
  const guest = { lab, vmId, consoleFile: join(lab.dir, "sites", from, "guests", `${vmId}.console`) };
  const steps: Record<string, number[]> = {};
  // Nothing else runs while one of them does, and all three begin with the guest off or just booted.
  const measured = await interleave(runs, {
    migration: async (round) => {
      await boot(guest);
      const time = await migrate(guest, steps);
      note(`round ${round + 1}: migration ${time.toFixed(2)} s`);
      return time;
    },
    copy: async (round) => {
      const time = await copy(lab, nbd, vmId);
      note(`round ${round + 1}: bare copy ${time.toFixed(2)} s`);
      return time;
    },
    boot: async (round) => {
      const time = await seconds(() => boot(guest));
      await lab.virsh(from, "destroy", vmId);
      note(`round ${round + 1}: bare boot ${time.toFixed(2)} s`);
      return time;
    },
  });
  const [migration, bareCopy, bareBoot] = [measured.migration, measured.copy, measured.boot].map(median) as [
    number,
    number,
    number,
  ];
  const informative = { unit: "s", better: "lower" } as const;
  return [
    figure({ name: "overhead", value: migration - bareCopy - bareBoot, goal: 3, ...informative }),
    figure({ name: "migration, end to end", value: migration, ...informative }),
    figure({ name: "bare copy, qemu-nbd and nbdcopy --flush", value: bareCopy, ...informative }),
    figure({ name: "bare boot, virsh start to marker", value: bareBoot, ...informative }),
    ...Object.entries(steps).map(([step, times]) =>
      figure({ name: `step ${step}`, value: median(times), ...informative }),
    ),
  ];
}

interface Guest {
  readonly lab: StackLab;
  readonly vmId: string;
  readonly consoleFile: string;
}

async function boot({ lab, vmId, consoleFile }: Guest): Promise<void> {
  await lab.virsh(from, "start", vmId);
  for (const deadline = Date.now() + bootWithinMs; !marker.test(readFileSync(consoleFile, "latin1")); ) {
    if (Date.now() > deadline) throw new Error("The guest does not boot.");
    await sleep(20);
  }
}

/** From the order to the proven, booted guest at the target; then all is as before, the guest off. */
async function migrate({ lab, vmId }: Guest, steps: Record<string, number[]>): Promise<number> {
  const started = performance.now();
  const id = await lab.migrate({ vm: vmId, from, to });
  const view = await lab.untilView(id, ({ state }) => state === "awaiting-finalize", 20);
  const time = (performance.now() - started) / 1000;
  if (view.bootProof !== "proven") throw new Error(`The boot is ${view.bootProof}, not proven.`);
  for (const { step, startedAt, endedAt } of view.steps) {
    if (endedAt) (steps[step] ??= []).push((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
  }
  await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);
  await lab.virsh(from, "destroy", vmId);
  return time;
}

/** What any copier needs: the disk served, an empty image served, all bytes moved and flushed. */
async function copy(lab: StackLab, nbd: NbdLab, vmId: string): Promise<number> {
  const [disk = ""] = await lab.diskFiles(from, vmId);
  const { stdout } = await lab.tools.run("qemu-img", ["info", "--output=json", disk]);
  const sizeBytes = (JSON.parse(stdout) as { "virtual-size": number })["virtual-size"];
  return seconds(async () => {
    const image = await nbd.qcow2("copy.qcow2", sizeBytes);
    const reading = await nbd.serve(disk, ["--read-only", "-f", "qcow2"]);
    const writing = await nbd.serve(image, ["-f", "qcow2"]);
    const uris = [reading, writing].map(({ path }) => `nbd+unix:///${exportName}?socket=${path}`);
    const { exitCode, stderr } = await nbd.tools.run("nbdcopy", ["--flush", ...uris]);
    if (exitCode !== 0) throw new Error(`nbdcopy: ${stderr}`);
    await Promise.all([reading.stop("SIGTERM"), writing.stop("SIGTERM")]);
  });
}
