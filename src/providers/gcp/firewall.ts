import type * as Compute from "@google-cloud/compute";
import { overlap, readRange } from "../../domain/address-range.ts";
import type { FirewallPeer, FirewallRule, NicFirewall, VmFirewall } from "../../domain/firewall.ts";
import { type Subject, unsupported } from "../failures.ts";
import type { Gcp } from "./client.ts";
import { nameOf } from "./names.ts";

type V1 = typeof Compute.protos.google.cloud.compute.v1;
type Wire<K extends keyof V1> = V1[K] extends new (...args: never) => infer I ? I : never;
type Firewall = Partial<Wire<"Firewall">>;
type Instance = Partial<Wire<"Instance">>;

/** "VPC firewall rules": 0 to 65535, the lowest wins; without one it is 1000. */
const usualPriority = 1_000;

/** A rule names a protocol by its word or by IANA's number. */
const words: Readonly<Record<string, string>> = { "1": "icmp", "6": "tcp", "17": "udp" };

/** A group refuses the rest behind all that is let through; of the same priority what denies counts. */
export const restPriority = 65_534;

/** Rules of the networks that it is in, as far as they are for it: for everybody, for its tags, or for its service account. */
export async function firewallOf(gcp: Gcp, vmId: string, signal: AbortSignal): Promise<VmFirewall> {
  const subject = { operation: "read firewall rules", resource: gcp.resource("vm", vmId) };
  const instance = await gcp.call<Instance>("instances", "get", { instance: vmId }, subject, signal);
  const all = await Array.fromAsync(gcp.list<Firewall>("firewalls", {}, subject, signal));
  const unread = ["firewall policies of its network and of the folders above the project"];
  return { nics: nicFirewalls(instance, all, subject), unread };
}

/** @throws UnsupportedCapability of a network that another project shares: its rules are that project's. */
export function nicFirewalls(instance: Instance, all: readonly Firewall[], subject: Subject): NicFirewall[] {
  const shared = instance.networkInterfaces?.find(({ network }) => projectOf(network) !== projectOf(instance.selfLink));
  if (shared) {
    throw unsupported(
      subject,
      `its network ${nameOf(shared.network)} is another project's, whose firewall rules are not looked at`,
      "Leave the rules as they are (rules: leave), and name groups of yours.",
    );
  }
  const tags = instance.tags?.items ?? [];
  const accounts = (instance.serviceAccounts ?? []).flatMap(({ email }) => email ?? []);
  const isFor = ({ targetTags = [], targetServiceAccounts = [] }: Firewall) =>
    ((targetTags ?? []).length === 0 && (targetServiceAccounts ?? []).length === 0) ||
    (targetTags ?? []).some((tag) => tags.includes(tag)) ||
    (targetServiceAccounts ?? []).some((account) => accounts.includes(account));
  return (instance.networkInterfaces ?? []).map(({ name, network, networkIP }): NicFirewall => {
    const rules = all
      .filter((rule) => rule.disabled !== true && nameOf(rule.network) === nameOf(network) && isFor(rule))
      .filter((rule) => mayConcern(rule, networkIP ?? ""))
      .flatMap(toFirewallRules);
    const otherwise = { ingress: "deny", egress: "allow" } as const;
    return { nicId: name ?? "", layers: [{ name: nameOf(network), rules, otherwise }] };
  });
}

function projectOf(link: string | null | undefined): string | undefined {
  return /\bprojects\/([^/]+)\//.exec(link ?? "")?.[1];
}

/** A rule may be about certain addresses on the VM's own side. What it refuses counts in any case: traffic comes to others than
 *  the interface's first one, too. */
function mayConcern({ direction, destinationRanges, sourceRanges, allowed }: Firewall, address: string): boolean {
  const ours = (direction === "EGRESS" ? sourceRanges : destinationRanges) ?? [];
  if (ours.length === 0 || (allowed ?? []).length === 0) return true;
  const own = readRange(address);
  return ours.map(readRange).some((range) => own && range && overlap(own, range) !== undefined);
}

/** What is for everybody and comes before what groups refuse. */
export async function networkRules(gcp: Gcp, network: string, signal: AbortSignal): Promise<FirewallRule[]> {
  const subject = { operation: "read firewall rules", resource: gcp.resource("network", network) };
  const all = await Array.fromAsync(gcp.list<Firewall>("firewalls", {}, subject, signal));
  return all
    .filter(({ disabled, targetTags, targetServiceAccounts }) => {
      return disabled !== true && (targetTags ?? []).length + (targetServiceAccounts ?? []).length === 0;
    })
    .filter((rule) => nameOf(rule.network) === network && (rule.priority ?? usualPriority) < restPriority)
    .flatMap(toFirewallRules)
    .filter(({ action }) => action === "allow");
}

function toFirewallRules(rule: Firewall): FirewallRule[] {
  const { name, priority, allowed, denied } = rule;
  const direction = rule.direction === "EGRESS" ? "egress" : "ingress";
  const base = { direction, priority: priority ?? usualPriority, peers: peersOf(rule, direction) } as const;
  const entries = [
    ...(allowed ?? []).map((entry) => ({ ...entry, action: "allow" as const })),
    ...(denied ?? []).map((entry) => ({ ...entry, action: "deny" as const })),
  ];
  return entries.flatMap(({ action, IPProtocol, ports }) =>
    (ports && ports.length > 0 ? ports : [undefined]).map((range): FirewallRule => {
      const [from, to = from] = range?.split("-") ?? [];
      const named = (IPProtocol ?? "all").toLowerCase();
      const protocol = words[named] ?? named;
      const numbers = from === undefined ? {} : { fromPort: Number(from), toPort: Number(to) };
      return { ...base, ...numbers, ruleId: name ?? "", action, protocol };
    }),
  );
}

function peersOf(rule: Firewall, direction: FirewallRule["direction"]): FirewallPeer[] {
  const ranges = (direction === "egress" ? rule.destinationRanges : rule.sourceRanges) ?? [];
  const names = direction === "egress" ? [] : [...(rule.sourceTags ?? []), ...(rule.sourceServiceAccounts ?? [])];
  const peers: FirewallPeer[] = [
    ...ranges.map((cidr) => ({ kind: "cidr" as const, cidr })),
    ...names.map((group) => ({ kind: "group" as const, name: group })),
  ];
  return peers.length > 0 ? peers : [{ kind: "cidr", cidr: "0.0.0.0/0" }];
}
