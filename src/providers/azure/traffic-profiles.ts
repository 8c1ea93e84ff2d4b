import type { Endpoint, EndpointType, Profile } from "@azure/arm-trafficmanager";
import { invalid, notFound, type Subject, unsupported } from "../failures.ts";
import { checkWeight, watchTarget, weighed } from "../pool-targets.ts";
import {
  fullWeight,
  type NewTarget,
  type PoolShare,
  type PoolTarget,
  type TargetPool,
  type TargetState,
  type TargetWait,
} from "../traffic-facets.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import { probe } from "./monitor-probe.ts";
import { digest } from "./names.ts";
import { fromWire } from "./tags.ts";

/** Before a profile's name, so that its id tells it from a backend pool's. */
export const profilePrefix = "traffic-manager/";
const weightedMethod = "Weighted";
const external: EndpointType = "ExternalEndpoints";
/** Traffic Manager weighs from 1 to 1000. What is disabled has no use for its weight, which says here why it is disabled:
 *  it is to get nothing, or it drains. Ours are never above 100. */
const disabledFor = { nothing: 1_000, draining: 999 } as const;

const monitored: Readonly<Record<string, TargetState>> = {
  Online: "healthy",
  Degraded: "unhealthy",
  CheckingEndpoint: "starting",
  Unmonitored: "unknown",
};

interface Place {
  readonly poolId: string;
  readonly targetId: string;
}

/**
 * Traffic Manager's profiles that route by weight: name servers that answer with one of a profile's endpoints. Resolvers keep
 * an answer for the profile's TTL, so that nothing new is certain to end only after that; what is connected stays.
 */
export class TrafficProfiles {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async *listPools(signal: AbortSignal): AsyncGenerator<TargetPool> {
    const subject = { operation: "list Traffic Manager profiles", resource: this.#azure.site };
    const all = this.#azure.trafficManagerList(subject, signal, (client, { group, options: { abortSignal } }) =>
      client.profiles.listByResourceGroup(group, { abortSignal }),
    );
    for await (const profile of all) if (profile.trafficRoutingMethod === weightedMethod) yield toPool(profile);
  }

  async getPool(poolId: string, signal: AbortSignal): Promise<TargetPool> {
    return toPool(await this.#profile(poolId, this.#subject("look at a Traffic Manager profile", poolId), signal));
  }

  async *listTargets(poolId: string, signal: AbortSignal): AsyncGenerator<PoolTarget> {
    const profile = await this.#profile(poolId, this.#subject("list endpoints", poolId), signal);
    for (const endpoint of profile.endpoints ?? []) yield toTarget(endpoint, profile);
  }

  /** Whatever has an address or a name is an external endpoint. */
  async addTarget(input: NewTarget, signal: AbortSignal): Promise<PoolTarget> {
    const { poolId, address, weight = 0 } = input;
    const subject = this.#subject("add an endpoint", `${poolId}/${address ?? input.vmId}`);
    checkWeight(weight, subject);
    if (address === undefined)
      throw invalid(subject, "Traffic Manager takes addresses", "Name the address where the VM is reached.");
    const profile = await this.#profile(poolId, subject, signal);
    const known = (profile.endpoints ?? []).find(({ target }) => target?.toLowerCase() === address.toLowerCase());
    if (known) {
      if (isDraining(known)) await this.#set(poolId, known, weight, subject, signal);
    } else {
      const name = `novacron-${digest(address.toLowerCase()).slice(0, 16)}`;
      const endpoint: Endpoint = { target: address, ...statusFor(weight) };
      await this.#azure.trafficManager(subject, signal, (client, { group, options: { abortSignal } }) =>
        client.endpoints.createOrUpdate(group, nameOf(poolId), external, name, endpoint, { abortSignal }),
      );
    }
    const now = await this.#profile(poolId, subject, signal);
    const made = (now.endpoints ?? []).find(({ target }) => target?.toLowerCase() === address.toLowerCase());
    if (!made) throw notFound(subject, "it was taken off again meanwhile");
    return toTarget(made, now);
  }

