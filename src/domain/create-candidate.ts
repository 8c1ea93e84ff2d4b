import type { CreateObservations, SeenImage, SeenSite, SiteOffer } from "./create-observations.ts";
import type { CreateVmRequest } from "./create-request.ts";
import { fail, type PlannedSize, sizeOf } from "./create-size.ts";
import { mib } from "./format.ts";
import type { CapacityType } from "./instance-type.ts";
import { planSecurityGroups } from "./migration-network.ts";
import type { TargetNetwork } from "./migration-parts.ts";
import type { NewVmDisk } from "./operation.ts";
import type { Offering } from "./placement.ts";
import type { PlanCheck, PlanChoice } from "./plan.ts";
import { plannedVm } from "./policy/admission.ts";
import type { Subject } from "./policy/subject.ts";
import { addressMonth, addUp, type Cost, diskMonth, instanceMonth } from "./prices.ts";
import { packTags } from "./tags.ts";
import type { DiskBus, Firmware } from "./vm.ts";

/** What the VM would be at one site, and what stands against it. */
export interface Candidate {
  readonly site: string;
  /** None failed: it can be made there. */
  readonly checks: readonly PlanCheck[];
  readonly choices: readonly PlanChoice[];
  readonly offerings: readonly Offering[];
  readonly capacityType: CapacityType;
  readonly bus: DiskBus;
  readonly firmware: Firmware;
  readonly image?: SeenImage;
  readonly network?: TargetNetwork;
  readonly securityGroups?: readonly string[];
  readonly diskBytes: readonly number[];
  /** Of a month; absent where nothing has a price. */
  readonly monthly?: Cost;
  /** As policies see it; absent where there are none. */
  readonly judged?: Subject;
}

const elsewhere = "Choose another site.";

export function fits({ checks }: Candidate): boolean {
  return checks.every(({ result }) => result !== "fail");
}

/** Looks at one site with the request's eyes. The first check that fails is why it won't do. */
export function candidateAt(seen: SeenSite, { request, admit }: CreateObservations): Candidate {
  const checks = placeChecks(seen, request);
  const { site, there } = seen;
  if (!there || checks.some(({ result }) => result === "fail")) return nothing(site, checks);
  const image = there.image && "imageId" in there.image ? there.image : undefined;
  const firmware = request.firmware ?? image?.firmware ?? "bios";
  const network = networkOf(seen, there, request);
  const groups = planSecurityGroups(
    { request: { ...request, to: site }, target: there },
    network.network?.virtualNetworkId,
  );
  const size = sizeOf(seen, there, { request, firmware, zone: network.network?.zone });
  const diskBytes = there.diskBytes.filter((bytes) => typeof bytes === "number");
  const monthly = costOf(there, request, size, diskBytes);
  const judged = newVm(seen, there, request, {
    size,
    network: network.network,
    groups: groups.ids,
    diskBytes,
    monthly,
  });
  return {
    site,
    checks: [
      ...checks,
      ...abilityChecks(seen, there, request),
      ...size.checks,
      ...network.checks,
      ...groups.checks,
      ...boundChecks(site, there, request, { size, diskBytes }),
      ...(admit?.([judged]) ?? []),
    ],
    choices: [...network.choices, ...groups.choices, ...size.choices],
    offerings: size.offerings,
    capacityType: size.capacityType,
    bus: size.offerings[0]?.type.diskBus ?? "virtio-blk",
    firmware,
    diskBytes,
    ...(image ? { image } : {}),
    ...(network.network ? { network: network.network } : {}),
    ...(groups.ids ? { securityGroups: groups.ids } : {}),
    ...(monthly ? { monthly } : {}),
    ...(admit ? { judged } : {}),
  };
}

