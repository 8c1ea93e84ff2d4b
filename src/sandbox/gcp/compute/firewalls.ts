import { contains, parseCidr } from "../../cloud/ipv4.ts";
import { alreadyExists, badRequest, invalid } from "../errors.ts";
import { projectId } from "../places.ts";
import type { Firewall, FirewallRule, Instance } from "../state.ts";
import type { ComputeCall, ComputeOperations } from "./call.ts";
import { defaultNetworkId } from "./default-network.ts";
import { find } from "./find.ts";
import { newNumericId } from "./ids.ts";
import { checkName, link, parseLink } from "./links.ts";
import { commonFields, listAnswer } from "./lists.ts";
import type { ComputeParts } from "./parts.ts";

/** Wider port ranges than this are not forwarded: each port costs a socket. */
const portsAtMost = 16;
const usualPriority = 1000;

export function firewallOperations(parts: ComputeParts, changed: (firewall: Firewall) => void): ComputeOperations {
  const { cloud, operations, quotas } = parts;
  const { tables } = cloud;
  const named = (call: ComputeCall): Firewall => find(tables.firewalls, `global/firewalls/${call.path.firewall}`);
  const take = (call: ComputeCall, base: Firewall, whole: boolean): object => {
    const made = tables.firewalls.put({ ...base, ...rulesOf(parts, call.body, whole ? undefined : base) });
    changed(made);
    return operations.start(call, made);
  };

  operations.define("firewalls.delete", async ({ targetId }, pause) => {
    await pause();
    const gone = tables.firewalls.get(targetId);
    tables.firewalls.delete(targetId);
    if (gone) changed(gone);
  });

  return {
    "firewalls.insert": (call) => {
      const id = `global/firewalls/${checkName("resource.name", call.body.name as string | undefined)}`;
      if (tables.firewalls.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
      quotas.check("global", "FIREWALLS", 1);
      const base = { id, numericId: newNumericId(), createdAt: Date.now(), builtIn: false };
      const made = tables.firewalls.put({ ...base, ...rulesOf(parts, call.body) });
      changed(made);
      return operations.start(call, made);
    },
    "firewalls.get": (call) => describe(named(call)),
    "firewalls.list": (call) =>
      listAnswer(
        cloud,
        call,
        "firewall",
        [...tables.firewalls.values()].map((one) => ({ id: one.id, createdAt: one.createdAt, json: describe(one) })),
      ),
    "firewalls.patch": (call) => take(call, named(call), false),
    "firewalls.update": (call) => take(call, named(call), true),
    "firewalls.delete": (call) => operations.start(call, named(call)),
  };
}

type Rules = Omit<Firewall, "id" | "numericId" | "createdAt" | "builtIn">;

/** What a request says of a firewall rule; what it leaves out is as `base` has it. */
function rulesOf({ cloud }: ComputeParts, body: Readonly<Record<string, unknown>>, base?: Firewall): Rules {
  const given = body as {
    network?: string;
    direction?: Firewall["direction"];
    priority?: number;
    allowed?: { IPProtocol?: string; ports?: string[] }[];
    denied?: { IPProtocol?: string; ports?: string[] }[];
    sourceRanges?: string[];
    destinationRanges?: string[];
    sourceTags?: string[];
    targetTags?: string[];
    disabled?: boolean;
    description?: string;
  };
  const networkId = given.network === undefined ? base?.networkId : parseLink(given.network, "resource.network").path;
  const rules = (list: typeof given.allowed, field: string): FirewallRule[] | undefined =>
    list?.map(({ IPProtocol, ports = [] }) => {
      if (IPProtocol === undefined) throw invalid(`resource.${field}[0].IPProtocol`, "", "IP protocol is required.");
      return { protocol: IPProtocol.toLowerCase(), ports };
    });
  const allowed = rules(given.allowed, "allowed") ?? base?.allowed ?? [];
  const denied = rules(given.denied, "denied") ?? base?.denied ?? [];
  if ((allowed.length === 0) === (denied.length === 0)) {
    throw badRequest("Exactly one of 'allowed' and 'denied' must be specified.");
  }
  const direction = given.direction ?? base?.direction ?? "INGRESS";
  const sourceTags = given.sourceTags ?? base?.sourceTags ?? [];
  const ranges = given.sourceRanges ?? base?.sourceRanges ?? [];
  const description = given.description ?? base?.description;
  for (const range of ranges) {
    if (!parseCidr(range.includes("/") ? range : `${range}/32`))
      throw invalid("resource.sourceRanges", range, "Must be a valid CIDR range.");
  }
  const everywhere = direction === "INGRESS" && ranges.length === 0 && sourceTags.length === 0;
  return {
    ...(description ? { description } : {}),
    networkId: find(cloud.tables.networks, networkId ?? defaultNetworkId).id,
    direction,
    priority: given.priority ?? base?.priority ?? usualPriority,
    allowed,
    denied,
    sourceRanges: everywhere ? ["0.0.0.0/0"] : ranges,
    destinationRanges: given.destinationRanges ?? base?.destinationRanges ?? [],
    sourceTags,
    targetTags: given.targetTags ?? base?.targetTags ?? [],
    disabled: given.disabled ?? base?.disabled ?? false,
  };
}

/** Whether a rule is about an instance at all. */
export function applies({ networkId, targetTags }: Firewall, { nics, tags }: Instance): boolean {
  const inside = nics.some((nic) => nic.networkId === networkId);
  return inside && (targetTags.length === 0 || targetTags.some((tag) => tags.includes(tag)));
}

/**
 * The TCP ports of an instance that its network's rules open to this machine, which calls from 127.0.0.1, and what is
 * open and can't be forwarded. Of two rules the one with the smaller number counts, of equal ones the one that denies:
 * https://cloud.google.com/firewall/docs/firewalls#priority_order_for_firewall_rules
 */
export function openPorts(firewalls: Iterable<Firewall>, instance: Instance): { ports: number[]; refused: string[] } {
  const rules = [...firewalls].filter(
    (rule) =>
      rule.direction === "INGRESS" && !rule.disabled && applies(rule, instance) && rule.sourceRanges.some(reaches),
  );
  const refused: string[] = [];
  const opened = new Map<number, number>();
  for (const { allowed, priority } of rules) {
    for (const [from, to] of allowed.flatMap(tcpRanges)) {
      if (to - from >= portsAtMost) {
        refused.push(`tcp ${from}-${to}: ranges of more than ${portsAtMost} ports are not forwarded`);
        continue;
      }
      for (let port = from; port <= to; port++) opened.set(port, Math.min(priority, opened.get(port) ?? Infinity));
    }
  }
  const isDenied = (port: number, priority: number) =>
    rules.some(
      (rule) =>
        rule.priority <= priority && rule.denied.flatMap(tcpRanges).some(([from, to]) => from <= port && port <= to),
    );
  const ports = [...opened].filter(([port, priority]) => !isDenied(port, priority)).map(([port]) => port);
  return { ports, refused };
}

function tcpRanges({ protocol, ports }: FirewallRule): [from: number, to: number][] {
  if (protocol !== "tcp" && protocol !== "6" && protocol !== "all") return [];
  if (ports.length === 0) return [[0, 65_535]];
  return ports.map((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return [from, to];
  });
}

function reaches(range: string): boolean {
  const outer = parseCidr(range.includes("/") ? range : `${range}/32`);
  const loopback = parseCidr("127.0.0.1/32");
  return outer !== undefined && loopback !== undefined && contains(outer, loopback);
}

function describe(firewall: Firewall): object {
  const rules = (list: readonly FirewallRule[]) =>
    list.map(({ protocol, ports }) => ({ IPProtocol: protocol, ...(ports.length > 0 ? { ports } : {}) }));
  const lists = ["sourceRanges", "destinationRanges", "sourceTags", "targetTags"] as const;
  return {
    ...commonFields("firewall", firewall),
    network: link(firewall.networkId),
    direction: firewall.direction,
    priority: firewall.priority,
    disabled: firewall.disabled,
    logConfig: { enable: false },
    ...(firewall.allowed.length > 0 ? { allowed: rules(firewall.allowed) } : { denied: rules(firewall.denied) }),
    ...Object.fromEntries(lists.filter((name) => firewall[name].length > 0).map((name) => [name, firewall[name]])),
    selfLink: link(firewall.id),
  };
}
