import { setTimeout as sleep } from "node:timers/promises";
import type { MigrationStep, MigrationView } from "../src/domain/migration.ts";
import { toWire, type Wire } from "../src/domain/wire.ts";
import { signalProcess } from "../src/host/process-identity.ts";
import type { LabApi } from "./lib/lab-api.ts";
import type { NodePart, Part } from "./lib/parts.ts";
import { seededRandom } from "./lib/random.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";
import { type Site, StackLab, startParts } from "./lib/stack-lab.ts";

const mib = 2 ** 20;
const home: Site = "onprem-a";
const cloud: Site = "aws-us-east-1";
interface Route {
  readonly from: Site;
  readonly to: Site;
}
const routes: readonly Route[] = [
  { from: home, to: "onprem-b" },
  { from: home, to: cloud },
  { from: cloud, to: home },
];
const disk = { sizeBytes: 96 * mib, dataBytes: 48 * mib };
/** So that the copy, the longest step of a large move, is the longest here too. */
const bandwidthBytesPerSecond = 24 * mib;
/** How far into a step the kill may come; most steps are over sooner, and then it is drawn again. */
const latestMs = { copy: 1500, order: 400, other: 60 } as const;

const steps: readonly MigrationStep[] = [
  "validate",
  "network",
  "stop",
  "copy",
  "seal",
  "prove",
  "materialise",
  "create",
  "verify",
  "complete",
];
type Victim = "worker" | "api" | "temporal" | "postgres" | "target NBD server" | "source NBD server" | "AWS";

function victimsOf({ from, to }: Route): readonly Victim[] {
  const nbd = [
    ...(from === cloud ? [] : ["source NBD server" as const]),
    ...(to === cloud ? [] : ["target NBD server" as const]),
  ];
  return ["worker", "api", "temporal", "postgres", ...nbd, ...(from === cloud || to === cloud ? ["AWS" as const] : [])];
}
/** `order`: while the API is asked for the plan and the move, before there is a run. */
type Moment = MigrationStep | "order";

/** The moments that a part is alive and wanted in: NBD servers only serve while bytes move or are read back. */
function momentsOf(victim: Victim): readonly Moment[] {
  if (victim === "source NBD server") return ["copy"];
  if (victim === "target NBD server") return ["copy", "prove"];
  return victim === "api" ? ["order", ...steps] : steps;
}

const drawsPerRun = 20;
const downMs = 500;

export const chaosBench: Bench = {
  name: "chaos",
  summary:
    "Moves with SIGKILL to a part drawn at random in a step drawn at random: all complete, identical, nothing left",
  run,
};

interface Outcome {
  readonly counted: boolean;
  readonly completed: boolean;
  readonly identical: boolean;
  readonly orphans: readonly string[];
}

async function run({ note, runs = 20, seed = Date.now() % 1_000_000 }: BenchContext): Promise<Figure[]> {
  note(`seed ${seed}`);
  const random = seededRandom(seed);
  const pick = <T>(options: readonly T[]): T => options[Math.floor(random() * options.length)] as T;
  const totals = { runs: 0, completed: 0, identical: 0, orphans: 0, missed: 0 };
  const byRoute = new Map<Route, number>(routes.map((route) => [route, 0]));
  const vms = new Map<Route, string>();
  await using lab = new StackLab(await startParts());
  const atOnce = { consistencyMs: 0, volumeCreatingMs: 0, snapshotPendingMs: 0, imagePendingMs: 0 };
  await lab.sandbox("POST", "/aws/settings", { ...atOnce, throttling: false });
  const cast: Cast = { worker: await lab.startWorkerProcess(), api: await lab.startApi() };
  while (totals.runs < runs && totals.missed < drawsPerRun * runs) {
    const route = pick(routes);
    const victim = pick(victimsOf(route));
    const moment = pick(momentsOf(victim));
    const latest = moment === "copy" || moment === "order" ? latestMs[moment] : latestMs.other;
    const delayMs = Math.floor(random() * latest);
    const vmId = vms.get(route) ?? (await makeVm(lab, route, `chaos-${totals.runs + totals.missed}`));
    vms.set(route, vmId);
    const outcome = await oneRun(lab, cast, { route, vmId, victim, moment, delayMs }, note);
    for (const orphan of outcome.orphans) note(`left behind: ${orphan}`);
    // What is left or differs counts whether or not the kill struck.
    totals.orphans += outcome.orphans.length;
    // A move that failed may hold its VM: the next one gets its own.
    if (!outcome.completed) vms.delete(route);
    if (!outcome.counted) {
      totals.missed += 1;
      if (!outcome.completed || !outcome.identical)
        throw new Error(`A run that nothing was killed in failed (seed ${seed})`);
      continue;
    }
    totals.runs += 1;
    byRoute.set(route, (byRoute.get(route) ?? 0) + 1);
    if (outcome.completed) totals.completed += 1;
    if (outcome.identical) totals.identical += 1;
    const verdict = outcome.completed && outcome.identical ? "completed, identical" : "FAILED";
    note(`run ${totals.runs}: ${nameOf(route)}, ${victim} killed ${delayMs} ms into ${moment}: ${verdict}`);
  }
  if (totals.runs < runs) throw new Error(`Only ${totals.runs} kills of ${runs} struck in mid-step (seed ${seed})`);
  return [
    figure({ name: "runs completed", value: totals.completed, unit: "runs", goal: runs, better: "higher" }),
    figure({ name: "disks identical", value: totals.identical, unit: "runs", goal: runs, better: "higher" }),
    figure({ name: "orphans left", value: totals.orphans, unit: "resources", goal: 0, better: "lower" }),
    { name: "seed", value: seed, unit: "", better: "lower" },
    ...[...byRoute].map(([route, value]) =>
      figure({ name: `runs ${nameOf(route)}`, value, unit: "runs", better: "higher" }),
    ),
    figure({ name: "kills that missed their step, drawn again", value: totals.missed, unit: "runs", better: "lower" }),
  ];
}

