import type { Plan } from "../domain/plan.ts";
import {
  type ProtectionGroup,
  type ProtectionGroupView,
  protectionWorkflowId,
  viewGroup,
} from "../domain/protection.ts";
import type { ProtectionRequest, ProtectVmParameters } from "../domain/protection-plan.ts";
import { type ProtectionPolicy, resolvePolicy } from "../domain/protection-policy.ts";
import { fromWire, type Wire } from "../domain/wire.ts";
import { requireApproval } from "./approvals.ts";
import { findVms } from "./find-vms.ts";
import { ProblemError } from "./problem.ts";
import type { Access, Actor, Caller } from "./route.ts";
import { type ApiContext, configuredSite, notFound } from "./routes/context.ts";
import { refuseUnlessExecutable } from "./start-migration.ts";
import { startRegistered } from "./start-registered.ts";
import { reachableRequest, reachedPlan } from "./subjects.ts";

/** Each VM costs every round's history a few events. */
const mostVms = 200;

/** Finds the VMs, makes the policy whole with the configuration's defaults, plans the protection and stores the plan. */
export async function planProtectionNow(
  context: ApiContext,
  { access, actor }: Caller,
  planId: string,
  asked: Wire<ProtectionRequest>,
): Promise<Plan> {
  const { store, runs, recovery = {} } = context;
  const { name, vms = [], query, ...wanted } = fromWire<ProtectionRequest>(asked);
  const policy = resolvePolicy(wanted, recovery);
  if (!policy) {
    throw new ProblemError("InvalidInput", {
      detail: "Nothing says which site is protected, or where",
      action:
        "Name primary_site and recovery_site, or set primary_site and dr_site (or dr_provider) in the configuration.",
    });
  }
  const { primarySite: from, recoverySite: to } = policy;
  for (const site of [from, to]) configuredSite(context, access, site);
  const found = query === undefined ? [] : await findVms(context, access, { query, from, to });
  const named = await Promise.all(
    [...vms, ...found.map(({ vmId }) => vmId)].map((vm) => reachableRequest(context, access, { vm, from, to })),
  );
  const all = [...new Set(named.map(({ vm }) => vm))];
  if (all.length === 0 || all.length > mostVms) {
    throw new ProblemError("InvalidInput", {
      detail: all.length === 0 ? "The group has no VM" : `The group has ${all.length} VMs`,
      action: `Name 1 to ${mostVms} VMs, or a search that finds them.`,
    });
  }
  await store.guard.noteRequester(planId, actor?.responsible ?? "");
  return reachedPlan(access, await runs.planProtection({ planId, outline: { name, policy, vms: all } }), planId);
}

/** Registers the group, then starts its run. Registered is as good as started, as with a migration.
 *  @throws ProblemError Conflict when a check of the plan failed, PolicyBlocked when it wants a second person. */
export async function protectByPlan(
  context: ApiContext,
  actor: Actor | undefined,
  groupId: string,
  plan: Plan,
): Promise<ProtectionGroupView> {
  refuseUnlessExecutable(plan);
  await requireApproval(context, actor, plan);
  const { store, runs } = context;
  const { name, policy } = plan.inputs as unknown as { name: string; policy: ProtectionPolicy };
  const members = plan.actions.map(({ resource, parameters }, index) => {
    const { position, name: vmName, planId, planVersion } = parameters as unknown as ProtectVmParameters;
    // The plan's subjects are those of its VMs in their order, source and target of each.
    const tags = plan.subjects?.[2 * index]?.tags ?? {};
    return { position, name: vmName, vmId: resource.id, tags, planId, planVersion };
  });
  const workflowId = protectionWorkflowId(groupId);
  await store.protection.create({ groupId, name, workflowId, policy, members, createdBy: actor?.id ?? "" });
  await startRegistered(context, { what: "a protection group", groupId }, () => runs.protect(groupId, name));
  const made = await store.protection.get(groupId);
  if (!made) throw notFound("protection-group", groupId, "Protect it again.");
  return viewGroup(made, undefined, Date.now());
}

/** The group as it stands now. @throws ProblemError NotFound. */
export async function knownGroup(context: ApiContext, access: Access, id: string): Promise<ProtectionGroupView> {
  const group = await foundGroup(context, access, id);
  const newest = await context.store.groupPoints.newestOf([group]);
  return viewGroup(group, newest.get(id), Date.now());
}

/** The same without its points. @throws ProblemError NotFound for a group that the caller does not reach. */
export async function foundGroup(
  { store }: Pick<ApiContext, "store">,
  access: Access,
  id: string,
): Promise<ProtectionGroup> {
  const found = await store.protection.getScoped(id);
  if (!found || !access.covers(found.subjects)) throw noGroup(id);
  return found.group;
}

export function noGroup(id: string): ProblemError {
  return notFound("protection-group", id, "GET /v1/protection-groups lists them.");
}

/** Starts the runs of groups that were registered by a process which could not start them any more. */
export async function startLeftOverProtection(
  { store, runs, log }: Pick<ApiContext, "store" | "runs" | "log">,
  olderThanMs: number,
): Promise<void> {
  for (const { groupId, name } of await store.protection.notStarted(olderThanMs)) {
    log.info({ groupId }, "starting the run of a group that was only registered");
    await runs.protect(groupId, name);
  }
}
