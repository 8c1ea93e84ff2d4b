import { alreadyExists, inUse, invalid, keyOutOfReach, notReady, OperationError } from "../errors.ts";
import { projectId, regionOf } from "../places.ts";
import type { Disk, Image, Snapshot } from "../state.ts";
import { descriptionOf, text } from "../texts.ts";
import { type ComputeCall, type ComputeOperations, scopeOfCall } from "./call.ts";
import { find, sourceSnapshot } from "./find.ts";
import { newLayerId, newNumericId } from "./ids.ts";
import { checkedLabels, labelFields, setLabels } from "./labels.ts";
import { checkName, link, nameOf, scopeOf } from "./links.ts";
import { aggregatedAnswer, commonFields, listAnswer, timestamp } from "./lists.ts";
import type { ComputeParts } from "./parts.ts";
import { traitFields, traitsOf } from "./persistent-disks.ts";
import { diskMetric } from "./quotas.ts";
import { planSnapshot, takeSnapshot } from "./snapshots.ts";

/** https://cloud.google.com/compute/docs/disks/persistent-disks */
const types = ["pd-standard", "pd-balanced", "pd-ssd", "pd-extreme"];
const largestGb = 65_536;
/** Of a disk made of nothing, when no size is given: https://cloud.google.com/compute/docs/reference/rest/v1/disks */
const usualGb = 500;

