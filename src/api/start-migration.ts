import type { MigrationRequest, MigrationView } from "../domain/migration.ts";
import type { Plan } from "../domain/plan.ts";
import { fromWire, type Wire } from "../domain/wire.ts";
import { requireApproval } from "./approvals.ts";
import { ProblemError } from "./problem.ts";
import type { Access, Actor, Caller } from "./route.ts";
import { type ApiContext, notFound } from "./routes/context.ts";
import { migrationWorkflowId } from "./runs.ts";
import { type NotStarted, startRegistered } from "./start-registered.ts";
import { reachableRequest, reachedPlan } from "./subjects.ts";

export const migrationPlanKind = "migrate-vm";

/** The plan that was approved. @throws ProblemError NotFound, Conflict when the hash is another one. */
export async function approvedPlan(
  context: ApiContext,
  access: Access,
  approved: { planId: string; planHash: string },
  kind: string = migrationPlanKind,
): Promise<Plan> {
  const plan = reachedPlan(access, await context.store.plans.get(approved.planId), approved.planId);
  if (plan.hash === approved.planHash && plan.kind === kind) return plan;
  throw new ProblemError("Conflict", {
    detail:
      plan.kind === kind
        ? `Plan ${plan.planId} has another hash than the one that was approved`
        : `Plan ${plan.planId} is of kind ${plan.kind}, not ${kind}`,
    action: "Read the plan again and approve what it says.",
    resource: `plan/${plan.planId}`,
    facts: { hash: plan.hash, kind: plan.kind },
  });
}

export async function planNow(
  context: ApiContext,
  { access, actor }: Caller,
  planId: string,
  asked: Wire<MigrationRequest>,
): Promise<Plan> {
  await context.store.guard.noteRequester(planId, actor?.responsible ?? "");
  const request = await reachableRequest(context, access, fromWire<MigrationRequest>(asked));
  // Looked at now, the VM may carry other tags than the inventory knew.
  return reachedPlan(access, await context.runs.plan({ planId, request }), planId);
}

/**
 * Registers the migration, then starts its run. Registered is as good as started: when Temporal can't be reached just
 * then, {@link startLeftOver} starts it later.
 * @throws ProblemError Conflict when a check of the plan failed, PolicyBlocked when it wants the approval of a second person.
 */
export async function startByPlan(
  context: ApiContext,
  actor: Actor | undefined,
  migrationId: string,
  plan: Plan,
): Promise<MigrationView> {
  refuseUnlessExecutable(plan);
  await requireApproval(context, actor, plan);
  const { store } = context;
  const about = subjectOf(plan);
  await store.migrations.create({
    migrationId,
    planId: plan.planId,
    workflowId: migrationWorkflowId(migrationId),
    vm: { name: about.vm, sourceVmId: about.vmId },
    from: about.from,
    to: about.to,
    state: "running",
    bytesToMove: plan.estimates.bytesToMove,
    tags: plan.subjects?.[0]?.tags ?? {},
  });
  const startAt = startOf(plan);
  await startRegistered(
    context,
    { what: "a migration", migrationId },
    () => context.runs.migrate({ migrationId, planId: plan.planId, planHash: plan.hash, startAt }, about),
    {
      failed: (ended) => noteNotStarted(context, migrationId, ended),
      waits: () =>
        store.migrations.appendEvent(migrationId, {
          at: new Date().toISOString(),
          type: "note",
          message: "Registered; it starts as soon as Temporal answers",
          data: {},
          dedupeKey: "waits-for-temporal",
        }),
    },
  );
  const migration = await store.migrations.get(migrationId);
  if (!migration) throw notFound("migration", migrationId, "Start it again.");
  return migration;
}

/** Starts the runs of migrations that were registered by a process which could not start them any more. Starting one
 *  that runs already changes nothing. */
export async function startLeftOver(
  context: Pick<ApiContext, "store" | "runs" | "log">,
  olderThanMs: number,
): Promise<void> {
  const { store, runs, log } = context;
  // They start when changes are allowed again.
  if (await store.guard.frozen()) return;
  let cursor: string | undefined;
  do {
    const page = await store.migrations.list({ state: "running", limit: 200, cursor });
    const before = Date.now() - olderThanMs;
    for (const migration of page.items) {
      // Those of a wave are started by its run.
      if (migration.waveId !== undefined) continue;
      if (migration.steps.length > 0 || Date.parse(migration.createdAt) > before) continue;
      const plan = await store.plans.get(migration.planId);
      if (!plan) continue;
      const { migrationId, planId } = migration;
      log.info({ migrationId }, "starting a migration that was only registered");
      await runs.migrate({ migrationId, planId, planHash: plan.hash, startAt: startOf(plan) }, subjectOf(plan));
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** @throws ProblemError Conflict when a check of the plan failed. */
export function refuseUnlessExecutable(plan: Plan): void {
  if (plan.executable) return;
  const failed = plan.checks.filter((check) => check.result === "fail");
  throw new ProblemError("Conflict", {
    detail: `Plan ${plan.planId} cannot be executed: ${failed.map((check) => check.detail).join("; ")}`,
    action: [...new Set(failed.map((check) => check.remedy ?? ""))].filter(Boolean).join(" ") || "Make a new plan.",
    resource: `plan/${plan.planId}`,
    facts: { planId: plan.planId, failed },
  });
}

function startOf({ inputs }: Plan): string | undefined {
  return (inputs.schedule as MigrationRequest["schedule"])?.startAt;
}

interface Subject {
  readonly vm: string;
  readonly vmId: string;
  readonly from: string;
  readonly to: string;
}

/** A migration plan's inputs are the request with the VM resolved to its id, and its name beside it. */
function subjectOf(plan: Plan): Subject {
  const { vm, vmName, from, to } = plan.inputs;
  return { vm: String(vmName ?? vm), vmId: String(vm), from: String(from), to: String(to) };
}

async function noteNotStarted(
  { store, log }: ApiContext,
  migrationId: string,
  { state, problem, endedAt: at }: NotStarted,
): Promise<void> {
  const { message } = problem;
  try {
    await store.migrations.update(migrationId, { state, problem, endedAt: at });
    const data = { state };
    await store.migrations.appendEvent(migrationId, { at, type: "problem", message, data, dedupeKey: "not-started" });
  } catch (failure) {
    log.error({ migrationId, err: failure }, "could not note that a migration did not start");
  }
}
