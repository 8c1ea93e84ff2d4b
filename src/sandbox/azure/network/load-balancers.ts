import type { Kind, Kinds } from "../arm/kinds.ts";
import { page } from "../arm/paging.ts";
import type { ArmAnswer, ArmRequest, Route } from "../arm/request.ts";
import { AzureError } from "../errors.ts";
import type { Json, Resource } from "../state.ts";
import { textOf } from "../text.ts";
import { addressType, interfaceType } from "./addresses.ts";
import { type Child, childrenOf, idOf, showChild, showChildren } from "./lists.ts";
import { findSubnet } from "./virtual-networks.ts";

export const balancerType = "Microsoft.Network/loadBalancers";

/** What an administrator has set of cards that are in a pool; of addresses it lies with them. */
export interface BalancerFacts {
  /** By pool and card's configuration, in lower case. */
  readonly adminStates?: Readonly<Record<string, string>>;
}

export type Balancer = Resource<BalancerFacts>;

/** A member of a backend pool. */
export interface Member {
  /** The card's configuration; absent of an address. */
  readonly configId?: string;
  readonly address: string;
  readonly adminState: string;
}

/** Standard load balancers: https://learn.microsoft.com/rest/api/load-balancer/load-balancers. `changed` is told of each change. */
export function balancerKind(kinds: Kinds, changed: () => void): Kind<BalancerFacts> {
  return {
    service: "network",
    type: balancerType,
    collection: "loadBalancers",
    lists: ["list", "listAll"],
    tagsOnly: true,
    write(_request, wish) {
      const { properties } = wish;
      const fronts = childrenOf(properties.frontendIPConfigurations);
      for (const { name, properties: front } of fronts) {
        const [subnet, address] = [idOf(front.subnet), idOf(front.publicIPAddress)];
        if (subnet !== undefined) findSubnet(kinds, subnet);
        else if (address === undefined || !kinds.byId(address, addressType))
          throw new AzureError("InvalidResourceReference", `The frontend ${name} has no address that is there.`);
      }
      const parts = {
        frontendIPConfigurations: fronts,
        backendAddressPools: childrenOf(properties.backendAddressPools),
      };
      const probes = childrenOf(properties.probes);
      const loadBalancingRules = childrenOf(properties.loadBalancingRules);
      const own = (list: string, children: readonly Child[]) =>
        children.map(({ name }) => `${wish.path}/${list}/${name}`.toLowerCase());
      const known = new Set([
        ...own("frontendIPConfigurations", fronts),
        ...own("backendAddressPools", parts.backendAddressPools),
        ...own("probes", probes),
      ]);
      for (const { name, properties: rule } of loadBalancingRules) {
        const needed = [rule.frontendIPConfiguration, rule.backendAddressPool, rule.probe].map(idOf);
        if (needed.some((id) => id !== undefined && !known.has(id)))
          throw new AzureError(
            "InvalidResourceReference",
            `The rule ${name} refers to what the load balancer has not.`,
          );
      }
      const resource = { ...wish, properties: { ...properties, ...parts, probes, loadBalancingRules } };
      return {
        resource: { ...resource, sku: wish.sku ?? { name: "Standard", tier: "Regional" } },
        work: async () => changed(),
      };
    },
    async remove() {
      changed();
    },
    view: (balancer) => viewOf(kinds, balancer),
  };
}

function viewOf(kinds: Kinds, balancer: Balancer): Json {
  const { path, etag, properties } = balancer;
  const show = (list: string) => showChildren(properties[list], path, etag, `${balancerType}/${list}`, list);
  return {
    ...properties,
    frontendIPConfigurations: show("frontendIPConfigurations"),
    backendAddressPools: childrenOf(properties.backendAddressPools).map((pool) => showPool(kinds, balancer, pool)),
    loadBalancingRules: show("loadBalancingRules"),
    probes: show("probes"),
    inboundNatRules: [],
    outboundRules: [],
  };
}

