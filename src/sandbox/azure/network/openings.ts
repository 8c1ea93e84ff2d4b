import type { Forward } from "../../cloud/guests/command-line.ts";
import { contains, parseCidr } from "../../cloud/ipv4.ts";
import type { Kinds } from "../arm/kinds.ts";
import type { Json, Resource } from "../state.ts";
import { addressType } from "./addresses.ts";
import { childrenOf, idOf } from "./lists.ts";
import { groupType } from "./security-groups.ts";
import { findSubnet } from "./virtual-networks.ts";

/** Wider port ranges than this are not forwarded: each port costs a socket. */
const portsAtMost = 16;
const thisMachine = { base: 0x7f00_0001, prefix: 32 };

interface Rule {
  readonly allow: boolean;
  readonly priority: number;
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

/**
 * The TCP ports that a network interface's security groups open to this machine, at its public address. Without a group
 * a Standard address lets nothing in: https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses
 */
export function openings(kinds: Kinds, nic: Resource): { forwards: Forward[]; refused: string[] } {
  const [configuration] = childrenOf(nic.properties.ipConfigurations);
  const address = kinds.byId<object>(idOf(configuration?.properties.publicIPAddress), addressType)?.properties
    .ipAddress;
  if (!configuration || typeof address !== "string") return { forwards: [], refused: [] };
  const { subnet } = findSubnet(kinds, idOf(configuration.properties.subnet) ?? "");
  const groups = [subnet.properties.networkSecurityGroup, nic.properties.networkSecurityGroup]
    .map((reference) => kinds.byId<object>(idOf(reference), groupType))
    .filter((group) => group !== undefined)
    .map(rulesOf);
  const refused: string[] = [];
  const ports = new Set<number>();
  for (const { allow, ranges } of groups.flat()) {
    for (const [from, to] of allow ? ranges : []) {
      if (to - from >= portsAtMost) {
        refused.push(`tcp ${from}-${to}: ranges of more than ${portsAtMost} ports are not forwarded`);
        continue;
      }
      for (let port = from; port <= to; port++) if (groups.every((rules) => opens(rules, port))) ports.add(port);
    }
  }
  return { forwards: [...ports].map((port) => ({ address, port, guestPort: port })), refused };
}

/** Inbound rules that reach this machine, the most important first. */
function rulesOf({ properties }: Resource): Rule[] {
  return childrenOf(properties.securityRules)
    .filter((rule) => rule.properties.direction === "Inbound" && /^(tcp|\*)$/i.test(String(rule.properties.protocol)))
    .filter((rule) => listOf(rule.properties, "sourceAddressPrefix").some(reaches))
    .map((rule) => ({
      allow: rule.properties.access === "Allow",
      priority: Number(rule.properties.priority),
      ranges: listOf(rule.properties, "destinationPortRange").map(portsOf),
    }))
    .sort((a, b) => a.priority - b.priority);
}

function opens(rules: readonly Rule[], port: number): boolean {
  return rules.find(({ ranges }) => ranges.some(([from, to]) => port >= from && port <= to))?.allow ?? false;
}

/** The singular member and the plural one together. */
function listOf(properties: Json, name: string): string[] {
  const many = properties[name.endsWith("x") ? `${name}es` : `${name}s`];
  const all = [properties[name], ...(Array.isArray(many) ? many : [])];
  return all.filter((one): one is string => typeof one === "string" && one !== "");
}

function portsOf(text: string): readonly [number, number] {
  if (text === "*") return [0, 65_535];
  const [from = "", to = from] = text.split("-");
  return [Number(from), Number(to)];
}

function reaches(prefix: string): boolean {
  if (prefix === "*" || prefix === "Internet") return true;
  const cidr = parseCidr(prefix.includes("/") ? prefix : `${prefix}/32`);
  return cidr !== undefined && contains(cidr, thisMachine);
}