export interface DiskWish {
  readonly name: string;
  readonly zone: string;
  readonly sizeGb?: number;
  readonly type?: string;
  readonly image?: Image;
  readonly snapshot?: Snapshot;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Checks a wish and says which disk it would become; nothing is made yet. @throws GcpError, OperationError. */
export function planDisk({ cloud, quotas }: ComputeParts, wish: DiskWish): Disk {
  const { name, zone, image, snapshot, body } = wish;
  const id = `zones/${zone}/disks/${checkName("resource.name", name)}`;
  if (cloud.tables.disks.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
  const type = nameOf(wish.type ?? "pd-standard");
  if (!types.includes(type)) throw invalid("resource.type", wish.type, "The referenced disk type does not exist.");
  const source = image ?? snapshot;
  if (source && source.status !== "READY") throw notReady(`projects/${projectId}/${source.id}`);
  const sizeGb = wish.sizeGb ?? source?.sizeGb ?? usualGb;
  const least = Math.max(cloud.settings.smallestDiskGb, source?.sizeGb ?? 0);
  if (!Number.isInteger(sizeGb) || sizeGb < least || sizeGb > largestGb) {
    const why = source
      ? `Requested disk size cannot be smaller than the ${image ? "image" : "snapshot"} size (${source.sizeGb} GB)`
      : `Disk size must be between ${least} GB and ${largestGb} GB, inclusive.`;
    throw invalid("resource.sizeGb", sizeGb, why);
  }
  quotas.check(regionOf(zone), diskMetric(type), sizeGb);
  const { kmsKeyName } = (body.diskEncryptionKey ?? {}) as { kmsKeyName?: string };
  return {
    id,
    numericId: newNumericId(),
    createdAt: Date.now(),
    ...descriptionOf(body),
    labels: checkedLabels(body.labels),
    ...traitsOf(body, source),
    sizeGb,
    type,
    status: "CREATING",
    layerId: newLayerId(),
    ...(image ? { sourceImage: link(image.id, image.project), sourceImageId: image.numericId } : {}),
    ...(snapshot ? { sourceSnapshot: link(snapshot.id), sourceSnapshotId: snapshot.numericId } : {}),
    ...(kmsKeyName ? { kmsKeyName } : {}),
  };
}

/** Makes a planned disk that was noted. Harmless when it is made. */
export async function makeDisk({ cloud, disks, images }: ComputeParts, diskId: string): Promise<void> {
  const { tables } = cloud;
  const disk = tables.disks.get(diskId);
  if (!disk || disk.status !== "CREATING") return;
  const image = [...tables.images.values()].find(({ numericId }) => numericId === disk.sourceImageId);
  const snapshot = tables.snapshots.find(({ numericId }) => numericId === disk.sourceSnapshotId);
  if (disk.sourceImageId !== undefined && !image)
    throw new OperationError("RESOURCE_NOT_FOUND", `The resource '${disk.sourceImage}' was not found`, 404);
  if (disk.sourceSnapshotId !== undefined && !snapshot)
    throw new OperationError("RESOURCE_NOT_FOUND", `The resource '${disk.sourceSnapshot}' was not found`, 404);
  for (const key of [disk.kmsKeyName, snapshot?.kmsKeyName])
    if (key !== undefined && cloud.settings.lostKeys.includes(key)) throw keyOutOfReach(key);
  if (image) await images.ready(image);
  await disks.lay(disk, image?.layerId ?? snapshot?.layerId);
}

export function diskOperations(parts: ComputeParts): ComputeOperations {
  const { cloud, operations, disks, images, machines, quotas } = parts;
  const { tables } = cloud;
  const named = (call: ComputeCall): Disk =>
    find(tables.disks, `${scopeOfCall(call)}/disks/${call.path.disk ?? call.path.resource}`);
  const listed = (disk: Disk) => ({ id: disk.id, createdAt: disk.createdAt, json: describeDisk(parts, disk) });

  operations.define("disks.insert", async ({ targetId }, pause) => {
    try {
      await makeDisk(parts, targetId);
      await pause();
      tables.disks.change(targetId, { status: "READY" });
    } catch (error) {
      tables.disks.delete(targetId);
      throw error;
    }
  });
  operations.define("disks.delete", async ({ targetId }, pause) => {
    await pause();
    tables.disks.delete(targetId);
    await cloud.collectDisks();
  });
  operations.define("disks.resize", async ({ targetId, work }, pause) => {
    const disk = tables.disks.get(targetId);
    await pause();
    if (!disk) return;
    await machines.resize({ ...disk, sizeGb: Number(work.sizeGb) });
    tables.disks.change(targetId, { sizeGb: Number(work.sizeGb) });
  });
  operations.define(
    "disks.createSnapshot",
    (operation, pause) => takeSnapshot(parts, String(operation.work.snapshotId), pause),
    () => cloud.settings.snapshotMs,
  );

  return {
    "disks.insert": (call) => {
      const { body, query } = call;
      const imageUrl = (query.sourceImage ?? body.sourceImage) as string | undefined;
      const image = imageUrl === undefined ? undefined : images.resolve(imageUrl, "resource.sourceImage");
      const disk = planDisk(parts, {
        name: text(body.name),
        zone: call.path.zone as string,
        ...(body.sizeGb === undefined ? {} : { sizeGb: Number(body.sizeGb) }),
        ...(body.type === undefined ? {} : { type: text(body.type) }),
        ...(image ? { image } : {}),
        ...sourceSnapshot(cloud, body.sourceSnapshot),
        body,
      });
      tables.disks.put(disk);
      return operations.start(call, disk);
    },
    "disks.get": (call) => describeDisk(parts, named(call)),
    "disks.list": (call) =>
      listAnswer(cloud, call, "disk", tables.disks.where(({ id }) => scopeOf(id) === scopeOfCall(call)).map(listed)),
    "disks.aggregatedList": (call) =>
      aggregatedAnswer(cloud, call, "disk", "disks", [...tables.disks.values()].map(listed)),
    "disks.delete": (call) => {
      const disk = named(call);
      const [user] = disks.holders.usersOf(disk.id);
      if (user) throw inUse(`disk '${link(disk.id)}'`, link(user));
      if (disk.status === "CREATING") throw notReady(`projects/${call.project}/${disk.id}`);
      tables.disks.put({ ...disk, status: "DELETING" });
      return operations.start(call, disk);
    },
    "disks.resize": (call) => {
      const disk = named(call);
      const sizeGb = Number(call.body.sizeGb);
      if (disk.status !== "READY") throw notReady(`projects/${call.project}/${disk.id}`);
      // Never smaller: https://cloud.google.com/compute/docs/disks/resize-persistent-disk
      if (!Number.isInteger(sizeGb) || sizeGb <= disk.sizeGb || sizeGb > largestGb) {
        throw invalid(
          "sizeGb",
          call.body.sizeGb,
          `New disk size '${sizeGb}' GiB must be larger than existing size '${disk.sizeGb}' GiB.`,
        );
      }
      quotas.check(regionOf(call.path.zone as string), diskMetric(disk.type), sizeGb - disk.sizeGb);
      return operations.start(call, disk, { sizeGb });
    },
    "disks.setLabels": (call) => {
      const disk = named(call);
      setLabels(tables.disks, disk, call);
      return operations.start(call, disk);
    },
    "disks.createSnapshot": (call) => {
      const disk = named(call);
      const snapshot = tables.snapshots.put(planSnapshot(parts, call, disk));
      return operations.start(call, disk, { snapshotId: snapshot.id });
    },
  };
}

function describeDisk({ disks }: ComputeParts, disk: Disk): object {
  const users = disks.holders.usersOf(disk.id);
  const scope = scopeOf(disk.id);
  const { sourceImage, sourceImageId, sourceSnapshot: snapshot, sourceSnapshotId, lastAttachAt, lastDetachAt } = disk;
  return {
    ...commonFields("disk", disk),
    zone: link(scope),
    selfLink: link(disk.id),
    sizeGb: String(disk.sizeGb),
    physicalBlockSizeBytes: "4096",
    status: disk.status,
    type: link(`${scope}/diskTypes/${disk.type}`),
    ...(sourceImage ? { sourceImage, sourceImageId: sourceImageId as string } : {}),
    ...(snapshot ? { sourceSnapshot: snapshot, sourceSnapshotId: sourceSnapshotId as string } : {}),
    ...traitFields(disk),
    ...labelFields(disk),
    ...(users.length > 0 ? { users: users.map((id) => link(id)) } : {}),
    ...(disk.kmsKeyName ? { diskEncryptionKey: { kmsKeyName: `${disk.kmsKeyName}/cryptoKeyVersions/1` } } : {}),
    ...(lastAttachAt ? { lastAttachTimestamp: timestamp(lastAttachAt) } : {}),
    ...(lastDetachAt ? { lastDetachTimestamp: timestamp(lastDetachAt) } : {}),
    enableConfidentialCompute: false,
    satisfiesPzi: false,
  };
}