function showPool(kinds: Kinds, balancer: Balancer, pool: Child): Json {
  const { path, etag } = balancer;
  const members = membersOf(kinds, balancer, pool.name);
  const rules = rulesOf(balancer, pool.name).map(({ name }) => ({ id: `${path}/loadBalancingRules/${name}` }));
  const cards = members.flatMap(({ configId, adminState }) =>
    configId === undefined ? [] : [{ configId, adminState }],
  );
  const addresses = childrenOf(pool.properties.loadBalancerBackendAddresses);
  const { virtualNetwork } = pool.properties;
  const shown = {
    ...(virtualNetwork === undefined ? {} : { virtualNetwork }),
    loadBalancerBackendAddresses: [
      ...addresses,
      ...cards.map(({ configId, adminState }) => ({
        name: cardName(configId),
        properties: { networkInterfaceIPConfiguration: { id: configId }, adminState },
      })),
    ],
    ...(cards.length > 0 ? { backendIPConfigurations: cards.map(({ configId }) => ({ id: configId })) } : {}),
    ...(rules.length > 0 ? { loadBalancingRules: rules } : {}),
  };
  return showChild(
    { name: pool.name, properties: shown },
    path,
    etag,
    `${balancerType}/backendAddressPools`,
    "backendAddressPools",
  );
}

/** What a card's entry in a pool is called. */
function cardName(configId: string): string {
  const [nic = "", , config = ""] = configId.split("/").slice(-3);
  return `${nic}-${config}`;
}

/** Who is in a pool: cards that say so, and addresses that it names. */
export function membersOf(kinds: Kinds, balancer: Balancer, pool: string): Member[] {
  const poolId = `${balancer.path}/backendAddressPools/${pool}`.toLowerCase();
  const cards = kinds.of(interfaceType).flatMap((nic) =>
    childrenOf(nic.properties.ipConfigurations).flatMap(({ name, properties }): Member[] => {
      const pools = (properties.loadBalancerBackendAddressPools ?? []) as unknown[];
      if (!pools.some((one) => idOf(one) === poolId)) return [];
      const configId = `${nic.path}/ipConfigurations/${name}`;
      const adminState = balancer.facts.adminStates?.[`${pool}/${configId}`.toLowerCase()] ?? "None";
      return [{ configId, address: textOf(properties.privateIPAddress), adminState }];
    }),
  );
  const found = childrenOf(balancer.properties.backendAddressPools).find(({ name }) => name === pool);
  const addresses = childrenOf(found?.properties.loadBalancerBackendAddresses).map(
    ({ properties }): Member => ({
      address: textOf(properties.ipAddress),
      adminState: textOf(properties.adminState, "None"),
    }),
  );
  return [...cards, ...addresses];
}

export function rulesOf({ path, properties }: Balancer, pool: string): Child[] {
  const poolId = `${path}/backendAddressPools/${pool}`.toLowerCase();
  return childrenOf(properties.loadBalancingRules).filter(
    (rule) => idOf(rule.properties.backendAddressPool) === poolId,
  );
}

