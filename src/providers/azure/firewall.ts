import type {
  SecurityRule as AzureRule,
  NetworkInterface,
  NetworkSecurityGroup,
  VirtualNetwork,
} from "@azure/arm-network";
import { overlap, readRange, toCidrs, without } from "../../domain/address-range.ts";
import type { FirewallLayer, FirewallPeer, FirewallRule, NicFirewall, VmFirewall } from "../../domain/firewall.ts";
import type { Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import { parseId } from "./names.ts";
import { primaryConfig, type View } from "./view.ts";

const everywhere = "0.0.0.0/0";
const everywhere6 = "::/0";
const protocols: Readonly<Record<string, string>> = { "*": "all", tcp: "tcp", udp: "udp", icmp: "icmp" };
/** What is not of the internet, so that `Internet` is the rest. */
const internal = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"],
  ...["192.168.0.0/16", "224.0.0.0/3"],
];

/** The group of a network interface and the one of its subnet: both have to let something through. Without either nothing is
 *  held back. */
export async function firewallOf(azure: Azure, view: View, vmId: string, signal: AbortSignal): Promise<VmFirewall> {
  const subject = { operation: "read security rules", resource: azure.resource("vm", vmId) };
  const { networkProfile } = await view.machine(vmId, subject, signal);
  const nics: NicFirewall[] = [];
  for (const { id } of (networkProfile?.networkInterfaces ?? []).toSorted(
    (a, b) => Number(b.primary ?? false) - Number(a.primary ?? false),
  )) {
    const { group, name } = parseId(id);
    const nic = await azure.network(subject, signal, (client, { options }) =>
      client.networkInterfaces.get(group, name, options),
    );
    const config = primaryConfig(nic);
    // By its id: it may lie in a resource group of its own, where what counts is its group all the same.
    const at = parseId(config?.subnet?.id);
    const network = await azure.network(subject, signal, (client, { options }) =>
      client.virtualNetworks.get(at.group, at.parent ?? "", options),
    );
    const subnet = network.subnets?.find(({ name: each }) => each?.toLowerCase() === at.name.toLowerCase());
    const groups = [subnet?.networkSecurityGroup?.id, nic.networkSecurityGroup?.id].filter((each) => each);
    const layers: FirewallLayer[] = [];
    for (const groupId of groups) {
      const found = await readGroup(azure, groupId, subject, signal);
      if (found) layers.push(toLayer(found, nic, network));
    }
    nics.push({ nicId: nic.name ?? name, layers });
  }
  return { nics, unread: ["rules of Azure's network managers"] };
}

function readGroup(
  azure: Azure,
  id: string | undefined,
  subject: Subject,
  signal: AbortSignal,
): Promise<NetworkSecurityGroup | undefined> {
  const { group, name } = parseId(id);
  return goneIsUndefined(
    azure.network(subject, signal, (client, { options }) => client.networkSecurityGroups.get(group, name, options)),
  );
}

export function toLayer(group: NetworkSecurityGroup, nic: NetworkInterface, network: VirtualNetwork): FirewallLayer {
  const rules = [...(group.securityRules ?? []), ...(group.defaultSecurityRules ?? [])];
  return {
    name: group.name ?? "",
    rules: rules.flatMap((rule) => toFirewallRules(rule, nic, network)),
    otherwise: { ingress: "deny", egress: "deny" },
  };
}

function toFirewallRules(rule: AzureRule, nic: NetworkInterface, network: VirtualNetwork): FirewallRule[] {
  const direction = rule.direction === "Outbound" ? "egress" : "ingress";
  const action = rule.access === "Deny" ? "deny" : "allow";
  const sources = listOf(rule.sourceAddressPrefixes, rule.sourceAddressPrefix, rule.sourceApplicationSecurityGroups);
  const destinations = listOf(
    rule.destinationAddressPrefixes,
    rule.destinationAddressPrefix,
    rule.destinationApplicationSecurityGroups,
  );
  const [theirs, ours] = direction === "ingress" ? [sources, destinations] : [destinations, sources];
  // It may be about others in the subnet only. What can't be told may refuse, and lets nothing through.
  const mine = ours.map((name) => isOurs(name, nic));
  if (!mine.some((one) => one === true || (one === undefined && action === "deny"))) return [];
  const protocol = (rule.protocol ?? "*").toLowerCase();
  const ofSender = listOf(rule.sourcePortRanges, rule.sourcePortRange).some((range) => range !== "*");
  return listOf(rule.destinationPortRanges, rule.destinationPortRange).map((range): FirewallRule => {
    const [from, to = from] = range === "*" ? [] : range.split("-");
    return {
      ruleId: rule.name ?? "",
      direction,
      action,
      priority: rule.priority ?? 0,
      protocol: protocols[protocol] ?? protocol,
      ...(from !== undefined && { fromPort: Number(from), toPort: Number(to) }),
      peers: theirs.flatMap((name) => peersOf(name, action, network)),
      ...(ofSender && { ofSourcePorts: true }),
    };
  });
}

function listOf(
  many: readonly string[] | undefined,
  one: string | undefined,
  groups: readonly { readonly id?: string }[] = [],
): string[] {
  if (groups.length > 0) return groups.map(({ id }) => id ?? "");
  return many && many.length > 0 ? [...many] : [one === undefined || one === "" ? "*" : one];
}

/** Whether the VM's own side of a rule is this one; undefined where that can't be told. */
function isOurs(name: string, nic: NetworkInterface): boolean | undefined {
  if (name === "*" || name === "VirtualNetwork") return true;
  const config = primaryConfig(nic);
  const groups = config?.applicationSecurityGroups ?? [];
  if (groups.some(({ id }) => id?.toLowerCase() === name.toLowerCase())) return true;
  const [range, address] = [readRange(name), readRange(config?.privateIPAddress ?? "")];
  return range && address ? overlap(range, address) !== undefined : undefined;
}

/** Both families of addresses are refused; what is let in is said of the usual one. */
function peersOf(name: string, action: FirewallRule["action"], network: VirtualNetwork): FirewallPeer[] {
  const [peer, refused6] = [peerOf(name, network), action === "deny" && ["*", "Internet"].includes(name)];
  return [peer, ...(refused6 ? [{ kind: "cidr", cidr: everywhere6 } as const] : [])];
}

function peerOf(name: string, network: VirtualNetwork): FirewallPeer {
  if (name === "*") return { kind: "cidr", cidr: everywhere };
  if (readRange(name)) return { kind: "cidr", cidr: name };
  if (name.startsWith("/")) return { kind: "group", name: parseId(name).name };
  const { addressSpace, virtualNetworkPeerings = [], subnets = [] } = network;
  // A network can have public ranges, and they are its own then.
  const apart = [...internal, ...(addressSpace?.addressPrefixes ?? [])];
  if (name === "Internet") return { kind: "service", name, cidrs: publicRanges(apart) };
  // It is also what is peered with the network or reached through a gateway of it, whose ranges it doesn't say.
  const alone = virtualNetworkPeerings.length === 0 && !subnets.some((subnet) => subnet.name === "GatewaySubnet");
  const own = name === "VirtualNetwork" && alone ? addressSpace?.addressPrefixes : undefined;
  return { kind: "service", name, ...(own && { cidrs: own }) };
}

function publicRanges(apart: readonly string[]): string[] {
  let ranges = [readRange(everywhere)].filter((range) => range !== undefined);
  for (const cidr of apart) {
    const other = readRange(cidr);
    if (other) ranges = ranges.flatMap((range) => without(range, other));
  }
  return ranges.flatMap(toCidrs);
}