  async drainTarget({ poolId, targetId }: Place, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("disable an endpoint", `${poolId}/${targetId}`);
    const endpoint = await this.#endpoint({ poolId, targetId }, subject, signal);
    if (!endpoint || isDraining(endpoint)) return;
    await this.#patch(poolId, endpoint, disabled(disabledFor.draining), subject, signal);
  }

  async removeTarget({ poolId, targetId }: Place, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("remove an endpoint", `${poolId}/${targetId}`);
    const endpoint = await this.#endpoint({ poolId, targetId }, subject, signal);
    if (!endpoint) return;
    await goneIsUndefined(
      this.#azure.trafficManager(subject, signal, (client, { group, options: { abortSignal } }) =>
        client.endpoints.delete(group, nameOf(poolId), typeOf(endpoint), endpoint.name ?? "", { abortSignal }),
      ),
    );
  }

  /** Those that get more come first, so that there is always somebody. */
  async setWeights(
    { poolId, weights }: { readonly poolId: string; readonly weights: Readonly<Record<string, number>> },
    signal: AbortSignal,
  ): Promise<TargetPool> {
    const subject = this.#subject("weigh endpoints", poolId);
    const profile = await this.#profile(poolId, subject, signal);
    const endpoints = profile.endpoints ?? [];
    const shares = toShares(endpoints);
    const before = new Map(shares.map(({ shareId, weight = 0 }) => [shareId, weight]));
    const wanted = weighed(shares, weights, subject);
    const weightOf = (endpoint: Endpoint) => wanted.get(idOf(endpoint)) ?? 0;
    // Looked for before anything is changed.
    const draining = endpoints.find((endpoint) => isDraining(endpoint) && weightOf(endpoint) > 0);
    if (draining) throw unsupported(subject, `${draining.target} is draining`, "Add it again before it is weighed.");
    const more = (endpoint: Endpoint) => weightOf(endpoint) - (before.get(idOf(endpoint)) ?? 0);
    for (const endpoint of endpoints.toSorted((a, b) => more(b) - more(a))) {
      const weight = weightOf(endpoint);
      if (isDraining(endpoint)) continue;
      if (weight === 0 ? isEnabled(endpoint) : !isEnabled(endpoint) || endpoint.weight !== weight)
        await this.#set(poolId, endpoint, weight, subject, signal);
    }
    return this.getPool(poolId, signal);
  }

  /** What is to get nothing yet is disabled, and Traffic Manager does not look at it: we do, as the profile says. */
  waitUntilHealthy(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    const isReached = ({ state }: PoolTarget) => state === "healthy" || state === "unknown";
    const see = async (): Promise<PoolTarget | undefined> => {
      const subject = this.#subject("look at an endpoint", `${wait.poolId}/${wait.targetId}`);
      const profile = await this.#profile(wait.poolId, subject, signal);
      const endpoint = profile.endpoints?.find((each) => idOf(each) === wait.targetId);
      const target = endpoint && toTarget(endpoint, profile);
      if (target?.state !== "unused") return target;
      const wrong = await probe(profile.monitorConfig ?? {}, target.address ?? "", signal);
      signal.throwIfAborted();
      const reason = `asked by NovaCron, as it is disabled at Azure: ${wrong ?? "it answers"}`;
      return { ...target, state: wrong === undefined ? "healthy" : "unhealthy", reason };
    };
    return watchTarget(see, isReached, wait, this.#azure.patience, signal);
  }

  /** Drained once no resolver can still have it: the profile's TTL from now on, at the latest. */
  async waitUntilDrained(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    const subject = this.#subject("look at a Traffic Manager profile", wait.poolId);
    const { dnsConfig } = await this.#profile(wait.poolId, subject, signal);
    const overAt = performance.now() + (dnsConfig?.ttl ?? 0) * 1_000;
    const isReached = ({ state }: PoolTarget) => state === "draining" && performance.now() >= overAt;
    const seen = await watchTarget(() => this.#seen(wait, signal), isReached, wait, this.#azure.patience, signal);
    return seen && isReached(seen) ? { ...seen, state: "drained" } : seen;
  }

  async #seen(place: Place, signal: AbortSignal): Promise<PoolTarget | undefined> {
    for await (const target of this.listTargets(place.poolId, signal))
      if (target.targetId === place.targetId) return target;
    return undefined;
  }

  /** @throws NotFound; UnsupportedCapability for one that routes in another way. */
  async #profile(poolId: string, subject: Subject, signal: AbortSignal): Promise<Profile> {
    const profile = await this.#azure.trafficManager(subject, signal, (client, { group, options: { abortSignal } }) =>
      client.profiles.get(group, nameOf(poolId), { abortSignal }),
    );
    if (profile.trafficRoutingMethod === weightedMethod) return profile;
    const reason = `the profile routes by ${profile.trafficRoutingMethod}`;
    throw unsupported(subject, reason, "Use a profile that routes by weight.");
  }

  async #endpoint(place: Place, subject: Subject, signal: AbortSignal): Promise<Endpoint | undefined> {
    const { endpoints = [] } = await this.#profile(place.poolId, subject, signal);
    return endpoints.find((endpoint) => idOf(endpoint) === place.targetId);
  }

  #set(poolId: string, endpoint: Endpoint, weight: number, subject: Subject, signal: AbortSignal): Promise<void> {
    return this.#patch(poolId, endpoint, statusFor(weight), subject, signal);
  }

  async #patch(
    poolId: string,
    endpoint: Endpoint,
    changed: Endpoint,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#azure.trafficManager(subject, signal, (client, { group, options: { abortSignal } }) =>
      client.endpoints.update(group, nameOf(poolId), typeOf(endpoint), endpoint.name ?? "", changed, { abortSignal }),
    );
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("load-balancer", id) };
  }
}

