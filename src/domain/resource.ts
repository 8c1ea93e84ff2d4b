import { projectTag } from "./access.ts";
import type { Vm } from "./vm.ts";
import { toWire } from "./wire.ts";

/** Everything that a site can have, in one shape: what all kinds share in members of their own, the rest in `document`. */

export const resourceKinds = [
  "vm",
  "volume",
  "snapshot",
  "recovery-point",
  "image",
  "network",
  "subnet",
  "security-group",
  "address",
  "load-balancer",
  "scaling-group",
  "tunnel",
] as const;
export type ResourceKind = (typeof resourceKinds)[number];

/** Where a resource is. A site is one provider entry in one region. */
export interface Place {
  readonly site: string;
  /** The provider's kind: `aws`, `libvirt`. */
  readonly provider: string;
  readonly region?: string;
}

/** A resource as its site showed it. */
export interface Resource extends Place {
  readonly kind: ResourceKind;
  /** The site's own id; unique among the kind's at the site. */
  readonly resourceId: string;
  readonly name: string;
  /** A VM's power state, or the site's word for the state of anything else. */
  readonly state?: string;
  /** Since when it is in that state, where the site says so. */
  readonly stateSince?: string;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly sizeBytes?: number;
  /** What it costs a month at list price, in micro-dollars; absent is unknown, which is not 0. */
  readonly monthlyCostMicros?: number;
  /** The site's word for its size: `m6i.large`, `gp3`. */
  readonly type?: string;
  readonly createdAt?: string;
  /** False for what stands there and nothing uses: a volume without a VM, an address without one. */
  readonly inUse?: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** All that the site says of it, in snake_case, tags included. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** What the store adds. */
export interface ResourceStamps {
  readonly stateSince?: string;
  readonly firstSeenAt: string;
  /** When it was first seen as it is now. */
  readonly changedAt: string;
}

/** Tags whose value says who answers for a resource; the first one that is there counts, in any spelling of its case. */
export const ownerTags = ["owner", "team", "contact"] as const;

export function ownerOf(tags: Readonly<Record<string, string>>): string | undefined {
  for (const wanted of ownerTags) {
    const key = Object.keys(tags).find((candidate) => candidate.toLowerCase() === wanted);
    if (key !== undefined && tags[key]) return tags[key];
  }
  return undefined;
}

/** The project, as scopes mean it. */
export function projectOf(tags: Readonly<Record<string, string>>): string | undefined {
  return tags[projectTag];
}

/** Tags that programs set: they don't say whose a resource is or what for. */
const programTag = /^(?:novacron|aws|goog|azure|hidden|oracle|oci|system)[-:/.]/i;

export function isUntagged(tags: Readonly<Record<string, string>>): boolean {
  return Object.keys(tags).every((key) => programTag.test(key));
}

/** Sites give tags in any order; ours is one, so that only another tag is a change. */
export function sortedTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A VM as a row of the inventory; its document is the VM as answers show it. */
export function vmResource(place: Place, vm: Vm, monthlyCostMicros?: number): Resource {
  const { vmId, name, state, cpus, memoryBytes, createdAt } = vm;
  const tags = sortedTags(vm.tags);
  return {
    ...place,
    kind: "vm",
    resourceId: vmId,
    name,
    state,
    cpus,
    memoryBytes,
    sizeBytes: vm.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0),
    ...(monthlyCostMicros === undefined ? {} : { monthlyCostMicros }),
    ...(createdAt === undefined ? {} : { createdAt }),
    tags,
    document: toWire({ ...vm, tags }),
  };
}

/** Members of documents that change all the time without the resource being another: no history is written for them. */
const passing: ReadonlySet<string> = new Set(["allocated_bytes", "endpoints"]);

/** What two readings of a resource are compared by to see whether it changed. Equal texts, no change. */
export function changeText(resource: Resource): string {
  const { document, tags, ...members } = resource;
  const { tags: _shownToo, ...facts } = document;
  return JSON.stringify([members, Object.entries(tags), facts], (key, value: unknown) =>
    passing.has(key) ? undefined : value,
  );
}
