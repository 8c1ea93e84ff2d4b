import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState } from "../errors.ts";
import { accountId } from "../identity.ts";
import { zoneId, zonesOf } from "../regions.ts";
import type { Volume, VolumeAttachment, VolumeModification } from "../state.ts";
import { once } from "./client-tokens.ts";
import { matcher, pageOf } from "./filters.ts";
import type { InstanceDisks } from "./instance-disks.ts";
import type { PublicImages } from "./public-images.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";
import type { VolumeStore } from "./volume-store.ts";
import { volumeShape } from "./volume-types.ts";

const pageBounds = { least: 5, most: 1000 };
/** A volume can be modified again only after so long: https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html */
const modifyAgainMs = 6 * 3_600_000;

export function volumeOperations(
  registry: Registry,
  store: VolumeStore,
  instanceDisks: InstanceDisks,
  images: PublicImages,
) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const describe = (volume: Volume): ec2.Volume => ({
    VolumeId: volume.id,
    VolumeArn: `arn:aws:ec2:${volume.region}:${accountId}:volume/${volume.id}`,
    OwnerId: accountId,
    AvailabilityZone: volume.zone,
    AvailabilityZoneId: zoneId(volume.zone),
    Size: volume.sizeGib,
    VolumeType: volume.type as ec2.VolumeType,
    ...(volume.iops === undefined ? {} : { Iops: volume.iops }),
    ...(volume.throughput === undefined ? {} : { Throughput: volume.throughput }),
    SnapshotId: volume.snapshotId ?? "",
    State: store.volumeState(volume),
    CreateTime: new Date(volume.createdAt),
    Encrypted: volume.encrypted,
    ...(volume.kmsKeyArn ? { KmsKeyId: volume.kmsKeyArn } : {}),
    MultiAttachEnabled: volume.multiAttach,
    Attachments: volume.attachment ? [describeAttachment(volume.id, volume.attachment)] : [],
    Tags: tagList(volume.tags),
  });
  const idle = (volume: Volume): void => {
    if (volume.attachment) {
      throw incorrectState(
        "VolumeInUse",
        `Volume ${volume.id} is currently attached to ${volume.attachment.instanceId}`,
      );
    }
    if (store.volumeState(volume) !== "available") {
      throw incorrectState("IncorrectState", `The volume '${volume.id}' is '${store.volumeState(volume)}'`);
    }
  };

  return {
    CreateVolume: async (call: Call, input: ec2.CreateVolumeRequest): Promise<ec2.Volume> => {
      const zone =
        input.AvailabilityZone ?? zonesOf(call.region).find((name) => zoneId(name) === input.AvailabilityZoneId);
      if (zone === undefined) throw new AwsError("MissingParameter", "The request must contain the parameter zone");
      if (!zonesOf(call.region).includes(zone)) {
        throw new AwsError("InvalidZone.NotFound", `The zone '${zone}' does not exist.`);
      }
      return once(
        cloud,
        call,
        input,
        async (remember) => {
          const snapshot = input.SnapshotId ? registry.find(call, kinds.snapshot, input.SnapshotId) : undefined;
          await images.ready([snapshot?.id]);
          const volume = store.plan({
            region: call.region,
            zone,
            ...(snapshot ? { snapshot } : {}),
            ...(input.Size === undefined ? {} : { sizeGib: input.Size }),
            ...(input.VolumeType === undefined ? {} : { type: input.VolumeType }),
            ...(input.Iops === undefined ? {} : { iops: input.Iops }),
            ...(input.Throughput === undefined ? {} : { throughput: input.Throughput }),
            ...(input.Encrypted === undefined ? {} : { encrypted: input.Encrypted }),
            ...(input.KmsKeyId === undefined ? {} : { kmsKeyId: input.KmsKeyId }),
            ...(input.MultiAttachEnabled === undefined ? {} : { multiAttach: input.MultiAttachEnabled }),
            tags: specifiedTags(input.TagSpecifications, "volume"),
          });
          remember([volume.id]);
          return describe(await store.create(volume));
        },
        ([id = ""]) => describe(registry.find(call, kinds.volume, id)),
      );
    },

    DescribeVolumes: (call: Call, input: ec2.DescribeVolumesRequest): ec2.DescribeVolumesResult => {
      const matches = matcher<Volume>(input.Filters, {
        "volume-id": ({ id }) => id,
        status: (volume) => store.volumeState(volume),
        size: ({ sizeGib }) => sizeGib,
        "snapshot-id": ({ snapshotId }) => snapshotId,
        "volume-type": ({ type }) => type,
        "availability-zone": ({ zone }) => zone,
        encrypted: ({ encrypted }) => encrypted,
        "create-time": ({ createdAt }) => new Date(createdAt).toISOString(),
        "attachment.instance-id": ({ attachment }) => attachment?.instanceId,
        "attachment.device": ({ attachment }) => attachment?.device,
        "attachment.status": ({ attachment }) => attachment?.state,
        "attachment.delete-on-termination": ({ attachment }) => attachment?.deleteOnTermination,
      });
      const wanted = input.VolumeIds?.length
        ? input.VolumeIds.map((id) => registry.find(call, kinds.volume, id))
        : registry.all(call, kinds.volume);
      const { items, NextToken } = pageOf(wanted.filter(matches), input, pageBounds);
      return { Volumes: items.map(describe), ...(NextToken ? { NextToken } : {}) };
    },

    DeleteVolume: (call: Call, input: ec2.DeleteVolumeRequest): object => {
      const volume = registry.find(call, kinds.volume, input.VolumeId);
      idle(volume);
      store.delete(volume.id);
      return {};
    },

    AttachVolume: async (call: Call, input: ec2.AttachVolumeRequest): Promise<ec2.VolumeAttachment> => {
      const volume = registry.find(call, kinds.volume, input.VolumeId);
      const instance = registry.find(call, kinds.instance, input.InstanceId);
      idle(volume);
      if (volume.zone !== instance.zone) {
        throw new AwsError(
          "InvalidVolume.ZoneMismatch",
          `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`,
        );
      }
      if (instance.state !== "running" && instance.state !== "stopped") {
        throw incorrectState("IncorrectState", `Instance '${instance.id}' is not 'running' or 'stopped'.`);
      }
      const device = input.Device ?? "";
      if (!/^(\/dev\/)?(sd[a-z]\d*|xvd[a-z]{1,2}\d*)$/.test(device)) {
        throw new AwsError(
          "InvalidParameterValue",
          `Value (${device}) for parameter device is invalid. ${device} is not a valid EBS device name.`,
        );
      }
      const attachment = await instanceDisks.attach(instance, volume, device);
      return { ...describeAttachment(volume.id, attachment), State: "attaching" };
    },

    DetachVolume: async (call: Call, input: ec2.DetachVolumeRequest): Promise<ec2.VolumeAttachment> => {
      const volume = registry.find(call, kinds.volume, input.VolumeId);
      const { attachment } = volume;
      if (!attachment || (input.InstanceId !== undefined && input.InstanceId !== attachment.instanceId)) {
        throw incorrectState("IncorrectState", `Volume '${volume.id}' is in the 'available' state.`);
      }
      const instance = tables.instances.get(attachment.instanceId);
      if (instance && instance.rootDeviceName === attachment.device && instance.state !== "stopped") {
        throw new AwsError(
          "OperationNotPermitted",
          "Unable to detach root volume '" + volume.id + "' from instance '" + instance.id + "'",
        );
      }
      await instanceDisks.detach(volume);
      return { ...describeAttachment(volume.id, attachment), State: "detaching" };
    },

    ModifyVolume: async (call: Call, input: ec2.ModifyVolumeRequest): Promise<ec2.ModifyVolumeResult> => {
      const volume = registry.find(call, kinds.volume, input.VolumeId);
      const { sizeGib, type, iops, throughput, modification } = volume;
      if (modification && Date.now() - modification.startedAt < modifyAgainMs) {
        throw new AwsError(
          "VolumeModificationRateExceeded",
          "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume.",
        );
      }
      if (input.Size !== undefined && input.Size < sizeGib) {
        throw new AwsError("InvalidParameterValue", "New size cannot be smaller than existing size");
      }
      const keepsType = input.VolumeType === undefined || input.VolumeType === type;
      const wantedIops =
        input.Iops ?? (keepsType && (type === "io1" || type === "io2" || type === "gp3") ? iops : undefined);
      const wantedThroughput = input.Throughput ?? (keepsType ? throughput : undefined);
      const after = volumeShape({
        sizeGib: input.Size ?? sizeGib,
        type: input.VolumeType ?? type,
        ...(wantedIops === undefined ? {} : { iops: wantedIops }),
        ...(wantedThroughput === undefined ? {} : { throughput: wantedThroughput }),
      });
      const before = {
        sizeGib,
        type,
        ...(iops === undefined ? {} : { iops }),
        ...(throughput === undefined ? {} : { throughput }),
      };
      const changed = tables.volumes.put({
        ...volume,
        ...after,
        modification: { startedAt: Date.now(), before, after },
      });
      await instanceDisks.grow([changed]);
      return { VolumeModification: describeModification(changed, changed.modification as VolumeModification) };
    },

    DescribeVolumesModifications: (
      call: Call,
      input: ec2.DescribeVolumesModificationsRequest,
    ): ec2.DescribeVolumesModificationsResult => {
      const wanted = input.VolumeIds?.length
        ? input.VolumeIds.map((id) => registry.find(call, kinds.volume, id))
        : registry.all(call, kinds.volume);
      const matches = matcher<Volume>(input.Filters, { "volume-id": ({ id }) => id });
      const modified = wanted.filter((volume) => volume.modification !== undefined && matches(volume));
      const { items, NextToken } = pageOf(modified, input, { least: 1, most: 500 });
      return {
        VolumesModifications: items.map((volume) =>
          describeModification(volume, volume.modification as VolumeModification),
        ),
        ...(NextToken ? { NextToken } : {}),
      };
    },
  };
}

export function describeAttachment(volumeId: string, attachment: VolumeAttachment): ec2.VolumeAttachment {
  return {
    VolumeId: volumeId,
    InstanceId: attachment.instanceId,
    Device: attachment.device,
    State: attachment.state,
    AttachTime: new Date(attachment.at),
    DeleteOnTermination: attachment.deleteOnTermination,
  };
}

function describeModification(
  volume: Volume,
  { startedAt, before, after }: VolumeModification,
): ec2.VolumeModification {
  return {
    VolumeId: volume.id,
    ModificationState: "completed",
    OriginalSize: before.sizeGib,
    OriginalVolumeType: before.type as ec2.VolumeType,
    OriginalIops: before.iops,
    OriginalThroughput: before.throughput,
    TargetSize: after.sizeGib,
    TargetVolumeType: after.type as ec2.VolumeType,
    TargetIops: after.iops,
    TargetThroughput: after.throughput,
    Progress: 100,
    StartTime: new Date(startedAt),
    EndTime: new Date(startedAt),
  };
}
