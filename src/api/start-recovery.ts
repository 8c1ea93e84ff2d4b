import type { Plan } from "../domain/plan.ts";
import type { ProtectionGroup } from "../domain/protection.ts";
import type { Evidence } from "../domain/recovery-evidence.ts";
import { type RecoveryRequest, type RecoveryRun, recoveryWorkflowId } from "../domain/recovery-run.ts";
import type { FailOverInput } from "../workflows/fail-over/types.ts";
import { requireApproval } from "./approvals.ts";
import { ProblemError } from "./problem.ts";
import type { Access, Actor, Caller } from "./route.ts";
import { type ApiContext, notFound } from "./routes/context.ts";
import { refuseUnlessExecutable } from "./start-migration.ts";
import { foundGroup, noGroup } from "./start-protection.ts";
import { startRegistered } from "./start-registered.ts";
import { reachedPlan } from "./subjects.ts";

/** @throws ProblemError NotFound for a group that the caller does not reach, or that is deleted. */
export async function reachedGroup(
  context: Pick<ApiContext, "store">,
  access: Access,
  groupId: string,
): Promise<ProtectionGroup> {
  const group = await foundGroup(context, access, groupId);
  if (group.state === "deleted") throw noGroup(groupId);
  return group;
}

export async function planRecoveryNow(
  context: ApiContext,
  { access, actor }: Caller,
  planId: string,
  request: RecoveryRequest,
): Promise<Plan> {
  await reachedGroup(context, access, request.groupId);
  if (request.mode === "switchover" && (request.pointId !== undefined || request.before !== undefined)) {
    throw new ProblemError("InvalidInput", {
      detail: "A planned failover takes a point of its own, of the stopped VMs: it has no `point_id` and no `before`",
      action: "Leave them out; to go back to an earlier state, use a failover.",
    });
  }
  await context.store.guard.noteRequester(planId, actor?.responsible ?? "");
  return reachedPlan(access, await context.runs.planOperation({ planId, recovery: request }), planId);
}

/**
 * Registers the run, then starts it. Registered is as good as started.
 * @throws ProblemError Conflict when a check of the plan failed, or another run of the group goes on; PolicyBlocked when it
 * wants the approval of a second person.
 */
export async function startRecoveryRun(
  context: ApiContext,
  actor: Actor | undefined,
  runId: string,
  plan: Plan,
): Promise<RecoveryRun> {
  refuseUnlessExecutable(plan);
  await requireApproval(context, actor, plan);
  const { store, runs } = context;
  const { planId } = plan;
  const { groupId, mode, reason, from, to } = plan.inputs as unknown as RecoveryRequest & { from: string; to: string };
  const workflowId = recoveryWorkflowId(mode, groupId, runId);
  const requestedBy = actor?.id ?? "";
  await store.recoveryRuns.create({
    runId,
    groupId,
    planId,
    workflowId,
    mode,
    reason,
    from,
    to,
    createdBy: requestedBy,
  });
  await startRegistered(
    context,
    { what: "a recovery", runId },
    () => runs.recover(inputOf(plan, { runId, requestedBy })),
    { failed: (ended) => store.recoveryRuns.update(runId, ended) },
  );
  return knownRun(context, undefined, runId);
}

/** Starts the runs of recoveries that were registered by a process which could not start them any more. Starting one that runs
 *  already changes nothing; one whose group has gone another way meanwhile ends. */
export async function startLeftOverRecoveries(
  context: Pick<ApiContext, "store" | "runs" | "log">,
  olderThanMs: number,
): Promise<void> {
  const { store, runs, log } = context;
  // They start when changes are allowed again.
  if (await store.guard.frozen()) return;
  for (const { runId, planId, createdBy: requestedBy } of await store.recoveryRuns.notBegun(olderThanMs)) {
    const plan = await store.plans.get(planId);
    if (!plan) continue;
    log.info({ runId }, "starting a recovery that was only registered");
    await startRegistered(
      context,
      { what: "a recovery", runId },
      () => runs.recover(inputOf(plan, { runId, requestedBy })),
      { failed: (ended) => store.recoveryRuns.update(runId, ended) },
    ).catch((error: unknown) => {
      // It says so itself, and keeps no other from being started.
      if (!(error instanceof ProblemError)) throw error;
    });
  }
}

/** A recovery's plan has the request among its inputs. */
function inputOf(plan: Plan, by: Pick<FailOverInput, "runId" | "requestedBy">): FailOverInput {
  const { planId, hash: planHash, inputs } = plan;
  const { groupId, mode, reason, outageAt } = inputs as unknown as RecoveryRequest;
  const request = { groupId, mode, reason, ...(outageAt === undefined ? {} : { outageAt }) };
  return { ...by, planId, planHash, request };
}

export async function knownRun(
  context: Pick<ApiContext, "store">,
  access: Access | undefined,
  runId: string,
): Promise<RecoveryRun> {
  const run = await context.store.recoveryRuns.get(runId);
  const found = run && (await context.store.protection.getScoped(run.groupId));
  if (run && found && (access === undefined || access.covers(found.subjects))) return run;
  throw notFound("recovery-run", runId, "GET /v1/recovery-runs lists those of a group.");
}

/** All that a run's report is written from. */
export async function evidenceOf({ store }: Pick<ApiContext, "store">, run: RecoveryRun): Promise<Evidence> {
  const { runId, planId, report } = run;
  const [steps, plan, decisions, point] = await Promise.all([
    store.recoveryRuns.steps(runId),
    store.plans.get(planId),
    store.guard.decisions(planId),
    report ? store.groupPoints.get(report.pointId) : undefined,
  ]);
  const approvals = decisions.map(({ decidedByName: by, decision, decidedAt: at }) => ({ by, decision, at }));
  const disks = (point?.vms ?? []).flatMap(({ name: vm, disks: of }) =>
    of.map(({ diskId, rootHash }) => ({ vm, diskId, rootHash })),
  );
  return { run, steps, approvals, disks, ...(plan ? { planHash: plan.hash } : {}) };
}
