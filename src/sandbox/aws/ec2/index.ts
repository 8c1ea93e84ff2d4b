import type { AwsCloud } from "../cloud.ts";
import type { Keys } from "../kms/keys.ts";
import { type Operations, queryService } from "../query-service.ts";
import type { Quotas } from "../quotas/quotas.ts";
import type { S3Parts } from "../s3/index.ts";
import type { Service } from "../service.ts";
import { accountOperations } from "./account.ts";
import { addressOperations } from "./addresses.ts";
import { imageOperations } from "./images.ts";
import { importOperations } from "./imports.ts";
import { instanceAttributeOperations } from "./instance-attributes.ts";
import { InstanceDisks } from "./instance-disks.ts";
import { InstanceGuests } from "./instance-guests.ts";
import { instanceTypeOperations } from "./instance-types.ts";
import { instanceOperations } from "./instances.ts";
import { interfaceOperations } from "./interfaces.ts";
import { PublicImages } from "./public-images.ts";
import { Registry } from "./registry.ts";
import { routingOperations } from "./routing.ts";
import { securityGroupOperations } from "./security-groups.ts";
import { snapshotOperations } from "./snapshots.ts";
import { tagOperations } from "./tags.ts";
import { VolumeStore } from "./volume-store.ts";
import { volumeOperations } from "./volumes.ts";
import { vpcOperations } from "./vpcs.ts";
import { vpnOperations } from "./vpn.ts";

/** EC2's parts that other services work with too. */
export interface Ec2Parts {
  readonly registry: Registry;
  readonly volumes: VolumeStore;
  readonly guests: InstanceGuests;
  readonly images: PublicImages;
  readonly keys: Keys;
  readonly quotas: Quotas;
}

export function ec2Parts(
  cloud: AwsCloud,
  keys: Keys,
  quotas: Quotas,
  s3: S3Parts,
): Ec2Parts & { operations: Operations } {
  const registry = new Registry(cloud);
  const volumes = new VolumeStore(cloud, keys);
  const disks = new InstanceDisks(cloud);
  const guests = new InstanceGuests(cloud, disks);
  const images = new PublicImages(cloud);
  const operations: Operations = {
    ...tagOperations(registry),
    ...accountOperations(registry, keys),
    ...vpcOperations(registry),
    ...routingOperations(registry),
    ...vpnOperations(registry),
    ...securityGroupOperations(registry, (groupId) =>
      guests.refreshForwards((instance) => guests.hasGroup(instance, groupId)),
    ),
    ...interfaceOperations(registry),
    ...addressOperations(registry, (instanceId) => guests.refreshForwards(({ id }) => id === instanceId)),
    ...instanceTypeOperations(),
    ...instanceOperations(registry, volumes, guests, quotas, images),
    ...instanceAttributeOperations(registry),
    ...volumeOperations(registry, volumes, disks, images),
    ...snapshotOperations(registry, volumes, disks, keys, images),
    ...importOperations(registry, s3),
    ...imageOperations(registry, volumes, disks, guests, keys, images),
  };
  return { registry, volumes, guests, images, keys, quotas, operations };
}

export function ec2Service(cloud: AwsCloud, operations: Operations): Service {
  return queryService(cloud, {
    name: "ec2",
    dialect: "ec2",
    schemas: () => import("@aws-sdk/client-ec2"),
    operations,
    namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
  });
}
