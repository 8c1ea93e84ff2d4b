import type { Plan } from "./plan.ts";

/** What a person asks for. */
export interface FinalizeRequest {
  readonly migrationId: string;
}

/** The plan that a person confirmed. */
export interface FinalizeApproval {
  readonly planId: string;
  readonly planHash: string;
}

export const finalizeKind = "finalize-migration";

/** Something of a site that a finalize decides about. */
export interface SiteResource {
  readonly site: string;
  readonly kind: string;
  readonly id: string;
}

/** What a finalize left alone, as its confirmation did not name it. */
export interface LeftAlone extends SiteResource {
  readonly why: string;
}

/** A step of the plan, as its executor takes it. */
export type FinalizeStep = SiteResource & {
  readonly action: "delete-point" | "delete-vm" | "delete-volume" | "delete-security-group";
};

/** The steps that concern one move, in their order: of a VM that came home there are two, each finalized by its own run. */
export function finalizeSteps(plan: Pick<Plan, "actions">, migrationId: string): FinalizeStep[] {
  return plan.actions
    .filter(({ parameters }) => parameters.migrationId === migrationId)
    .map(({ action, resource }) => ({ ...resource, action: action as FinalizeStep["action"] }));
}

export function resourceKey({ site, kind, id }: SiteResource): string {
  return `${site}/${kind}/${id}`;
}
