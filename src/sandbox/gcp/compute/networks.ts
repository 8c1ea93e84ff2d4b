import { contains, overlaps, parseCidr } from "../../cloud/ipv4.ts";
import { alreadyExists, inUse, invalid } from "../errors.ts";
import { projectId } from "../places.ts";
import type { Network, Subnetwork } from "../state.ts";
import { descriptionOf, text } from "../texts.ts";
import { type ComputeCall, type ComputeOperations, scopeOfCall } from "./call.ts";
import { autoRanges } from "./default-network.ts";
import { find } from "./find.ts";
import { fingerprint, newNumericId } from "./ids.ts";
import { checkName, link, parseLink, scopeOf } from "./links.ts";
import { aggregatedAnswer, commonFields, listAnswer } from "./lists.ts";
import type { ComputeParts } from "./parts.ts";
import { addDefaultRoute } from "./routes.ts";

/** https://cloud.google.com/vpc/docs/subnets#valid-ranges */
const smallestPrefix = 29;
const usualMtu = 1460;

/** Networks and subnetworks. */
export function networkOperations({ cloud, operations, quotas }: ComputeParts): ComputeOperations {
  const { tables } = cloud;
  const network = (call: ComputeCall): Network => find(tables.networks, `global/networks/${call.path.network}`);
  const subnetwork = (call: ComputeCall): Subnetwork =>
    find(tables.subnetworks, `${scopeOfCall(call)}/subnetworks/${call.path.subnetwork}`);
  const describeNetwork = (one: Network): object => ({
    ...commonFields("network", one),
    autoCreateSubnetworks: one.auto,
    mtu: one.mtu,
    routingConfig: { routingMode: one.routingMode },
    networkFirewallPolicyEnforcementOrder: "AFTER_CLASSIC_FIREWALL",
    selfLink: link(one.id),
    selfLinkWithId: link(`global/networks/${one.numericId}`),
    subnetworks: tables.subnetworks.where(({ networkId }) => networkId === one.id).map(({ id }) => link(id)),
  });
  const describeSubnetwork = (one: Subnetwork): object => {
    const cidr = parseCidr(one.cidr);
    return {
      ...commonFields("subnetwork", one),
      network: link(one.networkId),
      region: link(scopeOf(one.id)),
      ipCidrRange: one.cidr,
      gatewayAddress: cidr ? one.cidr.replace(/\d+\/\d+$/, String((cidr.base & 0xff) + 1)) : "",
      privateIpGoogleAccess: one.privateIpGoogleAccess,
      privateIpv6GoogleAccess: "DISABLE_GOOGLE_ACCESS",
      purpose: "PRIVATE",
      stackType: "IPV4_ONLY",
      fingerprint: fingerprint(one),
      selfLink: link(one.id),
    };
  };
  const listedSubnetwork = (one: Subnetwork) => ({
    id: one.id,
    createdAt: one.createdAt,
    json: describeSubnetwork(one),
  });

  for (const [method, table] of [
    ["networks.delete", tables.networks],
    ["subnetworks.delete", tables.subnetworks],
  ] as const) {
    operations.define(method, async ({ targetId }, pause) => {
      await pause();
      table.delete(targetId);
      // What auto mode had made goes with its network.
      for (const one of tables.subnetworks.where(({ networkId }) => networkId === targetId))
        tables.subnetworks.delete(one.id);
      for (const one of tables.routes.where(({ networkId }) => networkId === targetId)) tables.routes.delete(one.id);
    });
  }

  return {
    "networks.insert": (call) => {
      const { body } = call;
      const id = `global/networks/${checkName("resource.name", body.name as string | undefined)}`;
      if (tables.networks.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
      quotas.check("global", "NETWORKS", 1);
      const auto = body.autoCreateSubnetworks === true;
      const base = () => ({ numericId: newNumericId(), createdAt: Date.now(), builtIn: false });
      const { routingMode = "REGIONAL" } = (body.routingConfig ?? {}) as { routingMode?: string };
      const made = tables.networks.put({
        ...base(),
        id,
        ...descriptionOf(body),
        auto,
        mtu: Number(body.mtu ?? usualMtu),
        routingMode,
      });
      addDefaultRoute(cloud, made);
      for (const [region, cidr] of auto ? Object.entries(autoRanges) : []) {
        const name = `regions/${region}/subnetworks/${text(body.name)}`;
        tables.subnetworks.put({ ...base(), id: name, networkId: id, cidr, privateIpGoogleAccess: false });
      }
      return operations.start(call, made);
    },
    "networks.get": (call) => describeNetwork(network(call)),
    "networks.list": (call) =>
      listAnswer(
        cloud,
        call,
        "network",
        [...tables.networks.values()].map((one) => ({
          id: one.id,
          createdAt: one.createdAt,
          json: describeNetwork(one),
        })),
      ),
    "networks.delete": (call) => {
      const one = network(call);
      const user =
        tables.instances.find(({ nics }) => nics.some(({ networkId }) => networkId === one.id)) ??
        tables.firewalls.find(({ networkId }) => networkId === one.id) ??
        (one.auto ? undefined : tables.subnetworks.find(({ networkId }) => networkId === one.id));
      if (user) throw inUse(`network '${link(one.id)}'`, link(user.id));
      return operations.start(call, one);
    },

    "subnetworks.insert": (call) => {
      const { body } = call;
      const name = checkName("resource.name", body.name as string | undefined);
      const id = `${scopeOfCall(call)}/subnetworks/${name}`;
      if (tables.subnetworks.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
      const owner = find(tables.networks, parseLink(text(body.network), "resource.network").path);
      const cidr = parseCidr(text(body.ipCidrRange));
      if (!cidr || cidr.prefix > smallestPrefix) {
        throw invalid(
          "resource.ipCidrRange",
          body.ipCidrRange,
          "Must be a valid IPv4 CIDR range of at least 8 addresses.",
        );
      }
      const taken = tables.subnetworks.find((one) => {
        const other = one.networkId === owner.id ? parseCidr(one.cidr) : undefined;
        return other !== undefined && overlaps(cidr, other);
      });
      if (taken) {
        const why = `Invalid IPCidrRange: ${text(body.ipCidrRange)} conflicts with existing subnetwork '${taken.id}'.`;
        throw invalid("resource.ipCidrRange", body.ipCidrRange, why);
      }
      // All of 10.128.0.0/9 belongs to networks in auto mode.
      const auto = parseCidr("10.128.0.0/9");
      if (owner.auto && auto && contains(auto, cidr)) {
        throw invalid("resource.ipCidrRange", body.ipCidrRange, "The range is reserved for automatic subnetworks.");
      }
      quotas.check("global", "SUBNETWORKS", 1);
      const made = tables.subnetworks.put({
        id,
        numericId: newNumericId(),
        createdAt: Date.now(),
        ...descriptionOf(body),
        builtIn: false,
        networkId: owner.id,
        cidr: text(body.ipCidrRange),
        privateIpGoogleAccess: body.privateIpGoogleAccess === true,
      });
      return operations.start(call, made);
    },
    "subnetworks.get": (call) => describeSubnetwork(subnetwork(call)),
    "subnetworks.list": (call) =>
      listAnswer(
        cloud,
        call,
        "subnetwork",
        tables.subnetworks.where(({ id }) => scopeOf(id) === scopeOfCall(call)).map(listedSubnetwork),
      ),
    "subnetworks.aggregatedList": (call) =>
      aggregatedAnswer(
        cloud,
        call,
        "subnetwork",
        "subnetworks",
        [...tables.subnetworks.values()].map(listedSubnetwork),
      ),
    "subnetworks.delete": (call) => {
      const one = subnetwork(call);
      const user = tables.instances.find(({ nics }) => nics.some(({ subnetworkId }) => subnetworkId === one.id));
      if (user) throw inUse(`subnetwork '${link(one.id)}'`, link(user.id));
      return operations.start(call, one);
    },
  };
}
