import { setTimeout as sleep } from "node:timers/promises";
import type { MigrationView } from "../src/domain/migration.ts";
import { cutoverUpdate, rollbackUpdate } from "../src/workflows/migrate-vm/messages.ts";
import { Dirtier, type DirtierOptions } from "./lib/dirtier.ts";
import { timeIncrement } from "./lib/increment.ts";
import { NbdLab } from "./lib/nbd-lab.ts";
import { seededRandom } from "./lib/random.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";
import { type Site, StackLab, startParts } from "./lib/stack-lab.ts";

const gib = 2 ** 30;
const from: Site = "onprem-a";
const to: Site = "onprem-b";
const disk = { sizeBytes: 4 * gib, dataBytes: gib };
/** What libvirt's dirty bitmaps tell apart. */
const unitBytes = 64 * 1024;
const units = disk.sizeBytes / unitBytes;
const changedSharePerMinute = 0.01;
const roundPauseSeconds = 20;
/** Beside the full copy. */
const increments = 3;
const blockBytes = { sequential: 64 * 1024, random: 4096 } as const;

type Pattern = keyof typeof blockBytes;

export const warmBench: Bench = {
  name: "warm",
  summary:
    "A running 4 GiB disk of which 1 % changes a minute, in order and at random, moved warm: downtime, bytes moved of those that changed, the last increment beside nbdcopy",
  run,
};

async function run(context: BenchContext): Promise<Figure[]> {
  await using lab = new StackLab(await startParts());
  await lab.startWorkerProcess();
  const figures: Figure[] = [];
  for (const pattern of ["sequential", "random"] as const) figures.push(...(await measure(lab, context, pattern)));
  return figures;
}

async function measure(lab: StackLab, { note, runs = 5, seed = 1 }: BenchContext, pattern: Pattern): Promise<Figure[]> {
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", {
    site: from,
    name: pattern,
    disks: [disk],
  });
  await (await lab.deps.registry.provider(from)).compute.startVm(vmId, AbortSignal.timeout(60_000));
  const dirtier = new Dirtier(lab, {
    site: from,
    vmId,
    next: pattern === "sequential" ? inOrder() : atRandom(seed),
    writesPerSecond: (changedSharePerMinute * units) / 60,
  });
  const { id, view } = await moveWarm(lab, vmId, dirtier);
  const { moved, changed, last } = await account(lab, id, view, dirtier);
  note(`${pattern}: down for ${view.downtimeSeconds} s, ${moved} bytes moved for ${changed * unitBytes}`);
  const copy = view.steps.find(({ step }) => step === "copy");
  await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);
  await lab.virsh(from, "destroy", vmId);
  await using nbd = new NbdLab(lab.dir);
  const [image = ""] = await lab.diskFiles(from, vmId);
  const timed = await timeIncrement(nbd, image, {
    offsets: last.map((unit) => unit * unitBytes),
    unitBytes,
    rounds: runs,
  });
  const mib = (last.length * unitBytes) / 2 ** 20;
  const named = (name: string): string => `${pattern}: ${name}`;
  return [
    figure({ name: named("downtime"), value: view.downtimeSeconds ?? Number.NaN, unit: "s", better: "lower" }),
    figure({
      name: named("increments, bytes moved per byte of the units that changed"),
      value: moved / (changed * unitBytes),
      unit: "ratio",
      goal: 1.1,
      better: "lower",
    }),
    figure({
      name: named("last increment"),
      value: mib / timed.ours,
      unit: "MiB/s",
      peer: "nbdcopy --flush of the same extents",
      peer_value: mib / timed.peer,
      goal: 0.7,
      better: "higher",
    }),
    figure({ name: named("last increment, size"), value: mib, unit: "MiB", better: "lower" }),
    ...(copy?.endedAt
      ? [
          figure({
            name: named("last increment, the whole step while it is down"),
            value: (Date.parse(copy.endedAt) - Date.parse(copy.startedAt)) / 1000,
            unit: "s",
            better: "lower",
          }),
        ]
      : []),
  ];
}

async function moveWarm(lab: StackLab, vmId: string, dirtier: Dirtier): Promise<{ id: string; view: MigrationView }> {
  const id = await lab.migrate({
    vm: vmId,
    from,
    to,
    mode: "warm",
    warm: { cutover: "manual", roundPauseSeconds },
    stopGraceMs: 100,
    verify: { bootProof: false },
  });
  await lab.untilView(id, ({ warm }) => (warm?.rounds ?? 0) > 0);
  for (let round = 1; round <= increments; round++) {
    await Promise.race([
      lab.untilView(id, ({ warm }) => (warm?.rounds ?? 0) > round, 250),
      dirtier.ended().then(() => Promise.reject(new Error("The machine is off."))),
    ]);
  }
  // As much has changed when it is stopped as in a round.
  await sleep((roundPauseSeconds - 5) * 1000);
  dirtier.allowEnd();
  await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(cutoverUpdate);
  const view = await lab.until(id, "awaiting-finalize");
  await dirtier.ended();
  return { id, view };
}

/** What the increments moved, and how many distinct units had changed for each; a write that was done while a point was
 *  taken counts for one side of it, which is off by one or two in a hundred. */
async function account(
  lab: StackLab,
  id: string,
  view: MigrationView,
  { writes }: Dirtier,
): Promise<{ moved: number; changed: number; last: readonly number[] }> {
  const rounds = await lab.store.rounds.proven(id);
  const taken = [...rounds.map(({ takenAt }) => Date.parse(takenAt)), Number.POSITIVE_INFINITY];
  const increments = rounds.slice(1).flatMap(({ disks }) => disks.map(({ bytesCopied }) => bytesCopied));
  let changed = 0;
  let last: readonly number[] = [];
  for (const [index, since] of taken.slice(0, -1).entries()) {
    const until = taken[index + 1] ?? since;
    const seen = writes.filter(({ at }) => at > since && at <= until);
    last = [...new Set(seen.map(({ offset }) => Math.floor(offset / unitBytes)))].toSorted((one, other) => one - other);
    changed += last.length;
  }
  return { moved: increments.reduce((sum, bytes) => sum + bytes, view.bytesCopied), changed, last };
}

/** Unit after unit, from the start of the disk on. */
function inOrder(): DirtierOptions["next"] {
  let unit = 0;
  return () => ({ offset: (unit++ % units) * unitBytes, length: blockBytes.sequential });
}

/** A block here and there, each somewhere in a unit. */
function atRandom(seed: number): DirtierOptions["next"] {
  const random = seededRandom(seed);
  const blocks = disk.sizeBytes / blockBytes.random;
  return () => ({ offset: Math.floor(random() * blocks) * blockBytes.random, length: blockBytes.random });
}
