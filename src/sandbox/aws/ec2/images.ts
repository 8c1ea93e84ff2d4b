import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, invalidParameter, missingParameter } from "../errors.ts";
import { accountId, publisherId } from "../identity.ts";
import type { Keys } from "../kms/keys.ts";
import type { Image, ImageDevice, Snapshot } from "../state.ts";
import { once } from "./client-tokens.ts";
import { resource } from "./default-network.ts";
import { describeImage, imageMatcher } from "./describe-image.ts";
import { pageOf } from "./filters.ts";
import { imageState } from "./image-state.ts";
import type { InstanceDisks } from "./instance-disks.ts";
import type { InstanceGuests } from "./instance-guests.ts";
import { mergeDevice } from "./launch.ts";
import type { PublicImages } from "./public-images.ts";
import type { Registry } from "./registry.ts";
import { copySnapshot, sameRegion } from "./snapshots.ts";
import { specifiedTags } from "./tags.ts";
import type { VolumeStore } from "./volume-store.ts";

const pageBounds = { least: 1, most: 1000 };

export function imageOperations(
  registry: Registry,
  store: VolumeStore,
  instanceDisks: InstanceDisks,
  guests: InstanceGuests,
  keys: Keys,
  images: PublicImages,
) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const stateOf = (image: Image) => imageState(cloud, store, image);
  const checkName = (region: string, name: string | undefined): string => {
    if (name === undefined) throw missingParameter("Name");
    if (!/^[A-Za-z0-9()[\]. /\-'@_]{3,128}$/.test(name)) {
      throw new AwsError(
        "InvalidAMIName.Malformed",
        "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
      );
    }
    const same = tables.images.find(
      (image) => image.region === region && image.ownerId === accountId && image.name === name,
    );
    if (same) throw new AwsError("InvalidAMIName.Duplicate", `AMI name ${name} is already in use by AMI ${same.id}`);
    return name;
  };
  const withSnapshotFacts = (call: Call, device: ImageDevice): ImageDevice => {
    if (device.virtualName !== undefined || device.snapshotId === undefined) return device;
    const snapshot = registry.find(call, kinds.snapshot, device.snapshotId);
    if (device.sizeGib !== undefined && device.sizeGib < snapshot.sizeGib) {
      throw new AwsError(
        "InvalidBlockDeviceMapping",
        `Volume of size ${device.sizeGib}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.sizeGib}GB`,
      );
    }
    if (device.encrypted !== undefined) {
      throw new AwsError(
        "InvalidBlockDeviceMapping",
        "the encrypted flag cannot be specified since device has a snapshot specified.",
      );
    }
    return { ...device, sizeGib: device.sizeGib ?? snapshot.sizeGib, encrypted: snapshot.encrypted };
  };

  return {
    RegisterImage: (call: Call, input: ec2.RegisterImageRequest): ec2.RegisterImageResult => {
      const name = checkName(call.region, input.Name);
      const devices = (input.BlockDeviceMappings ?? []).map(({ DeviceName, VirtualName, Ebs }) => {
        if (DeviceName === undefined) throw missingParameter("BlockDeviceMapping.DeviceName");
        return withSnapshotFacts(
          call,
          VirtualName
            ? { device: DeviceName, virtualName: VirtualName }
            : mergeDevice(undefined, DeviceName, Ebs ?? {}),
        );
      });
      const root = input.RootDeviceName;
      const rootDevice = devices.find(({ device }) => device === root);
      if (root === undefined || !rootDevice?.snapshotId) {
        throw new AwsError("InvalidBlockDeviceMapping", "The root device is not mapped to a snapshot.");
      }
      for (const { snapshotId } of devices) {
        const snapshot = snapshotId === undefined ? undefined : (tables.snapshots.get(snapshotId) as Snapshot);
        if (snapshot && store.stateOf(snapshot) !== "completed") {
          throw incorrectState("IncorrectState", `Snapshot is in invalid state - ${store.stateOf(snapshot)}`);
        }
      }
      const { BootMode, TpmSupport } = input;
      if (BootMode !== undefined && !["legacy-bios", "uefi", "uefi-preferred"].includes(BootMode))
        throw invalidParameter("BootMode", BootMode);
      if (TpmSupport !== undefined && BootMode !== "uefi") {
        throw new AwsError("InvalidParameterCombination", "TpmSupport requires the boot mode uefi");
      }
      const image = tables.images.put({
        ...resource("ami", call.region, specifiedTags(input.TagSpecifications, "image")),
        ownerId: accountId,
        name,
        ...(input.Description === undefined ? {} : { description: input.Description }),
        // AWS's defaults are of its first years.
        architecture: input.Architecture ?? "i386",
        virtualizationType: input.VirtualizationType ?? "paravirtual",
        rootDeviceName: root,
        enaSupport: input.EnaSupport ?? false,
        ...(input.SriovNetSupport === undefined ? {} : { sriovNetSupport: input.SriovNetSupport }),
        ...(BootMode === undefined ? {} : { bootMode: BootMode }),
        ...(TpmSupport === undefined ? {} : { tpmSupport: TpmSupport }),
        ...(input.ImdsSupport === undefined ? {} : { imdsSupport: input.ImdsSupport }),
        devices,
        public: false,
      });
      return { ImageId: image.id };
    },

    DeregisterImage: (call: Call, input: ec2.DeregisterImageRequest): ec2.DeregisterImageResult => {
      const image = registry.find(call, kinds.image, input.ImageId);
      if (image.ownerId !== accountId) throw new AwsError("AuthFailure", `Not authorized for image:${image.id}`, 403);
      tables.images.delete(image.id);
      if (input.DeleteAssociatedSnapshots !== true) return { Return: true };
      const used = new Set(
        [...tables.images.values()].flatMap(({ devices }) => devices.map(({ snapshotId }) => snapshotId)),
      );
      const results = image.devices.flatMap(({ snapshotId }) => {
        if (snapshotId === undefined) return [];
        const free = !used.has(snapshotId);
        if (free) tables.snapshots.delete(snapshotId);
        return [{ SnapshotId: snapshotId, ReturnCode: free ? ("success" as const) : ("skipped" as const) }];
      });
      cloud.inBackground("drop an image's disks", () => cloud.collectDisks());
      return { Return: true, DeleteSnapshotResults: results };
    },

    CreateImage: async (call: Call, input: ec2.CreateImageRequest): Promise<ec2.CreateImageResult> => {
      const instance = registry.find(call, kinds.instance, input.InstanceId);
      if (instance.state !== "running" && instance.state !== "stopped") {
        throw incorrectState(
          "IncorrectInstanceState",
          `The instance '${instance.id}' is not in the 'running' or 'stopped' state.`,
        );
      }
      const name = checkName(call.region, input.Name);
      const volumes = instanceDisks.volumesOf(instance);
      const description = `Created by CreateImage(${instance.id})`;
      const tags = specifiedTags(input.TagSpecifications, "snapshot");
      const snapshots = await store.snapshot(volumes, { description, tags: () => tags });
      if (instance.state === "running" && input.NoReboot !== true) await guests.reboot(instance.id);
      const image = tables.images.put({
        ...resource("ami", call.region, specifiedTags(input.TagSpecifications, "image")),
        ownerId: accountId,
        name,
        ...(input.Description === undefined ? {} : { description: input.Description }),
        architecture: instance.architecture,
        virtualizationType: "hvm",
        rootDeviceName: instance.rootDeviceName,
        enaSupport: instance.enaSupport,
        ...(instance.bootMode ? { bootMode: instance.bootMode } : {}),
        devices: volumes.map((volume, index) => ({
          device: volume.attachment?.device ?? "",
          snapshotId: (snapshots[index] as Snapshot).id,
          sizeGib: volume.sizeGib,
          type: volume.type,
          encrypted: volume.encrypted,
          deleteOnTermination: volume.attachment?.deleteOnTermination ?? false,
        })),
        public: false,
        sourceInstanceId: instance.id,
      });
      return { ImageId: image.id };
    },

    CopyImage: (call: Call, input: ec2.CopyImageRequest): Promise<ec2.CopyImageResult> =>
      once(
        cloud,
        call,
        input,
        async (remember) => {
          const sourceRegion = input.SourceRegion ?? "";
          const source = registry.find({ ...call, region: sourceRegion }, kinds.image, input.SourceImageId);
          if (stateOf(source) !== "available") {
            throw incorrectState("InvalidAMIID.Unavailable", `The image ID '${source.id}' is not available`);
          }
          const name = checkName(call.region, input.Name);
          await images.ready(source.devices.map(({ snapshotId }) => snapshotId));
          const wish = {
            ...(input.Encrypted === undefined ? {} : { encrypted: input.Encrypted }),
            ...(input.KmsKeyId === undefined ? {} : { keyId: input.KmsKeyId }),
          };
          const devices = source.devices.map((device) => {
            const snapshot = tables.snapshots.get(device.snapshotId ?? "");
            if (!snapshot) return device;
            const description = `Copied for DestinationAmi from SourceAmi ${source.id} for SourceSnapshot ${snapshot.id}.`;
            const copy = copySnapshot(
              snapshot,
              call.region,
              description,
              keys.encryption(call.region, wish, sameRegion(snapshot, call.region)),
              {},
            );
            tables.snapshots.put(copy);
            return { ...device, snapshotId: copy.id, encrypted: copy.encrypted };
          });
          const { ssmParameter: _s, ownerAlias: _o, sourceInstanceId: _i, ...kept } = source;
          const image = tables.images.put({
            ...kept,
            ...resource(
              "ami",
              call.region,
              input.CopyImageTags ? source.tags : specifiedTags(input.TagSpecifications, "image"),
            ),
            ownerId: accountId,
            name,
            description: input.Description ?? `[Copied ${source.id} from ${sourceRegion}] ${source.description ?? ""}`,
            devices,
            public: false,
            sourceImageId: source.id,
            sourceRegion,
          });
          remember([image.id]);
          return { ImageId: image.id };
        },
        ([id = ""]) => ({ ImageId: id }),
      ),

    DescribeImages: (call: Call, input: ec2.DescribeImagesRequest): ec2.DescribeImagesResult => {
      images.ensure(call.region);
      if (input.ImageIds?.length && input.MaxResults !== undefined) {
        throw new AwsError(
          "InvalidParameterCombination",
          "The parameter imageIdsSet cannot be used with the parameter maxResults",
        );
      }
      const matches = imageMatcher(input.Filters, stateOf);
      const owners = (input.Owners ?? []).map((owner) =>
        owner === "self" ? accountId : owner === "simulated" ? publisherId : owner,
      );
      const wanted = input.ImageIds?.length
        ? input.ImageIds.map((id) => registry.find(call, kinds.image, id))
        : registry.all(call, kinds.image);
      const shown = wanted.filter((image) => matches(image) && (owners.length === 0 || owners.includes(image.ownerId)));
      const { items, NextToken } = pageOf(shown, input, pageBounds);
      return {
        Images: items.map((image) => describeImage(image, stateOf(image))),
        ...(NextToken ? { NextToken } : {}),
      };
    },
  };
}
