import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, missingParameter } from "../errors.ts";
import { accountId } from "../identity.ts";
import { newId } from "../ids.ts";
import type { Keys } from "../kms/keys.ts";
import type { Snapshot, Volume } from "../state.ts";
import { resource } from "./default-network.ts";
import { matcher, pageOf } from "./filters.ts";
import type { InstanceDisks } from "./instance-disks.ts";
import type { PublicImages } from "./public-images.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";
import type { VolumeStore } from "./volume-store.ts";

const pageBounds = { least: 5, most: 1000 };

export function snapshotOperations(
  registry: Registry,
  store: VolumeStore,
  instanceDisks: InstanceDisks,
  keys: Keys,
  images: PublicImages,
) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const describe = (snapshot: Snapshot): ec2.Snapshot => {
    const state = store.stateOf(snapshot);
    return {
      SnapshotId: snapshot.id,
      VolumeId: snapshot.volumeId,
      VolumeSize: snapshot.sizeGib,
      State: state,
      ...(snapshot.stateMessage ? { StateMessage: snapshot.stateMessage } : {}),
      Progress: store.progressOf(snapshot),
      StartTime: new Date(snapshot.createdAt),
      ...(state === "completed" && snapshot.sealedAt
        ? { CompletionTime: new Date(snapshot.sealedAt + cloud.settings.snapshotPendingMs) }
        : {}),
      OwnerId: snapshot.ownerId,
      Description: snapshot.description,
      Encrypted: snapshot.encrypted,
      ...(snapshot.kmsKeyArn ? { KmsKeyId: snapshot.kmsKeyArn } : {}),
      StorageTier: "standard",
      Tags: tagList(snapshot.tags),
    };
  };
  const info = (snapshot: Snapshot): ec2.SnapshotInfo => ({
    SnapshotId: snapshot.id,
    VolumeId: snapshot.volumeId,
    VolumeSize: snapshot.sizeGib,
    State: store.stateOf(snapshot),
    Progress: store.progressOf(snapshot),
    StartTime: new Date(snapshot.createdAt),
    OwnerId: snapshot.ownerId,
    Description: snapshot.description,
    Encrypted: snapshot.encrypted,
    Tags: tagList(snapshot.tags),
  });
  const usable = (volume: Volume): void => {
    if (store.volumeState(volume) === "creating") {
      throw incorrectState("IncorrectState", `The volume '${volume.id}' is 'creating'`);
    }
  };

  return {
    CreateSnapshot: async (call: Call, input: ec2.CreateSnapshotRequest): Promise<ec2.Snapshot> => {
      const volume = registry.find(call, kinds.volume, input.VolumeId);
      usable(volume);
      const tags = specifiedTags(input.TagSpecifications, "snapshot");
      const [snapshot] = await store.snapshot([volume], { description: input.Description ?? "", tags: () => tags });
      return describe(snapshot as Snapshot);
    },

    CreateSnapshots: async (call: Call, input: ec2.CreateSnapshotsRequest): Promise<ec2.CreateSnapshotsResult> => {
      const instance = registry.find(call, kinds.instance, input.InstanceSpecification?.InstanceId);
      const { ExcludeBootVolume, ExcludeDataVolumeIds = [] } = input.InstanceSpecification ?? {};
      const volumes = instanceDisks
        .volumesOf(instance)
        .filter(({ attachment }) => !(ExcludeBootVolume && attachment?.device === instance.rootDeviceName))
        .filter(({ id }) => !ExcludeDataVolumeIds.includes(id));
      if (volumes.length === 0) throw new AwsError("InvalidParameterValue", "No volumes are left to take snapshots of");
      const own = specifiedTags(input.TagSpecifications, "snapshot");
      const tags = (volume: Volume) => (input.CopyTagsFromSource === "volume" ? { ...volume.tags, ...own } : own);
      const snapshots = await store.snapshot(volumes, { description: input.Description ?? "", tags });
      return { Snapshots: snapshots.map(info) };
    },

    CopySnapshot: async (call: Call, input: ec2.CopySnapshotRequest): Promise<ec2.CopySnapshotResult> => {
      if (input.SourceRegion === undefined) throw missingParameter("sourceRegion");
      const source = registry.find({ ...call, region: input.SourceRegion }, kinds.snapshot, input.SourceSnapshotId);
      if (store.stateOf(source) !== "completed") {
        throw incorrectState("IncorrectState", `Snapshot is in invalid state - ${store.stateOf(source)}`);
      }
      await images.ready([source.id]);
      const tags = specifiedTags(input.TagSpecifications, "snapshot");
      const wish = {
        ...(input.Encrypted === undefined ? {} : { encrypted: input.Encrypted }),
        ...(input.KmsKeyId === undefined ? {} : { keyId: input.KmsKeyId }),
      };
      const copy = copySnapshot(
        source,
        call.region,
        input.Description ?? "",
        keys.encryption(call.region, wish, sameRegion(source, call.region)),
        tags,
      );
      tables.snapshots.put(copy);
      return { SnapshotId: copy.id, Tags: tagList(tags) };
    },

    DescribeSnapshots: (call: Call, input: ec2.DescribeSnapshotsRequest): ec2.DescribeSnapshotsResult => {
      if (input.SnapshotIds?.length && input.MaxResults !== undefined) {
        throw new AwsError(
          "InvalidParameterCombination",
          "The parameter snapshotSet cannot be used with the parameter maxResults",
        );
      }
      const matches = matcher<Snapshot>(input.Filters, {
        "snapshot-id": ({ id }) => id,
        "volume-id": ({ volumeId }) => volumeId,
        "volume-size": ({ sizeGib }) => sizeGib,
        status: (snapshot) => store.stateOf(snapshot),
        progress: (snapshot) => store.progressOf(snapshot),
        description: ({ description }) => description,
        encrypted: ({ encrypted }) => encrypted,
        "owner-id": ({ ownerId }) => ownerId,
        "owner-alias": ({ public: isPublic }) => (isPublic ? "simulated" : undefined),
        "start-time": ({ createdAt }) => new Date(createdAt).toISOString(),
        "storage-tier": () => "standard",
      });
      const owners = (input.OwnerIds ?? []).map((owner) => (owner === "self" ? accountId : owner));
      const wanted = input.SnapshotIds?.length
        ? input.SnapshotIds.map((id) => registry.find(call, kinds.snapshot, id))
        : registry.all(call, kinds.snapshot);
      const shown = wanted.filter((one) => matches(one) && (owners.length === 0 || owners.includes(one.ownerId)));
      const { items, NextToken } = pageOf(shown, input, pageBounds);
      return { Snapshots: items.map(describe), ...(NextToken ? { NextToken } : {}) };
    },

    DeleteSnapshot: (call: Call, input: ec2.DeleteSnapshotRequest): object => {
      const snapshot = registry.find(call, kinds.snapshot, input.SnapshotId);
      if (snapshot.ownerId !== accountId) {
        throw new AwsError("UnauthorizedOperation", "You are not authorized to perform this operation.", 403);
      }
      const image = tables.images.find(({ devices }) => devices.some(({ snapshotId }) => snapshotId === snapshot.id));
      if (image) {
        throw incorrectState("InvalidSnapshot.InUse", `The snapshot ${snapshot.id} is currently in use by ${image.id}`);
      }
      tables.snapshots.delete(snapshot.id);
      cloud.inBackground("drop a snapshot's disk", () => cloud.collectDisks());
      return {};
    },
  };
}

/** A copy shares the bytes here, but is a lineage of its own, as at AWS. */
export function copySnapshot(
  source: Snapshot,
  region: string,
  description: string,
  encryption: { encrypted: boolean; kmsKeyArn?: string },
  tags: Snapshot["tags"],
): Snapshot {
  return {
    ...resource("snap", region, tags),
    ownerId: accountId,
    volumeId: "vol-ffffffff",
    sizeGib: source.sizeGib,
    description,
    ...encryption,
    lineage: newId("lineage"),
    layerId: source.layerId,
    phase: "sealed",
    sealedAt: Date.now(),
  };
}

/** Of a source elsewhere only the fact of encryption counts: keys belong to a region. */
export function sameRegion(source: Snapshot, region: string): { encrypted: boolean; kmsKeyArn?: string } {
  if (source.region === region && source.kmsKeyArn) return { encrypted: source.encrypted, kmsKeyArn: source.kmsKeyArn };
  return { encrypted: source.encrypted };
}
