import { ProviderError } from "../domain/errors.ts";
import { type MetricSample, metricTiers } from "../domain/metric.ts";

const dayMs = 86_400_000;
/** Clocks of others may be so much ahead. */
const aheadMs = 5 * 60_000;
/** No answer has more: who wants more takes a longer step. */
export const mostPoints = 50_000;

/** @throws ProviderError InvalidInput. */
export function refuseStrange({ site, resourceId, metric, at, value }: MetricSample, now: number): void {
  const atMs = Date.parse(at);
  const oldest = now - metricTiers.hours.days * dayMs;
  if (atMs <= now + aheadMs && atMs >= oldest && Number.isFinite(value)) return;
  throw new ProviderError("InvalidInput", {
    operation: "keep a sample",
    resource: `${site}/${resourceId}/${metric}`,
    reason: Number.isFinite(value) ? `it is of ${at}` : "its value is no finite number",
    action: `Give numbers, of moments that are not to come and at most ${metricTiers.hours.days} days ago.`,
  });
}

export function tooMany({ site, metric }: { site: string; metric: string }): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "read metrics",
    resource: `${site}/${metric}`,
    reason: `it is more than ${mostPoints} points`,
    action: "Ask for a shorter time, a longer step, or one resource.",
  });
}
