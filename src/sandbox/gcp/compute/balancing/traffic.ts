import { Balancing, type WantedFront } from "../../../cloud/balancing/balancing.ts";
import type { Destination } from "../../../cloud/balancing/front.ts";
import type { HealthPlan } from "../../../cloud/balancing/health-checks.ts";
import { Turns } from "../../../cloud/balancing/turns.ts";
import type { GcpCloud } from "../../cloud.ts";
import { text } from "../../texts.ts";
import { type Backend, type BalancingTables, type Endpoint, type Kept, pathOf } from "./state.ts";

/** What load balancers do beside being described: they listen, look at their endpoints and pass traffic on. */
export class Traffic {
  readonly balancing = new Balancing();
  readonly #cloud: GcpCloud;
  readonly #tables: BalancingTables;
  readonly #turns = new Map<string, Turns>();
  #closed = false;

  constructor(cloud: GcpCloud, tables: BalancingTables) {
    this.#cloud = cloud;
    this.#tables = tables;
  }

  /** Goes on with what an earlier process has left. */
  async resume(): Promise<void> {
    for (const endpoint of this.#tables.endpoints.values())
      if (endpoint.drainingSince !== undefined) this.drain(endpoint);
    await this.settle();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.balancing.close();
  }

  /** Addresses of forwarding rules are loopback's, as those of instances: 127.87.0.0/16. */
  unusedAddress(): string {
    const used = new Set([...this.#tables.kept.values()].map(({ address }) => address));
    for (;;) {
      const address = `127.87.${Math.floor(Math.random() * 256)}.${1 + Math.floor(Math.random() * 254)}`;
      if (!used.has(address)) return address;
    }
  }

  /** After a change: has the fronts and the health checks that there are to be; returns when they listen. */
  async settle(): Promise<void> {
    if (this.#closed) return;
    const fronts = this.#all("forwardingRules").flatMap((rule): WantedFront[] => {
      const service = this.#serviceOf(rule);
      if (!service || rule.address === undefined) return [];
      const port = Number(text(rule.body.portRange).split("-")[0]);
      const mode = service.body.protocol === "HTTP" ? "http" : "tcp";
      return [{ id: rule.id, host: rule.address, port, mode, pick: () => this.#pick(rule) }];
    });
    const groups = new Set(
      this.#all("backendServices").flatMap((one) => backendsOf(one).map(({ group }) => pathOf(group))),
    );
    const watched = this.#tables.endpoints.where(({ groupId }) => groups.has(groupId));
    this.balancing.checks.watch(new Map(watched.map(({ id }) => [id, () => this.#plan(id)])));
    await this.balancing.settle(fronts);
  }

  healthOf(endpoint: Endpoint): "HEALTHY" | "UNHEALTHY" | "UNKNOWN" {
    const { state } = this.balancing.checks.get(endpoint.id);
    return state === "healthy" ? "HEALTHY" : state === "unhealthy" ? "UNHEALTHY" : "UNKNOWN";
  }

  /** Lets what goes to an endpoint end, for as long as its backend service says, and forgets it then. */
  drain(endpoint: Endpoint): void {
    const { id, groupId, drainingSince = Date.now() } = endpoint;
    const services = this.#all("backendServices").filter((one) =>
      backendsOf(one).some(({ group }) => pathOf(group) === groupId),
    );
    const seconds = services.map(
      ({ body }) => (body.connectionDraining as { drainingTimeoutSec?: number } | undefined)?.drainingTimeoutSec ?? 0,
    );
    const withinMs = Math.max(0, drainingSince + Math.max(0, ...seconds) * 1_000 - Date.now());
    const isStill = () => this.#tables.endpoints.get(id)?.drainingSince === endpoint.drainingSince && !this.#closed;
    void this.balancing.drain(id, withinMs, isStill).then(async (over) => {
      if (!over) return;
      this.#tables.endpoints.delete(id);
      await this.settle();
    });
  }

  #all(collection: string): Kept[] {
    return this.#tables.kept.where(({ id }) => id.includes(`/${collection}/`));
  }

  /** The backend service at the end of a rule. */
  #serviceOf({ body }: Kept): Kept | undefined {
    const proxy = this.#tables.kept.get(pathOf(body.target));
    const map = this.#tables.kept.get(pathOf(proxy?.body.urlMap));
    return this.#tables.kept.get(pathOf(map?.body.defaultService ?? proxy?.body.service));
  }

  #pick(rule: Kept): Destination | undefined {
    const service = this.#serviceOf(rule);
    if (!service) return undefined;
    // A backend's part is that of its capacity: what it takes for each healthy endpoint, times its scaler
    // (https://cloud.google.com/load-balancing/docs/backend-service#target_capacity).
    const shares = backendsOf(service).map((backend) => {
      const endpoints = this.#openIn(pathOf(backend.group));
      const each = backend.maxRatePerEndpoint ?? backend.maxConnectionsPerEndpoint ?? 1;
      return { id: pathOf(backend.group), endpoints, weight: (backend.capacityScaler ?? 1) * each * endpoints.length };
    });
    const share = this.#turnsOf(rule.id).next(shares);
    const endpoint =
      share && this.#turnsOf(`${rule.id} ${share.id}`).next(share.endpoints.map((one) => ({ ...one, weight: 1 })));
    const place = endpoint && this.#reach(endpoint);
    return endpoint === undefined || place === undefined || typeof place === "string"
      ? undefined
      : { key: endpoint.id, ...place };
  }

  #openIn(groupId: string): Endpoint[] {
    const { endpoints } = this.#tables;
    return endpoints.where(
      (one) => one.groupId === groupId && one.drainingSince === undefined && this.healthOf(one) === "HEALTHY",
    );
  }

  /** The address and port under which this machine reaches an endpoint, or why it does not. */
  #reach({ instance, ip, port }: Endpoint): { host: string; port: number } | string {
    if (instance === undefined) return { host: ip, port };
    const machine = this.#cloud.tables.instances.get(instance);
    if (machine?.status !== "RUNNING") return "the instance does not run";
    const host = machine.nics[0]?.access?.natIp;
    return host === undefined ? "the instance has no address that leads to it" : { host, port };
  }

  #plan(id: string): HealthPlan | string {
    const endpoint = this.#tables.endpoints.get(id);
    const service = this.#all("backendServices").find((one) =>
      backendsOf(one).some(({ group }) => pathOf(group) === endpoint?.groupId),
    );
    if (!endpoint || !service) return "it is gone";
    const place = this.#reach(endpoint);
    if (typeof place === "string") return place;
    const [url] = (service.body.healthChecks ?? []) as readonly string[];
    const { body: check = {} } = this.#tables.kept.get(pathOf(url)) ?? {};
    const http = check.httpHealthCheck as { requestPath?: string } | undefined;
    const intervalMs = this.#cloud.settings.endpointHealthMs;
    return {
      ...place,
      ...(check.type === "HTTP" && { path: http?.requestPath ?? "/", isGood: (status) => status === 200 }),
      intervalMs,
      timeoutMs: Math.max(Number(check.timeoutSec ?? 5) * 1_000, intervalMs),
      healthyAfter: Number(check.healthyThreshold ?? 2),
      unhealthyAfter: Number(check.unhealthyThreshold ?? 2),
    };
  }

  #turnsOf(id: string): Turns {
    const known = this.#turns.get(id) ?? new Turns();
    this.#turns.set(id, known);
    return known;
  }
}

function backendsOf({ body }: Kept): readonly Backend[] {
  return (body.backends ?? []) as readonly Backend[];
}
