import type { AwsCloud, Call } from "../cloud.ts";
import type { Registry } from "../ec2/registry.ts";
import { accountId } from "../identity.ts";
import type { Resource } from "../state.ts";
import type { EventBus } from "./bus.ts";

const trailed: ReadonlySet<string> = new Set(["ec2", "elasticloadbalancing", "autoscaling"]);

/**
 * Tells the bus what AWS tells without being asked. Types and details: "Amazon EC2 events", "Amazon EBS events", "AMI
 * state change events" and "Tag change events" of the EventBridge reference.
 */
export function giveNotice(cloud: AwsCloud, registry: Registry, bus: EventBus): void {
  const { instances, volumes, snapshots, images } = cloud.tables;
  const { kinds } = registry;
  const arnOf = ({ region, id }: Resource, type: string) => `arn:aws:ec2:${region}:${accountId}:${type}/${id}`;
  // A state that takes its time is told when it is reached.
  const later = (ms: number, tell: () => void) => (ms === 0 ? tell() : void setTimeout(tell, ms).unref());
  const disk = (volume: Resource, event: string) =>
    bus.put(volume.region, {
      source: "aws.ec2",
      type: "EBS Volume Notification",
      resources: [arnOf(volume, "volume")],
      detail: { result: event === "createVolume" ? "available" : "deleted", cause: "", event },
    });

  instances.onChange((before, after) => {
    if (!after || before?.state === after.state) return;
    bus.put(after.region, {
      source: "aws.ec2",
      type: "EC2 Instance State-change Notification",
      resources: [arnOf(after, "instance")],
      detail: { "instance-id": after.id, state: after.state },
    });
  });
  volumes.onChange((before, after) => {
    if (after && !before) later(cloud.settings.volumeCreatingMs, () => disk(after, "createVolume"));
    else if (before && !after) disk(before, "deleteVolume");
  });
  snapshots.onChange((before, after) => {
    if (after?.phase !== "sealed" || before?.phase === "sealed" || after.public) return;
    later(cloud.settings.snapshotPendingMs, () =>
      bus.put(after.region, {
        source: "aws.ec2",
        type: "EBS Snapshot Notification",
        resources: [arnOf(after, "snapshot")],
        detail: { event: "createSnapshot", result: "succeeded", cause: "", snapshot_id: arnOf(after, "snapshot") },
      }),
    );
  });
  images.onChange((before, after) => {
    const image = after ?? before;
    if (!image || image.public || (before && after)) return;
    later(after ? cloud.settings.imagePendingMs : 0, () =>
      bus.put(image.region, {
        source: "aws.ec2",
        type: "EC2 AMI State Change",
        resources: [arnOf(image, "image")],
        detail: { ImageId: image.id, State: after ? "available" : "deregistered", ErrorMessage: "" },
      }),
    );
  });
  for (const { type, table } of [kinds.instance, kinds.volume, kinds.snapshot, kinds.image]) {
    table.onChange((before: Resource | undefined, after: Resource | undefined) => {
      if (!before || !after) return;
      const keys = [...new Set([...Object.keys(before.tags), ...Object.keys(after.tags)])];
      const changed = keys.filter((key) => before.tags[key] !== after.tags[key]);
      if (changed.length === 0) return;
      bus.put(after.region, {
        source: "aws.tag",
        type: "Tag Change on Resource",
        resources: [arnOf(after, type)],
        detail: { "changed-tag-keys": changed, service: "ec2", "resource-type": type, version: 1, tags: after.tags },
      });
    });
  }
}

/** A call that changed something, as an account with a trail is told of it. Parameters have the names of the API here. */
export function noteCall(cloud: AwsCloud, bus: EventBus, call: Call, input: object, output: object): void {
  const { service, operation, region } = call;
  if (!cloud.settings.trail || !trailed.has(service) || /^(Describe|Get|List)/.test(operation)) return;
  bus.put(region, {
    source: `aws.${service}`,
    type: "AWS API Call via CloudTrail",
    detail: {
      eventSource: `${service}.amazonaws.com`,
      eventName: operation,
      awsRegion: region,
      requestParameters: input,
      responseElements: output,
    },
  });
}
