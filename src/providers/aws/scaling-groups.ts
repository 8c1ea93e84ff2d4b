import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import type { ScalingGroup, ScalingGroupsFacet } from "../cloud-facets.ts";
import type { Aws } from "./client.ts";
import { items } from "./describe.ts";
import { fromWire } from "./tags.ts";

/** The most that "DescribeAutoScalingGroups" gives a page. */
const pageSize = 100;

/** Groups of EC2 Auto Scaling; their names are unique in a region, and are their ids here. */
export class AwsScalingGroups implements ScalingGroupsFacet {
  readonly #aws: Aws;

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  async *listScalingGroups(signal: AbortSignal): AsyncGenerator<ScalingGroup> {
    const subject = { operation: "list scaling groups", resource: this.#aws.site };
    const groups = items(
      (NextToken) =>
        this.#aws.autoScaling.send(
          (sdk) => new sdk.DescribeAutoScalingGroupsCommand({ MaxRecords: pageSize, NextToken }),
          subject,
          signal,
        ),
      ({ AutoScalingGroups = [] }) => AutoScalingGroups,
    );
    for await (const group of groups) yield toScalingGroup(group);
  }
}

function toScalingGroup(group: AutoScalingGroup): ScalingGroup {
  const { AutoScalingGroupName: name = "", Status, VPCZoneIdentifier = "", CreatedTime, Tags, Instances = [] } = group;
  return {
    scalingGroupId: name,
    name,
    // It has a word only for a group that is being deleted.
    state: Status ?? "active",
    minVms: group.MinSize ?? 0,
    maxVms: group.MaxSize ?? 0,
    wantedVms: group.DesiredCapacity ?? 0,
    vmIds: Instances.flatMap(({ InstanceId }) => InstanceId ?? []),
    networkIds: VPCZoneIdentifier.split(",").filter((id) => id !== ""),
    ...(CreatedTime === undefined ? {} : { createdAt: CreatedTime.toISOString() }),
    tags: fromWire(Tags).tags,
  };
}
