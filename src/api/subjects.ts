import type { MigrationRequest } from "../domain/migration.ts";
import type { Plan } from "../domain/plan.ts";
import { ProblemError } from "./problem.ts";
import type { Access } from "./route.ts";
import { type ApiContext, configuredSite, notFound } from "./routes/context.ts";

type Tags = Readonly<Record<string, string>>;

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
  const isReached = (tags: Tags) => access.covers([from, to].map((site) => ({ site, tags })));
  return { ...request, vm: await oneVm(context, { site: from, vm }, isReached) };
}

/**
 * The id of the one VM of a site that has this name or id, among those that are reached.
 * @throws ProblemError NotFound; InvalidInput when several have the name.
 */
export async function oneVm(
  { store }: Pick<ApiContext, "store">,
  { site, vm }: { readonly site: string; readonly vm: string },
  isReached: (tags: Tags) => boolean,
): Promise<string> {
  const reached = (await store.vms.find(site, vm)).filter(({ tags }) => isReached(tags));
  const [only, second] = reached;
  if (only && !second) return only.vmId;
  if (!only) throw notFound("vm", `${site}/${vm}`, "GET /v1/vms lists the VMs that you reach.");
  throw new ProblemError("InvalidInput", {
    detail: `${reached.length} VMs at ${site} have the name ${vm}: ${reached.map(({ vmId }) => vmId).join(", ")}`,
    action: "Name one by its id.",
  });
}

/** The plan, unless it concerns something that the caller doesn't reach. @throws ProblemError NotFound. */
export function reachedPlan(access: Access, plan: Plan | undefined, planId: string): Plan {
  if (plan && access.covers(plan.subjects ?? [])) return plan;
  throw notFound("plan", planId, "Make a plan with POST /v1/plans.");
}
