import { unsupported } from "../failures.ts";
import type { LoadBalancingFacet, NewTarget, PoolTarget, TargetPool, TargetWait } from "../traffic-facets.ts";
import { BackendPools } from "./backend-pools.ts";
import type { Azure } from "./client.ts";
import type { Placements } from "./placements.ts";
import { profilePrefix, TrafficProfiles } from "./traffic-profiles.ts";

interface Place {
  readonly poolId: string;
  readonly targetId: string;
}

/** Load balancers, which divide connections evenly, and Traffic Manager, which divides answers by weight. */
export class AzureLoadBalancing implements LoadBalancingFacet {
  readonly #azure: Azure;
  readonly #pools: BackendPools;
  readonly #profiles: TrafficProfiles;

  constructor(azure: Azure, placements: Placements) {
    this.#azure = azure;
    this.#pools = new BackendPools(azure, placements);
    this.#profiles = new TrafficProfiles(azure);
  }

  async *listPools(signal: AbortSignal): AsyncGenerator<TargetPool> {
    yield* this.#pools.listPools(signal);
    yield* this.#profiles.listPools(signal);
  }

  getPool(poolId: string, signal: AbortSignal): Promise<TargetPool> {
    return this.#of(poolId).getPool(poolId, signal);
  }

  listTargets(poolId: string, signal: AbortSignal): AsyncIterable<PoolTarget> {
    return this.#of(poolId).listTargets(poolId, signal);
  }

  addTarget(input: NewTarget, signal: AbortSignal): Promise<PoolTarget> {
    return this.#of(input.poolId).addTarget(input, signal);
  }

  drainTarget(place: Place, signal: AbortSignal): Promise<void> {
    return this.#of(place.poolId).drainTarget(place, signal);
  }

  removeTarget(place: Place, signal: AbortSignal): Promise<void> {
    return this.#of(place.poolId).removeTarget(place, signal);
  }

  async setWeights(
    input: { readonly poolId: string; readonly weights: Readonly<Record<string, number>> },
    signal: AbortSignal,
  ): Promise<TargetPool> {
    const { poolId } = input;
    if (poolId.startsWith(profilePrefix)) return this.#profiles.setWeights(input, signal);
    const subject = { operation: "weigh targets", resource: this.#azure.resource("load-balancer", poolId) };
    // One that is not there is something else.
    await this.#pools.getPool(poolId, signal);
    const reason = "Azure Load Balancer divides connections evenly over a pool";
    throw unsupported(subject, reason, "Use a Traffic Manager profile that routes by weight.");
  }

  waitUntilHealthy(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return this.#of(wait.poolId).waitUntilHealthy(wait, signal);
  }

  waitUntilDrained(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return this.#of(wait.poolId).waitUntilDrained(wait, signal);
  }

  #of(poolId: string): BackendPools | TrafficProfiles {
    return poolId.startsWith(profilePrefix) ? this.#profiles : this.#pools;
  }
}
