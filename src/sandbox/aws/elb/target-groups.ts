import type * as elb from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsCloud, Call } from "../cloud.ts";
import { withTags } from "../ec2/tags.ts";
import { AwsError } from "../errors.ts";
import { arn, elbPage, findGroup, newPlace } from "./find.ts";
import type { TargetGroup, TargetHealthCheck } from "./state.ts";
import type { Traffic } from "./traffic.ts";

const delay = "deregistration_delay.timeout_seconds";
const layer7 = new Set(["HTTP", "HTTPS"]);
const simulated = new Set(["HTTP", "TCP"]);

/** Target groups: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html */
export function targetGroupOperations(cloud: AwsCloud, traffic: Traffic) {
  const { tables } = cloud;
  const all = (call: Call) => tables.targetGroups.where(({ region }) => region === call.region);
  const balancersOf = (groupId: string) => {
    const listeners = tables.listeners.where(({ forward }) => forward.some((to) => to.groupId === groupId));
    return [...new Set(listeners.map(({ balancerId }) => balancerId))];
  };
  const describe = (group: TargetGroup): elb.TargetGroup => ({
    TargetGroupArn: group.id,
    TargetGroupName: group.name,
    Protocol: group.protocol as elb.ProtocolEnum,
    Port: group.port,
    VpcId: group.vpcId,
    TargetType: group.targetType,
    IpAddressType: "ipv4",
    ...(layer7.has(group.protocol) && { ProtocolVersion: "HTTP1" }),
    HealthCheckEnabled: true,
    HealthCheckProtocol: group.health.protocol as elb.ProtocolEnum,
    HealthCheckPort: group.health.port,
    HealthCheckIntervalSeconds: group.health.intervalSeconds,
    HealthCheckTimeoutSeconds: group.health.timeoutSeconds,
    HealthyThresholdCount: group.health.healthyAfter,
    UnhealthyThresholdCount: group.health.unhealthyAfter,
    ...(group.health.path === undefined ? {} : { HealthCheckPath: group.health.path }),
    ...(group.health.matcher === undefined ? {} : { Matcher: { HttpCode: group.health.matcher } }),
    LoadBalancerArns: balancersOf(group.id),
  });
  const attributes = (group: TargetGroup): elb.TargetGroupAttribute[] => [
    { Key: delay, Value: `${group.delaySeconds}` },
  ];

  return {
    CreateTargetGroup: (call: Call, input: elb.CreateTargetGroupInput): elb.CreateTargetGroupOutput => {
      const { Name: name = "", Protocol: protocol = "", Port: port = 0, VpcId: vpcId = "" } = input;
      const { TargetType: targetType = "instance" } = input;
      if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/.test(name)) {
        throw new AwsError("ValidationError", `The target group name '${name}' is not valid`);
      }
      if (!simulated.has(protocol))
        throw new AwsError("ValidationError", `Simulated: HTTP and TCP only, not ${protocol}`);
      if (targetType !== "instance" && targetType !== "ip") {
        throw new AwsError(
          "ValidationError",
          `Simulated: targets are instances or addresses, not of type ${targetType}`,
        );
      }
      if (port < 1 || port > 65_535) throw new AwsError("ValidationError", "A port must be specified");
      if (tables.vpcs.get(vpcId)?.region !== call.region) {
        throw new AwsError("ValidationError", `The VPC ID '${vpcId}' is not found`);
      }
      const known = all(call).find((group) => group.name === name);
      if (known) {
        const same = known.protocol === protocol && known.port === port && known.targetType === targetType;
        if (same && known.vpcId === vpcId) return { TargetGroups: [describe(known)] };
        throw new AwsError("DuplicateTargetGroupName", `A target group with the same name '${name}' exists`);
      }
      const group = tables.targetGroups.put({
        ...{ id: arn(call.region, `targetgroup/${name}/${newPlace()}`), name, protocol, port, vpcId, targetType },
        ...{ region: call.region, createdAt: Date.now(), tags: withTags({}, input.Tags), delaySeconds: 300 },
        health: healthOf(input, protocol),
      });
      return { TargetGroups: [describe(group)] };
    },

    ModifyTargetGroup: async (call: Call, input: elb.ModifyTargetGroupInput): Promise<elb.ModifyTargetGroupOutput> => {
      const group = findGroup(cloud, call, input.TargetGroupArn);
      const changed = tables.targetGroups.put({ ...group, health: healthOf(input, group.protocol, group.health) });
      return { TargetGroups: [describe(changed)] };
    },

    DescribeTargetGroups: (call: Call, input: elb.DescribeTargetGroupsInput): elb.DescribeTargetGroupsOutput => {
      const { LoadBalancerArn, TargetGroupArns, Names } = input;
      const asked = TargetGroupArns?.map((id) => findGroup(cloud, call, id));
      const named = Names?.map((name) =>
        findGroup(cloud, call, all(call).find((group) => group.name === name)?.id ?? name),
      );
      const found = (asked ?? named ?? all(call)).filter(
        ({ id }) => LoadBalancerArn === undefined || balancersOf(id).includes(LoadBalancerArn),
      );
      const { items, NextMarker } = elbPage(found, input);
      return { TargetGroups: items.map(describe), ...(NextMarker ? { NextMarker } : {}) };
    },

    DeleteTargetGroup: async (call: Call, input: elb.DeleteTargetGroupInput): Promise<elb.DeleteTargetGroupOutput> => {
      const known = all(call).find(({ id }) => id === input.TargetGroupArn);
      if (!known) return {};
      if (traffic.isUsed(known.id)) {
        throw new AwsError("ResourceInUse", `Target group '${known.id}' is currently in use by a listener or a rule`);
      }
      for (const { id } of tables.targets.where(({ groupId }) => groupId === known.id)) tables.targets.delete(id);
      tables.targetGroups.delete(known.id);
      await traffic.settle();
      return {};
    },

    DescribeTargetGroupAttributes: (
      call: Call,
      input: elb.DescribeTargetGroupAttributesInput,
    ): elb.DescribeTargetGroupAttributesOutput => ({
      Attributes: attributes(findGroup(cloud, call, input.TargetGroupArn)),
    }),

    ModifyTargetGroupAttributes: (
      call: Call,
      input: elb.ModifyTargetGroupAttributesInput,
    ): elb.ModifyTargetGroupAttributesOutput => {
      const group = findGroup(cloud, call, input.TargetGroupArn);
      const wanted = input.Attributes ?? [];
      const other = wanted.find(({ Key }) => Key !== delay);
      if (other) throw new AwsError("ValidationError", `Simulated: only ${delay} can be set, not ${other.Key}`);
      const seconds = Number(wanted.at(-1)?.Value ?? group.delaySeconds);
      if (!Number.isInteger(seconds) || seconds < 0 || seconds > 3_600) {
        throw new AwsError("ValidationError", `Target group attribute value '${seconds}' is not valid for ${delay}`);
      }
      return { Attributes: attributes(tables.targetGroups.put({ ...group, delaySeconds: seconds })) };
    },
  };
}

