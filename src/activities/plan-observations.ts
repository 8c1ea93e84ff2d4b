import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { FirewallRule } from "../domain/firewall.ts";
import type { Ceiling, DiskBase, DiskObservation, MigrationObservations } from "../domain/migration-parts.ts";
import type { PriceBook } from "../domain/prices.ts";
import type { Vm } from "../domain/vm.ts";
import type { QuotasFacet } from "../providers/cloud-facets.ts";
import type {
  ComputeFacet,
  DisksFacet,
  Network,
  NetworkFacet,
  Provider,
  SourcePointDisk,
} from "../providers/provider.ts";
import type { Store } from "../store/index.ts";
import type { DataPlane, SiteSettings } from "./deps.ts";
import { goneIsFine } from "./gone.ts";

/** What a plan asks of where a VM comes from. */
export interface SourceSide extends Pick<Provider, "site" | "kind" | "capabilities" | "live"> {
  readonly compute: Pick<ComputeFacet, "listInstanceTypes">;
  readonly disks: Pick<DisksFacet, "inspectSource" | "peek" | "expectConsistency" | "diskTypes" | "listVolumes">;
  readonly network: Pick<NetworkFacet, "firewallOf">;
}

/** What a plan looks at, at both sites; nothing is changed. */
export async function lookAtSource(
  provider: SourceSide,
  settings: SiteSettings,
  store: Store,
  vmId: string,
  signal: AbortSignal,
): Promise<MigrationObservations["source"]> {
  const consistency = await provider.disks.expectConsistency?.(vmId, signal);
  return {
    ...(consistency ? { consistency } : {}),
    kind: provider.kind,
    capabilityGaps: provider.capabilities,
    fixedShapes: provider.compute.listInstanceTypes !== undefined,
    ...(provider.disks.diskTypes ? { diskTypes: provider.disks.diskTypes } : {}),
    prices: await pricesAt(provider, settings, store),
  };
}

export async function lookAtTarget(
  provider: Provider,
  settings: SiteSettings,
  store: Store,
  signal: AbortSignal,
  look: { readonly networkRules?: boolean } = {},
): Promise<MigrationObservations["target"]> {
  const { compute, disks, network, networkAdmin, quotas, tagRules, capabilities } = provider;
  const [networks, vms, types, limits, groups, freeBytes, prices] = await Promise.all([
    Array.fromAsync(network.listNetworks(signal)),
    Array.fromAsync(compute.listVms(signal)),
    compute.listInstanceTypes && Array.fromAsync(compute.listInstanceTypes(signal)),
    quotas && readQuotas(quotas, signal),
    networkAdmin && Array.fromAsync(networkAdmin.listSecurityGroups(signal)),
    disks.freeBytes(signal),
    pricesAt(provider, settings, store),
  ]);
  const ofNetworks = look.networkRules ? await readNetworkRules(network, networks, signal) : undefined;
  return {
    kind: provider.kind,
    capabilityGaps: capabilities,
    networks,
    freeBytes,
    vmNames: vms.map((vm) => vm.name),
    addresses: addressesOf(vms),
    ceilings: ceilingsOf(settings, vms),
    instanceTypes: types,
    tagRules,
    ...limits,
    prices,
    diskType: disks.diskType,
    ...(disks.diskTypes ? { diskTypes: disks.diskTypes } : {}),
    securityGroups: groups,
    ...(ofNetworks ? { networkRules: ofNetworks } : {}),
    configuredSecurityGroups: settings.securityGroups,
    encryptionKey: settings.encryptionKey,
  };
}

/** Of disks whose VM does not tell them. */
export async function typesOf(
  { disks }: SourceSide,
  vm: Vm,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const untold = new Map(
    vm.disks.flatMap(({ volumeId, diskId, type }) => (type === undefined ? [[volumeId, diskId]] : [])),
  );
  const found: Record<string, string> = {};
  if (untold.size === 0) return found;
  for await (const { volumeId, type } of disks.listVolumes(signal)) {
    const diskId = untold.get(volumeId);
    if (diskId !== undefined && type !== undefined) found[diskId] = type;
  }
  return found;
}

