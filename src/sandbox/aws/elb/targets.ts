import { isIPv4 } from "node:net";
import type * as elb from "@aws-sdk/client-elastic-load-balancing-v2";
import { contains, parseCidr } from "../../cloud/ipv4.ts";
import type { AwsCloud, Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { findGroup } from "./find.ts";
import { type RegisteredTarget, type TargetGroup, targetKey } from "./state.ts";
import type { Traffic } from "./traffic.ts";

/** What a target of type `ip` may be outside of its network, and (simulated, as if it were inside) this machine itself:
 *  https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-type */
const allowedRanges = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"].flatMap(
  (cidr) => parseCidr(cidr) ?? [],
);

/** Targets and their health: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html */
export function targetOperations(cloud: AwsCloud, traffic: Traffic) {
  const { tables } = cloud;
  const keyOf = (group: TargetGroup, { Id = "", Port = group.port }: elb.TargetDescription) =>
    targetKey(group.id, Id, Port);

  const check = (call: Call, group: TargetGroup, { Id = "", AvailabilityZone: zone }: elb.TargetDescription): void => {
    if (group.targetType === "instance") {
      const instance = tables.instances.get(Id);
      if (instance?.region !== call.region) {
        throw new AwsError("InvalidTarget", `The following targets are not valid instances: '${Id}'`);
      }
      if (instance.state !== "running") {
        throw new AwsError("InvalidTarget", `The following targets are not in a running state: '${Id}'`);
      }
      if (instance.vpcId !== group.vpcId) {
        throw new AwsError(
          "InvalidTarget",
          `The following targets are not in the target group VPC '${group.vpcId}': '${Id}'`,
        );
      }
      return;
    }
    const address = isIPv4(Id) ? parseCidr(`${Id}/32`) : undefined;
    const vpc = parseCidr(tables.vpcs.get(group.vpcId)?.cidr ?? "");
    if (!address || ![...allowedRanges, ...(vpc ? [vpc] : [])].some((range) => contains(range, address))) {
      throw new AwsError("ValidationError", `The IP address '${Id}' is not a valid IPv4 address for a target`);
    }
    const inside = Id.startsWith("127.") || (vpc !== undefined && contains(vpc, address));
    if (!inside && zone !== "all") {
      const message = `The Availability Zone is required for IP address '${Id}' because it is not in the VPC`;
      throw new AwsError("ValidationError", message);
    }
    if (inside && zone === "all") {
      const message = `The IP address '${Id}' is within the VPC, and cannot have its Availability Zone overridden to 'all'`;
      throw new AwsError("ValidationError", message);
    }
  };

  const health = (group: TargetGroup, target: RegisteredTarget): elb.TargetHealth => {
    if (target.drainingSince !== undefined) {
      return {
        State: "draining",
        Reason: "Target.DeregistrationInProgress",
        Description: "Target deregistration is in progress",
      };
    }
    if (!traffic.isUsed(group.id)) {
      const Description = "Target group is not configured to receive traffic from the load balancer";
      return { State: "unused", Reason: "Target.NotInUse", Description };
    }
    const place = traffic.reach(target);
    if (group.targetType === "instance" && typeof place === "string" && place.startsWith("Target is in")) {
      return { State: "unused", Reason: "Target.InvalidState", Description: place };
    }
    const { state, why = "" } = traffic.balancing.checks.get(target.id);
    if (state === "healthy") return { State: "healthy" };
    if (state === "starting") {
      const Description = "Initial health checks in progress";
      return { State: "initial", Reason: "Elb.InitialHealthChecking", Description };
    }
    const mismatch = /^status (\d+)/.exec(why);
    if (mismatch) {
      const Description = `Health checks failed with these codes: [${mismatch[1]}]`;
      return { State: "unhealthy", Reason: "Target.ResponseCodeMismatch", Description };
    }
    if (/time/.test(why)) return { State: "unhealthy", Reason: "Target.Timeout", Description: "Request timed out" };
    return { State: "unhealthy", Reason: "Target.FailedHealthChecks", Description: "Health checks failed" };
  };
  const describe = (group: TargetGroup, target: RegisteredTarget): elb.TargetHealthDescription => ({
    Target: { Id: target.targetId, Port: target.port },
    HealthCheckPort: group.health.port === "traffic-port" ? `${target.port}` : group.health.port,
    TargetHealth: health(group, target),
  });

  return {
    RegisterTargets: async (call: Call, input: elb.RegisterTargetsInput): Promise<elb.RegisterTargetsOutput> => {
      const group = findGroup(cloud, call, input.TargetGroupArn);
      const wanted = input.Targets ?? [];
      for (const target of wanted) check(call, group, target);
      for (const { Id: targetId = "", Port: port = group.port } of wanted) {
        const id = targetKey(group.id, targetId, port);
        const known = tables.targets.get(id);
        if (known && known.drainingSince === undefined) continue;
        tables.targets.put({ id, groupId: group.id, targetId, port, at: Date.now() });
      }
      await traffic.settle();
      return {};
    },

    DeregisterTargets: (call: Call, input: elb.DeregisterTargetsInput): elb.DeregisterTargetsOutput => {
      const group = findGroup(cloud, call, input.TargetGroupArn);
      for (const wanted of input.Targets ?? []) {
        const targets = tables.targets.where(({ id, groupId, targetId }) =>
          wanted.Port === undefined ? groupId === group.id && targetId === wanted.Id : id === keyOf(group, wanted),
        );
        if (targets.length === 0) {
          throw new AwsError("InvalidTarget", `The following targets are not registered: '${wanted.Id}'`);
        }
        for (const target of targets) {
          if (target.drainingSince !== undefined) continue;
          traffic.drain(tables.targets.put({ ...target, drainingSince: Date.now() }));
        }
      }
      return {};
    },

    DescribeTargetHealth: (call: Call, input: elb.DescribeTargetHealthInput): elb.DescribeTargetHealthOutput => {
      const group = findGroup(cloud, call, input.TargetGroupArn);
      const registered = tables.targets.where(({ groupId }) => groupId === group.id);
      if (!input.Targets) return { TargetHealthDescriptions: registered.map((target) => describe(group, target)) };
      return {
        TargetHealthDescriptions: input.Targets.map((asked) => {
          const target = tables.targets.get(keyOf(group, asked));
          if (target) return describe(group, target);
          const Description = "Target is not registered to the target group";
          return {
            Target: { Id: asked.Id, Port: asked.Port ?? group.port },
            TargetHealth: { State: "unused", Reason: "Target.NotRegistered", Description },
          };
        }),
      };
    },
  };
}
