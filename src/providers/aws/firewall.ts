import type { SecurityGroupRule } from "@aws-sdk/client-ec2";
import type { FirewallPeer, FirewallRule, NicFirewall, VmFirewall } from "../../domain/firewall.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, items } from "./describe.ts";

/** What network interfaces' security groups let through: all that any of them does, and answers to it. */
export async function firewallOf(aws: Aws, view: Ec2View, vmId: string, signal: AbortSignal): Promise<VmFirewall> {
  const subject = { operation: "read security rules", resource: aws.resource("vm", vmId) };
  const { NetworkInterfaces = [] } = await view.instance(vmId, subject, signal);
  const nics: NicFirewall[] = [];
  for (const { NetworkInterfaceId = "", Groups = [] } of NetworkInterfaces.toSorted(
    (a, b) => (a.Attachment?.DeviceIndex ?? 0) - (b.Attachment?.DeviceIndex ?? 0),
  )) {
    const Values = Groups.flatMap(({ GroupId }) => GroupId ?? []);
    const rules = items(
      (NextToken) =>
        aws.ec2.send(
          (sdk) =>
            new sdk.DescribeSecurityGroupRulesCommand({
              Filters: [{ Name: "group-id", Values }],
              MaxResults: 1_000,
              NextToken,
            }),
          subject,
          signal,
        ),
      ({ SecurityGroupRules = [] }) => SecurityGroupRules,
    );
    const name = Groups.map(({ GroupName = "" }) => GroupName).join(", ");
    const read = (await Array.fromAsync(rules)).map(toFirewallRule);
    nics.push({
      nicId: NetworkInterfaceId,
      layers: [{ name, rules: read, otherwise: { ingress: "deny", egress: "deny" } }],
    });
  }
  return { nics, unread: ["the network ACLs of its subnets"] };
}

function toFirewallRule(rule: SecurityGroupRule): FirewallRule {
  const { SecurityGroupRuleId = "", IsEgress, IpProtocol = "-1", FromPort, ToPort } = rule;
  const protocol = IpProtocol === "-1" ? "all" : IpProtocol;
  // Of ICMP these are type and code.
  const isIcmp = protocol === "icmp";
  const all = protocol === "all" || FromPort === undefined || FromPort === -1;
  return {
    ruleId: SecurityGroupRuleId,
    direction: IsEgress ? "egress" : "ingress",
    action: "allow",
    protocol,
    ...(!all && { fromPort: FromPort, ...(ToPort !== undefined && !(isIcmp && ToPort === -1) && { toPort: ToPort }) }),
    peers: [peerOf(rule)],
  };
}

function peerOf({ CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo }: SecurityGroupRule): FirewallPeer {
  const cidr = CidrIpv4 ?? CidrIpv6;
  if (cidr !== undefined) return { kind: "cidr", cidr };
  if (PrefixListId !== undefined) return { kind: "addresses", name: PrefixListId };
  return { kind: "group", name: ReferencedGroupInfo?.GroupId ?? "" };
}
