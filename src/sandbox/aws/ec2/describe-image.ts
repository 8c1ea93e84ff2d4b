import type * as ec2 from "@aws-sdk/client-ec2";
import type { Image, ImageDevice } from "../state.ts";
import { matcher } from "./filters.ts";
import { tagList } from "./registry.ts";

export function describeImage(image: Image, state: ec2.ImageState): ec2.Image {
  return {
    ImageId: image.id,
    Name: image.name,
    ...(image.description === undefined ? {} : { Description: image.description }),
    ImageLocation: `${image.ownerId}/${image.name}`,
    ImageType: "machine",
    State: state,
    ...(state === "failed"
      ? { StateReason: { Code: "Client.InvalidSnapshot", Message: "A snapshot of the image is in error" } }
      : {}),
    OwnerId: image.ownerId,
    ...(image.ownerAlias ? { ImageOwnerAlias: image.ownerAlias } : {}),
    Public: image.public,
    CreationDate: new Date(image.createdAt).toISOString(),
    Architecture: image.architecture as ec2.ArchitectureValues,
    VirtualizationType: image.virtualizationType as ec2.VirtualizationType,
    Hypervisor: "xen",
    PlatformDetails: "Linux/UNIX",
    UsageOperation: "RunInstances",
    RootDeviceType: "ebs",
    RootDeviceName: image.rootDeviceName,
    EnaSupport: image.enaSupport,
    ...(image.sriovNetSupport ? { SriovNetSupport: image.sriovNetSupport } : {}),
    ...(image.bootMode ? { BootMode: image.bootMode as ec2.BootModeValues } : {}),
    ...(image.tpmSupport ? { TpmSupport: image.tpmSupport as ec2.TpmSupportValues } : {}),
    ...(image.imdsSupport ? { ImdsSupport: image.imdsSupport as ec2.ImdsSupportValues } : {}),
    ...(image.sourceImageId ? { SourceImageId: image.sourceImageId, SourceImageRegion: image.sourceRegion } : {}),
    ...(image.sourceInstanceId ? { SourceInstanceId: image.sourceInstanceId } : {}),
    ...(image.ssmParameter ? { PublicSsmParameterName: image.ssmParameter } : {}),
    BlockDeviceMappings: image.devices.map(describeDevice),
    Tags: tagList(image.tags),
  };
}

export function imageMatcher(
  filters: readonly ec2.Filter[] | undefined,
  stateOf: (image: Image) => string,
): (image: Image) => boolean {
  return matcher<Image>(filters, {
    "image-id": ({ id }) => id,
    name: ({ name }) => name,
    description: ({ description }) => description,
    state: (image) => stateOf(image),
    architecture: ({ architecture }) => architecture,
    "virtualization-type": ({ virtualizationType }) => virtualizationType,
    "root-device-type": () => "ebs",
    "root-device-name": ({ rootDeviceName }) => rootDeviceName,
    "owner-id": ({ ownerId }) => ownerId,
    "owner-alias": ({ ownerAlias }) => ownerAlias,
    "is-public": (image) => image.public,
    "ena-support": ({ enaSupport }) => enaSupport,
    "image-type": () => "machine",
    hypervisor: () => "xen",
    "creation-date": ({ createdAt }) => new Date(createdAt).toISOString(),
    "block-device-mapping.snapshot-id": ({ devices }) => devices.map(({ snapshotId }) => snapshotId),
    "block-device-mapping.device-name": ({ devices }) => devices.map(({ device }) => device),
  });
}

function describeDevice(device: ImageDevice): ec2.BlockDeviceMapping {
  if (device.virtualName !== undefined) return { DeviceName: device.device, VirtualName: device.virtualName };
  return {
    DeviceName: device.device,
    Ebs: {
      DeleteOnTermination: device.deleteOnTermination ?? true,
      VolumeType: (device.type ?? "gp2") as ec2.VolumeType,
      Encrypted: device.encrypted ?? false,
      ...(device.snapshotId ? { SnapshotId: device.snapshotId } : {}),
      ...(device.sizeGib === undefined ? {} : { VolumeSize: device.sizeGib }),
      ...(device.iops === undefined ? {} : { Iops: device.iops }),
      ...(device.throughput === undefined ? {} : { Throughput: device.throughput }),
      ...(device.kmsKeyArn ? { KmsKeyId: device.kmsKeyArn } : {}),
    },
  };
}
