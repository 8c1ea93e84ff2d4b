import type { CreateVmRequest } from "../domain/create-request.ts";
import { finalizeKind } from "../domain/finalize.ts";
import { testKind } from "../domain/migration-test.ts";
import { type OperateVmsRequest, type OperationKind, operationItems, operationKinds } from "../domain/operation.ts";
import type { Plan } from "../domain/plan.ts";
import { allOf } from "../domain/search/query.ts";
import { requireApproval } from "./approvals.ts";
import { requireSecondFactor } from "./authenticate.ts";
import { requireConfirmation } from "./confirmation.ts";
import { ProblemError } from "./problem.ts";
import type { Access, Actor, Caller } from "./route.ts";
import { type ApiContext, configuredSite, notFound, requireReach } from "./routes/context.ts";
import { operationWorkflowId } from "./runs.ts";
import { readSearch } from "./search-text.ts";
import { refuseUnlessExecutable } from "./start-migration.ts";
import { startRegistered } from "./start-registered.ts";
import { oneVm, reachedPlan } from "./subjects.ts";

const mostFound = 500;
const onlyVms = { type: "match", field: "kind", pattern: { type: "exact", value: "vm" } } as const;

export async function planOperationNow(
  context: ApiContext,
  { access, actor }: Caller,
  planId: string,
  request: OperateVmsRequest,
): Promise<Plan> {
  await context.store.guard.noteRequester(planId, actor?.responsible ?? "");
  const vms = await Promise.all(request.vms.map((each) => reachableVm(context, access, each)));
  // Looked at now, VMs may carry other tags than the inventory knew.
  return reachedPlan(access, await context.runs.planOperation({ planId, request: { ...request, vms } }), planId);
}

/** At the site that was named, or at any that the caller may make such a VM at: with these tags.
 *  @throws ProblemError Forbidden, NotFound. */
export async function planCreateNow(
  context: ApiContext,
  { access, actor }: Caller,
  planId: string,
  request: CreateVmRequest,
): Promise<Plan> {
  await context.store.guard.noteRequester(planId, actor?.responsible ?? "");
  const { site, tags = {} } = request;
  if (request.image !== undefined && request.recoveryPoint !== undefined) {
    throw new ProblemError("InvalidInput", {
      detail: "It boots from `image` or from `recovery_point`, not from both",
      action: "Leave one of them out.",
    });
  }
  if (site !== undefined) {
    requireReach(access, { site, tags });
    configuredSite(context, access, site);
  }
  const sites = context.sites.filter((each) => each.enabled && access.covers({ site: each.site, tags }));
  if (sites.length === 0) requireReach(access, { tags });
  const create = { ...request, sites: sites.map((each) => each.site) };
  return reachedPlan(access, await context.runs.planOperation({ planId, create }), planId);
}

/** Who reaches only some VMs of a site gets exactly the one they named among those. @throws ProblemError NotFound. */
async function reachableVm(context: ApiContext, access: Access, { site, vm }: OperateVmsRequest["vms"][number]) {
  configuredSite(context, access, site);
  if (access.covers({ site })) return { site, vm };
  return { site, vm: await oneVm(context, { site, vm }, (tags) => access.covers({ site, tags })) };
}

/** VMs that a search finds among those that the caller reaches.
 *  @throws ProblemError InvalidInput for a search that can't be read, finds none, or more than a person can look through. */
export async function foundVms(context: ApiContext, access: Access, query: string): Promise<OperateVmsRequest["vms"]> {
  const { where: wanted, sort } = readSearch(query, undefined, Date.now(), "query");
  const where = allOf(onlyVms, wanted);
  const page = await context.store.resources.search({ where, sort, limit: mostFound + 1, scopes: access.scopes });
  if (page.items.length > 0 && page.items.length <= mostFound) {
    return page.items.map(({ site, resourceId }) => ({ site, vm: resourceId }));
  }
  throw new ProblemError("InvalidInput", {
    detail: page.items.length === 0 ? "The search finds no VM that you reach" : `It finds more than ${mostFound} VMs`,
    action: "Try it with GET /v1/vms first; narrow it, or do it in parts.",
  });
}

