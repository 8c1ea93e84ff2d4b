import type { CensusEntry } from "../cloud/admin.ts";
import type { GcpCloud } from "./cloud.ts";
import type { BalancingTables } from "./compute/balancing/state.ts";
import { imagePath } from "./compute/image-store.ts";
import type { PersistentDisks } from "./compute/persistent-disks.ts";
import type { DnsState } from "./dns/state.ts";
import { alertPoliciesOf } from "./monitoring/alert-policies.ts";
import { projectId, regionOfPath } from "./places.ts";
import type { Labels } from "./state.ts";
import type { StorageTables } from "./storage/state.ts";

/** Everything there is, with what nobody made marked. */
export function census(
  cloud: GcpCloud,
  disks: PersistentDisks,
  storage: StorageTables,
  { dns, balancing }: { dns: DnsState; balancing: BalancingTables },
): CensusEntry[] {
  const { tables } = cloud;
  const entry = (
    kind: string,
    resource: { id: string; createdAt: number; labels?: Labels; status?: string; builtIn?: boolean },
    facts?: CensusEntry["facts"],
  ): CensusEntry => ({
    kind,
    id: resource.id,
    region: regionOfPath(resource.id),
    createdAt: new Date(resource.createdAt).toISOString(),
    tags: resource.labels ?? {},
    builtIn: resource.builtIn ?? false,
    ...(resource.status ? { state: resource.status } : {}),
    ...(facts ? { facts } : {}),
  });
  return [
    ...[...tables.disks.values()].map((disk) =>
      entry("disk", disk, { file: cloud.disks.path(disk.layerId), users: disks.holders.usersOf(disk.id) }),
    ),
    ...[...tables.snapshots.values()].map((snapshot) => entry("snapshot", snapshot)),
    ...[...tables.images.values()].map((image) =>
      entry("image", { ...image, id: imagePath(image), builtIn: image.project !== projectId }),
    ),
    ...[...tables.instances.values()].map((instance) =>
      entry("instance", instance, { unforwarded: instance.unforwarded }),
    ),
    ...[...tables.networks.values()].map((network) => entry("network", network)),
    ...[...tables.subnetworks.values()].map((subnetwork) => entry("subnetwork", subnetwork)),
    ...[...tables.firewalls.values()].map((firewall) => entry("firewall", firewall)),
    ...[...tables.routes.values()].map((route) => entry("route", route)),
    ...[...tables.addresses.values()].map((address) => entry("address", address)),
    ...[...balancing.kept.values()].map((kept) =>
      entry(kept.id.split("/").at(-2) ?? "", kept, kept.address === undefined ? undefined : { address: kept.address }),
    ),
    ...[...balancing.endpoints.values()].map((endpoint) => entry("network-endpoint", { ...endpoint, createdAt: 0 })),
    ...[...dns.zones.values()].map((zone) => ({ ...entry("managed-zone", zone), region: "global" })),
    ...[...alertPoliciesOf(cloud.documents).values()].map((policy) => ({
      ...entry("alert-policy", policy),
      region: "global",
    })),
    ...[...storage.buckets.values()].map((bucket) => ({
      ...entry("bucket", bucket),
      region: bucket.location.toLowerCase(),
    })),
    ...[...storage.objects.values()].map((object) => ({
      ...entry("object", { ...object, labels: object.metadata }),
      region: storage.buckets.get(object.bucket)?.location.toLowerCase() ?? "",
    })),
    ...[...storage.uploads.values()]
      .filter(({ objectId }) => objectId === undefined)
      .map((upload) => entry("upload", upload, { bucket: upload.bucket, name: upload.name })),
  ];
}
