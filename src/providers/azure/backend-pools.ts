// Long because a pool has cards or addresses, and each of them is changed in another way.
import type {
  BackendAddressPool,
  LoadBalancer,
  LoadBalancerBackendAddress,
  LoadBalancingRule,
  NetworkInterface,
} from "@azure/arm-network";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import { watchTarget } from "../pool-targets.ts";
import type { NewTarget, PoolEndpoint, PoolTarget, TargetPool, TargetState, TargetWait } from "../traffic-facets.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined, isStale } from "./errors.ts";
import { digest, parseId } from "./names.ts";
import { type Placements, vmNameOf } from "./placements.ts";
import { fromWire } from "./tags.ts";
import { primaryConfig } from "./view.ts";

/** Somebody else may change the pool between our look and our change. */
const putAttempts = 5;

interface Place {
  readonly poolId: string;
  readonly targetId: string;
}

interface Seen {
  readonly balancer: LoadBalancer;
  readonly pool: BackendAddressPool;
  readonly rules: readonly LoadBalancingRule[];
}

/** Backend pools of Azure Load Balancers, `<load balancer>/<pool>`: VMs by their network cards, or addresses of a virtual network;
 *  a pool has one of both. Connections are divided evenly, so that the pool is its one share. */
export class BackendPools {
  readonly #azure: Azure;
  readonly #placements: Placements;

  constructor(azure: Azure, placements: Placements) {
    this.#azure = azure;
    this.#placements = placements;
  }

  async *listPools(signal: AbortSignal): AsyncGenerator<TargetPool> {
    const subject = { operation: "list backend pools", resource: this.#azure.site };
    const all = this.#azure.networkList(subject, signal, (client, { group, options }) =>
      client.loadBalancers.list(group, options),
    );
    for await (const balancer of all) {
      for (const pool of balancer.backendAddressPools ?? []) {
        yield await this.#toPool({ balancer, pool, rules: rulesOf(balancer, pool) }, subject, signal);
      }
    }
  }

  async getPool(poolId: string, signal: AbortSignal): Promise<TargetPool> {
    const subject = this.#subject("look at a backend pool", poolId);
    return this.#toPool(await this.#see(poolId, subject, signal), subject, signal);
  }

  async *listTargets(poolId: string, signal: AbortSignal): AsyncGenerator<PoolTarget> {
    yield* await this.#targets(poolId, this.#subject("list a pool's targets", poolId), signal);
  }

