import { Balancing, type WantedFront } from "../../cloud/balancing/balancing.ts";
import type { Destination } from "../../cloud/balancing/front.ts";
import type { Health, HealthPlan } from "../../cloud/balancing/health-checks.ts";
import { Turns } from "../../cloud/balancing/turns.ts";
import type { OciCloud } from "../cloud.ts";
import { publicIpOf } from "../core/network-kinds.ts";
import type { Registry } from "../registry.ts";
import { type Backend, type BackendSet, keyOf, type LoadBalancer } from "./state.ts";

/** So many answers in a row change a backend's state; the first good one makes it healthy. */
const defaultRetries = 3;

/** What load balancers do beside being described: they listen, look at their backends and pass traffic on. */
export class Traffic {
  readonly #balancing = new Balancing();
  readonly #cloud: OciCloud;
  readonly #registry: Registry;
  readonly #turns = new Map<string, Turns>();
  #closed = false;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#cloud = registry.cloud;
  }

  /** After a change: has the listeners and the health checks that there are to be; returns when they listen. */
  async settle(): Promise<void> {
    if (this.#closed) return;
    const balancers = this.#cloud.tables.balancers.where(({ deletedAt }) => deletedAt === undefined);
    const fronts = balancers.flatMap((balancer) =>
      Object.values(balancer.listeners).map(
        (listener): WantedFront => ({
          id: `${balancer.id}/${listener.name}`,
          host: balancer.address,
          port: listener.port,
          mode: listener.protocol.startsWith("HTTP") ? "http" : "tcp",
          pick: () => this.#pick(balancer.id, listener.defaultBackendSetName),
        }),
      ),
    );
    const plans = balancers.flatMap(({ id, backendSets }) =>
      Object.values(backendSets).flatMap((set) =>
        set.backends.map(({ name }) => [keyOf(id, set.name, name), () => this.#plan(id, set.name, name)] as const),
      ),
    );
    this.#balancing.checks.watch(new Map(plans));
    await this.#balancing.settle(fronts);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#balancing.close();
  }

  health(balancerId: string, set: string, backend: string): Health {
    return this.#balancing.checks.get(keyOf(balancerId, set, backend));
  }

  /** Ends what is under way to a backend that was taken off. */
  cut(balancerId: string, set: string, backend: string): void {
    this.#balancing.flows.cut(keyOf(balancerId, set, backend));
  }

  /** https://docs.oracle.com/en-us/iaas/Content/Balance/Reference/lbpolicies.htm: policies differ in what the sandbox
   *  does alike, taking turns by weight. */
  #pick(balancerId: string, setName: string): Destination | undefined {
    const set = this.#set(balancerId, setName);
    const open = (set?.backends ?? []).filter(
      ({ name, drain, offline }) => !drain && !offline && this.health(balancerId, setName, name).state === "healthy",
    );
    const first = open.filter(({ backup }) => !backup);
    const turn = `${balancerId}/${setName}`;
    const turns = this.#turns.get(turn) ?? new Turns();
    this.#turns.set(turn, turns);
    const chosen = turns.next((first.length > 0 ? first : open).map((one) => ({ ...one, id: one.name })));
    const place = chosen && this.#reach(chosen);
    return chosen === undefined || place === undefined
      ? undefined
      : { key: keyOf(balancerId, setName, chosen.name), ...place };
  }

  #plan(balancerId: string, setName: string, name: string): HealthPlan | string {
    const set = this.#set(balancerId, setName);
    const backend = set?.backends.find((one) => one.name === name);
    if (!set || !backend) return "it is gone";
    const place = this.#reach(backend);
    if (!place) return "CONNECT_FAILED";
    const { protocol, port, urlPath, returnCode, retries, timeoutInMillis } = set.healthChecker;
    const intervalMs = this.#cloud.settings.backendHealthMs;
    return {
      host: place.host,
      port: port || place.port,
      ...(protocol === "HTTP" && { path: urlPath ?? "/", isGood: (status: number) => status === returnCode }),
      intervalMs,
      timeoutMs: timeoutInMillis ?? 3_000,
      healthyAfter: 1,
      unhealthyAfter: retries ?? defaultRetries,
    };
  }

  #set(balancerId: string, setName: string): BackendSet | undefined {
    const balancer: LoadBalancer | undefined = this.#cloud.tables.balancers.get(balancerId);
    return balancer?.deletedAt === undefined ? balancer?.backendSets[setName] : undefined;
  }

  /** Under which address this machine reaches a backend: instances are forwarded to at their public addresses. */
  #reach({ ipAddress, port }: Backend): { host: string; port: number } | undefined {
    // This machine's own: what stands beyond a tunnel, say.
    if (ipAddress.startsWith("127.")) return { host: ipAddress, port };
    const vnic = this.#cloud.tables.vnics.find((one) => one.deletedAt === undefined && one.privateIp === ipAddress);
    const host = vnic && publicIpOf(this.#registry, vnic)?.address;
    return host === undefined ? undefined : { host, port };
  }
}
