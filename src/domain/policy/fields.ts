import { type ResourceKind, resourceKinds } from "../resource.ts";

/** What rules can speak of. docs/policies.md shows this table; a test holds the page, the readers and the store's SQL to it. */

/** How values are written and compared. `money`: US dollars; `age`: how long ago; `ports` and `protocol`: those that a rule of a
 *  security group lets through, so that `equals 22` holds for `0-65535`, and `equals tcp` for `all`. */
export type FieldType =
  | "text"
  | "number"
  | "bytes"
  | "money"
  | "boolean"
  | "time"
  | "age"
  | "cidr"
  | "ports"
  | "protocol";

/** Members of a resource that are several. Conditions on one list that stand together hold of one element of it. */
export const lists = [
  "security_group.ingress",
  "security_group.egress",
  "disks",
  "nics",
  "cidrs",
  "residency",
] as const;
export type List = (typeof lists)[number];

export interface Field {
  readonly type: FieldType;
  /** What has it. */
  readonly kinds: readonly ResourceKind[];
  /** What has it in a plan only, where what would be there is worked out. */
  readonly plannedKinds?: readonly ResourceKind[];
  readonly list?: List;
  /** What it means that there is none: that there is none, or that nobody knows. */
  readonly absent: "none" | "unknown";
  readonly about: string;
}

const every = resourceKinds;
const vm = ["vm"] as const;
const group = ["security-group"] as const;

export const fields = {
  name: { type: "text", kinds: every, absent: "none", about: "its name" },
  id: { type: "text", kinds: every, absent: "none", about: "the site's own id" },
  site: { type: "text", kinds: every, absent: "none", about: "the site's id, as in the configuration" },
  provider: { type: "text", kinds: every, absent: "none", about: "`aws`, `azure`, `gcp`, `oci`, `libvirt`, …" },
  region: { type: "text", kinds: every, absent: "none", about: "the provider's region; sites on-premise have none" },
  kind: { type: "text", kinds: every, absent: "none", about: "`vm`, `volume`, `security-group`, …" },
  state: { type: "text", kinds: every, absent: "unknown", about: "a VM's power state, or the site's word" },
  type: { type: "text", kinds: every, absent: "none", about: "the site's word for its size: `m6i.large`, `gp3`" },
  owner: { type: "text", kinds: every, absent: "none", about: "by the tag `owner`, `team` or `contact`" },
  project: { type: "text", kinds: every, absent: "none", about: "by the tag `project`" },
  tags: { type: "text", kinds: every, absent: "none", about: "`tags.KEY`: the value of a tag" },
  created: { type: "time", kinds: every, absent: "unknown", about: "when it was made, by the site" },
  changed: { type: "time", kinds: every, absent: "unknown", about: "since when it is as it is" },
  first_seen: { type: "time", kinds: every, absent: "unknown", about: "when we first saw it" },
  state_since: { type: "time", kinds: every, absent: "unknown", about: "since when it is in its state" },
  monthly_cost: { type: "money", kinds: every, absent: "unknown", about: "list price of a month" },
  cpus: { type: "number", kinds: vm, absent: "unknown", about: "virtual CPUs" },
  memory: { type: "bytes", kinds: vm, absent: "unknown", about: "a number means GiB" },
  size: { type: "bytes", kinds: every, absent: "unknown", about: "of all its disks; a number means GiB" },
  zone: { type: "text", kinds: vm, absent: "none", about: "the zone that it is in" },
  capacity_type: { type: "text", kinds: vm, absent: "none", about: "`on-demand` or `spot`" },
  in_use: { type: "boolean", kinds: ["volume", "address"], absent: "unknown", about: "whether a VM uses it" },
  encrypted: {
    type: "boolean",
    kinds: ["vm", "volume", "snapshot"],
    absent: "unknown",
    about: "at rest, by the site; of a VM: all of its disks",
  },
  public_ip: { type: "boolean", kinds: vm, absent: "unknown", about: "whether the internet can address it" },
  internet_facing: { type: "boolean", kinds: ["load-balancer"], absent: "unknown", about: "as the site says" },
  backup_age: {
    type: "age",
    kinds: vm,
    absent: "unknown",
    about:
      "of its newest whole backup: a complete point of its protection group, or snapshots of all its disks; without any it is older than anything",
  },
  residency: {
    type: "text",
    kinds: every,
    list: "residency",
    absent: "none",
    about: "places where data at its site stays, as the configuration says (`providers[].residency`)",
  },
  cidr: { type: "cidr", kinds: ["network"], list: "cidrs", absent: "none", about: "addresses of a virtual network" },
  "disks.size": { type: "bytes", kinds: vm, list: "disks", absent: "none", about: "a number means GiB" },
  "disks.type": { type: "text", kinds: vm, list: "disks", absent: "none", about: "the site's word: `gp3`, `qcow2`" },
  "disks.bus": { type: "text", kinds: vm, list: "disks", absent: "none", about: "how the guest sees it" },
  "nics.network": { type: "text", kinds: vm, list: "nics", absent: "none", about: "the id of its network" },
  "nics.address": { type: "cidr", kinds: vm, list: "nics", absent: "none", about: "its address in that network" },
  "security_group.ingress.protocol": ofGroup("protocol", "ingress", "`tcp`, `udp`, `icmp`; `all` is each of them"),
  "security_group.ingress.port": ofGroup("ports", "ingress", "ports that are let in; a rule about all ports has each"),
  "security_group.ingress.source": ofGroup("cidr", "ingress", "who is let in: a CIDR, or a group's id"),
  "security_group.egress.protocol": ofGroup("protocol", "egress", "the same of what is let out"),
  "security_group.egress.port": ofGroup("ports", "egress", "ports that may be reached"),
  "security_group.egress.destination": ofGroup("cidr", "egress", "who may be reached: a CIDR, or a group's id"),
} as const satisfies Readonly<Record<string, Field>>;

export type FieldName = keyof typeof fields;
export const fieldNames = Object.keys(fields) as readonly FieldName[];

/** A field of a rule; of `tags`, with the tag's key. */
export interface FieldReference {
  readonly name: FieldName;
  readonly key?: string;
}

export function fieldOf({ name }: FieldReference): Field {
  return fields[name];
}

/** As it is written: `tags.owner`. */
export function describeField({ name, key }: FieldReference): string {
  return key === undefined ? name : `${name}.${key}`;
}

export function readFieldName(text: string): FieldReference | undefined {
  if (text.startsWith("tags.") && text.length > "tags.".length) {
    return { name: "tags", key: text.slice("tags.".length) };
  }
  return Object.hasOwn(fields, text) && text !== "tags" ? { name: text as FieldName } : undefined;
}

function ofGroup<T extends FieldType, D extends "ingress" | "egress">(type: T, direction: D, about: string) {
  return {
    type,
    kinds: group,
    plannedKinds: vm,
    list: `security_group.${direction}`,
    absent: "none",
    about,
  } as const;
}
