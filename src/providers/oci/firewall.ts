import type { models } from "oci-core";
import type { FirewallPeer, FirewallRule, NicFirewall, VmFirewall } from "../../domain/firewall.ts";
import type { Subject } from "../failures.ts";
import type { Oci } from "./client.ts";
import { items, type OciView } from "./view.ts";

/** IANA's numbers of the protocols that have ports or types here. */
const words: Readonly<Record<string, string>> = { all: "all", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6" };
const otherwise = { ingress: "deny", egress: "deny" } as const;

type Listed = models.IngressSecurityRule & models.EgressSecurityRule;

/** What the groups of its interfaces and the security lists of their subnets let through: all that any of them does. */
export async function firewallOf(oci: Oci, view: OciView, vmId: string, signal: AbortSignal): Promise<VmFirewall> {
  const subject = { operation: "read security rules", resource: oci.resource("vm", vmId) };
  await view.instance(vmId, subject, signal);
  const nics: NicFirewall[] = [];
  for (const { id, vnicId, subnetId = "" } of await view.vnicAttachments({ instanceId: vmId }, subject, signal)) {
    if (vnicId === undefined) continue;
    const { vnic } = await oci.network.call("getVnic", { vnicId }, subject, signal);
    const { subnet } = await oci.network.call("getSubnet", { subnetId }, subject, signal);
    const rules: FirewallRule[] = [];
    for (const securityListId of subnet.securityListIds ?? []) {
      rules.push(...(await ofList(oci, securityListId, subject, signal)));
    }
    for (const groupId of vnic.nsgIds ?? []) rules.push(...(await ofGroup(oci, groupId, subject, signal)));
    const layer = { name: "security lists and groups", rules, otherwise };
    const nic = { nicId: vnicId ?? id, layers: [layer] };
    if (vnic.isPrimary) nics.unshift(nic);
    else nics.push(nic);
  }
  return { nics, unread: [] };
}

/** What the security lists of the subnet let through. */
export async function networkRules(oci: Oci, subnetId: string, signal: AbortSignal): Promise<FirewallRule[]> {
  const subject = { operation: "read security lists", resource: oci.resource("network", subnetId) };
  const { subnet } = await oci.network.call("getSubnet", { subnetId }, subject, signal);
  const lists = subnet.securityListIds ?? [];
  return (await Promise.all(lists.map((id) => ofList(oci, id, subject, signal)))).flat();
}

async function ofList(
  oci: Oci,
  securityListId: string,
  subject: Subject,
  signal: AbortSignal,
): Promise<FirewallRule[]> {
  const { securityList } = await oci.network.call("getSecurityList", { securityListId }, subject, signal);
  const name = securityList.displayName ?? securityListId;
  const told = (rules: readonly unknown[], direction: FirewallRule["direction"]) =>
    (rules as readonly Listed[]).map((rule, index) => toRule(rule, `${name} ${direction} ${index + 1}`, direction));
  return [...told(securityList.ingressSecurityRules, "ingress"), ...told(securityList.egressSecurityRules, "egress")];
}

async function ofGroup(
  oci: Oci,
  networkSecurityGroupId: string,
  subject: Subject,
  signal: AbortSignal,
): Promise<FirewallRule[]> {
  const request = { networkSecurityGroupId, limit: 1_000 };
  const listed = items((page) =>
    oci.network.call("listNetworkSecurityGroupSecurityRules", { ...request, page }, subject, signal),
  );
  return (await Array.fromAsync(listed)).map((rule) => {
    const said: string = rule.direction;
    return toRule(rule as unknown as Listed, rule.id ?? "", said === "EGRESS" ? "egress" : "ingress");
  });
}

function toRule(rule: Listed, ruleId: string, direction: FirewallRule["direction"]): FirewallRule {
  const options = rule.tcpOptions ?? rule.udpOptions;
  const ports = options?.destinationPortRange;
  const { type, code } = rule.icmpOptions ?? {};
  const [fromPort, toPort] = ports ? [ports.min, ports.max] : [type, code];
  return {
    ruleId,
    direction,
    action: "allow",
    protocol: words[rule.protocol] ?? `protocol ${rule.protocol}`,
    ...(fromPort !== undefined && { fromPort }),
    ...(toPort !== undefined && { toPort }),
    peers: [
      direction === "ingress" ? peerOf(rule.source, rule.sourceType) : peerOf(rule.destination, rule.destinationType),
    ],
    ...(options?.sourcePortRange && { ofSourcePorts: true }),
    ...(rule.isStateless && { stateless: true }),
  };
}

function peerOf(name: string | undefined, type: string | undefined): FirewallPeer {
  if (type === "NETWORK_SECURITY_GROUP") return { kind: "group", name: name ?? "" };
  if (type === "SERVICE_CIDR_BLOCK") return { kind: "service", name: name ?? "" };
  return { kind: "cidr", cidr: name ?? "" };
}
