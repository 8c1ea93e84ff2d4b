import { DnsServer } from "../cloud/dns/server.ts";
import { apiKeyOperations } from "./api-keys.ts";
import type { OciCloud } from "./cloud.ts";
import { attachmentKinds, attachmentOperations } from "./core/attachments.ts";
import { backupKinds, backupOperations } from "./core/backups.ts";
import { ensureNetwork } from "./core/built-in-network.ts";
import { consoleOperations } from "./core/console.ts";
import { imageKind, imageOperations } from "./core/image-operations.ts";
import { ImageBytes } from "./core/images.ts";
import { InstanceGuests } from "./core/instance-guests.ts";
import { instanceKind, instanceOperations } from "./core/instances.ts";
import { networkKinds } from "./core/network-kinds.ts";
import { securityGroupOperations } from "./core/security-groups.ts";
import { shapeOperations } from "./core/shapes.ts";
import { vcnOperations } from "./core/vcns.ts";
import { vnicOperations } from "./core/vnics.ts";
import { volumeGroupKind, volumeGroupOperations } from "./core/volume-groups.ts";
import { volumeKinds, volumeOperations } from "./core/volumes.ts";
import { recordOperations, ZoneRecords } from "./dns/records.ts";
import { zoneKind, zoneOperations } from "./dns/zones.ts";
import { identityOperations } from "./identity.ts";
import { limitOperations } from "./limits.ts";
import { listedKinds, listedOperations } from "./listed.ts";
import { balancerKind, balancerOperations } from "./loadbalancer/operations.ts";
import { Traffic } from "./loadbalancer/traffic.ts";
import { alarmOperations } from "./monitoring/alarms.ts";
import { type ComputeMetrics, computeMetrics, monitoringOperations } from "./monitoring/operations.ts";
import { bucketOperations } from "./objectstorage/buckets.ts";
import { multipartOperations } from "./objectstorage/multipart.ts";
import { objectOperations } from "./objectstorage/objects.ts";
import { ObjectStore } from "./objectstorage/store.ts";
import type { Operation } from "./operation.ts";
import { Registry } from "./registry.ts";
import { RetryTokens } from "./retry-tokens.ts";
import { eventRuleOperations, streamOperations } from "./streaming.ts";
import { type Billing, meterOci, usageOperations } from "./usage/operations.ts";
import { WorkRequests, workRequestOperations } from "./work-requests.ts";

export interface Services {
  readonly registry: Registry;
  readonly tokens: RetryTokens;
  readonly workRequests: WorkRequests;
  readonly guests: InstanceGuests;
  readonly objects: ObjectStore;
  readonly network: ReturnType<typeof ensureNetwork>;
  readonly names: DnsServer;
  readonly traffic: Traffic;
  /** Of its guests, as Monitoring keeps them. */
  readonly metrics: ComputeMetrics;
  readonly billing: Billing;
  readonly operations: readonly Operation[];
}

/** Every simulated operation over one state. */
export function makeServices(cloud: OciCloud): Services {
  const registry = new Registry(cloud);
  const workRequests = new WorkRequests(cloud);
  const objects = new ObjectStore(cloud);
  const bytes = new ImageBytes(registry, objects);
  const guests = new InstanceGuests(registry);
  const kinds = {
    ...volumeKinds(registry),
    ...backupKinds(registry),
    group: volumeGroupKind(registry),
    ...attachmentKinds(registry),
    instance: instanceKind(registry),
    image: imageKind(registry),
  };
  const network = networkKinds(registry);
  const zone = zoneKind(registry);
  const records = new ZoneRecords(registry);
  const balancer = balancerKind(registry);
  const traffic = new Traffic(registry);
  const metrics = computeMetrics(cloud);
  const billing = meterOci(cloud);
  return {
    metrics,
    billing,
    registry,
    tokens: new RetryTokens(registry),
    workRequests,
    guests,
    objects,
    network: ensureNetwork(registry, network),
    traffic,
    names: new DnsServer(
      () => records.served(),
      (error) => cloud.parts.log("The name server failed", { error }),
    ),
    operations: [
      ...volumeOperations(registry, kinds),
      ...backupOperations(registry, kinds),
      ...volumeGroupOperations(registry, kinds.group),
      ...attachmentOperations(registry, workRequests, kinds),
      ...shapeOperations(registry),
      ...instanceOperations(registry, workRequests, guests, bytes, { ...kinds, ...network }),
      ...imageOperations(registry, workRequests, objects, bytes, guests, kinds),
      ...consoleOperations(registry, kinds.instance),
      ...vcnOperations(registry, network),
      ...securityGroupOperations(registry, network, (groupId) =>
        guests.refreshForwards(({ groupIds }) => groupIds.includes(groupId)),
      ),
      ...vnicOperations(registry, network, (changed) => guests.refreshForwards(({ id }) => id === changed.id)),
      ...bucketOperations(registry, objects),
      ...objectOperations(objects),
      ...multipartOperations(registry, objects),
      ...identityOperations(registry),
      ...apiKeyOperations(registry),
      ...limitOperations(registry),
      ...monitoringOperations(registry, metrics),
      ...usageOperations(registry, billing),
      ...alarmOperations(registry, metrics),
      ...listedOperations(registry, listedKinds(registry)),
      ...streamOperations(registry, () => cloud.endpoint),
      ...eventRuleOperations(registry),
      ...workRequestOperations(registry),
      ...zoneOperations(registry, zone, records),
      ...recordOperations(registry, zone, records),
      ...balancerOperations(registry, balancer, traffic),
    ],
  };
}
