import type * as autoscaling from "@aws-sdk/client-auto-scaling";
import type { AwsCloud, Call } from "../cloud.ts";
import { resource } from "../ec2/default-network.ts";
import { pageOf } from "../ec2/filters.ts";
import { withTags } from "../ec2/tags.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { ScalingGroup } from "../listed-state.ts";
import { zonesOf } from "../regions.ts";

const invalid = (message: string) => new AwsError("ValidationError", message);
const groupTag = "aws:autoscaling:groupName";

/** EC2 Auto Scaling, with instances that are attached to a group: here it starts and ends none by itself. */
export function autoScalingOperations({ tables }: Pick<AwsCloud, "tables">) {
  const keyOf = (call: Call, name: string | undefined) => `${call.region}/${name ?? ""}`;
  const find = (call: Call, name: string | undefined): ScalingGroup => {
    const group = tables.scalingGroups.get(keyOf(call, name));
    if (!group) throw invalid(`AutoScalingGroup name not found - AutoScalingGroup ${name} not found`);
    return group;
  };
  const members = ({ region, name }: ScalingGroup) =>
    tables.instances.where((one) => one.region === region && one.tags[groupTag] === name && one.state !== "terminated");
  const describe = (group: ScalingGroup): autoscaling.AutoScalingGroup => ({
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: `arn:aws:autoscaling:${group.region}:${accountId}:autoScalingGroup:${group.name}`,
    LaunchTemplate: { LaunchTemplateName: group.template },
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desired,
    DefaultCooldown: 300,
    AvailabilityZones: [...group.zones],
    VPCZoneIdentifier: group.subnetIds.join(","),
    HealthCheckType: "EC2",
    HealthCheckGracePeriod: 0,
    CreatedTime: new Date(group.createdAt),
    Instances: members(group).map(({ id, zone, type }) => ({
      InstanceId: id,
      InstanceType: type,
      AvailabilityZone: zone,
      LifecycleState: "InService",
      HealthStatus: "Healthy",
      ProtectedFromScaleIn: false,
    })),
    Tags: Object.entries(group.tags).map(([Key, Value]) => ({
      Key,
      Value,
      ResourceId: group.name,
      ResourceType: "auto-scaling-group",
      PropagateAtLaunch: false,
    })),
  });

  return {
    CreateAutoScalingGroup: (call: Call, input: autoscaling.CreateAutoScalingGroupType): object => {
      const { AutoScalingGroupName: name = "", MinSize: minSize = 0, MaxSize: maxSize = 0 } = input;
      const template = input.LaunchTemplate?.LaunchTemplateName ?? input.LaunchTemplate?.LaunchTemplateId;
      if (template === undefined) throw invalid("Simulated: groups here have a LaunchTemplate, which is not looked up");
      if (tables.scalingGroups.has(keyOf(call, name))) {
        throw new AwsError("AlreadyExists", `AutoScalingGroup by this name already exists - ${name}`);
      }
      const desired = input.DesiredCapacity ?? minSize;
      if (minSize > maxSize || desired < minSize || desired > maxSize) {
        throw invalid(`Desired capacity:${desired} must be between the min size ${minSize} and max size ${maxSize}`);
      }
      if (desired > 0) throw invalid("Simulated: groups here start no instances; begin with none and attach some");
      const subnetIds = (input.VPCZoneIdentifier ?? "").split(",").filter((id) => id !== "");
      const zones = input.AvailabilityZones ?? subnetIds.flatMap((id) => tables.subnets.get(id)?.zone ?? []);
      if (zones.length === 0) throw invalid("At least one Availability Zone or VPC Subnet is required.");
      const unknown = zones.find((zone) => !zonesOf(call.region).includes(zone));
      if (unknown !== undefined) throw invalid(`Invalid availability zones: [${unknown}]`);
      tables.scalingGroups.put({
        ...resource("asg", call.region, withTags({}, input.Tags)),
        ...{ id: keyOf(call, name), name, template, minSize, maxSize, desired, subnetIds, zones: [...new Set(zones)] },
      });
      return {};
    },

    DescribeAutoScalingGroups: (
      call: Call,
      input: autoscaling.AutoScalingGroupNamesType,
    ): autoscaling.AutoScalingGroupsType => {
      const names = input.AutoScalingGroupNames;
      const all = tables.scalingGroups.where(
        ({ region, name }) => region === call.region && (!names?.length || names.includes(name)),
      );
      const { items, NextToken } = pageOf(
        all,
        {
          ...(input.MaxRecords === undefined ? {} : { MaxResults: input.MaxRecords }),
          ...(input.NextToken === undefined ? {} : { NextToken: input.NextToken }),
        },
        { least: 1, most: 100 },
      );
      return { AutoScalingGroups: items.map(describe), ...(NextToken ? { NextToken } : {}) };
    },

    AttachInstances: (call: Call, input: autoscaling.AttachInstancesQuery): object => {
      const group = find(call, input.AutoScalingGroupName);
      const ids = input.InstanceIds ?? [];
      const instances = ids.map((id) => {
        const instance = tables.instances.get(id);
        if (instance?.region !== call.region || instance.state !== "running") {
          throw invalid(`Invalid Instance ID(s): [${id}]; only running ones can be attached`);
        }
        return instance;
      });
      const desired = group.desired + ids.length;
      if (desired > group.maxSize) throw invalid(`New SetDesiredCapacity value ${desired} is above max value`);
      for (const instance of instances)
        tables.instances.put({ ...instance, tags: { ...instance.tags, [groupTag]: group.name } });
      tables.scalingGroups.put({ ...group, desired });
      return {};
    },

    DeleteAutoScalingGroup: (call: Call, input: autoscaling.DeleteAutoScalingGroupType): object => {
      const group = find(call, input.AutoScalingGroupName);
      if (members(group).length > 0) {
        throw new AwsError(
          "ResourceInUse",
          "You cannot delete an AutoScalingGroup while there are instances still in the group.",
        );
      }
      tables.scalingGroups.delete(group.id);
      return {};
    },
  };
}
