import type { FirewallPeer, FirewallRule } from "../../domain/firewall.ts";
import type { SecurityRule } from "../../domain/security-rule.ts";
import type { RuleEnd, WireFirewall, WireRule } from "./wire.ts";

type Direction = SecurityRule["direction"];

/** A firewall has to have a rule: this one lets nobody in, where no rule is asked for. */
const nobody: WireRule = { protocol: "tcp", ports: "1", sources: { addresses: ["255.255.255.255/32"] } };
const protocols = ["tcp", "udp", "icmp"] as const;
/** As the API asks for them, and as it shows them. */
const allPorts = new Set(["0", "all", "0-65535", "1-65535", ""]);

export function toWireRules(rules: readonly SecurityRule[]): Pick<WireFirewall, "inbound_rules" | "outbound_rules"> {
  const inbound = rules.filter(({ direction }) => direction === "ingress").flatMap(toWire);
  const outbound = rules.filter(({ direction }) => direction === "egress").flatMap(toWire);
  return {
    inbound_rules: inbound.length + outbound.length === 0 ? [nobody] : inbound,
    outbound_rules: outbound,
  };
}

function toWire({ direction, protocol, fromPort, toPort = fromPort, peer }: SecurityRule): WireRule[] {
  const ports = fromPort === undefined ? "all" : fromPort === toPort ? String(fromPort) : `${fromPort}-${toPort}`;
  const end = { addresses: [peer] };
  const side = direction === "ingress" ? { sources: end } : { destinations: end };
  const named = protocol === "all" ? protocols : [protocol];
  return named.map((one) => ({ protocol: one, ports: one === "icmp" ? "0" : ports, ...side }));
}

/** Ours, each with one address; that all protocols are let through takes three rules there and is one here. */
export function toSecurityRules(firewall: WireFirewall): SecurityRule[] {
  const found = [...read(firewall.inbound_rules, "ingress"), ...read(firewall.outbound_rules, "egress")];
  const wide = found.filter(({ fromPort }) => fromPort === undefined);
  const covers = ({ direction, peer }: SecurityRule) =>
    protocols.every((protocol) =>
      wide.some((one) => one.direction === direction && one.peer === peer && one.protocol === protocol),
    );
  const all = wide.filter((rule) => rule.protocol === "tcp" && covers(rule));
  const rest = found.filter((rule) => rule.fromPort !== undefined || !covers(rule));
  return [...rest, ...all.map((rule): SecurityRule => ({ ...rule, protocol: "all" }))];
}

function read(rules: readonly WireRule[] | null, direction: Direction): SecurityRule[] {
  return (rules ?? []).filter(lets).flatMap((rule) => {
    const peers = namesOf(endOf(rule)).map((peer) => (peer.kind === "cidr" ? peer.cidr : peer.name));
    return peers.map((peer) => ({ direction, protocol: rule.protocol, ...portsOf(rule), peer }));
  });
}

/** For whoever asks what holds for a VM. */
export function toFirewallRules({ id, inbound_rules, outbound_rules }: WireFirewall): FirewallRule[] {
  const one = (direction: Direction) => (rule: WireRule, index: number) => ({
    ruleId: `${id}/${direction}/${index}`,
    direction,
    action: "allow" as const,
    protocol: rule.protocol,
    ...portsOf(rule),
    peers: namesOf(endOf(rule)),
  });
  return [...(inbound_rules ?? []).filter(lets).map(one("ingress")), ...(outbound_rules ?? []).map(one("egress"))];
}

function lets({ sources }: WireRule): boolean {
  const addresses = sources?.addresses ?? [];
  return !(addresses.length === 1 && addresses[0] === nobody.sources?.addresses?.[0]);
}

function endOf({ sources, destinations }: WireRule): RuleEnd {
  return sources ?? destinations ?? {};
}

function namesOf(end: RuleEnd): FirewallPeer[] {
  const named = (name: string) => ({ kind: "group" as const, name });
  return [
    ...(end.addresses ?? []).map((cidr) => ({ kind: "cidr" as const, cidr })),
    ...(end.tags ?? []).map((tag) => named(`tag ${tag}`)),
    ...(end.droplet_ids ?? []).map((id) => named(`droplet ${id}`)),
    ...(end.load_balancer_uids ?? []).map((id) => named(`load balancer ${id}`)),
    ...(end.kubernetes_ids ?? []).map((id) => named(`cluster ${id}`)),
  ];
}

function portsOf({ protocol, ports }: WireRule): { fromPort?: number; toPort?: number } {
  if (protocol === "icmp" || allPorts.has(ports)) return {};
  const [from = 0, to = from] = ports.split("-").map(Number);
  return { fromPort: from, toPort: to };
}
