import {
  type Direction,
  describePeer,
  type FirewallLayer,
  type FirewallPeer,
  type FirewallRule,
  type NicFirewall,
} from "./firewall.ts";
import {
  contains,
  expand,
  intersect,
  type PacketSet,
  type Place,
  partOf,
  ports,
  readPlace,
  refuse,
  subtract,
  toRules,
} from "./packet-set.ts";
import type { SecurityRule } from "./security-rule.ts";

/** What became of a rule of the source. `same`: rules of the target say it. `resolved`: what the others say already takes it
 *  into account, so that there is nothing to say. `narrowed`: less is let through than before. `left-out`: nothing of it is. */
export interface TranslatedRule {
  readonly layer: string;
  readonly rule: FirewallRule;
  readonly result: "same" | "resolved" | "narrowed" | "left-out";
  readonly becomes: readonly SecurityRule[];
  readonly why: string;
  readonly remedy?: string;
}

export interface Translation {
  /** All that is let through at the target: never more than the source lets through. */
  readonly rules: readonly SecurityRule[];
  readonly story: readonly TranslatedRule[];
}

export interface TargetWords {
  /** Peer of the source, as its rule names it → what it is at the target: CIDRs or a group, divided by commas. */
  readonly peerMap?: Readonly<Record<string, string>>;
  /** Why rules of the target name no groups. */
  readonly noGroups?: Readonly<Partial<Record<Direction, string>>>;
  /** Why they name no types of ICMP. */
  readonly noIcmpTypes?: string;
}

const everybody = "0.0.0.0/0";
const directions = ["ingress", "egress"] as const;

/** Rules with an order and with what they refuse, as rules that only let through. */
export function translateRules({ layers }: NicFirewall, words: TargetWords): Translation {
  const made = directions.map((direction) => translateDirection(layers, direction, words));
  return { rules: made.flatMap(({ rules }) => rules), story: made.flatMap(({ story }) => story) };
}

/** Which of the rules let through more than these do. */
export function beyond(rules: readonly SecurityRule[], others: readonly FirewallRule[]): FirewallRule[] {
  return others.filter((other) => {
    const { sets, unsaid } = readRule(other, other.ruleId, "", {});
    if (unsaid.length > 0) return true;
    const own = rules.filter(({ direction }) => direction === other.direction).map(setOf);
    return sets.some((set) => {
      let left: readonly PacketSet[] = [set];
      for (const one of own) left = left.flatMap((rest) => (contains(one, rest) ? [] : surelyWithout(rest, one)));
      return left.length > 0;
    });
  });
}

/** All of it, where what is left can't be said. */
function surelyWithout(rest: PacketSet, one: PacketSet): readonly PacketSet[] {
  const { sets, lost } = subtract(rest, one);
  return lost ? [rest] : sets;
}

function setOf({ protocol, fromPort, toPort, peer }: SecurityRule): PacketSet {
  const whole = wholeOf(protocol);
  const to = fromPort === undefined ? whole.to : (toPort ?? (protocol === "icmp" ? -1 : fromPort));
  return { protocol, from: fromPort ?? whole.from, to, place: readPlace(peer), origins: [] };
}

/** A rule on its way: what of it is said so far, and what could not be. */
interface Read {
  readonly id: string;
  readonly layer: string;
  readonly rule: FirewallRule;
  readonly sets: readonly PacketSet[];
  /** What of it can't be said. */
  readonly unsaid: readonly string[];
  readonly remedy?: string;
  /** Of one that the target's rules know only within all. */
  readonly ofOtherProtocol?: boolean;
  /** What it lost to others that can't be said exactly. */
  lostTo: string[];
  /** Of a rule that refuses something: from whom it took that. */
  took: string[];
}