function nameOf(poolId: string): string {
  return poolId.slice(profilePrefix.length);
}

function statusFor(weight: number): Endpoint {
  return weight === 0 ? disabled(disabledFor.nothing) : { endpointStatus: "Enabled", weight };
}

function disabled(weight: number): Endpoint {
  return { endpointStatus: "Disabled", weight };
}

function isEnabled({ endpointStatus }: Endpoint): boolean {
  return endpointStatus !== "Disabled";
}

function isDraining(endpoint: Endpoint): boolean {
  return !isEnabled(endpoint) && endpoint.weight === disabledFor.draining;
}

/** `Microsoft.Network/trafficManagerProfiles/externalEndpoints`. */
function typeOf({ type = "" }: Endpoint): EndpointType {
  const kind = type.split("/").at(-1)?.toLowerCase();
  if (kind === "azureendpoints") return "AzureEndpoints";
  return kind === "nestedendpoints" ? "NestedEndpoints" : external;
}

function idOf(endpoint: Endpoint): string {
  return `${typeOf(endpoint)}/${endpoint.name ?? ""}`;
}

function toPool({ name = "", dnsConfig, monitorConfig, endpoints = [], tags }: Profile): TargetPool {
  return {
    poolId: `${profilePrefix}${name}`,
    name,
    protocol: "DNS",
    endpoints: [{ host: dnsConfig?.fqdn ?? "", port: monitorConfig?.port ?? 80 }],
    shares: toShares(endpoints),
    tags: fromWire(tags).tags,
  };
}

/** Weights above ours are shown as parts of ours. */
function toShares(endpoints: readonly Endpoint[]): PoolShare[] {
  const weights = endpoints.map((endpoint) => (isEnabled(endpoint) ? (endpoint.weight ?? 1) : 0));
  const most = Math.max(fullWeight, ...weights);
  return endpoints.map((endpoint, index) => {
    const weight = weights[index] ?? 0;
    const shown = weight === 0 ? 0 : Math.max(1, Math.round((weight * fullWeight) / most));
    return { shareId: idOf(endpoint), name: endpoint.name ?? "", weight: shown, accepts: "address" };
  });
}

function toTarget(endpoint: Endpoint, { monitorConfig }: Profile): PoolTarget {
  const { target, endpointMonitorStatus = "Unmonitored" } = endpoint;
  const targetId = idOf(endpoint);
  const state = isDraining(endpoint) ? "draining" : isEnabled(endpoint) ? monitored[endpointMonitorStatus] : "unused";
  return {
    targetId,
    shareId: targetId,
    address: target ?? "",
    port: monitorConfig?.port ?? 80,
    state: state ?? "unused",
    reason: endpointMonitorStatus,
  };
}