/** The VM as policies judge it. */
function newVm(
  { site, provider, region, residency }: SeenSite,
  there: SiteOffer,
  { name, cpus, memoryBytes, tags = {}, publicAddress, disks = [] }: CreateVmRequest,
  chosen: {
    readonly size: PlannedSize;
    readonly network: TargetNetwork | undefined;
    readonly groups: readonly string[] | undefined;
    readonly diskBytes: readonly number[];
    readonly monthly: Cost | undefined;
  },
): Subject {
  const { size, network, groups, diskBytes, monthly } = chosen;
  const type = size.offerings[0]?.type;
  const planned = {
    vmId: "new",
    ...{ name, cpus: type?.cpus ?? cpus, memoryBytes: type?.memoryBytes ?? memoryBytes, tags },
    ...(type ? { instanceType: type.name, capacityType: size.capacityType } : {}),
    ...(network?.zone === undefined ? {} : { zone: network.zone }),
    disks: diskBytes.map((sizeBytes, index) => ({
      sizeBytes,
      ...typeOf(disks[index - diskBytes.length + disks.length]),
    })),
    nics: network ? [{ networkId: network.networkId }] : [],
  };
  return plannedVm({ site, provider, ...(region === undefined ? {} : { region }) }, planned, {
    target: there,
    securityGroups: groups,
    monthly,
    publicAddress,
    residency,
  });
}

function typeOf(disk: NewVmDisk | undefined): { type?: string } {
  return disk?.type === undefined ? {} : { type: disk.type };
}

function nothing(site: string, checks: readonly PlanCheck[]): Candidate {
  return {
    site,
    checks,
    choices: [],
    offerings: [],
    capacityType: "on-demand",
    bus: "virtio-blk",
    firmware: "bios",
    diskBytes: [],
  };
}

/** Where it lies, before anything at it is looked at. */
function placeChecks({ site, region, residency, unread }: SeenSite, request: CreateVmRequest): PlanCheck[] {
  const { regions, residency: wanted } = request;
  const inRegion = regions?.some((pattern) =>
    pattern.endsWith("*") ? region?.startsWith(pattern.slice(0, -1)) : region === pattern,
  );
  if (regions && !inRegion) {
    const detail = `${site} lies in ${region ?? "no region"}, not in ${regions.join(" or ")}`;
    return [fail("region", detail, "Allow its region, or choose another site.")];
  }
  if (wanted !== undefined && !residency.includes(wanted)) {
    const said = residency.length > 0 ? `only ${residency.join(", ")}` : "nothing";
    const detail = `the configuration names ${said} as places where data at ${site} stays, not ${wanted}`;
    return [fail("residency", detail, `Add ${wanted} to providers[].residency of the site if it is so.`)];
  }
  if (unread !== undefined) return [fail("site-reachable", `${site}: ${unread}`, "Check the site, or choose another.")];
  return [];
}

function abilityChecks({ site }: SeenSite, there: SiteOffer, request: CreateVmRequest): PlanCheck[] {
  const { image, recoveryPoint, capabilityGaps: gaps } = there;
  const needed: [string, boolean][] = [
    ["compute.create", true],
    ["compute.start", request.start === true],
    ["images", request.image !== undefined],
    ["disks.customer-key", request.encryptionKey !== undefined],
    ["network.public-address", request.publicAddress === true],
  ];
  const lacking = needed.flatMap(([name, wanted]) => (wanted && gaps[name] !== undefined ? [[name, gaps[name]]] : []));
  const bootable = request.image !== undefined || request.recoveryPoint !== undefined || there.diskBytes.length > 0;
  return [
    ...(bootable
      ? []
      : [fail("boot-disk", "It has nothing to boot from", "Name an image, a recovery point or a disk.")]),
    ...lacking.map(([name, why]) => fail(`site-${name}`, `${site}: ${why}`, elsewhere)),
    ...(request.image !== undefined && gaps.images === undefined && image && "missing" in image
      ? [fail("image", `${site}: ${image.missing}`, "Name another image.")]
      : []),
    ...(recoveryPoint && "missing" in recoveryPoint
      ? [fail("recovery-point", `${site}: ${recoveryPoint.missing}`, "Name the site that holds it.")]
      : []),
    ...there.diskBytes.flatMap((bytes) =>
      typeof bytes === "number"
        ? []
        : [fail("disk-size", `${site}: ${bytes.refused}`, "Ask for another size of the disk.")],
    ),
  ];
}

interface PlannedNetwork {
  readonly network?: TargetNetwork;
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
}

