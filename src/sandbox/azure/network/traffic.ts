import { Balancing, type WantedFront } from "../../cloud/balancing/balancing.ts";
import type { Destination } from "../../cloud/balancing/front.ts";
import type { HealthPlan } from "../../cloud/balancing/health-checks.ts";
import { Turns } from "../../cloud/balancing/turns.ts";
import type { Kinds } from "../arm/kinds.ts";
import type { Json } from "../state.ts";
import { textOf } from "../text.ts";
import { addressType, interfaceType } from "./addresses.ts";
import { type Child, childrenOf, idOf } from "./lists.ts";
import { type Balancer, type BalancerFacts, balancerType, type Member, membersOf } from "./load-balancers.ts";

/** Azure gives a probe its interval; a machine that is busy with all of a sandbox may need longer. */
const probeTimeoutMs = 15_000;

/** What load balancers do beside being described: they listen at public addresses, probe and pass TCP connections on. */
export class Traffic {
  readonly #balancing = new Balancing();
  readonly #kinds: Kinds;
  readonly #turns = new Map<string, Turns>();
  #closed = false;

  constructor(kinds: Kinds) {
    this.#kinds = kinds;
  }

  /** After a change: has the listeners and the probes that there are to be; returns when they listen. */
  async settle(): Promise<void> {
    if (this.#closed) return;
    const balancers = this.#kinds.of<BalancerFacts>(balancerType);
    const fronts = balancers.flatMap((balancer) =>
      rules(balancer).flatMap((rule): WantedFront[] => {
        const host = this.#frontAddress(balancer, rule);
        if (host === undefined || textOf(rule.properties.protocol).toLowerCase() === "udp") return [];
        const id = `${balancer.id}/${rule.name}`;
        return [{ id, host, port: Number(rule.properties.frontendPort), mode: "tcp", pick: () => this.#pick(id) }];
      }),
    );
    const plans = balancers.flatMap((balancer) =>
      rules(balancer).flatMap((rule) =>
        idOf(rule.properties.probe) === undefined
          ? []
          : this.#members(balancer, rule).map(
              (member) => [keyOf(balancer, rule, member), () => this.#plan(balancer.id, rule.name, member)] as const,
            ),
      ),
    );
    this.#balancing.checks.watch(new Map(plans));
    await this.#balancing.settle(fronts);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#balancing.close();
  }

  /** https://learn.microsoft.com/azure/load-balancer/load-balancer-manage-health-status; what was not probed yet is left out. */
  healthOf(balancer: Balancer, rule: Child): Json {
    const seen = this.#members(balancer, rule).flatMap((member) => {
      const { state, why } = this.#balancing.checks.get(keyOf(balancer, rule, member));
      if (state === "starting") return [];
      return [
        {
          ipAddress: member.address,
          ...(member.configId === undefined ? {} : { networkInterfaceIPConfigurationId: member.configId }),
          state: state === "healthy" ? "Up" : "Down",
          reason: why ?? "The backend instance is responding to health probe successfully.",
        },
      ];
    });
    const up = seen.filter(({ state }) => state === "Up").length;
    return { up, down: seen.length - up, loadBalancerBackendAddresses: seen };
  }

  /** Azure's choice is a hash of a connection's addresses and ports; here they take turns. */
  #pick(id: string): Destination | undefined {
    const end = id.lastIndexOf("/");
    const { balancer, rule } = this.#find(id.slice(0, end), id.slice(end + 1));
    if (!balancer || !rule) return undefined;
    const isProbed = idOf(rule.properties.probe) !== undefined;
    const open = this.#members(balancer, rule).filter((member) => {
      if (!isProbed || member.adminState === "Up") return true;
      return (
        member.adminState !== "Down" && this.#balancing.checks.get(keyOf(balancer, rule, member)).state === "healthy"
      );
    });
    const turns = this.#turns.get(id) ?? new Turns();
    this.#turns.set(id, turns);
    const chosen = turns.next(open.map((member) => ({ id: keyOf(balancer, rule, member), weight: 1, member })));
    const host = chosen && this.#reach(chosen.member);
    return chosen === undefined || host === undefined
      ? undefined
      : { key: chosen.id, host, port: Number(rule.properties.backendPort) };
  }

  #plan(balancerId: string, ruleName: string, member: Member): HealthPlan | string {
    const { balancer, rule } = this.#find(balancerId, ruleName);
    const probeId = rule && idOf(rule.properties.probe);
    const probe = childrenOf(balancer?.properties.probes).find(
      ({ name }) => `${balancerId}/probes/${name}`.toLowerCase() === probeId,
    );
    const host = this.#reach(member);
    if (!probe || host === undefined) return "The backend instance is not reached.";
    const { protocol, port, requestPath, probeThreshold } = probe.properties;
    const intervalMs = this.#kinds.cloud.settings.probeMs;
    return {
      host,
      port: Number(port),
      ...(textOf(protocol).toLowerCase() !== "tcp" && {
        path: textOf(requestPath, "/"),
        isGood: (status) => status === 200,
      }),
      intervalMs,
      timeoutMs: probeTimeoutMs,
      healthyAfter: 1,
      unhealthyAfter: Number(probeThreshold ?? 1),
    };
  }

  #find(balancerId: string, ruleName: string): { balancer?: Balancer | undefined; rule?: Child | undefined } {
    const balancer = this.#kinds.byId<BalancerFacts>(balancerId, balancerType);
    return { balancer, rule: balancer && rules(balancer).find(({ name }) => name === ruleName) };
  }

  #members(balancer: Balancer, { properties }: Child): Member[] {
    const pool = childrenOf(balancer.properties.backendAddressPools).find(
      ({ name }) =>
        `${balancer.path}/backendAddressPools/${name}`.toLowerCase() === idOf(properties.backendAddressPool),
    );
    return pool ? membersOf(this.#kinds, balancer, pool.name) : [];
  }

  #frontAddress({ path, properties }: Balancer, rule: Child): string | undefined {
    const wanted = idOf(rule.properties.frontendIPConfiguration);
    const front = childrenOf(properties.frontendIPConfigurations).find(
      ({ name }) => `${path}/frontendIPConfigurations/${name}`.toLowerCase() === wanted,
    );
    const address = this.#kinds.byId(idOf(front?.properties.publicIPAddress), addressType);
    return address && textOf(address.properties.ipAddress);
  }

  /** Under which address this machine reaches a member: VMs at their public ones. */
  #reach({ configId, address }: Member): string | undefined {
    // This machine's own: what stands beyond a tunnel, say.
    if (address.startsWith("127.")) return address;
    for (const nic of this.#kinds.of(interfaceType)) {
      for (const { name, properties } of childrenOf(nic.properties.ipConfigurations)) {
        const isIt =
          configId === undefined
            ? properties.privateIPAddress === address
            : `${nic.path}/ipConfigurations/${name}`.toLowerCase() === configId.toLowerCase();
        const found = isIt ? this.#kinds.byId(idOf(properties.publicIPAddress), addressType) : undefined;
        if (found) return textOf(found.properties.ipAddress);
      }
    }
    return undefined;
  }
}

function rules({ properties }: Balancer): Child[] {
  return childrenOf(properties.loadBalancingRules);
}

function keyOf({ id }: Balancer, { name }: Child, { configId, address }: Member): string {
  return `${id}/${name}/${(configId ?? address).toLowerCase()}`;
}