/** The plan that was approved, of a kind that an operation executes. @throws ProblemError NotFound, Conflict. */
export async function approvedOperation(
  context: ApiContext,
  access: Access,
  approved: { readonly planId: string; readonly planHash: string },
): Promise<Plan> {
  const plan = reachedPlan(access, await context.store.plans.get(approved.planId), approved.planId);
  const ours = operationKinds.includes(plan.kind as OperationKind);
  if (plan.hash === approved.planHash && ours) return plan;
  throw new ProblemError("Conflict", {
    detail: ours
      ? `Plan ${plan.planId} has another hash than the one that was approved`
      : `Plan ${plan.planId} is of kind ${plan.kind}, which is executed by ${executedBy(plan.kind)}`,
    action: "Read the plan again and approve what it says.",
    resource: `plan/${plan.planId}`,
    facts: { hash: plan.hash, kind: plan.kind },
  });
}

/**
 * Registers the operation, then starts its run. Registered is as good as started: when Temporal can't be reached just then,
 * {@link startLeftOverOperations} starts it later.
 * @throws ProblemError Conflict when a check failed or a delete is not confirmed, PolicyBlocked when it wants a second person.
 */
export async function startOperation(
  context: ApiContext,
  actor: Actor | undefined,
  operationId: string,
  plan: Plan,
  confirm: readonly string[] = [],
) {
  refuseUnlessExecutable(plan);
  if (plan.kind === ("delete-vm" satisfies OperationKind)) {
    if (actor) requireSecondFactor(actor, context.auth.mfaMaxAgeMs);
    requireConfirmation(
      plan,
      operationItems(plan).map(({ name }) => name),
      confirm,
    );
  }
  await requireApproval(context, actor, plan);
  const { store, runs } = context;
  await store.operations.create({
    operationId,
    planId: plan.planId,
    workflowId: operationWorkflowId(operationId),
    kind: plan.kind,
    total: operationItems(plan).length,
    subjects: plan.subjects ?? [],
    createdBy: actor?.id ?? "",
  });
  await startRegistered(
    context,
    { what: "an operation", operationId },
    () => runs.operate({ operationId, planId: plan.planId, planHash: plan.hash }, summaryOf(plan)),
    { failed: ({ state, endedAt }) => store.operations.end(operationId, state, endedAt) },
  );
  return shownOperation(context, operationId);
}

/** Starts the runs of operations that were registered by a process which could not start them any more. */
export async function startLeftOverOperations(
  { store, runs, log }: Pick<ApiContext, "store" | "runs" | "log">,
  olderThanMs: number,
): Promise<void> {
  if (await store.guard.frozen()) return;
  const { items } = await store.operations.list({ state: "running", limit: 200 });
  const before = Date.now() - olderThanMs;
  for (const { operationId, planId, createdAt } of items) {
    if (Date.parse(createdAt) > before || (await store.operations.items(operationId)).length > 0) continue;
    const plan = await store.plans.get(planId);
    if (!plan) continue;
    log.info({ operationId }, "starting an operation that was only registered");
    await runs.operate({ operationId, planId, planHash: plan.hash }, summaryOf(plan));
  }
}

export async function shownOperation({ store }: Pick<ApiContext, "store">, operationId: string) {
  const found = await store.operations.getScoped(operationId);
  if (!found) throw notFound("operation", operationId, "GET /v1/operations lists them.");
  return { ...found.operation, items: await store.operations.items(operationId) };
}

function executedBy(kind: string): string {
  if (kind === testKind) return "POST /v1/migration-tests";
  return kind === finalizeKind ? "POST /v1/migrations/{id}/finalize" : "POST /v1/migrations";
}

function summaryOf(plan: Plan): string {
  const items = operationItems(plan);
  const [first] = items;
  const what = first && items.length === 1 ? `${first.name} at ${first.site}` : `${items.length} VMs`;
  return `${plan.kind} ${what}`;
}