function nameOf({ from, to }: Route): string {
  return `${from} → ${to}`;
}

/** One with data at the route's beginning; at AWS it is one that was moved there for good. */
async function makeVm(lab: StackLab, { from }: Route, name: string): Promise<string> {
  const made = { site: home, name, disks: [disk] };
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", made);
  if (from === home) return vmId;
  const id = await lab.migrate({ vm: vmId, from: home, to: from });
  const { vm } = await lab.until(id, "awaiting-finalize");
  await lab.finalize(id);
  return vm.targetVmId ?? "";
}

/** The programs of ours that can be killed. */
interface Cast {
  readonly worker: NodePart;
  readonly api: LabApi;
}

async function oneRun(
  lab: StackLab,
  cast: Cast,
  draw: { route: Route; vmId: string; victim: Victim; moment: Moment; delayMs: number },
  note: BenchContext["note"],
): Promise<Outcome> {
  const { route, vmId, victim, moment, delayMs } = draw;
  const { from, to } = route;
  const before = await everything(lab);
  let struck = false;
  let identical = false;
  let completed = false;
  try {
    const ordering = order(cast.api, vmId, route);
    if (moment === "order") struck = await strikeOrder(lab, cast, ordering, delayMs);
    const id = await ordering;
    if (moment !== "order") struck = await strikeStep(lab, cast, { id, victim, step: moment, delayMs });
    const end = await lab.until(id, "awaiting-finalize");
    completed = true;
    const certificate = await lab.store.certificates.get(end.certificateId ?? "");
    const target = { site: to, vmId: end.vm.targetVmId ?? "" };
    identical = certificate?.identical === true && (await lab.sameDisks({ site: from, vmId }, target));
    await cast.api.post(`/v1/migrations/${id}/rollback`);
    await lab.until(id, "rolled-back");
  } catch (error) {
    completed = false;
    note(`${victim} in ${moment}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const after = await everything(lab);
  return { counted: struck, completed, identical, orphans: after.filter((entry) => !before.includes(entry)) };
}

/** Plans and starts the move through the API; the move's id. */
async function order(api: LabApi, vmId: string, { from, to }: Route): Promise<string> {
  const request = toWire({ vm: vmId, from, to, bandwidthBytesPerSecond });
  const plan = await api.post<Wire<{ planId: string; hash: string }>>("/v1/plans", { kind: "migrate_vm", request });
  const approved = { plan_id: plan.plan_id, plan_hash: plan.hash };
  const migration = await api.post<Wire<{ migrationId: string }>>("/v1/migrations", approved);
  return migration.migration_id;
}

/** Kills the API while it is asked; whether it was still asked then. */
async function strikeOrder(lab: StackLab, cast: Cast, ordering: Promise<string>, delayMs: number): Promise<boolean> {
  let answered = false;
  const done = (): void => {
    answered = true;
  };
  ordering.then(done, done);
  await sleep(delayMs);
  return !answered && (await kill(lab, cast, "api"));
}

async function strikeStep(
  lab: StackLab,
  cast: Cast,
  draw: { id: string; victim: Victim; step: MigrationStep; delayMs: number },
): Promise<boolean> {
  const { id, victim, step, delayMs } = draw;
  const reached = await lab.untilView(id, (view) => past(view, step), 2);
  if (runs(reached, step)) await sleep(delayMs);
  const view = await lab.store.migrations.get(id);
  return view !== undefined && runs(view, step) && (await kill(lab, cast, victim));
}

function runs(view: MigrationView, step: MigrationStep): boolean {
  return view.state === "running" && view.step === step;
}

/** The step has begun, or is over already. */
function past(view: MigrationView, step: MigrationStep): boolean {
  return view.state !== "running" || steps.indexOf(view.step as MigrationStep) >= steps.indexOf(step);
}

/** SIGKILL, and a start soon after where nobody else starts it. Returns whether it was alive. */
async function kill(lab: StackLab, { worker, api }: Cast, victim: Victim): Promise<boolean> {
  if (victim === "target NBD server" || victim === "source NBD server") {
    const kinds = victim === "source NBD server" ? (["source"] as const) : (["generation", "point"] as const);
    return kinds.flatMap((kind) => lab.servers(kind)).filter((server) => signalProcess(server, "SIGKILL")).length > 0;
  }
  const { temporal, postgres, sandboxPart } = lab;
  const parts: Readonly<Record<typeof victim, Part>> = { worker, api: api.part, temporal, postgres, AWS: sandboxPart };
  const part = parts[victim];
  const alive = part.pid !== undefined;
  await part.kill();
  await sleep(downMs);
  await part.start();
  return alive;
}

/** All that is there because of us: resources of all sites, and processes that serve disks. */
async function everything(lab: StackLab): Promise<string[]> {
  const censuses = await Promise.all(
    [home, cloud, "onprem-b" as const].map(async (site) => (await lab.census(site)).map((e) => `${site} ${e}`)),
  );
  const servers = (["generation", "source", "point"] as const).flatMap((kind) => lab.servers(kind));
  return [...censuses.flat(), ...servers.map(({ pid }) => `process ${pid} (qemu-nbd)`)];
}
