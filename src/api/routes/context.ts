import * as z from "zod";
import { isProviderError } from "../../domain/errors.ts";
import type { ApiDeps, ApiLimits, SiteSummary } from "../deps.ts";
import { ProblemError } from "../problem.ts";
import type { Runs } from "../runs.ts";
import { entityId } from "../schemas/common.ts";

/** What handlers lean on. */
export interface ApiContext extends Omit<ApiDeps, "limits"> {
  readonly limits: ApiLimits;
  readonly runs: Runs;
}

export const idParams = z.strictObject({ id: entityId });
export const defaultPageSize = 50;

/** @throws ProblemError NotFound naming the sites that are configured. */
export function configuredSite(context: ApiContext, site: string): SiteSummary {
  const found = context.sites.find((candidate) => candidate.site === site);
  if (found) return found;
  const known = context.sites.map((candidate) => candidate.site).join(", ");
  throw notFound("site", site, `The configured sites are: ${known || "none"}.`);
}

export function notFound(kind: string, id: string, action: string): ProblemError {
  return new ProblemError("NotFound", { detail: `There is no ${kind} ${id}`, action, resource: `${kind}/${id}` });
}

/** True for failures after which the same call may succeed later. */
export function isPassing(error: unknown): boolean {
  return (
    isProviderError(error, "Unavailable", "Timeout") ||
    (error instanceof ProblemError && (error.code === "Unavailable" || error.code === "Timeout"))
  );
}
