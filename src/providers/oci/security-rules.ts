import type { models } from "oci-core";
import type { SecurityRule } from "../cloud-facets.ts";
import { isId } from "./view.ts";

/** IANA's numbers, as Oracle takes them. */
const numbers = { all: "all", tcp: "6", udp: "17", icmp: "1" } as const;

export function toOracle(rule: SecurityRule): models.AddSecurityRuleDetails {
  const { direction, protocol, fromPort, toPort, peer, description } = rule;
  const type = isId(peer, "networksecuritygroup") ? "NETWORK_SECURITY_GROUP" : "CIDR_BLOCK";
  const range = fromPort === undefined ? undefined : { min: fromPort, max: toPort ?? fromPort };
  const isIngress = direction === "ingress";
  return {
    direction: (isIngress ? "INGRESS" : "EGRESS") as models.AddSecurityRuleDetails.Direction,
    protocol: numbers[protocol],
    ...(isIngress
      ? { source: peer, sourceType: type as models.AddSecurityRuleDetails.SourceType }
      : { destination: peer, destinationType: type as models.AddSecurityRuleDetails.DestinationType }),
    ...(protocol === "tcp" && range && { tcpOptions: { destinationPortRange: range } }),
    ...(protocol === "udp" && range && { udpOptions: { destinationPortRange: range } }),
    // ICMP's "ports" are its type and code.
    ...(protocol === "icmp" &&
      fromPort !== undefined && { icmpOptions: { type: fromPort, ...(toPort !== undefined && { code: toPort }) } }),
    ...(description !== undefined && { description }),
  };
}

export function fromOracle(rule: models.SecurityRule): SecurityRule {
  const said: string = rule.direction;
  const direction = said === "EGRESS" ? "egress" : "ingress";
  const [protocol] = Object.entries(numbers).find(([, number]) => number === rule.protocol) ?? ["all"];
  const ports = (rule.tcpOptions ?? rule.udpOptions)?.destinationPortRange;
  const { type, code } = rule.icmpOptions ?? {};
  const [fromPort, toPort] = ports ? [ports.min, ports.max] : [type, code];
  return {
    direction,
    protocol: protocol as SecurityRule["protocol"],
    ...(fromPort !== undefined && { fromPort }),
    ...(toPort !== undefined && { toPort }),
    peer: (direction === "egress" ? rule.destination : rule.source) ?? "",
    ...(rule.description && { description: rule.description }),
  };
}

/** Two rules that let the same through are one, whatever they say of themselves. */
export function ruleKey({ direction, protocol, fromPort, toPort, peer }: SecurityRule): string {
  return [direction, protocol, fromPort ?? "all", toPort ?? fromPort ?? "all", peer].join(" ");
}