/** Backend pools on their own, and a rule's health: each call is one of the load balancer. */
export function poolRoutes(
  kinds: Kinds,
  changed: () => void,
  healthOf: (balancer: Balancer, rule: Child) => Json,
): Route[] {
  const base = "resourcegroups/:group/providers/microsoft.network/loadbalancers/:name";
  const pools = `${base}/backendaddresspools`;
  const find = (request: ArmRequest) => kinds.find<BalancerFacts>(balancerType, request);
  const child = (balancer: Balancer, list: string, name: string | undefined): Child => {
    const found = childrenOf(balancer.properties[list]).find((one) => one.name.toLowerCase() === name?.toLowerCase());
    if (found) return found;
    throw new AzureError("NotFound", `Resource ${balancer.path}/${list}/${name} not found.`, 404);
  };
  const route = (operation: string, method: string, path: string, right: string, run: Route["run"]): Route => ({
    ...{ service: "network", operation, action: `${balancerType}/${right}`, method, path, run },
  });
  return [
    route("loadBalancerBackendAddressPools.list", "GET", pools, "backendAddressPools/read", (request) => {
      const balancer = find(request);
      return page(request, childrenOf(balancer.properties.backendAddressPools), 100, (pool) =>
        showPool(kinds, balancer, pool),
      );
    }),
    route("loadBalancerBackendAddressPools.get", "GET", `${pools}/:pool`, "backendAddressPools/read", (request) => {
      const balancer = find(request);
      const pool = child(balancer, "backendAddressPools", request.params.pool);
      return { status: 200, body: showPool(kinds, balancer, pool) };
    }),
    route(
      "loadBalancerBackendAddressPools.createOrUpdate",
      "PUT",
      `${pools}/:pool`,
      "backendAddressPools/write",
      (request): ArmAnswer => {
        const balancer = find(request);
        const name = request.params.pool ?? "";
        const ifMatch = request.headers["if-match"];
        if (ifMatch !== undefined && ifMatch !== "*" && ifMatch !== balancer.etag)
          throw new AzureError("PreconditionFailed", "The precondition given in the request headers is not met.", 412);
        const written = kinds.put<BalancerFacts>(withPool(kinds, balancer, name, request.body));
        const headers = kinds.operations.begin(request, {
          resourceId: written.id,
          location: written.location,
          showsResource: false,
          run: async () => {
            changed();
            return undefined;
          },
        });
        return { status: 200, headers, body: showPool(kinds, written, child(written, "backendAddressPools", name)) };
      },
    ),
    route(
      "loadBalancerLoadBalancingRules.health",
      "POST",
      `${base}/loadbalancingrules/:rule/health`,
      "loadBalancingRules/health/action",
      (request) => {
        const balancer = find(request);
        const rule = child(balancer, "loadBalancingRules", request.params.rule);
        if (idOf(rule.properties.probe) === undefined)
          throw new AzureError("BadRequest", `The load balancing rule ${rule.name} has no probe.`);
        const headers = kinds.operations.begin(request, {
          resourceId: balancer.id,
          location: balancer.location,
          showsResource: false,
          run: async () => healthOf(balancer, rule),
        });
        return { status: 202, headers };
      },
    ),
  ];
}

/** A PUT is all of the pool's addresses; of cards it can say no more than their administrative state. */
function withPool(kinds: Kinds, balancer: Balancer, name: string, body: Json): Balancer {
  const given = (body.properties ?? {}) as Json;
  const entries = childrenOf(given.loadBalancerBackendAddresses);
  const members = membersOf(kinds, balancer, name);
  // Which card it is can't be said, only read: its entry's name tells.
  const configs = new Map(
    members.flatMap(({ configId }) => (configId === undefined ? [] : [[cardName(configId), configId] as const])),
  );
  const cards = entries.filter((entry) => configs.has(entry.name));
  const addresses = entries.filter((entry) => !cards.includes(entry));
  if (addresses.length > 0 && members.some(({ configId }) => configId !== undefined))
    throw new AzureError(
      "InvalidRequestFormat",
      `The backend pool ${name} has network interfaces, and takes no addresses.`,
    );
  for (const { name: entry, properties } of addresses)
    if (
      textOf(properties.ipAddress) === "" ||
      (idOf(properties.virtualNetwork) ?? idOf(given.virtualNetwork)) === undefined
    )
      throw new AzureError(
        "InvalidRequestFormat",
        `The backend address ${entry} needs an address and a virtual network.`,
      );
  const adminStates = Object.fromEntries(
    cards.map(({ name: entry, properties }) => [
      `${name}/${configs.get(entry)}`.toLowerCase(),
      textOf(properties.adminState, "None"),
    ]),
  );
  const { virtualNetwork } = given;
  const pool = {
    name,
    properties: {
      loadBalancerBackendAddresses: addresses.map((entry) => ({
        name: entry.name,
        properties: { adminState: "None", ...entry.properties },
      })),
      ...(virtualNetwork === undefined ? {} : { virtualNetwork }),
    },
  };
  const others = childrenOf(balancer.properties.backendAddressPools).filter((other) => other.name !== name);
  return {
    ...balancer,
    properties: { ...balancer.properties, backendAddressPools: [...others, pool] },
    facts: { ...balancer.facts, adminStates: { ...balancer.facts.adminStates, ...adminStates } },
  };
}
