import { type Client, ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from "@temporalio/client";
import { resourceKinds } from "../domain/resource.ts";
import { type RotatedSecret, rotationName } from "../domain/rotation.ts";
import type { BackUpControlPlaneInput } from "../workflows/back-up-control-plane/types.ts";
import type { CollectCostsInput } from "../workflows/collect-costs/types.ts";
import type { KeepHouseInput } from "../workflows/keep-house/types.ts";
import type { RotateSecretInput } from "../workflows/rotate-secret/types.ts";
import type { ScanPoliciesInput } from "../workflows/scan-policies/types.ts";
import type { SyncInventoryInput } from "../workflows/sync-inventory/types.ts";
import { taskQueue } from "./connection.ts";

export interface InventoryIntervals {
  /** Of VMs, whose states people watch. */
  readonly intervalMs: number;
  /** Of everything else. */
  readonly fullIntervalMs: number;
}

interface Timetable {
  readonly scheduleId: string;
  readonly workflowId: string;
  readonly workflowType:
    | "syncInventory"
    | "keepHouse"
    | "rotateSecret"
    | "sweepTests"
    | "sweepBursts"
    | "tendRecoveryPlans"
    | "tendConnections"
    | "backUpControlPlane"
    | "collectCosts"
    | "analyseSavings"
    | "scanPolicies";
  readonly everyMs: number;
  /** The first time at once, and not only after an interval. */
  readonly atOnce?: boolean;
  readonly args:
    | readonly []
    | readonly [
        | SyncInventoryInput
        | KeepHouseInput
        | RotateSecretInput
        | BackUpControlPlaneInput
        | CollectCostsInput
        | ScanPoliciesInput,
      ];
}

/** Has old records removed once a day. Safe to call from every worker at every start. */
export async function ensureHousekeepingSchedule(client: Client, input: KeepHouseInput): Promise<void> {
  const scheduleId = "housekeeping";
  await ensureOne(client, { scheduleId, workflowType: "keepHouse", everyMs: 86_400_000, args: [input] });
}

/** Has what ended tests left removed. Safe to call from every worker at every start. */
export async function ensureTestSweepSchedule(client: Client): Promise<void> {
  await ensureOne(client, { scheduleId: "test-sweep", workflowType: "sweepTests", everyMs: 300_000, args: [] });
}

/** Has VMs of pools removed that nobody looks after. Safe to call from every worker at every start. */
export async function ensureBurstSweepSchedule(client: Client): Promise<void> {
  await ensureOne(client, { scheduleId: "burst-sweep", workflowType: "sweepBursts", everyMs: 300_000, args: [] });
}

/** Has everything held against the policies, again and again. Safe to call from every worker at every start. */
export async function ensurePolicyScanSchedule(client: Client, everyMs: number): Promise<void> {
  const args = [{ askedBy: "schedule/policy-scan" }] as const;
  await ensureOne(client, { scheduleId: "policy-scan", workflowType: "scanPolicies", everyMs, args });
}

/** Has recovery plans drilled in their turn, and looked after. Safe to call from every worker at every start. */
export async function ensureRecoveryPlanSchedule(client: Client): Promise<void> {
  await ensureOne(client, {
    scheduleId: "recovery-plans",
    workflowType: "tendRecoveryPlans",
    everyMs: 300_000,
    args: [],
  });
}

/** Has connections between sites looked at and mended. Safe to call from every worker at every start. */
export async function ensureConnectionSchedule(client: Client): Promise<void> {
  await ensureOne(client, { scheduleId: "connections", workflowType: "tendConnections", everyMs: 30_000, args: [] });
}

/** Has the control plane backed up, the first time at once; not any more where it goes to no site. Safe to call from every worker
 *  at every start. */
export async function ensureBackupSchedule(client: Client, sites: readonly string[], everyMs: number): Promise<void> {
  if (sites.length > 0) {
    const workflowType = "backUpControlPlane";
    const args = [{ sites }] as const;
    await ensureSchedule(client, { ...ofBackups, workflowType, everyMs, atOnce: true, args });
    return;
  }
  await removeSchedule(client, ofBackups.scheduleId);
}

/** Of a backup that is asked for; those of the schedule have their moment behind it. */
export const controlPlaneBackupId = "control-plane/backup";
const ofBackups = { scheduleId: "control-plane-backup", workflowId: controlPlaneBackupId };

/** Has what could cost less looked for once a week; not any more where nobody wants it. Safe to call from every worker at
 *  every start. */
export async function ensureSavingsSchedule(client: Client, enabled: boolean): Promise<void> {
  const scheduleId = "savings-analysis";
  if (!enabled) return removeSchedule(client, scheduleId);
  const workflowType = "analyseSavings";
  await ensureSchedule(client, { scheduleId, workflowId: savingsAnalysisId, workflowType, everyMs: weekMs, args: [] });
}

/** Of an analysis that is asked for; those of the schedule have their moment behind it. */
export const savingsAnalysisId = "savings/analysis";
const weekMs = 7 * 86_400_000;

async function removeSchedule(client: Client, scheduleId: string): Promise<void> {
  await client.schedule
    .getHandle(scheduleId)
    .delete()
    .catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
}

/** Keeps each site's inventory fresh: two schedules a site, changed in place when an interval changed, removed with the
 *  site. Safe to call from every worker at every start. */
export async function ensureInventorySchedules(
  client: Client,
  sites: readonly string[],
  intervals: InventoryIntervals,
): Promise<void> {
  const wanted = sites.flatMap((site) => timetablesOf(site, intervals));
  for (const timetable of wanted) await ensureSchedule(client, timetable);
  await removeOthers(client, [ofVms, ofTheRest], new Set(wanted.map(({ scheduleId }) => scheduleId)));
}

export interface Rotations {
  readonly secrets: readonly RotatedSecret[];
  readonly intervalMs: number;
  readonly graceMs: number;
}

/** Has each secret exchanged in its turn, the first time after an interval. Safe to call from every worker at every start. */
export async function ensureRotationSchedules(client: Client, rotations: Rotations): Promise<void> {
  const { secrets, intervalMs: everyMs, graceMs } = rotations;
  const kept = new Set<string>();
  for (const secret of secrets) {
    const name = rotationName(secret);
    const scheduleId = `${ofSecrets}${name}`;
    kept.add(scheduleId);
    const args = [{ scheduleId, secret, graceMs }] as const;
    await ensureSchedule(client, {
      scheduleId,
      workflowId: `rotation/${name}`,
      workflowType: "rotateSecret",
      everyMs,
      args,
    });
  }
  await removeOthers(client, [ofSecrets], kept);
}

/** Has costs of the sites collected once a day, the first time at once; not any more of others. Safe to call from every worker at
 *  every start. */
export async function ensureCostSchedules(client: Client, sites: readonly string[]): Promise<void> {
  for (const site of sites) {
    await ensureSchedule(client, {
      scheduleId: `${ofCosts}${site}`,
      workflowId: `costs/${site}`,
      workflowType: "collectCosts",
      everyMs: 86_400_000,
      atOnce: true,
      args: [{ site }],
    });
  }
  await removeOthers(client, [ofCosts], new Set(sites.map((site) => `${ofCosts}${site}`)));
}

const ofCosts = "costs-of-";

const ofSecrets = "rotation-of-";

/** Of those that begin so, all but these are wanted no more. */
async function removeOthers(client: Client, prefixes: readonly string[], kept: ReadonlySet<string>): Promise<void> {
  for await (const { scheduleId } of client.schedule.list()) {
    const ours = prefixes.some((prefix) => scheduleId.startsWith(prefix));
    if (ours && !kept.has(scheduleId)) await client.schedule.getHandle(scheduleId).delete();
  }
}

/** One whose runs are called as itself. */
function ensureOne(client: Client, timetable: Omit<Timetable, "workflowId">): Promise<void> {
  return ensureSchedule(client, { ...timetable, workflowId: timetable.scheduleId });
}

async function ensureSchedule(client: Client, timetable: Timetable): Promise<void> {
  const { scheduleId, workflowId, workflowType, everyMs, atOnce = false, args } = timetable;
  const spec = { intervals: [{ every: everyMs }] };
  const action = { type: "startWorkflow" as const, workflowType, workflowId, taskQueue, args: [...args] };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: "1 minute" } as const;
  try {
    const state = { triggerImmediately: atOnce };
    await client.schedule.create({ scheduleId, spec, action, policies, state });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule
      .getHandle(scheduleId)
      .update((known) => ({ ...known, spec, action, policies: { ...known.policies, ...policies } }));
  }
}

const ofVms = "inventory-of-";
const ofTheRest = "inventory-rest-of-";

function timetablesOf(site: string, { intervalMs, fullIntervalMs }: InventoryIntervals): Timetable[] {
  return [
    {
      scheduleId: `${ofVms}${site}`,
      workflowId: `inventory/${site}`,
      workflowType: "syncInventory",
      everyMs: intervalMs,
      atOnce: true,
      args: [{ site, kinds: ["vm"] }],
    },
    {
      scheduleId: `${ofTheRest}${site}`,
      workflowId: `inventory/${site}/rest`,
      workflowType: "syncInventory",
      everyMs: fullIntervalMs,
      atOnce: true,
      args: [{ site, kinds: resourceKinds.filter((kind) => kind !== "vm") }],
    },
  ];
}
