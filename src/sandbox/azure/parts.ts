import { DnsServer } from "../cloud/dns/server.ts";
import { groupRoutes } from "./arm/groups.ts";
import { Kinds } from "./arm/kinds.ts";
import { listedKinds } from "./arm/listed.ts";
import { Operations } from "./arm/operations.ts";
import { permissionRoutes } from "./arm/permissions.ts";
import { Router } from "./arm/router.ts";
import { scaleSetRoutes } from "./arm/samples.ts";
import { Blobs } from "./blob/blobs.ts";
import { BlockBlobs } from "./blob/block-blobs.ts";
import { Containers } from "./blob/containers.ts";
import { Copies } from "./blob/copies.ts";
import { ManagedBlobs } from "./blob/managed.ts";
import { BlobService } from "./blob/service.ts";
import { BlobSources } from "./blob/sources.ts";
import { BlobStore } from "./blob/store.ts";
import type { AzureCloud } from "./cloud.ts";
import { DiskContents } from "./compute/disk-contents.ts";
import { diskKind } from "./compute/disks.ts";
import { encryptionSetKind } from "./compute/encryption-sets.ts";
import { imageKind } from "./compute/images.ts";
import { ManagedAccess } from "./compute/managed-access.ts";
import { offerRoutes } from "./compute/offers.ts";
import { PlatformImage } from "./compute/platform-image.ts";
import { snapshotKind } from "./compute/snapshots.ts";
import { vmKind } from "./compute/virtual-machines.ts";
import { VmDisks } from "./compute/vm-disks.ts";
import { VmGuests } from "./compute/vm-guests.ts";
import { instanceViewRoute } from "./compute/vm-views.ts";
import { costRoutes, meterAzure } from "./costs/routes.ts";
import { Grants } from "./disks/grants.ts";
import { recordSetRoutes } from "./dns/record-sets.ts";
import { servedZones } from "./dns/served.ts";
import { zoneRoutes } from "./dns/zones.ts";
import { EventGrid } from "./events/event-grid.ts";
import { Queues } from "./events/queues.ts";
import { Gateway } from "./gateway.ts";
import { Identity } from "./identity.ts";
import { metricAlertRoutes } from "./monitor/metric-alerts.ts";
import { metricRoutes, vmMetrics } from "./monitor/metrics.ts";
import { addressKind } from "./network/addresses.ts";
import { ensureDefaultNetwork } from "./network/default-network.ts";
import { interfaceKind } from "./network/interfaces.ts";
import { balancerKind, poolRoutes } from "./network/load-balancers.ts";
import { ruleRoutes, securityGroupKind } from "./network/security-groups.ts";
import { Traffic } from "./network/traffic.ts";
import { networkUsageRoutes } from "./network/usages.ts";
import { networkKind, subnetRoutes } from "./network/virtual-networks.ts";
import { profileRoutes } from "./trafficmanager/profiles.ts";
import { ProfileNames } from "./trafficmanager/served.ts";

/** Everything that answers, put together. */
export function assemble(cloud: AzureCloud) {
  const identity = new Identity(cloud);
  const operations = new Operations(cloud);
  const kinds = new Kinds(cloud, operations);
  const grants = new Grants(cloud);
  const contents = new DiskContents(cloud);
  const store = new BlobStore(cloud);
  const sources = new BlobSources(store);
  const managed = new ManagedBlobs(cloud, grants);
  const copies = new Copies(store, sources, grants, managed);
  const access = new ManagedAccess(cloud, operations, contents, grants);
  const image = new PlatformImage(cloud);
  const disks = { kinds, contents, grants, access, blobs: sources, image };
  kinds.add(diskKind(disks));
  kinds.add(snapshotKind(disks));
  const guests = new VmGuests(kinds, contents);
  kinds.add(vmKind({ kinds, contents, grants, guests, vmDisks: new VmDisks(disks) }));
  kinds.add(imageKind(kinds, sources));
  kinds.add(encryptionSetKind(kinds));
  kinds.add(networkKind(kinds));
  kinds.add(securityGroupKind(kinds));
  kinds.add(addressKind(kinds));
  const traffic = new Traffic(kinds);
  const changed = () => cloud.inBackground("settle load balancers", () => traffic.settle());
  kinds.add(interfaceKind(kinds, changed));
  kinds.add(balancerKind(kinds, changed));
  for (const kind of listedKinds) kinds.add(kind);
  ensureDefaultNetwork(kinds);
  const queues = new Queues(cloud, identity);
  const events = new EventGrid(cloud, queues);
  operations.onSuccess = (resourceId, method) => events.changed(resourceId, method);
  const instanceViews = instanceViewRoute(kinds, guests);
  const metrics = vmMetrics(cloud);
  const billing = meterAzure(cloud);
  const router = new Router(cloud, identity, [
    ...operations.routes(),
    ...groupRoutes(cloud),
    ...kinds.routes(),
    instanceViews,
    ...scaleSetRoutes(kinds),
    ...events.routes(),
    ...offerRoutes(kinds, image),
    ...subnetRoutes(kinds),
    ...ruleRoutes(kinds),
    ...networkUsageRoutes(kinds),
    ...poolRoutes(kinds, changed, (balancer, rule) => traffic.healthOf(balancer, rule)),
    ...metricRoutes(kinds, metrics),
    ...costRoutes(cloud, billing),
    ...metricAlertRoutes(kinds, metrics),
    ...profileRoutes(kinds),
    ...zoneRoutes(kinds),
    ...recordSetRoutes(kinds),
    ...permissionRoutes(identity),
  ]);
  const account = {
    store,
    blobs: new Blobs(store),
    blocks: new BlockBlobs(store),
    containers: new Containers(store),
    copies,
  };
  const blobs = new BlobService(cloud, identity, managed, account);
  const gateway = new Gateway(cloud, identity, { router, blobs, queues });
  const profiles = new ProfileNames(kinds);
  const names = new DnsServer(
    () => [...servedZones(kinds), profiles.zone()],
    (error) => cloud.parts.log("The name server failed", { error }),
  );
  return { kinds, gateway, operations, contents, copies, store, guests, names, traffic, metrics, billing };
}
