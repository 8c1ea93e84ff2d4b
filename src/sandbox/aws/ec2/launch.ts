import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, invalidCombination, invalidParameter, missingParameter } from "../errors.ts";
import { accountId } from "../identity.ts";
import { newId } from "../ids.ts";
import type { Quotas } from "../quotas/quotas.ts";
import type { Image, ImageDevice, Instance, NetworkInterface, Subnet, Volume } from "../state.ts";
import { ensureDefaultNetwork, resource } from "./default-network.ts";
import { imageState } from "./image-state.ts";
import { type InstanceType, instanceType } from "./instance-types.ts";
import { newInterface } from "./interfaces.ts";
import type { Registry } from "./registry.ts";
import { specifiedTags } from "./tags.ts";
import type { VolumeStore } from "./volume-store.ts";

/** One instance to be, with all that comes with it; nothing of it is stored yet. */
export interface PlannedInstance {
  readonly instance: Instance;
  readonly interfaces: readonly NetworkInterface[];
  readonly volumes: readonly Volume[];
}

/** Checks a launch as RunInstances does, in its order of refusals, and plans what it makes. */
export function planLaunch(
  registry: Registry,
  store: VolumeStore,
  quotas: Quotas,
  call: Call,
  input: ec2.RunInstancesRequest,
): PlannedInstance[] {
  const { cloud, kinds } = registry;
  if (input.ImageId === undefined) throw missingParameter("ImageId");
  const image = registry.find(call, kinds.image, input.ImageId);
  if (imageState(registry.cloud, store, image) !== "available") {
    throw incorrectState("InvalidAMIID.Unavailable", `The image ID '${image.id}' is not available`);
  }
  const least = input.MinCount ?? 1;
  const count = input.MaxCount ?? 1;
  if (least < 1 || count < least) throw invalidParameter("MinCount", least);
  const type = typeOf(input.InstanceType ?? "m1.small", image);
  const uefi = bootsByUefi(image, type);
  const subnet = subnetOf(registry, call, input);
  const { zone } = subnet;
  if (input.Placement?.AvailabilityZone && input.Placement.AvailabilityZone !== zone) {
    throw invalidParameter("availabilityZone", input.Placement.AvailabilityZone);
  }
  if (
    input.KeyName !== undefined &&
    !cloud.tables.keyPairs.find(({ name, region }) => name === input.KeyName && region === call.region)
  ) {
    throw new AwsError("InvalidKeyPair.NotFound", `The key pair '${input.KeyName}' does not exist`);
  }
  const spot = input.InstanceMarketOptions?.MarketType === "spot";
  quotas.forLaunch(call.region, type, count, spot);
  const { noCapacity } = cloud.settings;
  if (noCapacity.some((entry) => [`${zone}/${type.name}`, `${zone}/*`, `*/${type.name}`, "*/*"].includes(entry))) {
    throw insufficientCapacity(type.name, zone);
  }

  const reservationId = newId("r");
  return Array.from({ length: count }, (_, launchIndex) => {
    const tags = specifiedTags(input.TagSpecifications, "instance");
    const profile = input.IamInstanceProfile;
    const instance: Instance = {
      ...resource("i", call.region, tags),
      reservationId,
      launchIndex,
      ...(input.ClientToken ? { clientToken: input.ClientToken } : {}),
      imageId: image.id,
      type: type.name,
      architecture: image.architecture,
      ...(image.bootMode ? { bootMode: image.bootMode } : {}),
      uefi,
      enaSupport: image.enaSupport,
      zone,
      subnetId: subnet.id,
      vpcId: subnet.vpcId,
      ...(input.KeyName ? { keyName: input.KeyName } : {}),
      ...(profile ? { profileArn: profile.Arn ?? `arn:aws:iam::${accountId}:instance-profile/${profile.Name}` } : {}),
      ...(input.UserData ? { userData: input.UserData } : {}),
      rootDeviceName: image.rootDeviceName,
      state: "pending",
      transitionReason: "",
      launchedAt: Date.now(),
      spot,
      monitoring: input.Monitoring?.Enabled ?? false,
      disableApiTermination: input.DisableApiTermination ?? false,
      disableApiStop: input.DisableApiStop ?? false,
      ebsOptimized: input.EbsOptimized ?? false,
      shutdownBehavior: input.InstanceInitiatedShutdownBehavior === "terminate" ? "terminate" : "stop",
      metadataTokensRequired: input.MetadataOptions?.HttpTokens === "required" || image.imdsSupport === "v2.0",
      unforwarded: [],
    };
    return {
      instance,
      interfaces: planInterfaces(registry, call, input, subnet, instance),
      volumes: planVolumes(registry, store, call, input, image, instance),
    };
  });
}

