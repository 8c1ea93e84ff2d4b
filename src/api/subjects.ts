import type { MigrationRequest } from "../domain/migration.ts";
import type { Plan } from "../domain/plan.ts";
import { ProblemError } from "./problem.ts";
import type { Access } from "./route.ts";
import { type ApiContext, configuredSite, notFound } from "./routes/context.ts";

/**
 * The request as the planner may have it. Who reaches only some VMs of the sites gets exactly the one they named among
 * those: what they don't reach is not there, also not in the words of a refusal.
 * @throws ProblemError NotFound.
 */
export async function reachableRequest(
  context: ApiContext,
  access: Access,
  request: MigrationRequest,
): Promise<MigrationRequest> {
  const { vm, from, to } = request;
  configuredSite(context, access, from);
  configuredSite(context, access, to);
  if (access.covers([{ site: from }, { site: to }])) return request;
  const named = await context.store.vms.find(from, vm);
  const reached = named.filter(({ tags }) => access.covers([from, to].map((site) => ({ site, tags }))));
  const [only, second] = reached;
  if (only && !second) return { ...request, vm: only.vmId };
  if (!only) throw notFound("vm", `${from}/${vm}`, "GET /v1/vms lists the VMs that you reach.");
  throw new ProblemError("InvalidInput", {
    detail: `${reached.length} VMs at ${from} have the name ${vm}: ${reached.map(({ vmId }) => vmId).join(", ")}`,
    action: "Name one by its id.",
  });
}

/** The plan, unless it concerns something that the caller doesn't reach. @throws ProblemError NotFound. */
export function reachedPlan(access: Access, plan: Plan | undefined, planId: string): Plan {
  if (plan && access.covers(plan.subjects ?? [])) return plan;
  throw notFound("plan", planId, "Make a plan with POST /v1/plans.");
}
