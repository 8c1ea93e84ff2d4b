import { type Cidr, contains, overlaps, parseCidr } from "../../cloud/ipv4.ts";
import type { Kind, Kinds } from "../arm/kinds.ts";
import { page } from "../arm/paging.ts";
import type { ArmAnswer, ArmRequest, Route } from "../arm/request.ts";
import { AzureError } from "../errors.ts";
import type { Json, Resource } from "../state.ts";
import { type Child, childrenOf, idOf, showChild, showChildren } from "./lists.ts";

export const networkType = "Microsoft.Network/virtualNetworks";
const subnetType = `${networkType}/subnets`;

/** Virtual networks: https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks. A PUT says all there is to be:
 *  subnets that it leaves out go. */
export function networkKind(kinds: Kinds): Kind<object> {
  return {
    service: "network",
    type: networkType,
    collection: "virtualNetworks",
    lists: ["list", "listAll"],
    tagsOnly: true,
    write(_request, wish, before) {
      const space = (wish.properties.addressSpace as { addressPrefixes?: unknown } | undefined)?.addressPrefixes;
      if (!Array.isArray(space) || space.length === 0)
        throw new AzureError("InvalidRequestFormat", "The virtual network has no address space.");
      const subnets = childrenOf(wish.properties.subnets);
      checkSubnets(space.map(cidrOf), subnets);
      const kept = new Set(subnets.map(({ name }) => name.toLowerCase()));
      for (const { name } of childrenOf(before?.properties.subnets))
        if (!kept.has(name.toLowerCase())) checkUnused(kinds, `${wish.path}/subnets/${name}`);
      return { resource: { ...wish, properties: { ...wish.properties, subnets } } };
    },
    checkRemoval({ path, properties }) {
      for (const { name } of childrenOf(properties.subnets)) checkUnused(kinds, `${path}/subnets/${name}`);
    },
    view: ({ path, etag, properties }) => ({
      enableDdosProtection: false,
      virtualNetworkPeerings: [],
      ...properties,
      subnets: showChildren(properties.subnets, path, etag, subnetType, "subnets"),
    }),
  };
}

/** Subnets on their own: each call changes one of their network's. */
export function subnetRoutes(kinds: Kinds): Route[] {
  const base = "resourcegroups/:group/providers/microsoft.network/virtualnetworks/:name/subnets";
  const find = (network: Resource, { params }: ArmRequest): Child => {
    const found = childrenOf(network.properties.subnets).find(
      ({ name }) => name.toLowerCase() === params.subnet?.toLowerCase(),
    );
    if (found) return found;
    throw new AzureError("NotFound", `Resource ${network.path}/subnets/${params.subnet} not found.`, 404);
  };
  const network = (request: ArmRequest) => kinds.find<object>(networkType, request);
  const show = ({ path, etag }: Resource, subnet: Child) => showChild(subnet, path, etag, subnetType, "subnets");
  const change = (request: ArmRequest, one: Resource, subnets: readonly Child[]): ArmAnswer["headers"] => {
    kinds.put({ ...one, properties: { ...one.properties, subnets } });
    const { location, id } = one;
    return kinds.operations.begin(request, {
      resourceId: id,
      location,
      showsResource: false,
      run: async () => undefined,
    });
  };
  const route = (verb: string, method: string, path: string, right: string, run: Route["run"]): Route => ({
    service: "network",
    operation: `subnets.${verb}`,
    action: `${subnetType}/${right}`,
    method,
    path,
    run,
  });
  return [
    route("list", "GET", base, "read", (request) => {
      const one = network(request);
      return page(request, childrenOf(one.properties.subnets), 100, (subnet) => show(one, subnet));
    }),
    route("get", "GET", `${base}/:subnet`, "read", (request) => {
      const one = network(request);
      return { status: 200, body: show(one, find(one, request)) };
    }),
    route("createOrUpdate", "PUT", `${base}/:subnet`, "write", (request) => {
      const one = network(request);
      const name = request.params.subnet ?? "";
      const others = childrenOf(one.properties.subnets).filter(
        (other) => other.name.toLowerCase() !== name.toLowerCase(),
      );
      const subnet = { name, properties: (request.body.properties ?? {}) as Json };
      const space = (one.properties.addressSpace as { addressPrefixes: string[] }).addressPrefixes;
      checkSubnets(space.map(cidrOf), [...others, subnet]);
      const headers = change(request, one, [...others, subnet]);
      return { status: 201, body: show(one, subnet), ...(headers ? { headers } : {}) };
    }),
    route("delete", "DELETE", `${base}/:subnet`, "delete", (request) => {
      const one = network(request);
      const subnets = childrenOf(one.properties.subnets);
      const left = subnets.filter(({ name }) => name.toLowerCase() !== request.params.subnet?.toLowerCase());
      if (left.length === subnets.length) return { status: 204 };
      checkUnused(kinds, `${one.path}/subnets/${request.params.subnet}`);
      const headers = change(request, one, left);
      return { status: 202, ...(headers ? { headers } : {}) };
    }),
  ];
}

/** A subnet by its id, with its first address range. @throws AzureError */
export function findSubnet(kinds: Kinds, id: string): { network: Resource; subnet: Child; cidr: Cidr } {
  const [path = "", name = ""] = id.split(/\/subnets\//i);
  const network = kinds.byId<object>(path, networkType);
  const subnet = childrenOf(network?.properties.subnets).find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!network || !subnet) {
    throw new AzureError("InvalidResourceReference", `Resource ${id} referenced by the request was not found.`, 400);
  }
  return { network, subnet, cidr: cidrOf(rangeOf(subnet)) };
}

function rangeOf({ properties }: Child): unknown {
  return properties.addressPrefix ?? (properties.addressPrefixes as unknown[] | undefined)?.[0];
}

function cidrOf(text: unknown): Cidr {
  const cidr = parseCidr(String(text));
  if (cidr) return cidr;
  throw new AzureError("InvalidAddressPrefixFormat", `Address prefix ${String(text)} is not formatted correctly.`);
}

function checkSubnets(space: readonly Cidr[], subnets: readonly Child[]): void {
  const ranges = subnets.map((subnet) => ({ subnet, cidr: cidrOf(rangeOf(subnet)) }));
  for (const [index, { subnet, cidr }] of ranges.entries()) {
    if (!space.some((one) => contains(one, cidr)))
      throw new AzureError("NetcfgInvalidSubnet", `Subnet '${subnet.name}' is not valid in its virtual network.`);
    const other = ranges.slice(0, index).find((one) => overlaps(one.cidr, cidr));
    if (other)
      throw new AzureError(
        "NetcfgSubnetRangesOverlap",
        `Subnet '${subnet.name}' is not valid because its IP address range overlaps with that of '${other.subnet.name}'.`,
      );
  }
}

function checkUnused(kinds: Kinds, subnet: string): void {
  const user = kinds
    .of("Microsoft.Network/networkInterfaces")
    .find(({ properties }) =>
      childrenOf(properties.ipConfigurations).some((one) => idOf(one.properties.subnet) === subnet.toLowerCase()),
    );
  if (!user) return;
  throw new AzureError(
    "InUseSubnetCannotBeDeleted",
    `Subnet ${subnet} is in use by ${user.path} and cannot be deleted.`,
    400,
  );
}
