import * as z from "zod";
import type { CostBook } from "../../costs/index.ts";
import { describeScope, type ScopedResource } from "../../domain/access.ts";
import { isProviderError } from "../../domain/errors.ts";
import type { RaiseAlarm } from "../../telemetry/alarm.ts";
import type { Auth } from "../auth/index.ts";
import type { ApiDeps, ApiLimits, SiteSummary } from "../deps.ts";
import type { ApiMetrics } from "../metrics.ts";
import { ProblemError } from "../problem.ts";
import type { Access } from "../route.ts";
import type { Runs } from "../runs.ts";
import { entityId } from "../schemas/common.ts";

/** What handlers lean on. */
export interface ApiContext extends Omit<ApiDeps, "limits" | "auth" | "alarmWebhook" | "historyMs" | "console"> {
  readonly historyMs: number;
  readonly costs: CostBook;
  readonly auth: Auth;
  readonly alarm: RaiseAlarm;
  readonly limits: ApiLimits;
  readonly runs: Runs;
  readonly metrics: ApiMetrics;
}

export const idParams = z.strictObject({ id: entityId });
export const defaultPageSize = 50;

/** The site, when the caller may reach something there; with `whole`, when they may act on the site as such.
 *  @throws ProblemError NotFound naming the sites that they reach. */
export function configuredSite(
  { sites }: Pick<ApiContext, "sites">,
  access: Access,
  site: string,
  reach: "some" | "whole" = "some",
): SiteSummary {
  const reaches = (candidate: SiteSummary) =>
    reach === "whole" ? access.covers({ site: candidate.site }) : access.touches(candidate.site);
  const found = sites.find((candidate) => candidate.site === site && reaches(candidate));
  if (found) return found;
  const known = sites.filter(reaches).map((candidate) => candidate.site);
  throw notFound("site", site, `The sites that you reach are: ${known.join(", ") || "none"}.`);
}

/** @throws ProblemError Forbidden unless the caller's permission reaches all of it. For what is made or given: what is
 *  there already and not reached is answered by {@link notFound} instead. */
export function requireReach(access: Access, scope: ScopedResource | readonly ScopedResource[]): void {
  if (access.covers(scope)) return;
  const wanted = (Array.isArray(scope) ? (scope as readonly ScopedResource[]) : [scope as ScopedResource]).map(
    describeScope,
  );
  throw new ProblemError("Forbidden", {
    detail: `This reaches ${wanted.join(", ")}, which is beyond what your role covers`,
    action: "Stay within your scope, or ask somebody whose role covers it.",
  });
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
