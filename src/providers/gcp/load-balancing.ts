import type * as Compute from "@google-cloud/compute";
import { isProviderError } from "../../domain/errors.ts";
import { invalid, notFound, type Subject } from "../failures.ts";
import { shareFor, watchTarget, weighed } from "../pool-targets.ts";
import type { LoadBalancingFacet, NewTarget, PoolTarget, TargetPool, TargetWait } from "../traffic-facets.ts";
import type { Gcp } from "./client.ts";
import { nameOf } from "./names.ts";
import {
  type BackendService,
  type Endpoint,
  endpointOf,
  type Group,
  parseTargetId,
  pathOf,
  type Rule,
  scalerOf,
  sharesOf,
  toPool,
  toTarget,
} from "./pools.ts";

type Proxy = Compute.protos.google.cloud.compute.v1.ITargetHttpProxy &
  Compute.protos.google.cloud.compute.v1.ITargetTcpProxy;
type UrlMap = Compute.protos.google.cloud.compute.v1.IUrlMap;

/** So often a backend service may be changed by somebody else in between before it is given up. */
const tries = 3;

/**
 * Global backend services: a pool is one of them, its shares are its backends that are groups of endpoints in the site's
 * zone, weighed by their `capacityScaler`. Backends elsewhere, and groups of instances, stay as they are.
 */
export class GcpLoadBalancing implements LoadBalancingFacet {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *listPools(signal: AbortSignal): AsyncGenerator<TargetPool> {
    const subject = this.#subject("list pools", "all");
    const services = await Array.fromAsync(this.#gcp.list<BackendService>("backendServices", {}, subject, signal));
    if (services.length === 0) return;
    const [rules, groups] = [await this.#rules(subject, signal), await this.#groups(subject, signal)];
    for (const service of services) yield toPool(service, groups, rules);
  }

  async getPool(poolId: string, signal: AbortSignal): Promise<TargetPool> {
    const subject = this.#subject("read pool", poolId);
    const service = await this.#service(poolId, subject, signal);
    return toPool(service, await this.#groups(subject, signal), await this.#rules(subject, signal));
  }

  async *listTargets(poolId: string, signal: AbortSignal): AsyncGenerator<PoolTarget> {
    const subject = this.#subject("list targets", poolId);
    const service = await this.#service(poolId, subject, signal);
    for (const { shareId } of sharesOf(service, await this.#groups(subject, signal))) {
      yield* this.#endpoints(shareId, poolId, subject, signal);
    }
  }

  async addTarget(input: NewTarget, signal: AbortSignal): Promise<PoolTarget> {
    const { poolId, vmId, address } = input;
    const subject = this.#subject("add target", `${poolId}/${vmId ?? address ?? ""}`);
    const service = await this.#service(poolId, subject, signal);
    const groups = await this.#groups(subject, signal);
    const shareId = shareFor(sharesOf(service, groups), input, subject);
    const port = input.port ?? groups.get(shareId)?.defaultPort ?? undefined;
    if (port === undefined) throw invalid(subject, "its group has no default port", "Give the target's port.");
    const endpoint = vmId === undefined ? { ipAddress: address, port } : { instance: vmId, port };
    const networkEndpointGroup = nameOf(shareId);
    const request = {
      networkEndpointGroup,
      networkEndpointGroupsAttachEndpointsRequestResource: { networkEndpoints: [endpoint] },
    };
    await this.#gcp.change("networkEndpointGroups", "attachNetworkEndpoints", request, subject, signal);
    const targetId = `${shareId}#${vmId ?? address}:${port}`;
    const seen = await this.#see(poolId, targetId, subject, signal);
    return seen ?? toTarget(shareId, { networkEndpoint: endpoint }, poolId);
  }

  drainTarget({ targetId }: { poolId: string; targetId: string }, signal: AbortSignal): Promise<void> {
    return this.#detach("drain target", targetId, signal);
  }

  /** Google drains what it takes off, for as long as the backend service says. */
  removeTarget({ targetId }: { poolId: string; targetId: string }, signal: AbortSignal): Promise<void> {
    return this.#detach("remove target", targetId, signal);
  }

  async setWeights(
    { poolId, weights }: { poolId: string; weights: Readonly<Record<string, number>> },
    signal: AbortSignal,
  ): Promise<TargetPool> {
    const subject = this.#subject("set weights", poolId);
    const groups = await this.#groups(subject, signal);
    for (let attempt = 1; ; attempt++) {
      const service = await this.#service(poolId, subject, signal);
      const wanted = weighed(sharesOf(service, groups), weights, subject);
      const backends = (service.backends ?? []).map((backend) => {
        const weight = wanted.get(pathOf(backend.group));
        return weight === undefined ? backend : { ...backend, capacityScaler: scalerOf(weight, subject) };
      });
      const isSame = backends.every((backend, at) => backend.capacityScaler === service.backends?.[at]?.capacityScaler);
      if (isSame) return this.getPool(poolId, signal);
      const backendServiceResource = { backends, fingerprint: service.fingerprint };
      try {
        const request = { backendService: poolId, backendServiceResource };
        await this.#gcp.change("backendServices", "patch", request, subject, signal);
        return await this.getPool(poolId, signal);
      } catch (error) {
        // Somebody else's change came in between.
        if (!isProviderError(error, "Conflict") || attempt >= tries) throw error;
      }
    }
  }

  waitUntilHealthy(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return this.#watch("wait until healthy", wait, ({ state }) => state === "healthy", signal);
  }

  waitUntilDrained(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return this.#watch("wait until drained", wait, ({ state }) => state === "drained", signal);
  }

  #watch(
    operation: string,
    wait: TargetWait,
    isReached: (target: PoolTarget) => boolean,
    signal: AbortSignal,
  ): Promise<PoolTarget | undefined> {
    const subject = this.#subject(operation, wait.targetId);
    const see = () => this.#see(wait.poolId, wait.targetId, subject, signal);
    return watchTarget(see, isReached, wait, this.#gcp.patience, signal);
  }

  /** Undefined for one that is in its group no more. */
  async #see(poolId: string, targetId: string, subject: Subject, signal: AbortSignal): Promise<PoolTarget | undefined> {
    const { shareId } = parseTargetId(targetId, subject);
    for await (const target of this.#endpoints(shareId, poolId, subject, signal)) {
      if (target.targetId === targetId) return target;
    }
    return undefined;
  }

  async #detach(operation: string, targetId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject(operation, targetId);
    const { shareId } = parseTargetId(targetId, subject);
    const there = await this.#see("", targetId, subject, signal).catch((error: unknown) => {
      if (isProviderError(error, "NotFound")) return undefined;
      throw error;
    });
    if (!there) return;
    const request = {
      networkEndpointGroup: nameOf(shareId),
      networkEndpointGroupsDetachEndpointsRequestResource: { networkEndpoints: [endpointOf(there)] },
    };
    await this.#gcp
      .change("networkEndpointGroups", "detachNetworkEndpoints", request, subject, signal)
      .catch(async (error: unknown) => {
        // It went in between, or an earlier answer was lost.
        const gone = isProviderError(error, "NotFound", "InvalidInput");
        if (!gone || (await this.#see("", targetId, subject, signal).catch(() => undefined))) throw error;
      });
  }

  async *#endpoints(
    shareId: string,
    poolId: string,
    subject: Subject,
    signal: AbortSignal,
  ): AsyncGenerator<PoolTarget> {
    const request = {
      networkEndpointGroup: nameOf(shareId),
      networkEndpointGroupsListEndpointsRequestResource: { healthStatus: "SHOW" },
    };
    const method = "listNetworkEndpoints";
    for await (const endpoint of this.#gcp.list<Endpoint>("networkEndpointGroups", request, subject, signal, method)) {
      yield toTarget(shareId, endpoint, poolId);
    }
  }