function addressesOf(vms: readonly Vm[]): Readonly<Record<string, readonly string[]>> {
  const all = vms.flatMap(({ nics }) =>
    nics.flatMap(({ networkId, address }) => (address ? [{ networkId, address }] : [])),
  );
  return Object.fromEntries(
    [...Map.groupBy(all, ({ networkId }) => networkId)].map(([id, of]) => [id, of.map(({ address }) => address)]),
  );
}

async function readNetworkRules(
  facet: NetworkFacet,
  networks: readonly Network[],
  signal: AbortSignal,
): Promise<MigrationObservations["target"]["networkRules"]> {
  if (!facet.networkRules) return undefined;
  const read: [string, readonly FirewallRule[]][] = [];
  for (const { networkId } of networks) {
    read.push([networkId, (await goneIsFine(facet.networkRules(networkId, signal))) ?? []]);
  }
  return Object.fromEntries(read);
}

/** Bounds that can't be read keep nobody from moving: the site holds to them anyway. */
async function readQuotas(
  facet: QuotasFacet,
  signal: AbortSignal,
): Promise<Pick<MigrationObservations["target"], "quotas" | "quotasUnread">> {
  try {
    return { quotas: await Array.fromAsync(facet.listQuotas(signal)) };
  } catch (error) {
    if (isProviderError(error, "CloudPermissionDenied", "UnsupportedCapability", "NotFound", "Unknown")) {
      return { quotasUnread: error.message };
    }
    throw error;
  }
}

export function pricesAt(
  provider: Pick<Provider, "capabilities">,
  { market }: SiteSettings,
  store: Store,
): Promise<PriceBook> | undefined {
  if (provider.capabilities.prices !== undefined || !market) return undefined;
  return store.prices.book(market.provider, market.region);
}

/** As used by what is there now. */
function ceilingsOf({ ceilings }: SiteSettings, vms: readonly Vm[]): Ceiling[] {
  const sum = (value: (vm: Vm) => number) => vms.reduce((total, vm) => total + value(vm), 0);
  const gib = (bytes: number) => bytes / 2 ** 30;
  const { maxVms, maxCpus, maxMemoryBytes, maxDiskBytes } = ceilings;
  const all: (Ceiling | undefined)[] = [
    maxVms === undefined ? undefined : { name: "max_vms", limit: maxVms, used: vms.length, unit: "VMs" },
    maxCpus === undefined ? undefined : { name: "max_cpus", limit: maxCpus, used: sum((vm) => vm.cpus), unit: "CPUs" },
    maxMemoryBytes === undefined
      ? undefined
      : { name: "max_memory", limit: gib(maxMemoryBytes), used: gib(sum((vm) => vm.memoryBytes)), unit: "GiB" },
    maxDiskBytes === undefined
      ? undefined
      : {
          name: "max_disk",
          limit: gib(maxDiskBytes),
          used: gib(sum((vm) => vm.disks.reduce((total, disk) => total + disk.sizeBytes, 0))),
          unit: "GiB",
        },
  ];
  return all.filter((ceiling) => ceiling !== undefined);
}

interface DiskContext {
  readonly sourceSite: string;
  readonly target: Provider;
  readonly store: Store;
  readonly transfer: Pick<DataPlane, "writtenRanges">;
  readonly signal: AbortSignal;
}

/** They are pinned in the plan: more of them than a preparation writes would swell it. */
const mostRangesApart = 500;

/** The disk, what the target makes of its size, and the states of it that the target holds already. */
export async function observeDisk(context: DiskContext, disk: SourcePointDisk): Promise<DiskObservation> {
  const { diskId, sizeBytes, allocatedBytes } = disk;
  const there = sizeAt(context.target, sizeBytes);
  if (typeof there === "number") {
    const bases = await findBases(context, disk, there);
    return { diskId, sizeBytes, targetSizeBytes: there, allocatedBytes, bases };
  }
  return { diskId, sizeBytes, targetSizeBytes: sizeBytes, refused: there.refused, allocatedBytes, bases: [] };
}

