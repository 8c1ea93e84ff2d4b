import type { AttachedDisk, Instance, Nic } from "../state.ts";
import { fingerprint } from "./ids.ts";
import { labelFields } from "./labels.ts";
import { link, scopeOf } from "./links.ts";
import { commonFields, timestamp } from "./lists.ts";
import type { ComputeParts } from "./parts.ts";

/** An instance as answers have it. */
export function describeInstance(parts: ComputeParts, instance: Instance): object {
  const scope = scopeOf(instance.id);
  const { metadata, tags, lastStartAt, lastStopAt, statusMessage } = instance;
  return {
    ...commonFields("instance", instance),
    zone: link(scope),
    selfLink: link(instance.id),
    machineType: link(`${scope}/machineTypes/${instance.machineType}`),
    status: instance.status,
    ...(statusMessage ? { statusMessage } : {}),
    cpuPlatform: "Simulated",
    disks: instance.disks.map((disk) => describeAttached(parts, disk)),
    networkInterfaces: instance.nics.map(describeNic),
    metadata: {
      kind: "compute#metadata",
      fingerprint: fingerprint(metadata),
      ...(Object.keys(metadata).length > 0
        ? { items: Object.entries(metadata).map(([key, value]) => ({ key, value })) }
        : {}),
    },
    tags: { fingerprint: fingerprint(tags), ...(tags.length > 0 ? { items: tags } : {}) },
    scheduling: instance.scheduling,
    ...(instance.serviceAccounts.length > 0 ? { serviceAccounts: instance.serviceAccounts } : {}),
    canIpForward: instance.canIpForward,
    deletionProtection: instance.deletionProtection,
    startRestricted: false,
    fingerprint: fingerprint(instance),
    ...(lastStartAt ? { lastStartTimestamp: timestamp(lastStartAt) } : {}),
    ...(lastStopAt ? { lastStopTimestamp: timestamp(lastStopAt) } : {}),
    ...labelFields(instance),
  };
}

function describeAttached({ cloud }: ComputeParts, attached: AttachedDisk): object {
  const { diskId, deviceName, boot, autoDelete, mode, index } = attached;
  const disk = cloud.tables.disks.get(diskId);
  const features = disk?.guestOsFeatures ?? [];
  return {
    kind: "compute#attachedDisk",
    type: "PERSISTENT",
    interface: "SCSI",
    source: link(diskId),
    deviceName,
    boot,
    autoDelete,
    mode,
    index,
    ...(disk ? { diskSizeGb: String(disk.sizeGb) } : {}),
    ...(features.length > 0 ? { guestOsFeatures: features.map((type) => ({ type })) } : {}),
    ...(disk?.architecture ? { architecture: disk.architecture } : {}),
  };
}

function describeNic(nic: Nic): object {
  const { name, networkId, subnetworkId, networkIp, access } = nic;
  return {
    kind: "compute#networkInterface",
    name,
    network: link(networkId),
    subnetwork: link(subnetworkId),
    networkIP: networkIp,
    stackType: "IPV4_ONLY",
    fingerprint: fingerprint(nic),
    ...(access
      ? {
          accessConfigs: [
            {
              kind: "compute#accessConfig",
              type: "ONE_TO_ONE_NAT",
              name: access.name,
              networkTier: access.tier,
              ...(access.natIp ? { natIP: access.natIp } : {}),
            },
          ],
        }
      : {}),
  };
}