/** The one that was named, else the site's default, else its only one; a site without networks has none. */
function networkOf({ site }: SeenSite, { networks }: SiteOffer, request: CreateVmRequest): PlannedNetwork {
  const { network: wanted } = request;
  const named = networks.filter(({ networkId, name }) => networkId === wanted || name === wanted);
  const defaults = networks.filter(({ isDefault }) => isDefault === true);
  const [candidates, why] =
    wanted !== undefined
      ? [named, "it was asked for"]
      : defaults.length > 0
        ? // A cloud has one in each zone; any of them is the default.
          [[...defaults].sort((a, b) => ((a.zone ?? "") < (b.zone ?? "") ? -1 : 1)).slice(0, 1), "it is the default"]
        : [networks, "it is the only one"];
  const [network] = candidates;
  const what = `network at ${site}`;
  if (network && candidates.length === 1) {
    const choice = { what, chosen: network.name, why };
    if (network.active) return { network, choices: [choice], checks: [] };
    return { choices: [], checks: [fail("network", `${network.name} at ${site} is not active`, "Start it.")] };
  }
  if (networks.length === 0 && wanted === undefined) {
    return { choices: [{ what, chosen: "none", why: "it has none" }], checks: [] };
  }
  const known = networks.map(({ name }) => name).join(", ") || "none";
  const detail = `${candidates.length} networks at ${site} ${wanted === undefined ? "would do" : `are called ${wanted}`}`;
  return { choices: [], checks: [fail("network", detail, `Name one of: ${known}.`)] };
}

function costOf(
  there: SiteOffer,
  request: CreateVmRequest,
  { offerings, capacityType }: PlannedSize,
  diskBytes: readonly number[],
): Cost | undefined {
  const { prices, diskType = "of the site's default", recoveryPoint } = there;
  const [best] = offerings;
  if (!prices || !best) return undefined;
  const cloned = recoveryPoint && "sizeBytes" in recoveryPoint ? [recoveryPoint.sizeBytes] : [];
  return addUp([
    instanceMonth(prices, best.type.name, capacityType),
    ...[...cloned, ...diskBytes].map((bytes) => diskMonth(prices, diskType, bytes)),
    ...(request.publicAddress === true ? [addressMonth(prices)] : []),
  ]);
}

/** Our ceilings, the room for its disks, and what the site takes as tags. */
function boundChecks(
  site: string,
  there: SiteOffer,
  request: CreateVmRequest,
  { size, diskBytes }: { size: PlannedSize; diskBytes: readonly number[] },
): PlanCheck[] {
  const { cpus, memoryBytes } = size.offerings[0]?.type ?? request;
  const disks = diskBytes.reduce((sum, bytes) => sum + bytes, 0);
  const more: Readonly<Record<string, number>> = {
    max_vms: 1,
    max_cpus: cpus,
    max_memory: memoryBytes / 2 ** 30,
    max_disk: disks / 2 ** 30,
  };
  const over = there.ceilings.filter(({ name, used, limit }) => used + (more[name] ?? 0) > limit);
  const unread = there.quotasUnread;
  return [
    ...over.map(({ name, limit, unit }) =>
      fail(
        `ceiling-${name}`,
        `${site} would have more than ${limit} ${unit} (${name})`,
        "Raise it in the configuration.",
      ),
    ),
    ...(there.freeBytes !== undefined && disks > there.freeBytes
      ? [fail("free-space", `${site} has ${mib(there.freeBytes)} MiB free, ${mib(disks)} are needed`, elsewhere)]
      : []),
    ...(unread === undefined
      ? []
      : [
          { check: "quotas", result: "warn" as const, detail: `${site}: ${unread}`, remedy: "Nothing has to be done." },
        ]),
    ...(there.vmNames.includes(request.name)
      ? [
          {
            check: "name",
            result: "warn" as const,
            detail: `${site} has a VM called ${request.name} already`,
            remedy: "Nothing has to be done; they are told apart by their ids.",
          },
        ]
      : []),
    ...tagChecks(site, there, request.tags ?? {}),
  ];
}

function tagChecks(site: string, { tagRules }: SiteOffer, tags: Readonly<Record<string, string>>): PlanCheck[] {
  if (!tagRules) return [];
  try {
    packTags(tags, tagRules);
    return [];
  } catch (error) {
    return [fail("tags", `${site}: ${error instanceof Error ? error.message : String(error)}`, "Shorten the tags.")];
  }
}
