import type { Plan } from "../domain/plan.ts";
import { type RestoreRequest, type RestoreView, restoreWorkflowId } from "../domain/restore.ts";
import { requireApproval } from "./approvals.ts";
import type { Access, Actor, Caller } from "./route.ts";
import { type ApiContext, configuredSite, notFound, requireReach } from "./routes/context.ts";
import { refuseUnlessExecutable } from "./start-migration.ts";
import { knownGroup } from "./start-protection.ts";
import { startRegistered } from "./start-registered.ts";
import { reachedPlan } from "./subjects.ts";

/** @throws ProblemError NotFound for a group or a site that the caller does not reach. */
export async function planRestoreNow(
  context: ApiContext,
  { access, actor }: Caller,
  planId: string,
  request: RestoreRequest,
): Promise<Plan> {
  const { members } = await knownGroup(context, access, request.groupId);
  const { to } = request;
  if (to !== undefined) {
    configuredSite(context, access, to);
    requireReach(
      access,
      members.map(({ tags }) => ({ site: to, tags })),
    );
  }
  await context.store.guard.noteRequester(planId, actor?.responsible ?? "");
  return reachedPlan(access, await context.runs.planOperation({ planId, restore: request }), planId);
}

/**
 * Registers the restore, which keeps its point from the retention, then starts its run. Registered is as good as started.
 * @throws ProblemError Conflict when a check of the plan failed or it was carried out already, PolicyBlocked when it wants a
 * second person.
 */
export async function restoreByPlan(
  context: ApiContext,
  actor: Actor | undefined,
  restoreId: string,
  plan: Plan,
): Promise<RestoreView> {
  refuseUnlessExecutable(plan);
  await requireApproval(context, actor, plan);
  const { store, runs } = context;
  const { groupId, pointId, vmName, from, to } = plan.inputs as Record<
    "groupId" | "pointId" | "vmName" | "from" | "to",
    string
  >;
  const { planId, hash: planHash } = plan;
  await store.restores.create({
    ...{ restoreId, planId, groupId, pointId, vmName, from, to },
    workflowId: restoreWorkflowId(restoreId),
    tags: plan.subjects?.[0]?.tags ?? {},
    createdBy: actor?.id ?? "",
  });
  await startRegistered(
    context,
    { what: "a restore", restoreId },
    () => runs.restore({ restoreId, planId, planHash }, summaryOf(vmName, from, to)),
    { failed: ({ problem, ...ended }) => store.restores.update(restoreId, { ...ended, report: { problem } }) },
  );
  return knownRestore(context, undefined, restoreId);
}

/** Starts the runs of restores that were registered by a process which could not start them any more. Starting one that runs
 *  already changes nothing. */
export async function startLeftOverRestores(
  { store, runs, log }: Pick<ApiContext, "store" | "runs" | "log">,
  olderThanMs: number,
): Promise<void> {
  // They start when changes are allowed again.
  if (await store.guard.frozen()) return;
  for (const { restoreId, planId, vmName, from, to } of await store.restores.notBegun(olderThanMs)) {
    const plan = await store.plans.get(planId);
    if (!plan) continue;
    log.info({ restoreId }, "starting a restore that was only registered");
    await runs.restore({ restoreId, planId, planHash: plan.hash }, summaryOf(vmName, from, to));
  }
}

/** @throws ProblemError NotFound. */
export async function knownRestore(
  { store }: Pick<ApiContext, "store">,
  access: Access | undefined,
  restoreId: string,
): Promise<RestoreView> {
  const found = await store.restores.getScoped(restoreId);
  if (found && (access === undefined || access.covers(found.subjects))) return found.restore;
  throw notFound("restore", restoreId, "GET /v1/restores lists them.");
}

function summaryOf(vmName: string, from: string, to: string): string {
  return `Restore ${vmName}: ${from} → ${to}`;
}
