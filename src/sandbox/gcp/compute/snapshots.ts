import { alreadyExists, keyOutOfReach, notReady, OperationError, required } from "../errors.ts";
import { projectId, regionOfPath } from "../places.ts";
import type { Disk, Snapshot } from "../state.ts";
import { descriptionOf } from "../texts.ts";
import type { ComputeCall, ComputeOperations } from "./call.ts";
import { find, findDisk } from "./find.ts";
import { newNumericId } from "./ids.ts";
import { checkedLabels, labelFields, setLabels } from "./labels.ts";
import { checkName, link } from "./links.ts";
import { commonFields, listAnswer } from "./lists.ts";
import type { ComputeParts } from "./parts.ts";
import { traitFields } from "./persistent-disks.ts";

const hourMs = 3_600_000;

/** Checks a wish and says which snapshot it would become. @throws GcpError, OperationError. */
export function planSnapshot({ cloud, quotas }: ComputeParts, { body }: ComputeCall, disk: Disk): Snapshot {
  const id = `global/snapshots/${checkName("resource.name", body.name as string | undefined)}`;
  if (cloud.tables.snapshots.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
  if (disk.status !== "READY") throw notReady(`projects/${projectId}/${disk.id}`);
  quotas.check("global", "SNAPSHOTS", 1);
  checkRate(
    cloud.tables.snapshots.where(({ sourceDiskId }) => sourceDiskId === disk.numericId),
    cloud.settings.snapshotsPerHour,
    disk,
  );
  const { kmsKeyName } = (body.snapshotEncryptionKey ?? {}) as { kmsKeyName?: string };
  const key = kmsKeyName ?? disk.kmsKeyName;
  return {
    id,
    numericId: newNumericId(),
    createdAt: Date.now(),
    ...descriptionOf(body),
    labels: checkedLabels(body.labels),
    guestOsFeatures: disk.guestOsFeatures,
    licenses: disk.licenses,
    ...(disk.architecture ? { architecture: disk.architecture } : {}),
    sizeGb: disk.sizeGb,
    status: "CREATING",
    sourceDisk: link(disk.id),
    sourceDiskId: disk.numericId,
    layerId: "",
    storageBytes: 0,
    storageLocations: (body.storageLocations as string[] | undefined) ?? [regionOfPath(disk.id)],
    ...(key ? { kmsKeyName: key } : {}),
  };
}

/** https://cloud.google.com/compute/docs/disks/snapshot-best-practices: of one disk at most six in an hour. */
function checkRate(earlier: readonly Snapshot[], perHour: number, disk: Disk): void {
  if (perHour === 0 || earlier.filter(({ createdAt }) => Date.now() - createdAt < hourMs).length < perHour) return;
  throw new OperationError(
    "RESOURCE_OPERATION_RATE_EXCEEDED",
    `Operation rate exceeded for resource 'projects/${projectId}/${disk.id}'. Too frequent operations from the source resource.`,
    403,
  );
}

/** Takes a planned snapshot: its moment is now, its bytes are stored a while later. */
export async function takeSnapshot(parts: ComputeParts, snapshotId: string, pause: () => Promise<void>): Promise<void> {
  const { cloud, disks } = parts;
  const { tables } = cloud;
  const snapshot = tables.snapshots.get(snapshotId);
  if (!snapshot) return;
  try {
    let { layerId } = snapshot;
    if (snapshot.status === "CREATING") {
      const disk = tables.disks.find(({ numericId }) => numericId === snapshot.sourceDiskId);
      if (!disk)
        throw new OperationError("RESOURCE_NOT_FOUND", `The resource '${snapshot.sourceDisk}' was not found`, 404);
      if (disk.kmsKeyName !== undefined && cloud.settings.lostKeys.includes(disk.kmsKeyName))
        throw keyOutOfReach(disk.kmsKeyName);
      layerId = await disks.point(disk.id);
      tables.snapshots.change(snapshotId, { layerId, status: "UPLOADING" });
    }
    const storageBytes = await disks.storedBytes(layerId);
    await pause();
    tables.snapshots.change(snapshotId, { status: "READY", storageBytes });
  } catch (error) {
    tables.snapshots.delete(snapshotId);
    throw error;
  }
}

export function snapshotOperations(parts: ComputeParts): ComputeOperations {
  const { cloud, operations } = parts;
  const { tables } = cloud;
  const snapshotMs = () => cloud.settings.snapshotMs;

  operations.define("snapshots.insert", ({ targetId }, pause) => takeSnapshot(parts, targetId, pause), snapshotMs);
  operations.define("snapshots.delete", async ({ targetId }, pause) => {
    await pause();
    tables.snapshots.delete(targetId);
    await cloud.collectDisks();
  });

  return {
    "snapshots.insert": (call) => {
      const { sourceDisk } = call.body;
      if (typeof sourceDisk !== "string") throw required("resource.sourceDisk");
      const snapshot = planSnapshot(parts, call, findDisk(cloud, sourceDisk, "resource.sourceDisk"));
      tables.snapshots.put(snapshot);
      return operations.start(call, snapshot);
    },
    "snapshots.get": (call) => describeSnapshot(find(tables.snapshots, `global/snapshots/${call.path.snapshot}`)),
    "snapshots.list": (call) =>
      listAnswer(
        cloud,
        call,
        "snapshot",
        [...tables.snapshots.values()].map((one) => ({
          id: one.id,
          createdAt: one.createdAt,
          json: describeSnapshot(one),
        })),
      ),
    "snapshots.delete": (call) => {
      const snapshot = find(tables.snapshots, `global/snapshots/${call.path.snapshot}`);
      if (snapshot.status === "CREATING") throw notReady(`projects/${call.project}/${snapshot.id}`);
      tables.snapshots.put({ ...snapshot, status: "DELETING" });
      return operations.start(call, snapshot);
    },
    "snapshots.setLabels": (call) => {
      const snapshot = find(tables.snapshots, `global/snapshots/${call.path.resource}`);
      setLabels(tables.snapshots, snapshot, call);
      return operations.start(call, snapshot);
    },
  };
}

function describeSnapshot(snapshot: Snapshot): object {
  return {
    ...commonFields("snapshot", snapshot),
    selfLink: link(snapshot.id),
    status: snapshot.status,
    sourceDisk: snapshot.sourceDisk,
    sourceDiskId: snapshot.sourceDiskId,
    diskSizeGb: String(snapshot.sizeGb),
    storageBytes: String(snapshot.storageBytes),
    storageBytesStatus: snapshot.status === "READY" ? "UP_TO_DATE" : "UPDATING",
    downloadBytes: String(snapshot.storageBytes),
    creationSizeBytes: String(snapshot.storageBytes),
    storageLocations: snapshot.storageLocations,
    snapshotType: "STANDARD",
    autoCreated: false,
    ...traitFields(snapshot),
    ...labelFields(snapshot),
    ...(snapshot.kmsKeyName
      ? { snapshotEncryptionKey: { kmsKeyName: `${snapshot.kmsKeyName}/cryptoKeyVersions/1` } }
      : {}),
  };
}