function sizeAt(target: Provider, sizeBytes: number): number | { readonly refused: string } {
  try {
    return target.disks.volumeSize(sizeBytes);
  } catch (error) {
    if (isProviderError(error, "InvalidInput")) return { refused: error.details.reason };
    throw error;
  }
}

async function findBases(context: DiskContext, disk: SourcePointDisk, targetSizeBytes: number): Promise<DiskBase[]> {
  const { sourceSite, store, transfer } = context;
  const bases: DiskBase[] = [];
  for (const { baselineId, tracking, changedBytes } of disk.baselines) {
    const known = await store.points.get(sourceSite, baselineId);
    if (!known) continue;
    const twin = await findTwin(context, known.rootHash, targetSizeBytes);
    if (twin) {
      bases.push({ baselineId, tracking, changedBytes, ...twin });
      continue;
    }
    // A prepared disk's own leaves are all that sets it apart from the state below it.
    const below = await store.checkpoints.parentOf(known.manifestId);
    const other = below && (await findTwin(context, below.rootHash, targetSizeBytes));
    const also =
      other &&
      (await transfer.writtenRanges(targetSizeBytes, store.checkpoints.chunks(known.manifestId), mostRangesApart));
    if (other && also) bases.push({ baselineId, tracking, changedBytes, ...other, also });
  }
  return bases;
}

/** A point at the target with that content. */
async function findTwin(
  { target, store, signal }: DiskContext,
  rootHash: string,
  targetSizeBytes: number,
): Promise<Pick<DiskBase, "parentPointId" | "parentManifestId"> | undefined> {
  for (const twin of await store.points.findByRootHash(target.site, rootHash, ["sealed", "adopted"])) {
    // A point may be smaller than the replica that goes on from it; the manifest already counts the zeros behind it.
    const manifest = await store.checkpoints.state(twin.manifestId);
    if (manifest?.sizeBytes !== targetSizeBytes || twin.sizeBytes > targetSizeBytes) continue;
    if (!(await isIntact(target, twin.pointId, signal))) continue;
    return { parentPointId: twin.pointId, parentManifestId: twin.manifestId };
  }
  return undefined;
}

export async function isIntact(provider: Provider, pointId: string, signal: AbortSignal): Promise<boolean> {
  try {
    await provider.disks.getPoint(pointId, signal);
    return true;
  } catch (error) {
    if (isProviderError(error, "NotFound", "Conflict")) return false;
    throw error;
  }
}

/** By id, else by its name when that is unique; fenced predecessors only count when nothing else has the name. */
export async function findVm(provider: Provider, wanted: string, signal: AbortSignal): Promise<Vm> {
  const named: Vm[] = [];
  for await (const vm of provider.compute.listVms(signal)) {
    if (vm.vmId === wanted) return vm;
    if (vm.name === wanted) named.push(vm);
  }
  const live = named.filter((vm) => vm.tags["novacron:fenced-by"] === undefined);
  const candidates = live.length > 0 ? live : named;
  if (candidates.length === 1) return candidates[0] as Vm;
  throw new ProviderError(candidates.length === 0 ? "NotFound" : "InvalidInput", {
    operation: "find the VM",
    resource: `${provider.site}/vm/${wanted}`,
    reason:
      candidates.length === 0
        ? "no VM has that id or name"
        : `${candidates.length} VMs have that name: ${candidates.map((vm) => vm.vmId).join(", ")}`,
    action: candidates.length === 0 ? "List the site's VMs with `novacron vms list`." : "Name one by its id.",
  });
}

export async function hasSecurityGroup(provider: Provider, id: string, signal: AbortSignal): Promise<boolean> {
  if (!provider.networkAdmin) return false;
  for await (const group of provider.networkAdmin.listSecurityGroups(signal)) {
    if (group.securityGroupId === id) return true;
  }
  return false;
}