  async addTarget(input: NewTarget, signal: AbortSignal): Promise<PoolTarget> {
    const { poolId, vmId, address } = input;
    const subject = this.#subject("add a target", `${poolId}/${vmId ?? address}`);
    const seen = await this.#see(poolId, subject, signal);
    const accepts = acceptedBy(seen.pool);
    if ((accepts === "vm" ? vmId : address) === undefined) {
      const what = accepts === "vm" ? "VMs" : "addresses";
      throw invalid(subject, `the pool's targets are ${what}`, `Name one of its ${what}, or use another pool.`);
    }
    const targetId = vmId === undefined ? (address ?? "") : await this.#join(vmId, seen.pool, subject, signal);
    if (address !== undefined && vmId === undefined) {
      const virtualNetwork = await this.#networkOf(address, seen.pool, subject, signal);
      await this.#change(poolId, subject, signal, (before) => {
        if (before.some(({ ipAddress }) => ipAddress === address)) return undefined;
        return [...before, { name: `novacron-${digest(address).slice(0, 16)}`, ipAddress: address, virtualNetwork }];
      });
    }
    await this.#setState({ poolId, targetId }, "None", subject, signal);
    const target = (await this.#targets(poolId, subject, signal)).find((one) => one.targetId === targetId);
    if (!target) throw notFound(subject, "it was taken off again meanwhile");
    return target;
  }

  /** "Administrative State (Admin State)": down gives it nothing new, and keeps TCP connections that are there. It counts where a
   *  rule has a probe. */
  async drainTarget(place: Place, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("drain a target", `${place.poolId}/${place.targetId}`);
    await this.#setState(place, "Down", subject, signal);
  }

  async removeTarget({ poolId, targetId }: Place, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("remove a target", `${poolId}/${targetId}`);
    const { pool } = await this.#see(poolId, subject, signal);
    const [nicName = "", configName] = targetId.split("/");
    if (configName !== undefined) {
      await this.#setPools(
        nicName,
        configName,
        (pools) => pools.filter(({ id }) => !isSame(id, pool.id)),
        subject,
        signal,
      );
      return;
    }
    await this.#change(poolId, subject, signal, (before) => {
      const after = before.filter(({ ipAddress }) => ipAddress !== targetId);
      return after.length === before.length ? undefined : after;
    });
  }

  waitUntilHealthy(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    const isReached = ({ state }: PoolTarget) => state === "healthy" || state === "unknown";
    return this.#watch(wait, isReached, signal);
  }

  /** Azure does not tell when the last connection has ended: as long as it is there it drains. */
  waitUntilDrained(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return this.#watch(wait, ({ state }) => state === "drained", signal);
  }

  #watch(wait: TargetWait, isReached: (target: PoolTarget) => boolean, signal: AbortSignal) {
    const subject = this.#subject("look at a target", `${wait.poolId}/${wait.targetId}`);
    const see = async () =>
      (await this.#targets(wait.poolId, subject, signal)).find(({ targetId }) => targetId === wait.targetId);
    return watchTarget(see, isReached, wait, this.#azure.patience, signal);
  }

  /** @throws NotFound. */
  async #see(poolId: string, subject: Subject, signal: AbortSignal): Promise<Seen> {
    const [name = "", poolName = ""] = poolId.split("/");
    const balancer = await this.#azure.network(subject, signal, (client, { group, options }) =>
      client.loadBalancers.get(group, name, options),
    );
    const pool = balancer.backendAddressPools?.find((one) => one.name?.toLowerCase() === poolName.toLowerCase());
    if (!pool) throw notFound(subject, "Azure shows no such backend pool");
    return { balancer, pool, rules: rulesOf(balancer, pool) };
  }

  async #toPool({ balancer, pool, rules }: Seen, subject: Subject, signal: AbortSignal): Promise<TargetPool> {
    const { name = "", tags } = balancer;
    const endpoints: PoolEndpoint[] = [];
    for (const { frontendIPConfiguration, frontendPort: port = 0 } of rules) {
      const host = await this.#frontAddress(balancer, frontendIPConfiguration?.id, subject, signal);
      if (host !== undefined) endpoints.push({ host, port });
    }
    return {
      poolId: `${name}/${pool.name}`,
      name: `${name}/${pool.name}`,
      loadBalancerId: name,
      protocol: (rules[0]?.protocol ?? "Tcp").toUpperCase(),
      endpoints,
      shares: [{ shareId: pool.name ?? "", name: pool.name ?? "", accepts: acceptedBy(pool) }],
      tags: fromWire(tags).tags,
    };
  }

  async #frontAddress(balancer: LoadBalancer, id: string | undefined, subject: Subject, signal: AbortSignal) {
    const front = balancer.frontendIPConfigurations?.find((one) => isSame(one.id, id));
    if (front?.publicIPAddress?.id === undefined) return front?.privateIPAddress;
    const { group: own, name } = parseId(front.publicIPAddress.id);
    const address = await goneIsUndefined(
      this.#azure.network(subject, signal, (client, { options }) => client.publicIPAddresses.get(own, name, options)),
    );
    return address?.ipAddress;
  }

  async #targets(poolId: string, subject: Subject, signal: AbortSignal): Promise<PoolTarget[]> {
    const { balancer, pool, rules } = await this.#see(poolId, subject, signal);
    const addresses = pool.loadBalancerBackendAddresses ?? [];
    const configs = new Set([
      ...addresses.flatMap(({ networkInterfaceIPConfiguration }) => networkInterfaceIPConfiguration?.id ?? []),
      ...(pool.backendIPConfigurations ?? []).flatMap(({ id }) => id ?? []),
    ]);
    const health = await this.#health(balancer, rules, subject, signal);
    const of = { shareId: pool.name ?? "", port: rules[0]?.backendPort ?? 0 };
    const stated = (down: boolean, seen: Health | undefined) => ({
      state: down ? ("draining" as const) : (seen?.state ?? (health ? "starting" : "unknown")),
      ...(seen?.reason !== undefined && { reason: seen.reason }),
    });
    const targets = addresses
      .filter(({ ipAddress, networkInterfaceIPConfiguration: nic }) => ipAddress !== undefined && nic === undefined)
      .map(
        ({ ipAddress = "", adminState }): PoolTarget => ({
          ...{ targetId: ipAddress, address: ipAddress, ...of },
          ...stated(adminState === "Down", health?.get(ipAddress)),
        }),
      );
    for (const configId of configs) {
      const targetId = configTarget(configId);
      const nic = await goneIsUndefined(this.#nic(parseId(configId).parent ?? "", subject, signal));
      const vmId = nic && vmNameOf(nic);
      const entry = addresses.find(({ networkInterfaceIPConfiguration }) =>
        isSame(networkInterfaceIPConfiguration?.id, configId),
      );
      targets.push({
        ...{ targetId, ...of },
        ...(vmId !== undefined && { vmId }),
        ...stated(entry?.adminState === "Down", health?.get(configId.toLowerCase())),
      });
    }
    return targets;
  }

  /** By address, or the card's configuration; undefined where no rule has a probe. The worst of the rules counts. */
  async #health(
    balancer: LoadBalancer,
    rules: readonly LoadBalancingRule[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Health> | undefined> {
    const probed = rules.filter(({ probe }) => probe?.id !== undefined);
    if (probed.length === 0) return undefined;
    const found = new Map<string, Health>();
    for (const rule of probed) {
      const { loadBalancerBackendAddresses: seen = [] } = await this.#azure.network(
        subject,
        signal,
        (client, { group, options }) =>
          client.loadBalancerLoadBalancingRules.health(group, balancer.name ?? "", rule.name ?? "", options),
      );
      for (const { ipAddress, networkInterfaceIPConfigurationId, state, reason } of seen) {
        const health: Health = {
          state: state === "Up" ? "healthy" : "unhealthy",
          ...(reason !== undefined && { reason }),
        };
        for (const key of [ipAddress, networkInterfaceIPConfigurationId?.toLowerCase()]) {
          if (key !== undefined && found.get(key)?.state !== "unhealthy") found.set(key, health);
        }
      }
    }
    return found;
  }

  /** Puts a VM's first card into the pool; its target's id. */
  async #join(vmId: string, pool: BackendAddressPool, subject: Subject, signal: AbortSignal): Promise<string> {
    const machine = await this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.virtualMachines.get(group, vmId, options),
    );
    const nics = machine.networkProfile?.networkInterfaces ?? [];
    const nicName = parseId((nics.find(({ primary }) => primary) ?? nics[0])?.id).name;
    const config = nicName === "" ? undefined : primaryConfig(await this.#nic(nicName, subject, signal));
    if (config?.name === undefined)
      throw conflict(subject, `VM ${vmId} has no network interface`, "Give it one first.");
    const join = (pools: readonly BackendAddressPool[]) =>
      pools.some(({ id }) => isSame(id, pool.id)) ? pools : [...pools, { id: pool.id ?? "" }];
    await this.#setPools(nicName, config.name, join, subject, signal);
    return `${nicName}/${config.name}`;
  }

  /** A PUT is the whole of an interface: it is sent back as it came, but for its pools; the entity tag goes along. */
  async #setPools(
    nicName: string,
    configName: string,
    change: (pools: readonly BackendAddressPool[]) => readonly BackendAddressPool[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    await untilFresh(async () => {
      const nic = await goneIsUndefined(this.#nic(nicName, subject, signal));
      const config = nic?.ipConfigurations?.find(({ name }) => name === configName);
      if (!nic || !config) return;
      const before = config.loadBalancerBackendAddressPools ?? [];
      const after = change(before);
      if (after.length === before.length) return;
      const pools = after.map(({ id }) => ({ id: id ?? "" }));
      const ipConfigurations = (nic.ipConfigurations ?? []).map((one) =>
        one === config ? { ...one, loadBalancerBackendAddressPools: pools } : one,
      );
      const requestOptions = { headers: { "if-match": nic.etag ?? "*" } };
      await this.#azure.network(subject, signal, (client, { group, options }) =>
        client.networkInterfaces.createOrUpdate(
          group,
          nicName,
          { ...nic, ipConfigurations },
          { ...options, requestOptions },
        ),
      );
    });
  }

  async #setState({ poolId, targetId }: Place, adminState: "None" | "Down", subject: Subject, signal: AbortSignal) {
    await this.#change(poolId, subject, signal, (before) => {
      const entry = before.find(
        ({ ipAddress, networkInterfaceIPConfiguration: nic }) =>
          (nic?.id === undefined ? ipAddress : configTarget(nic.id)) === targetId,
      );
      if (!entry || (entry.adminState ?? "None") === adminState) return undefined;
      return before.map((one) => (one === entry ? { ...one, adminState } : one));
    });
  }

  /** A PUT is the whole of a pool; the entity tag of what was seen goes along. */
  async #change(
    poolId: string,
    subject: Subject,
    signal: AbortSignal,
    wish: (before: readonly LoadBalancerBackendAddress[]) => LoadBalancerBackendAddress[] | undefined,
  ): Promise<void> {
    await untilFresh(async () => {
      const { balancer, pool } = await this.#see(poolId, subject, signal);
      const loadBalancerBackendAddresses = wish(pool.loadBalancerBackendAddresses ?? []);
      if (!loadBalancerBackendAddresses) return;
      const { name = "", etag = "*" } = pool;
      const requestOptions = { headers: { "if-match": etag } };
      await this.#azure.network(subject, signal, (client, { group, options }) =>
        client.loadBalancerBackendAddressPools.createOrUpdate(
          group,
          balancer.name ?? "",
          name,
          { ...pool, loadBalancerBackendAddresses },
          { ...options, requestOptions },
        ),
      );
    });
  }

  /** The virtual network that an address of the pool is in. @throws InvalidInput */
  async #networkOf(address: string, pool: BackendAddressPool, subject: Subject, signal: AbortSignal) {
    const known =
      pool.virtualNetwork?.id ??
      pool.loadBalancerBackendAddresses?.find(({ virtualNetwork }) => virtualNetwork?.id !== undefined)?.virtualNetwork
        ?.id;
    if (known !== undefined) return { id: known };
    const networks = await Array.fromAsync(this.#placements.virtualNetworks(subject, signal));
    const [only] = networks;
    if (only?.id !== undefined && networks.length === 1) return { id: only.id };
    throw invalid(subject, `it is not told which virtual network ${address} is in`, "Set the pool's virtual network.");
  }

  #nic(name: string, subject: Subject, signal: AbortSignal): Promise<NetworkInterface> {
    return this.#azure.network(subject, signal, (client, { group, options }) =>
      client.networkInterfaces.get(group, name, options),
    );
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("load-balancer", id) };
  }
}

