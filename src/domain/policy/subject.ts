import { readRange } from "../address-range.ts";
import type { Resource, ResourceStamps } from "../resource.ts";
import { ownerOf, projectOf } from "../resource.ts";
import { cleanPart } from "../search/terms.ts";
import type { FieldName, List } from "./fields.ts";

/** What is judged: a resource as it is or would be, with what is known of it beside its own row. */
export interface Subject {
  readonly resource: Resource & Partial<ResourceStamps>;
  /** Of a VM that is moved: the site that it is at until then. */
  readonly from?: string;
  /** Places where data at its site stays. */
  readonly residency?: readonly string[];
  /** When its newest whole backup was taken, ISO 8601; `never`: it has none. Absent: nobody knows. */
  readonly backupAt?: string;
  readonly encrypted?: boolean;
  readonly publicAddress?: boolean;
  /** Of the security groups that a planned VM would have, in snake_case. */
  readonly securityRules?: readonly Element[];
}

/** An element of a list, as documents have them. */
export type Element = Readonly<Record<string, unknown>> | string;

/** The first and the last one, inclusive. */
export type Ports = readonly [number, number];
export type FieldValue = string | number | boolean | Ports;

const lastPort = 65_535;

/** What a field of it says; undefined where there is nothing. */
export function valueOf(
  name: FieldName,
  key: string | undefined,
  { subject, element, now }: Look,
): FieldValue | undefined {
  return readers[name]({ subject, element, now }, key);
}

export interface Look {
  readonly subject: Subject;
  readonly element?: Element | undefined;
  readonly now: number;
}

type Reader = (look: Look, key?: string) => FieldValue | undefined;

const readers: Readonly<Record<FieldName, Reader>> = {
  name: ({ subject }) => subject.resource.name,
  id: ({ subject }) => subject.resource.resourceId,
  site: ({ subject }) => subject.resource.site,
  provider: ({ subject }) => subject.resource.provider,
  region: ({ subject }) => subject.resource.region,
  kind: ({ subject }) => subject.resource.kind,
  state: ({ subject }) => subject.resource.state,
  type: ({ subject }) => cleaned(subject.resource.type),
  owner: ({ subject }) => cleaned(ownerOf(subject.resource.tags)),
  project: ({ subject }) => cleaned(projectOf(subject.resource.tags)),
  tags: ({ subject: { resource } }, key = "") => {
    return Object.hasOwn(resource.tags, key) ? cleaned(resource.tags[key]) : undefined;
  },
  created: ({ subject }) => moment(subject.resource.createdAt),
  changed: ({ subject }) => moment(subject.resource.changedAt),
  first_seen: ({ subject }) => moment(subject.resource.firstSeenAt),
  state_since: ({ subject }) => moment(subject.resource.stateSince),
  monthly_cost: ({ subject }) => subject.resource.monthlyCostMicros,
  cpus: ({ subject }) => subject.resource.cpus,
  memory: ({ subject }) => subject.resource.memoryBytes,
  size: ({ subject }) => subject.resource.sizeBytes,
  zone: ({ subject }) => text(subject.resource.document.zone),
  capacity_type: ({ subject }) => text(subject.resource.document.capacity_type),
  in_use: ({ subject }) => subject.resource.inUse ?? true,
  encrypted: ({ subject }) =>
    subject.resource.kind === "vm" ? subject.encrypted : flag(subject.resource.document.encrypted),
  public_ip: ({ subject }) => subject.publicAddress,
  internet_facing: ({ subject }) => flag(subject.resource.document.internet_facing),
  backup_age: ({ subject: { backupAt }, now }) => {
    if (backupAt === undefined) return undefined;
    return backupAt === "never" ? Number.POSITIVE_INFINITY : now - Date.parse(backupAt);
  },
  residency: ({ element }) => text(element),
  cidr: ({ element }) => text(element),
  "disks.size": ({ element }) => number(member(element, "size_bytes")),
  "disks.type": ({ element }) => text(member(element, "type")),
  "disks.bus": ({ element }) => text(member(element, "bus")),
  "nics.network": ({ element }) => text(member(element, "network_id")),
  "nics.address": ({ element }) => text(member(element, "address")),
  "security_group.ingress.protocol": protocol,
  "security_group.ingress.port": ports,
  "security_group.ingress.source": ({ element }) => text(member(element, "peer")),
  "security_group.egress.protocol": protocol,
  "security_group.egress.port": ports,
  "security_group.egress.destination": ({ element }) => text(member(element, "peer")),
};

/** The elements of a list; undefined where nobody knows them. */
export function elementsOf(
  list: List,
  { resource, residency, securityRules }: Subject,
): readonly Element[] | undefined {
  switch (list) {
    case "residency":
      return residency ?? [];
    case "security_group.ingress":
    case "security_group.egress": {
      const direction = list === "security_group.ingress" ? "ingress" : "egress";
      const rules = resource.kind === "vm" ? securityRules : array(resource.document.rules);
      return rules?.filter((rule) => member(rule, "direction") === direction);
    }
    default:
      return array(resource.document[list]);
  }
}

function protocol({ element }: Look): string | undefined {
  return text(member(element, "protocol"));
}

/** Of ICMP they would be types and codes, which are no ports. */
function ports({ element }: Look): Ports | undefined {
  if (member(element, "protocol") === "icmp") return undefined;
  const from = number(member(element, "from_port"));
  if (from === undefined) return [0, lastPort];
  return [from, number(member(element, "to_port")) ?? from];
}

const known = new Map<string, ReturnType<typeof readRange>>();
const mostKnown = 10_000;

/** The same few CIDRs come again and again. */
export function rangeOf(cidr: string): ReturnType<typeof readRange> {
  const found = known.get(cidr);
  if (found !== undefined || known.has(cidr)) return found;
  if (known.size >= mostKnown) known.clear();
  const range = readRange(cidr);
  known.set(cidr, range);
  return range;
}

function cleaned(value: string | undefined): string | undefined {
  return value === undefined ? undefined : cleanPart(value);
}

function moment(at: string | undefined): number | undefined {
  return at === undefined ? undefined : Date.parse(at);
}

function member(element: Element | undefined, key: string): unknown {
  return typeof element === "object" ? element[key] : undefined;
}

function array(value: unknown): readonly Element[] | undefined {
  return Array.isArray(value) ? (value as Element[]) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function flag(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}