/** The defaults are those of "CreateTargetGroup". */
function healthOf(
  input: elb.CreateTargetGroupInput | elb.ModifyTargetGroupInput,
  protocol: string,
  before?: TargetHealthCheck,
): TargetHealthCheck {
  const checked = input.HealthCheckProtocol ?? before?.protocol ?? protocol;
  if (!simulated.has(checked))
    throw new AwsError("ValidationError", `Simulated: health by HTTP or TCP, not ${checked}`);
  const byHttp = layer7.has(checked);
  const intervalSeconds = input.HealthCheckIntervalSeconds ?? before?.intervalSeconds ?? 30;
  const healthyAfter = input.HealthyThresholdCount ?? before?.healthyAfter ?? 5;
  const unhealthyAfter = input.UnhealthyThresholdCount ?? before?.unhealthyAfter ?? 2;
  if (intervalSeconds < 5 || intervalSeconds > 300) {
    throw new AwsError("ValidationError", `Health check interval '${intervalSeconds}' must be between 5 and 300`);
  }
  if ([healthyAfter, unhealthyAfter].some((count) => count < 2 || count > 10)) {
    throw new AwsError("ValidationError", "Health check thresholds must be between 2 and 10");
  }
  const path = input.HealthCheckPath ?? before?.path ?? "/";
  const matcher = input.Matcher?.HttpCode ?? before?.matcher ?? "200";
  return {
    protocol: checked,
    port: input.HealthCheckPort ?? before?.port ?? "traffic-port",
    ...(byHttp && { path, matcher }),
    intervalSeconds,
    timeoutSeconds: input.HealthCheckTimeoutSeconds ?? before?.timeoutSeconds ?? (byHttp ? 5 : 10),
    healthyAfter,
    unhealthyAfter,
  };
}
