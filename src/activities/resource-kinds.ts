import {
  addressMonth,
  type CostItem,
  diskMonth,
  instanceMonth,
  loadBalancerMonth,
  type PriceBook,
} from "../domain/prices.ts";
import { type Place, type Resource, type ResourceKind, sortedTags, vmResource } from "../domain/resource.ts";
import type { Vm } from "../domain/vm.ts";
import { toWire } from "../domain/wire.ts";
import type { Provider } from "../providers/provider.ts";

/** What the inventory asks of a place for one kind of resource. */
export interface KindReading {
  readonly place: Place;
  readonly provider: Provider;
  /** Undefined where nothing is known of the region's prices. */
  readonly prices: PriceBook | undefined;
  readonly signal: AbortSignal;
}

type Lister = (reading: KindReading) => AsyncIterable<Resource> | undefined;

/** How each kind is listed; undefined where a site has no such thing, or no way to list it. */
export const listers: Readonly<Record<ResourceKind, Lister>> = {
  vm: (reading) => map(reading.provider.compute.listVms(reading.signal), (vm) => vmOf(reading, vm)),
  volume: (reading) =>
    map(reading.provider.disks.listVolumes(reading.signal), (volume) => ({
      ...named(reading, "volume", volume.volumeId, volume.name, volume),
      state: volume.vmId === undefined ? "available" : "in-use",
      inUse: volume.vmId !== undefined,
      sizeBytes: volume.sizeBytes,
      ...optional({ type: volume.type, createdAt: volume.createdAt }),
      ...costOf(reading, (book) =>
        volume.type === undefined ? undefined : diskMonth(book, volume.type, volume.sizeBytes),
      ),
    })),
  snapshot: (reading) =>
    map(reading.provider.snapshots?.listSnapshots(reading.signal), (snapshot) => ({
      ...named(reading, "snapshot", snapshot.snapshotId, undefined, snapshot),
      state: snapshot.state,
      sizeBytes: snapshot.sizeBytes,
      createdAt: snapshot.createdAt,
    })) ??
    map(reading.provider.compute.listVmSnapshots?.(reading.signal), (snapshot) => ({
      ...named(reading, "snapshot", snapshot.snapshotId, snapshot.name, { ...snapshot, tags: {} }),
      state: snapshot.state,
      ...optional({ createdAt: snapshot.createdAt }),
    })),
  "recovery-point": (reading) =>
    map(reading.provider.disks.listPoints(reading.signal), (point) => ({
      ...named(reading, "recovery-point", point.pointId, undefined, point),
      state: point.kind,
      sizeBytes: point.sizeBytes,
      createdAt: point.createdAt,
    })),
  image: (reading) =>
    map(reading.provider.images?.listImages(reading.signal), (image) => ({
      ...named(reading, "image", image.imageId, image.name, image),
      state: image.state,
      ...optional({ sizeBytes: image.sizeBytes, createdAt: image.createdAt }),
    })) ??
    map(reading.provider.disks.listBaseImages?.(reading.signal), (image) => ({
      ...named(reading, "image", image.imageId, image.name, { ...image, tags: {} }),
      state: "available",
      type: image.type,
      ...optional({ sizeBytes: image.sizeBytes }),
    })),
  network: (reading) =>
    reading.provider.networkAdmin
      ? map(reading.provider.networkAdmin.listVirtualNetworks(reading.signal), (network) =>
          named(reading, "network", network.virtualNetworkId, network.name, network),
        )
      : map(reading.provider.network.listNetworks(reading.signal), (network) =>
          network.kind === "subnet"
            ? undefined
            : {
                ...named(reading, "network", network.networkId, network.name, { ...network, tags: {} }),
                state: network.active ? "active" : "inactive",
              },
        ),
  subnet: (reading) =>
    map(reading.provider.networkAdmin && reading.provider.network.listNetworks(reading.signal), (network) =>
      network.kind === "subnet"
        ? {
            ...named(reading, "subnet", network.networkId, network.name, { ...network, tags: {} }),
            state: network.active ? "active" : "inactive",
          }
        : undefined,
    ),
  "security-group": (reading) =>
    map(reading.provider.networkAdmin?.listSecurityGroups(reading.signal), (group) =>
      named(reading, "security-group", group.securityGroupId, group.name, group),
    ),
  address: (reading) =>
    map(reading.provider.networkAdmin?.listAddresses(reading.signal), (address) => ({
      ...named(reading, "address", address.addressId, address.address, address),
      state: address.vmId === undefined ? "available" : "in-use",
      inUse: address.vmId !== undefined,
      ...costOf(reading, addressMonth),
    })),
  "load-balancer": (reading) =>
    map(reading.provider.loadBalancers?.listLoadBalancers(reading.signal), (balancer) => ({
      ...named(reading, "load-balancer", balancer.loadBalancerId, balancer.name, balancer),
      state: balancer.state,
      type: balancer.type,
      ...optional({ createdAt: balancer.createdAt }),
      ...costOf(reading, (book) => loadBalancerMonth(book, balancer.type, balancer.leastMbps)),
    })),
  "scaling-group": (reading) =>
    map(reading.provider.scalingGroups?.listScalingGroups(reading.signal), (group) => ({
      ...named(reading, "scaling-group", group.scalingGroupId, group.name, group),
      state: group.state,
      ...optional({ createdAt: group.createdAt }),
    })),
  tunnel: (reading) =>
    map(reading.provider.tunnels?.listTunnels(reading.signal), (tunnel) => ({
      ...named(reading, "tunnel", tunnel.tunnelId, tunnel.name, tunnel),
      state: tunnel.state,
      type: tunnel.type,
    })),
};

