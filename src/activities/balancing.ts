import { ProviderError } from "../domain/errors.ts";
import type { LoadBalancingFacet } from "../providers/traffic-facets.ts";
import type { ActivityDeps } from "./deps.ts";

/** Checks of a balancer come every few seconds, and it wants some in a row. */
const healthyWithinMs = 180_000;

/** The pools of a site. @throws ProviderError UnsupportedCapability where it balances no load. */
export async function poolsAt(registry: ActivityDeps["registry"], site: string): Promise<LoadBalancingFacet> {
  const { loadBalancing, capabilities } = await registry.provider(site);
  if (loadBalancing) return loadBalancing;
  throw new ProviderError("UnsupportedCapability", {
    operation: "change a pool",
    resource: `site/${site}`,
    reason: capabilities["load-balancing"] ?? "it balances no load",
    action: "Name the site that has the pool.",
  });
}

/** Waits until the pool's checks find the target healthy; one whose share has no weight yet is not checked, and will do.
 *  @throws ProviderError Conflict, with what they found instead. */
export async function untilHealthy(
  pools: LoadBalancingFacet,
  of: { readonly site: string; readonly poolId: string; readonly targetId: string; readonly operation: string },
  signal: AbortSignal,
): Promise<void> {
  const { site, poolId, targetId, operation } = of;
  const seen = await pools.waitUntilHealthy({ poolId, targetId, withinMs: healthyWithinMs }, signal);
  if (seen && ["healthy", "unknown", "unused"].includes(seen.state)) return;
  throw new ProviderError("Conflict", {
    operation,
    resource: `${site}/pool/${poolId}`,
    reason: `its target ${targetId} is ${seen?.state ?? "not listed"}${seen?.reason ? ` (${seen.reason})` : ""}`,
    action: "See what the pool's health checks ask, and from where.",
  });
}