function translateDirection(layers: readonly FirewallLayer[], direction: Direction, words: TargetWords): Translation {
  const read = layers.map((layer) => readLayer(layer, direction, words));
  const all = read.flat();
  const allowed = read.map(decide);
  const [first = [], ...others] = allowed;
  let sets = first;
  for (const other of others) {
    sets = sets.flatMap((one) =>
      other.flatMap((two) => {
        const both = intersect(one, two);
        if (both.lost) for (const entry of all) if (one.origins.includes(entry.id)) entry.lostTo.push("another layer");
        return both.sets;
      }),
    );
  }
  const kept = sets.filter(
    (set, index) =>
      !sets.some((other, at) => at !== index && contains(other, set) && (!contains(set, other) || at < index)),
  );
  return {
    rules: unique(kept.flatMap((set) => toRules(set, direction))),
    story: all.map((entry) => storyOf(entry, sets, kept, direction)),
  };
}

function readLayer(layer: FirewallLayer, direction: Direction, words: TargetWords): Read[] {
  const own = layer.rules.filter((rule) => rule.direction === direction);
  const rest: FirewallRule = {
    ruleId: "what no rule speaks of",
    direction,
    action: "allow",
    priority: Number.MAX_SAFE_INTEGER,
    protocol: "all",
    peers: [{ kind: "cidr", cidr: everybody }],
  };
  const rules = layer.otherwise[direction] === "allow" ? [...own, rest] : own;
  const order = ({ priority = 0, action }: FirewallRule) => priority * 2 + (action === "deny" ? 0 : 1);
  return rules
    .toSorted((a, b) => order(a) - order(b))
    .map((rule, index) => readRule(rule, `${layer.name}/${rule.ruleId}/${index}`, layer.name, words));
}

function readRule(rule: FirewallRule, id: string, layer: string, words: TargetWords): Read {
  const base = { id, layer, rule, lostTo: [], took: [] };
  const known = (["tcp", "udp", "icmp", "all"] as const).find((each) => each === rule.protocol);
  if (!known) {
    const remedy = "Nothing has to be done unless the VM needs it; if so, name a group of yours that lets it through.";
    const unsaid = rule.action === "deny" ? [] : [`the protocol ${rule.protocol}`];
    return { ...base, sets: [], unsaid, ofOtherProtocol: true, remedy };
  }
  if (rule.ofSourcePorts && rule.action === "allow") {
    const remedy = "Nothing has to be done unless the VM needs it; if so, name a group of yours that lets it through.";
    return { ...base, sets: [], unsaid: ["ports of the sender"], remedy };
  }
  const { fromPort, toPort } = rule;
  if (known === "icmp" && fromPort !== undefined && rule.action === "allow" && words.noIcmpTypes !== undefined) {
    const remedy =
      "Nothing has to be done unless the VM needs it; if so, name a group of yours that lets in all of ICMP.";
    return { ...base, sets: [], unsaid: [words.noIcmpTypes], remedy };
  }
  const whole = wholeOf(known);
  const from = fromPort ?? whole.from;
  const to = fromPort === undefined ? whole.to : (toPort ?? (known === "icmp" ? -1 : fromPort));
  const places = rule.peers.map((peer) => ({ peer, ...placesOf(peer, rule, words) }));
  const unknown = places.filter(({ why }) => why !== undefined);
  const sets = places.flatMap(({ places: found, why, was }): PacketSet[] => {
    // Anybody may be what a rule refuses and the target can't name.
    const touched = why !== undefined && rule.action === "deny" ? [readPlace(everybody), readPlace("::/0")] : found;
    return touched.map((place) => {
      // Some of those that it was about are no others.
      const moved = was && partOf(place, was) !== "all";
      return { protocol: known, from, to, place, origins: [id], ...(moved && { was }) };
    });
  });
  const unsaid = [
    ...unknown.map(({ peer, why }) => `${describePeer(peer)}: ${why}`),
    ...(rule.ofSourcePorts ? ["ports of the sender"] : []),
  ];
  const [one] = unknown;
  if (!one) return { ...base, sets, unsaid };
  return {
    ...base,
    sets,
    unsaid,
    remedy: `Say what it is at the target: peer_map { "${nameOf(one.peer)}": CIDR or group }.`,
  };
}

function wholeOf(protocol: SecurityRule["protocol"]) {
  const numbers = protocol === "icmp" ? { from: -1, to: -1 } : { from: ports.first, to: ports.last };
  return { protocol, ...numbers };
}