  /** @throws NotFound. */
  async #service(poolId: string, subject: Subject, signal: AbortSignal): Promise<BackendService> {
    const request = { backendService: poolId };
    const found = await this.#gcp.find<BackendService>("backendServices", request, subject, signal);
    if (found) return found;
    throw notFound(subject, "there is no global backend service of that name");
  }

  /** Groups of endpoints in the site's zone, by their paths. */
  async #groups(subject: Subject, signal: AbortSignal): Promise<ReadonlyMap<string, Group>> {
    const groups = await Array.fromAsync(this.#gcp.list<Group>("networkEndpointGroups", {}, subject, signal));
    return new Map(groups.map((group) => [pathOf(group.selfLink), group]));
  }

  /** Forwarding rules, with the backend services that they lead to by default. */
  async #rules(subject: Subject, signal: AbortSignal): Promise<readonly Rule[]> {
    type Found = Compute.protos.google.cloud.compute.v1.IForwardingRule;
    const rules = await Array.fromAsync(this.#gcp.list<Found>("globalForwardingRules", {}, subject, signal));
    if (rules.length === 0) return [];
    const proxies = new Map<string, Proxy>();
    for (const collection of ["targetHttpProxies", "targetTcpProxies"] as const) {
      for await (const proxy of this.#gcp.list<Proxy>(collection, {}, subject, signal)) {
        proxies.set(pathOf(proxy.selfLink), proxy);
      }
    }
    const maps = await Array.fromAsync(this.#gcp.list<UrlMap>("urlMaps", {}, subject, signal));
    const services = new Map(maps.map((map) => [pathOf(map.selfLink), pathOf(map.defaultService)]));
    return rules.map((rule) => {
      const proxy = proxies.get(pathOf(rule.target));
      const service = proxy?.service ? pathOf(proxy.service) : services.get(pathOf(proxy?.urlMap));
      return {
        name: rule.name ?? "",
        host: rule.IPAddress ?? "",
        port: Number(rule.portRange?.split("-")[0] ?? 0),
        ...(service !== undefined && { service }),
      };
    });
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("load-balancing", id) };
  }
}
