import type * as ec2 from "@aws-sdk/client-ec2";
import { importRaw } from "../../cloud/disks/import-raw.ts";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import { newId } from "../ids.ts";
import type { S3Parts } from "../s3/index.ts";
import { objectId } from "../s3/state.ts";
import type { ImportTask } from "../state.ts";
import { resource } from "./default-network.ts";
import { pageOf } from "./filters.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";
import { GiB } from "./volume-store.ts";

/** ImportSnapshot of a raw disk in S3. Other formats would need a converter, which EBS direct makes unnecessary here. */
export function importOperations(registry: Registry, s3: S3Parts) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  // What an earlier process was at is not taken up again.
  for (const task of tables.importTasks.where(({ status }) => status === "active")) {
    tables.importTasks.put({ ...task, status: "deleted", message: "Simulated: the sandbox ended during the import" });
  }

  const detail = (task: ImportTask): ec2.SnapshotTaskDetail => ({
    Status: task.status,
    ...(task.status === "active" ? { Progress: "0" } : {}),
    ...(task.message ? { StatusMessage: task.message } : {}),
    ...(task.snapshotId ? { SnapshotId: task.snapshotId } : {}),
    ...(task.description ? { Description: task.description } : {}),
    ...(task.format ? { Format: task.format } : {}),
  });
  const work = async (task: ImportTask, bucket: string, key: string): Promise<void> => {
    const object = s3.tables.objects.get(objectId(bucket, key));
    if (!object) {
      tables.importTasks.change(task.id, {
        status: "deleted",
        message: `ClientError: No such object ${bucket}/${key}`,
      });
      return;
    }
    const whole = await s3.contents.write(s3.contents.read(object.contents, 0, object.sizeBytes), []);
    try {
      const sizeGib = Math.max(1, Math.ceil(object.sizeBytes / GiB));
      const layerId = newId("ly");
      await importRaw(cloud.disks, layerId, s3.contents.path(whole.contentId), sizeGib * GiB);
      const snapshot = tables.snapshots.put({
        ...resource("snap", task.region, task.tags),
        ownerId: accountId,
        volumeId: "vol-ffffffff",
        sizeGib,
        description: `Created by AWS-VMImport service for ${task.id}`,
        encrypted: false,
        lineage: newId("lineage"),
        layerId,
        phase: "sealed",
        sealedAt: Date.now(),
      });
      tables.importTasks.change(task.id, { status: "completed", snapshotId: snapshot.id });
    } finally {
      s3.contents.delete([whole]);
    }
  };

  return {
    ImportSnapshot: (call: Call, input: ec2.ImportSnapshotRequest): ec2.ImportSnapshotResult => {
      const { Format, UserBucket, Description } = input.DiskContainer ?? {};
      if (!UserBucket?.S3Bucket || !UserBucket.S3Key) {
        throw new AwsError("InvalidParameter", "Simulated: the disk is imported from a bucket and key");
      }
      if (Format?.toUpperCase() !== "RAW")
        throw new AwsError("UnsupportedOperation", `Simulated: the format ${Format} is not imported here; RAW is`);
      const task = tables.importTasks.put({
        ...resource("import-snap", call.region, specifiedTags(input.TagSpecifications, "import-snapshot-task")),
        kind: "snapshot",
        status: "active",
        format: "RAW",
        ...(Description ? { description: Description } : {}),
      });
      const { S3Bucket, S3Key } = UserBucket;
      cloud.inBackground("import a snapshot", () => work(task, S3Bucket, S3Key));
      return { ImportTaskId: task.id, SnapshotTaskDetail: detail(task), Tags: tagList(task.tags) };
    },

    DescribeImportSnapshotTasks: (
      call: Call,
      input: ec2.DescribeImportSnapshotTasksRequest,
    ): ec2.DescribeImportSnapshotTasksResult => {
      const wanted = input.ImportTaskIds?.length
        ? input.ImportTaskIds.map((id) => registry.find(call, kinds.importTask, id))
        : registry.all(call, kinds.importTask);
      const { items, NextToken } = pageOf(wanted, input, { least: 1, most: 1000 });
      const tasks = items.map((task) => ({
        ImportTaskId: task.id,
        SnapshotTaskDetail: detail(task),
        Tags: tagList(task.tags),
      }));
      return { ImportSnapshotTasks: tasks, ...(NextToken ? { NextToken } : {}) };
    },
  };
}