interface Health {
  readonly state: TargetState;
  readonly reason?: string;
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one.toLowerCase() === other?.toLowerCase();
}

/** `…/networkInterfaces/n/ipConfigurations/c` → `n/c`. */
function configTarget(id: string): string {
  const { parent = "", name } = parseId(id);
  return `${parent}/${name}`;
}

function acceptedBy({ loadBalancerBackendAddresses = [], virtualNetwork }: BackendAddressPool): "vm" | "address" {
  const byAddress = loadBalancerBackendAddresses.some(
    ({ networkInterfaceIPConfiguration }) => networkInterfaceIPConfiguration === undefined,
  );
  return byAddress || virtualNetwork?.id !== undefined ? "address" : "vm";
}

function rulesOf({ loadBalancingRules = [] }: LoadBalancer, pool: BackendAddressPool): LoadBalancingRule[] {
  return loadBalancingRules.filter(({ backendAddressPool, backendAddressPools = [] }) =>
    [backendAddressPool, ...backendAddressPools].some((one) => isSame(one?.id, pool.id)),
  );
}

/** Reads and writes, again where the entity tag tells that somebody wrote in between. */
async function untilFresh(write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await write();
      return;
    } catch (error) {
      if (!isStale(error) || attempt >= putAttempts) throw error;
    }
  }
}
