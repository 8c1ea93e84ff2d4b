import type { SecurityRule as AzureRule } from "@azure/arm-network";
import type { SecurityRule } from "../cloud-facets.ts";
import { invalid, type Subject } from "../failures.ts";
import { digest } from "./names.ts";

/** "Network security groups": the lowest number wins, from 100 to 4,096. */
const firstPriority = 100;
const lastPriority = 4_096;
const everywhere = "0.0.0.0/0";
const restPrefix = "novacron-rest-";

const protocols = { tcp: "Tcp", udp: "Udp", icmp: "Icmp", all: "*" } as const;
const words: Readonly<Record<string, SecurityRule["protocol"]>> = { tcp: "tcp", udp: "udp", icmp: "icmp", "*": "all" };

/**
 * Rules as Azure wants them. What a group does not let through is refused: the last rules say so, before Azure's own, which let
 * out everything and in whatever is in the virtual network.
 */
export function toAzureRules(rules: readonly SecurityRule[], subject: Subject): AzureRule[] {
  const listed = rules.map((rule, index) => toAzureRule(rule, firstPriority + index, subject));
  return [...listed, ...(["Inbound", "Outbound"] as const).map(rest)];
}

function toAzureRule(rule: SecurityRule, priority: number, subject: Subject): AzureRule {
  const { direction, protocol, fromPort, toPort, peer, description } = rule;
  if (!/^[0-9a-f.:]+\/\d+$/i.test(peer)) {
    throw invalid(
      subject,
      `${peer} is no range of addresses, and Azure's security groups know no other groups`,
      "Name a range such as 10.0.0.0/8.",
    );
  }
  if (protocol === "icmp" && fromPort !== undefined) {
    throw invalid(subject, "Azure's security groups know no types of ICMP", "Leave them out, or the rule.");
  }
  const ports =
    fromPort === undefined ? "*" : fromPort === (toPort ?? fromPort) ? `${fromPort}` : `${fromPort}-${toPort}`;
  const [source, destination] = direction === "ingress" ? [peer, "*"] : ["*", peer];
  return {
    name: `rule-${digest(JSON.stringify(rule, Object.keys(rule).sort())).slice(0, 16)}`,
    priority,
    access: "Allow",
    direction: direction === "ingress" ? "Inbound" : "Outbound",
    protocol: protocols[protocol],
    sourceAddressPrefix: source,
    sourcePortRange: "*",
    destinationAddressPrefix: destination,
    destinationPortRange: ports,
    ...(description !== undefined && { description }),
  };
}

function rest(direction: "Inbound" | "Outbound"): AzureRule {
  return {
    name: `${restPrefix}${direction.toLowerCase()}`,
    priority: lastPriority,
    access: "Deny",
    direction,
    protocol: "*",
    sourceAddressPrefix: "*",
    sourcePortRange: "*",
    destinationAddressPrefix: "*",
    destinationPortRange: "*",
  };
}

/** What a group lets through; a rule with several ranges counts as several. Rules that refuse something have no place in the
 *  port's and are left out. */
export function fromAzureRules(rules: readonly AzureRule[]): SecurityRule[] {
  return rules.filter(({ access }) => access === "Allow").flatMap(fromAzureRule);
}

function fromAzureRule(rule: AzureRule): SecurityRule[] {
  const direction = rule.direction === "Outbound" ? "egress" : "ingress";
  const [one, many] =
    direction === "ingress"
      ? [rule.sourceAddressPrefix, rule.sourceAddressPrefixes]
      : [rule.destinationAddressPrefix, rule.destinationAddressPrefixes];
  const peers = many && many.length > 0 ? many : [one ?? "*"];
  const ranges =
    rule.destinationPortRanges && rule.destinationPortRanges.length > 0
      ? rule.destinationPortRanges
      : [rule.destinationPortRange ?? "*"];
  return peers.flatMap((peer) =>
    ranges.map((range): SecurityRule => {
      const [from, to = from] = range === "*" ? [] : range.split("-");
      return {
        direction,
        protocol: words[(rule.protocol ?? "*").toLowerCase()] ?? "all",
        ...(from !== undefined && { fromPort: Number(from), toPort: Number(to) }),
        peer: peer === "*" || peer === "Internet" ? everywhere : peer,
        ...(rule.description && { description: rule.description }),
      };
    }),
  );
}