function placesOf(
  peer: FirewallPeer,
  { direction }: FirewallRule,
  { peerMap = {}, noGroups = {} }: TargetWords,
): { places: Place[]; why?: string; was?: Place } {
  const mapped = peerMap[nameOf(peer)];
  const texts = mapped?.split(",").map((text) => text.trim()) ?? (peer.kind === "cidr" ? [peer.cidr] : peer.cidrs);
  if (!texts) return { places: [], why: `nothing says what the ${peer.kind} is at the target` };
  const places = texts.filter((text) => text !== "").map(readPlace);
  const refused = noGroups[direction];
  const names = places.some((place) => "group" in place);
  if (names && refused !== undefined) return { places: [], why: refused };
  if (mapped === undefined) return { places };
  return { places, was: peer.kind === "cidr" ? readPlace(peer.cidr) : { group: peer.name } };
}

function nameOf(peer: FirewallPeer): string {
  return peer.kind === "cidr" ? peer.cidr : peer.name;
}

/** What a layer lets through once each rule has taken from the later ones what it refuses. */
function decide(rules: readonly Read[]): PacketSet[] {
  const allowed: PacketSet[] = [];
  const refused: Read[] = [];
  for (const entry of rules) {
    if (entry.rule.action === "deny") {
      refused.push(entry);
      continue;
    }
    let sets = [...entry.sets];
    for (const denial of refused) {
      if (denial.ofOtherProtocol && sets.some(({ protocol }) => protocol === "all")) {
        sets = sets.flatMap((set) => (set.protocol === "all" ? expand(set) : [set]));
        denial.took.push(entry.rule.ruleId);
        entry.lostTo.push(denial.rule.ruleId);
      }
      for (const denied of denial.sets) {
        sets = sets.flatMap((set) => {
          const left = refuse(set, denied);
          const touched = left.lost || left.sets.length !== 1 || left.sets[0] !== set;
          if (touched) denial.took.push(entry.rule.ruleId);
          if (touched && (left.lost || denial.unsaid.length > 0)) entry.lostTo.push(denial.rule.ruleId);
          return left.sets;
        });
      }
    }
    allowed.push(...sets);
  }
  return allowed;
}

function storyOf(
  { id, layer, rule, unsaid, remedy, lostTo, took }: Read,
  sets: readonly PacketSet[],
  kept: readonly PacketSet[],
  direction: Direction,
): TranslatedRule {
  const base = { layer, rule, ...(remedy === undefined ? {} : { remedy }) };
  const check = "Look at what is let through, and name a group of your own where that is too little.";
  if (rule.action === "deny") {
    const from = [...new Set(took)].join(", ");
    if (unsaid.length === 0 || took.length === 0) {
      const why = took.length === 0 ? "nothing after it lets that through" : `it is taken out of ${from}`;
      return { ...base, result: "resolved", becomes: [], why };
    }
    const why = `${unsaid.join("; ")}: whatever it may refuse is taken out of ${from}`;
    return { ...base, result: "left-out", becomes: [], why, remedy: remedy ?? check };
  }
  const mine = sets.filter(({ origins }) => origins.includes(id));
  const saying = kept.filter((one) => mine.some((set) => set === one || contains(one, set)));
  const becomes = unique(saying.flatMap((set) => toRules(set, direction)));
  const lost = [...unsaid, ...new Set(lostTo.map((other) => `${other} may refuse more of it than can be said here`))];
  const answers = rule.stateless ? "; answers pass, too, which took rules of their own before" : "";
  if (lost.length > 0) {
    const result = becomes.length > 0 ? "narrowed" : "left-out";
    return {
      ...base,
      result,
      becomes,
      why: lost.join("; ") + (becomes.length > 0 ? answers : ""),
      remedy: remedy ?? check,
    };
  }
  if (becomes.length > 0) return { ...base, result: "same", becomes, why: `it holds at the source${answers}` };
  return { ...base, result: "resolved", becomes, why: "other rules refuse all of it" };
}

function unique(rules: readonly SecurityRule[]): SecurityRule[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}
