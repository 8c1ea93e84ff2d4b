/** What holds traffic to a VM and from it back at its site, in words that every site's rules can be said in. */

export type Direction = "ingress" | "egress";

/** Who is at the other end. `group`: VMs that carry a name of the site's. `service`: a name that the site gives to addresses of
 *  its own. `addresses`: a list that the site keeps under a name. */
export type FirewallPeer =
  | { readonly kind: "cidr"; readonly cidr: string }
  | {
      readonly kind: "group" | "service" | "addresses";
      readonly name: string;
      /** Exactly who that is, where the site says so. */
      readonly cidrs?: readonly string[];
    };

export interface FirewallRule {
  /** The site's own id or name of it. */
  readonly ruleId: string;
  readonly direction: Direction;
  readonly action: "allow" | "deny";
  /** The lowest decides first, and of the same one what denies; absent where the order is of no matter. */
  readonly priority?: number;
  /** `tcp`, `udp`, `icmp`, `all`, or the site's word for another one. */
  readonly protocol: string;
  /** Inclusive, of the receiver, absent for all; of ICMP its type and code. */
  readonly fromPort?: number;
  readonly toPort?: number;
  /** Any of them. */
  readonly peers: readonly FirewallPeer[];
  /** It is about certain ports of the sender only. */
  readonly ofSourcePorts?: boolean;
  /** Answers are let through by rules of their own only. */
  readonly stateless?: boolean;
}

/** Rules that decide together. */
export interface FirewallLayer {
  readonly name: string;
  readonly rules: readonly FirewallRule[];
  /** What becomes of traffic that no rule speaks of. */
  readonly otherwise: Readonly<Record<Direction, FirewallRule["action"]>>;
}

export interface NicFirewall {
  readonly nicId: string;
  /** All of them have to let something through; none means that the site holds nothing back. */
  readonly layers: readonly FirewallLayer[];
}

export interface VmFirewall {
  readonly nics: readonly NicFirewall[];
  /** What may hold something back, too, and was not read: each as a noun (`network ACLs of its subnets`). */
  readonly unread: readonly string[];
}

/** `in deny tcp 22 from 10.0.0.0/8, web (group)`. */
export function describeFirewallRule(rule: FirewallRule): string {
  const { direction, action, protocol, fromPort, toPort = fromPort, peers } = rule;
  const ports = fromPort === undefined ? "" : fromPort === toPort ? ` ${fromPort}` : ` ${fromPort}-${toPort}`;
  const [way, side] = direction === "ingress" ? ["in", "from"] : ["out", "to"];
  return `${way} ${action} ${protocol}${ports} ${side} ${peers.map(describePeer).join(", ")}`;
}

export function describePeer(peer: FirewallPeer): string {
  return peer.kind === "cidr" ? peer.cidr : `${peer.name} (${peer.kind})`;
}

/** What a plan compares to see whether it changed: an object with a member a rule. */
export function firewallVersion({ nics }: VmFirewall): string {
  const rules = nics.flatMap(({ nicId, layers }) =>
    layers.flatMap(({ name, rules: of, otherwise }, index) => [
      // Two layers may have one name: groups of different resource groups.
      [`${nicId}/${index}/${name}`, `otherwise in ${otherwise.ingress}, out ${otherwise.egress}`] as const,
      ...textsOf(of).map(([ruleId, text]) => [`${nicId}/${index}/${name}/${ruleId}`, text] as const),
    ]),
  );
  return inOrder(rules);
}

/** The same of rules that a network has for everybody. */
export function networkRulesVersion(rules: readonly FirewallRule[]): string {
  return inOrder(textsOf(rules));
}

/** A site's rule with several ports or protocols is several here. */
function textsOf(rules: readonly FirewallRule[]): (readonly [string, string])[] {
  return [...Map.groupBy(rules, ({ ruleId }) => ruleId)].map(
    ([ruleId, parts]) => [ruleId, parts.map(textOf).join(" | ")] as const,
  );
}

function inOrder(texts: readonly (readonly [string, string])[]): string {
  return JSON.stringify(Object.fromEntries(texts.toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

function textOf(rule: FirewallRule): string {
  const known = rule.peers.map((peer) => (peer.kind === "cidr" ? "" : (peer.cidrs ?? []).toSorted().join(" ")));
  const { priority = "", ofSourcePorts = false, stateless = false } = rule;
  return [describeFirewallRule(rule), priority, ofSourcePorts, stateless, ...known].join("; ");
}
