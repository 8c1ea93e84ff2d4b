import type { BucketRate } from "../cloud/token-buckets.ts";
import type { GcpCloud } from "./cloud.ts";
import { GcpError } from "./errors.ts";

/**
 * Published request rates, a minute's worth at once, for a project:
 * https://cloud.google.com/compute/api-quota. What is over them is a 403 with `rateLimitExceeded`.
 */
const perMinute = (requests: number): BucketRate => ({ capacity: requests, perSecond: requests / 60 });
const groups: readonly (readonly [pattern: RegExp, group: string, rate: BucketRate])[] = [
  [/^(zone|region|global)Operations\./, "operation-reads", perMinute(1500)],
  [/\.aggregatedList$/, "heavy-reads", perMinute(1500)],
  [/\.list$/, "lists", perMinute(1500)],
  [/\.get/, "reads", perMinute(1500)],
];
const changes = perMinute(1500);

/** @throws GcpError when a call of Compute Engine is over its rate. */
export function checkRate(cloud: GcpCloud, { operation, region }: { operation: string; region: string }): void {
  if (!cloud.settings.throttling) return;
  const [, group, rate] = groups.find(([pattern]) => pattern.test(operation)) ?? ["", "changes", changes];
  if (!cloud.buckets.take(`${region}/${group}`, rate)) throw rateLimitExceeded();
}

export function rateLimitExceeded(): GcpError {
  return new GcpError(403, "rateLimitExceeded", "Rate Limit Exceeded", { domain: "usageLimits" });
}