export function insufficientCapacity(type: string, zone: string): AwsError {
  return new AwsError(
    "InsufficientInstanceCapacity",
    `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity.`,
    500,
  );
}

function typeOf(name: string, image: Image): InstanceType {
  const type = instanceType(name);
  if (!type) throw new AwsError("InvalidParameterValue", `Invalid value '${name}' for InstanceType.`);
  if (type.architecture !== image.architecture) {
    throw new AwsError(
      "InvalidParameterValue",
      `The architecture '${type.architecture}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`,
    );
  }
  if (image.virtualizationType !== "hvm") {
    throw invalidCombination(
      `Non-Windows instances with a virtualization type of '${image.virtualizationType}' are currently not supported for this instance type.`,
    );
  }
  if (type.nitro && !image.enaSupport) {
    throw invalidCombination(
      `Enhanced networking with the Elastic Network Adapter (ENA) is required for the '${name}' instance type. Ensure that you are using an AMI that is enabled for ENA.`,
    );
  }
  return type;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-boot.html: an image without a boot mode boots by the type's
 *  default, which is legacy BIOS on x86 and UEFI on Graviton. */
function bootsByUefi(image: Image, type: InstanceType): boolean {
  const byUefi = type.architecture === "arm64";
  if (image.bootMode === "uefi-preferred") return type.nitro;
  if (image.bootMode === undefined) return byUefi;
  const wanted = image.bootMode === "uefi";
  if ((wanted && !type.nitro) || (!wanted && byUefi)) {
    throw new AwsError(
      "Unsupported",
      `The instance type '${type.name}' does not support an AMI with the boot mode '${image.bootMode}'.`,
    );
  }
  return wanted;
}

function subnetOf(registry: Registry, call: Call, input: ec2.RunInstancesRequest): Subnet {
  const { kinds, cloud } = registry;
  const [nic] = input.NetworkInterfaces ?? [];
  if (nic && (input.SubnetId !== undefined || input.SecurityGroupIds?.length)) {
    throw invalidCombination(
      "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request",
    );
  }
  if (nic?.NetworkInterfaceId) {
    const eni = registry.find(call, kinds.interface, nic.NetworkInterfaceId);
    return cloud.tables.subnets.get(eni.subnetId) as Subnet;
  }
  const named = nic?.SubnetId ?? input.SubnetId;
  if (named !== undefined) return registry.find(call, kinds.subnet, named);
  ensureDefaultNetwork(cloud, call.region);
  const zone = input.Placement?.AvailabilityZone;
  const subnet = cloud.tables.subnets.find(
    (one) => one.region === call.region && one.isDefault && (zone === undefined || one.zone === zone),
  );
  if (!subnet)
    throw new AwsError(
      "VPCIdNotSpecified",
      "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
    );
  return subnet;
}

function planInterfaces(
  registry: Registry,
  call: Call,
  input: ec2.RunInstancesRequest,
  subnet: Subnet,
  instance: Instance,
): NetworkInterface[] {
  const specified = input.NetworkInterfaces?.length
    ? input.NetworkInterfaces
    : [{ DeviceIndex: 0, Groups: input.SecurityGroupIds }];
  return specified.map((wish: ec2.InstanceNetworkInterfaceSpecification, index) => {
    const attachment = {
      id: newId("eni-attach"),
      instanceId: instance.id,
      deviceIndex: wish.DeviceIndex ?? index,
      deleteOnTermination: wish.DeleteOnTermination ?? wish.NetworkInterfaceId === undefined,
      at: Date.now(),
    };
    if (wish.NetworkInterfaceId) {
      const eni = registry.find(call, registry.kinds.interface, wish.NetworkInterfaceId);
      if (eni.attachment) throw new AwsError("InvalidNetworkInterface.InUse", `Interface ${eni.id} is in use.`);
      return { ...eni, attachment };
    }
    const privateIp = wish.PrivateIpAddress ?? (index === 0 ? input.PrivateIpAddress : undefined);
    const eni = newInterface(registry, call, {
      subnet: wish.SubnetId ? registry.find(call, registry.kinds.subnet, wish.SubnetId) : subnet,
      ...(wish.Groups?.length ? { groupIds: wish.Groups } : {}),
      ...(privateIp === undefined ? {} : { privateIp }),
      ...(wish.Description === undefined ? {} : { description: wish.Description }),
      wantsPublicIp: attachment.deviceIndex === 0 && (wish.AssociatePublicIpAddress ?? subnet.mapPublicIp),
      tags: specifiedTags(input.TagSpecifications, "network-interface"),
    });
    return { ...eni, attachment };
  });
}

/** The image's devices, as the request changes them, as volumes. */
function planVolumes(
  registry: Registry,
  store: VolumeStore,
  call: Call,
  input: ec2.RunInstancesRequest,
  image: Image,
  instance: Instance,
): Volume[] {
  const devices = new Map<string, ImageDevice>(image.devices.map((device) => [device.device, device]));
  for (const { DeviceName = "", Ebs, NoDevice, VirtualName } of input.BlockDeviceMappings ?? []) {
    if (NoDevice !== undefined) devices.delete(DeviceName);
    else if (Ebs) devices.set(DeviceName, mergeDevice(devices.get(DeviceName), DeviceName, Ebs));
    else if (VirtualName === undefined)
      throw new AwsError("InvalidBlockDeviceMapping", `The device '${DeviceName}' has no EBS volume`);
  }
  return [...devices.values()]
    .filter(({ virtualName }) => virtualName === undefined)
    .map((device) => {
      const snapshot = device.snapshotId ? registry.cloud.tables.snapshots.get(device.snapshotId) : undefined;
      if (device.snapshotId && !snapshot) {
        throw new AwsError("InvalidSnapshot.NotFound", `The snapshot '${device.snapshotId}' does not exist.`);
      }
      if (snapshot && device.sizeGib !== undefined && device.sizeGib < snapshot.sizeGib) {
        throw new AwsError(
          "InvalidBlockDeviceMapping",
          `Volume of size ${device.sizeGib}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.sizeGib}GB`,
        );
      }
      const volume = store.plan({
        region: call.region,
        zone: instance.zone,
        ...(snapshot ? { snapshot } : {}),
        ...(device.sizeGib === undefined ? {} : { sizeGib: device.sizeGib }),
        ...(device.type === undefined ? {} : { type: device.type }),
        ...(device.iops === undefined ? {} : { iops: device.iops }),
        ...(device.throughput === undefined ? {} : { throughput: device.throughput }),
        ...(device.encrypted === undefined ? {} : { encrypted: device.encrypted }),
        ...(device.kmsKeyArn === undefined ? {} : { kmsKeyId: device.kmsKeyArn }),
        tags: specifiedTags(input.TagSpecifications, "volume"),
      });
      const deleteOnTermination = device.deleteOnTermination ?? device.device === image.rootDeviceName;
      const attachment = {
        instanceId: instance.id,
        device: device.device,
        deleteOnTermination,
        at: Date.now(),
        state: "attached" as const,
      };
      return { ...volume, attachment };
    });
}

export function mergeDevice(known: ImageDevice | undefined, device: string, ebs: ec2.EbsBlockDevice): ImageDevice {
  return {
    ...known,
    device,
    ...(ebs.SnapshotId === undefined ? {} : { snapshotId: ebs.SnapshotId }),
    ...(ebs.VolumeSize === undefined ? {} : { sizeGib: ebs.VolumeSize }),
    ...(ebs.VolumeType === undefined ? {} : { type: ebs.VolumeType }),
    ...(ebs.Iops === undefined ? {} : { iops: ebs.Iops }),
    ...(ebs.Throughput === undefined ? {} : { throughput: ebs.Throughput }),
    ...(ebs.Encrypted === undefined ? {} : { encrypted: ebs.Encrypted }),
    ...(ebs.KmsKeyId === undefined ? {} : { kmsKeyArn: ebs.KmsKeyId }),
    ...(ebs.DeleteOnTermination === undefined ? {} : { deleteOnTermination: ebs.DeleteOnTermination }),
  };
}
