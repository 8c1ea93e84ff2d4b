import { Balancing, type WantedFront } from "../../cloud/balancing/balancing.ts";
import type { Destination } from "../../cloud/balancing/front.ts";
import type { HealthPlan } from "../../cloud/balancing/health-checks.ts";
import { Turns } from "../../cloud/balancing/turns.ts";
import type { AwsCloud } from "../cloud.ts";
import { publicAddressOf } from "../ec2/public-addresses.ts";
import type { Listener, RegisteredTarget, TargetGroup } from "./state.ts";

const http = new Set(["HTTP", "HTTPS"]);

/** What load balancers do beside being described: they listen, look at their targets and pass traffic on. */
export class Traffic {
  readonly balancing = new Balancing();
  readonly #cloud: AwsCloud;
  readonly #turns = new Map<string, Turns>();
  #closed = false;

  constructor(cloud: AwsCloud) {
    this.#cloud = cloud;
    cloud.tables.loadBalancers.onChange(() => void this.settle());
  }

  /** Goes on with what an earlier process has left. */
  async resume(): Promise<void> {
    for (const target of this.#cloud.tables.targets.values())
      if (target.drainingSince !== undefined) this.drain(target);
    await this.settle();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.balancing.close();
  }

  /** After a change: has the listeners and the health checks that there are to be; returns when they listen. */
  async settle(): Promise<void> {
    if (this.#closed) return;
    const { tables } = this.#cloud;
    const fronts = [...tables.listeners.values()].flatMap((listener): WantedFront[] => {
      const balancer = tables.loadBalancers.get(listener.balancerId);
      if (balancer?.address === undefined) return [];
      const mode = balancer.type === "application" ? "http" : "tcp";
      return [
        { id: listener.id, host: balancer.address, port: listener.port, mode, pick: () => this.#pick(listener.id) },
      ];
    });
    const used = [...tables.targets.values()].filter(({ groupId }) => this.isUsed(groupId));
    this.balancing.checks.watch(new Map(used.map(({ id }) => [id, () => this.#plan(id)])));
    await this.balancing.settle(fronts);
  }

  /** Whether a listener sends a group anything. */
  isUsed(groupId: string): boolean {
    const { listeners } = this.#cloud.tables;
    return listeners.find(({ forward }) => forward.some((to) => to.groupId === groupId)) !== undefined;
  }

  /** Lets what goes to a target end, for as long as its group says, and forgets the target then. */
  drain(target: RegisteredTarget): void {
    const { targets, targetGroups } = this.#cloud.tables;
    const { id, drainingSince = Date.now() } = target;
    const delayMs = (targetGroups.get(target.groupId)?.delaySeconds ?? 0) * 1_000;
    const isStill = (): boolean => targets.get(id)?.drainingSince === target.drainingSince && !this.#closed;
    void this.balancing.drain(id, Math.max(0, drainingSince + delayMs - Date.now()), isStill).then(async (over) => {
      if (!over) return;
      targets.delete(id);
      await this.settle();
    });
  }

  /** The address and port under which this machine reaches a target, or why it does not. */
  reach({ groupId, targetId, port }: RegisteredTarget): { host: string; port: number } | string {
    const { tables } = this.#cloud;
    if (tables.targetGroups.get(groupId)?.targetType === "instance") {
      const state = tables.instances.get(targetId)?.state;
      if (state !== "running") return `Target is in the ${state ?? "terminated"} state`;
    }
    // Addresses of loopback are this machine's own: what stands beyond a tunnel, say.
    if (targetId.startsWith("127.")) return { host: targetId, port };
    const card = tables.interfaces.find(
      ({ attachment, privateIp }) =>
        attachment !== undefined && (attachment.instanceId === targetId || privateIp === targetId),
    );
    const host = card && publicAddressOf(tables, card.id);
    return host === undefined ? "Request timed out" : { host, port };
  }

  #pick(listenerId: string): Destination | undefined {
    const listener = this.#cloud.tables.listeners.get(listenerId);
    if (!listener) return undefined;
    const shares = listener.forward.map(({ groupId, weight }) => ({ id: groupId, weight }));
    const group = this.#turnsOf(listenerId).next(shares);
    return group && this.#targetOf(listener, group.id);
  }

  #targetOf({ id }: Listener, groupId: string): Destination | undefined {
    const { targets } = this.#cloud.tables;
    const { checks } = this.balancing;
    const all = targets.where((target) => target.groupId === groupId && target.drainingSince === undefined);
    const states = new Map(all.map((target) => [target.id, checks.get(target.id).state]));
    const healthy = all.filter((target) => states.get(target.id) === "healthy");
    // With unhealthy targets only it sends to all of them:
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    const open = healthy.length > 0 ? healthy : all.filter((target) => states.get(target.id) === "unhealthy");
    const chosen = this.#turnsOf(`${id} ${groupId}`).next(open.map((target) => ({ ...target, weight: 1 })));
    const place = chosen && this.reach(chosen);
    return chosen === undefined || place === undefined || typeof place === "string"
      ? undefined
      : { key: chosen.id, ...place };
  }

  #plan(id: string): HealthPlan | string {
    const { targets, targetGroups } = this.#cloud.tables;
    const target = targets.get(id);
    const group = target && targetGroups.get(target.groupId);
    if (!target || !group) return "it is gone";
    const place = this.reach(target);
    if (typeof place === "string") return place;
    const { health } = group;
    const intervalMs = this.#cloud.settings.targetHealthMs;
    return {
      host: place.host,
      port: health.port === "traffic-port" ? place.port : Number(health.port),
      ...(http.has(health.protocol) && { path: health.path ?? "/", isGood: (status) => matches(group, status) }),
      intervalMs,
      timeoutMs: Math.max(health.timeoutSeconds * 1_000, intervalMs),
      healthyAfter: health.healthyAfter,
      unhealthyAfter: health.unhealthyAfter,
    };
  }

  #turnsOf(id: string): Turns {
    const known = this.#turns.get(id) ?? new Turns();
    this.#turns.set(id, known);
    return known;
  }
}

function matches({ health }: TargetGroup, status: number): boolean {
  return (health.matcher ?? "200").split(",").some((part) => {
    const [first = "", last = first] = part.split("-");
    return status >= Number(first) && status <= Number(last);
  });
}
