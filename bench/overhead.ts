import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rollbackUpdate } from "../src/workflows/migrate-vm/messages.ts";
import { BareAws } from "./lib/bare-aws.ts";
import { interleave, seconds } from "./lib/measure.ts";
import { nbdCopy, overheadFigures, type StepTimes, timedMove } from "./lib/moved-guest.ts";
import { NbdLab } from "./lib/nbd-lab.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { type Site, StackLab, startParts } from "./lib/stack-lab.ts";

const home: Site = "onprem-a";
const memoryMib = 128;
const marker = /NOVACRON-GUEST-READY/;
const bootWithinMs = 120_000;
const goal = 3;

export const overheadBench: Bench = {
  name: "overhead",
  summary: "A running 128 MiB guest moved end to end, minus a bare copy of its disk, minus a bare boot of it",
  run,
};

/** A way that the guest goes, and the least that anybody would have to do for it. */
interface Route {
  readonly from: Site;
  readonly to: Site;
  readonly copyIs: string;
  readonly bootIs: string;
  /** Starts it where it comes from, off before, and waits until it is up. */
  start(): Promise<void>;
  /** Turns it off there, hard. */
  stop(): Promise<void>;
  bareCopy(): Promise<number>;
  /** At the target, of what the bare copy made, or of the same disk. */
  bareBoot(): Promise<number>;
  readonly vmId: string;
}

async function run(context: BenchContext): Promise<Figure[]> {
  await using lab = new StackLab(await startParts());
  await using nbd = new NbdLab(lab.dir);
  const aws = await BareAws.open(lab, nbd, marker);
  const made = { site: home, name: "overhead", memoryMib, start: false };
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/guests", made);
  await lab.startWorkerProcess();
  const consoleFile = join(lab.dir, "sites", home, "guests", `${vmId}.console`);
  const bootAtHome = (): Promise<void> => boot(lab, vmId, consoleFile);
  const turnOffAtHome = async (): Promise<void> => void (await lab.virsh(home, "destroy", vmId));
  const timedAtHome = async (): Promise<number> => {
    const time = await seconds(bootAtHome);
    await turnOffAtHome();
    return time;
  };
  const disk = async (): Promise<string> => (await lab.diskFiles(home, vmId))[0] ?? "";
  const atHome = { from: home, vmId, start: bootAtHome, stop: turnOffAtHome };
  const figures = await measure(lab, context, {
    ...atHome,
    to: "onprem-b",
    copyIs: "qemu-nbd and nbdcopy --flush",
    bootIs: "virsh start to marker",
    bareCopy: async () => nbdCopy(nbd, await disk()),
    bareBoot: timedAtHome,
  });
  const image = await aws.imageOf(await disk());
  figures.push(
    ...(await measure(lab, context, {
      ...atHome,
      to: aws.site,
      copyIs: "qemu-img to raw, and a loop of the SDK, 16 in flight",
      bootIs: "RunInstances to marker",
      bareCopy: async () => aws.timeUpload(await disk()),
      bareBoot: () => aws.timeBoot(image),
    })),
  );
  const instance = await aws.launch(image);
  figures.push(
    ...(await measure(lab, context, {
      from: aws.site,
      to: home,
      vmId: instance,
      copyIs: "CreateSnapshot, a loop of the SDK, 16 in flight, and qemu-img to qcow2",
      bootIs: "virsh start to marker",
      start: () => aws.start(instance),
      stop: () => aws.stop(instance),
      bareCopy: () => aws.timeDownload(instance),
      bareBoot: timedAtHome,
    })),
  );
  return figures;
}

async function measure(lab: StackLab, { note, runs = 3 }: BenchContext, route: Route): Promise<Figure[]> {
  const { from, to } = route;
  const way = `${from} → ${to}`;
  const steps: StepTimes = {};
  const noted = (what: string, round: number, time: number): number => {
    note(`${way}, round ${round + 1}: ${what} ${time.toFixed(2)} s`);
    return time;
  };
  // Nothing else runs while one of them does, and all three begin with the guest off or just booted.
  const measured = await interleave(runs, {
    migration: async (round) => {
      await route.start();
      return noted("migration", round, await migrate(lab, route, steps));
    },
    copy: async (round) => noted("bare copy", round, await route.bareCopy()),
    boot: async (round) => noted("bare boot", round, await route.bareBoot()),
  });
  return overheadFigures(way, { ...measured, steps, copyIs: route.copyIs, bootIs: route.bootIs, goal });
}

async function boot(lab: StackLab, vmId: string, consoleFile: string): Promise<void> {
  await lab.virsh(home, "start", vmId);
  for (const deadline = Date.now() + bootWithinMs; !marker.test(readFileSync(consoleFile, "latin1")); ) {
    if (Date.now() > deadline) throw new Error("The guest does not boot.");
    await sleep(20);
  }
}

/** From the order to the proven, booted guest at the target; then all is as before, the guest off. */
async function migrate(lab: StackLab, route: Route, steps: StepTimes): Promise<number> {
  const { vmId, from, to } = route;
  const { id, time } = await timedMove(lab, { vm: vmId, from, to, verify: { bootMarker: marker.source } }, steps);
  await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);
  await route.stop();
  return time;
}