/** A VM with what it costs: nothing but its disks while it is off, which have rows of their own. */
export function vmOf(reading: Pick<KindReading, "place" | "prices">, vm: Vm): Resource {
  const { instanceType } = vm;
  const { monthlyCostMicros } = costOf(reading, (book) => {
    if (instanceType === undefined) return undefined;
    return instanceMonth(book, instanceType, vm.capacityType ?? "on-demand");
  });
  const billed = monthlyCostMicros !== undefined && vm.state === "stopped" ? 0 : monthlyCostMicros;
  return { ...vmResource(reading.place, vm, billed), ...optional({ type: instanceType }) };
}

function named(
  { place }: KindReading,
  kind: ResourceKind,
  resourceId: string,
  name: string | undefined,
  shown: object & { readonly tags: Readonly<Record<string, string>> },
): Resource {
  const tags = sortedTags(shown.tags);
  // Clouds show the tag of that name where a resource has no name of its own.
  const given = name ?? tags.Name ?? tags.name ?? resourceId;
  return { ...place, kind, resourceId, name: given, tags, document: toWire({ ...shown, tags }) };
}

function costOf(
  { prices }: Pick<KindReading, "prices">,
  month: (book: PriceBook) => CostItem | undefined,
): { monthlyCostMicros?: number } {
  const amount = prices && month(prices)?.amount;
  // A sum of several currencies would be none.
  return optional({ monthlyCostMicros: amount?.currency === "USD" ? amount.micros : undefined });
}

function map<T>(items: AsyncIterable<T>, each: (item: T) => Resource | undefined): AsyncIterable<Resource>;
function map<T>(
  items: AsyncIterable<T> | undefined,
  each: (item: T) => Resource | undefined,
): AsyncIterable<Resource> | undefined;
function map<T>(
  items: AsyncIterable<T> | undefined,
  each: (item: T) => Resource | undefined,
): AsyncIterable<Resource> | undefined {
  return items && mapped(items, each);
}

async function* mapped<T>(items: AsyncIterable<T>, each: (item: T) => Resource | undefined): AsyncGenerator<Resource> {
  for await (const item of items) {
    const resource = each(item);
    if (resource) yield resource;
  }
}

function optional<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
