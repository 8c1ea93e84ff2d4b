import { randomUUID } from "node:crypto";
import { contains, parseCidr } from "../cloud/ipv4.ts";
import type { Handlers } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { conflict, DigitalOceanError, notFound, unprocessable } from "./errors.ts";
import { timestamp } from "./ids.ts";
import type { Droplet, Firewall, Rule } from "./state.ts";
import { knownTags } from "./tags.ts";

/** Wider port ranges than this are not forwarded: each port costs a socket. */
const portsAtMost = 16;
/** https://docs.digitalocean.com/products/networking/firewalls/details/limits/ */
const tagsAtMost = 5;
const dropletsAtMost = 10;

interface Wish {
  readonly name?: string;
  readonly inbound_rules?: readonly Rule[] | null;
  readonly outbound_rules?: readonly Rule[] | null;
  readonly droplet_ids?: readonly number[] | null;
  readonly tags?: readonly string[] | null;
}

export function firewallHandlers(cloud: DigitalOceanCloud, changed: () => void): Handlers {
  const { firewalls, droplets } = cloud.tables;
  const find = (id: string | undefined): Firewall => {
    const firewall = firewalls.get(id ?? "");
    if (!firewall) throw notFound();
    return firewall;
  };
  const put = (firewall: Firewall): object => {
    if (firewall.dropletIds.length > dropletsAtMost) throw unprocessable("a firewall takes up to 10 droplets");
    firewalls.put(firewall);
    changed();
    return { firewall: describeFirewall(firewall) };
  };
  const known = (ids: readonly number[] | null | undefined): string[] =>
    (ids ?? []).map((id) => {
      if (!droplets.has(String(id))) throw new DigitalOceanError(400, `droplet does not exist: ${id}`);
      return String(id);
    });
  const read = (body: Wish) => {
    const { name = "", inbound_rules, outbound_rules, droplet_ids, tags } = body;
    const [inbound, outbound] = [inbound_rules ?? [], outbound_rules ?? []];
    if (inbound.length + outbound.length === 0) throw unprocessable("must have at least one rule");
    if ((tags ?? []).length > tagsAtMost) throw unprocessable("a firewall takes up to 5 tags");
    return { name, inbound, outbound, dropletIds: known(droplet_ids), tags: knownTags(cloud, tags) };
  };
  return {
    firewalls_list: () => ({ member: "firewalls", all: [...firewalls.values()].map(describeFirewall) }),
    firewalls_get: ({ path }) => ({ firewall: describeFirewall(find(path.firewall_id)) }),
    firewalls_create: ({ body }) => {
      const wish = read(body);
      if (firewalls.find(({ name }) => name === wish.name)) throw conflict("duplicate name");
      return put({ id: randomUUID(), createdAt: Date.now(), ...wish });
    },
    firewalls_update: ({ path, body }) => put({ ...find(path.firewall_id), ...read(body) }),
    firewalls_delete: ({ path }) => {
      firewalls.delete(find(path.firewall_id).id);
      changed();
      return undefined;
    },
    firewalls_assign_droplets: ({ path, body }) => {
      const firewall = find(path.firewall_id);
      const more = known(body.droplet_ids as readonly number[]);
      put({ ...firewall, dropletIds: [...new Set([...firewall.dropletIds, ...more])] });
      return undefined;
    },
    firewalls_delete_droplets: ({ path, body }) => {
      const firewall = find(path.firewall_id);
      const less = (body.droplet_ids as readonly number[]).map(String);
      put({ ...firewall, dropletIds: firewall.dropletIds.filter((id) => !less.includes(id)) });
      return undefined;
    },
  };
}

/** Those that name the droplet, or a tag of its. */
export function firewallsOf({ tables }: DigitalOceanCloud, { id, tags }: Droplet): Firewall[] {
  return tables.firewalls.where((one) => one.dropletIds.includes(id) || one.tags.some((tag) => tags.includes(tag)));
}

/** The TCP ports of a droplet that are open to this machine, which calls from 127.0.0.1, and what is open and can't be forwarded.
 *  Without a firewall that are all: some of them are forwarded. */
export function openPorts(cloud: DigitalOceanCloud, droplet: Droplet): { ports: number[]; refused: string[] } {
  const firewalls = firewallsOf(cloud, droplet);
  if (firewalls.length === 0) return { ports: [...cloud.settings.openPorts], refused: [] };
  const ports = new Set<number>();
  const refused: string[] = [];
  for (const { protocol, ports: range, sources } of firewalls.flatMap(({ inbound }) => inbound)) {
    if (protocol !== "tcp" || !(sources?.addresses ?? []).some(reaches)) continue;
    const [from = 0, to = from] = range === "all" || range === "0" ? [1, 65_535] : range.split("-").map(Number);
    if (to - from >= portsAtMost) {
      refused.push(`tcp ${from}-${to}: ranges of more than ${portsAtMost} ports are not forwarded`);
      continue;
    }
    for (let port = from; port <= to; port++) ports.add(port);
  }
  return { ports: [...ports], refused };
}

function reaches(range: string): boolean {
  const outer = parseCidr(range.includes("/") ? range : `${range}/32`);
  const loopback = parseCidr("127.0.0.1/32");
  return outer !== undefined && loopback !== undefined && contains(outer, loopback);
}

export function describeFirewall({ id, name, createdAt, inbound, outbound, dropletIds, tags }: Firewall): object {
  // All ports are asked for as `all` and shown as `0`.
  const shown = (rule: Rule): Rule => ({ ...rule, ports: rule.ports === "all" ? "0" : rule.ports });
  return {
    id,
    status: "succeeded",
    created_at: timestamp(createdAt),
    pending_changes: [],
    name,
    inbound_rules: inbound.map(shown),
    outbound_rules: outbound.map(shown),
    droplet_ids: dropletIds.map(Number),
    tags,
  };
}
