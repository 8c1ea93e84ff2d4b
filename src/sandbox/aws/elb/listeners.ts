import type * as elb from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsCloud, Call } from "../cloud.ts";
import { withTags } from "../ec2/tags.ts";
import { AwsError } from "../errors.ts";
import { arn, elbPage, findBalancer, findGroup, findListener, newPlace } from "./find.ts";
import type { Listener } from "./state.ts";
import type { Traffic } from "./traffic.ts";

/** A forward action has so many target groups at most, and weights up to this:
 *  https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html#forward-actions */
const groupsAtMost = 5;
const largestWeight = 999;
const protocols: Readonly<Record<string, string>> = { application: "HTTP", network: "TCP" };

/** Listeners with one forward action, and no further rules. */
export function listenerOperations(cloud: AwsCloud, traffic: Traffic) {
  const { tables } = cloud;
  const describe = ({ id, balancerId, port, protocol, forward }: Listener): elb.Listener => {
    const TargetGroups = forward.map(({ groupId, weight }) => ({ TargetGroupArn: groupId, Weight: weight }));
    const [only] = forward;
    return {
      ListenerArn: id,
      LoadBalancerArn: balancerId,
      Port: port,
      Protocol: protocol as elb.ProtocolEnum,
      DefaultActions: [
        {
          Type: "forward",
          ...(forward.length === 1 && { TargetGroupArn: only?.groupId }),
          ForwardConfig: { TargetGroups, TargetGroupStickinessConfig: { Enabled: false } },
        },
      ],
    };
  };

  const forwardOf = (call: Call, balancerId: string, actions: elb.Action[] | undefined): Listener["forward"] => {
    const [action, ...more] = actions ?? [];
    if (!action || more.length > 0 || action.Type !== "forward") {
      throw new AwsError("ValidationError", "Simulated: a listener has one action, and it forwards");
    }
    const { ForwardConfig: config } = action;
    const wanted = config?.TargetGroups ?? [{ TargetGroupArn: action.TargetGroupArn, Weight: 1 }];
    if (config?.TargetGroupStickinessConfig?.Enabled) {
      throw new AwsError("ValidationError", "Simulated: no stickiness of target groups");
    }
    if (wanted.length === 0 || wanted.length > groupsAtMost) {
      throw new AwsError("ValidationError", `A forward action has 1 to ${groupsAtMost} target groups`);
    }
    const { type, vpcId } = findBalancer(cloud, call, balancerId);
    return wanted.map(({ TargetGroupArn, Weight: weight = 1 }) => {
      const group = findGroup(cloud, call, TargetGroupArn);
      if (group.protocol !== protocols[type]) {
        throw new AwsError("InvalidConfigurationRequest", `Target group '${group.id}' has an incompatible protocol`);
      }
      if (group.vpcId !== vpcId) {
        throw new AwsError("InvalidConfigurationRequest", `Target group '${group.id}' is in another VPC`);
      }
      if (!Number.isInteger(weight) || weight < 0 || weight > largestWeight) {
        throw new AwsError("ValidationError", `Weight '${weight}' must be between 0 and ${largestWeight}`);
      }
      return { groupId: group.id, weight };
    });
  };

  return {
    CreateListener: async (call: Call, input: elb.CreateListenerInput): Promise<elb.CreateListenerOutput> => {
      const balancer = findBalancer(cloud, call, input.LoadBalancerArn);
      const { Port: port = 0, Protocol: protocol = "" } = input;
      if (protocol !== protocols[balancer.type]) {
        throw new AwsError("ValidationError", `Simulated: listeners of HTTP and TCP, not ${protocol}`);
      }
      if (port < 1 || port > 65_535) throw new AwsError("ValidationError", "A listener port must be specified");
      if (tables.listeners.find((other) => other.balancerId === balancer.id && other.port === port)) {
        throw new AwsError("DuplicateListener", "A listener already exists on this port for this load balancer");
      }
      const forward = forwardOf(call, balancer.id, input.DefaultActions);
      const place = balancer.id.slice(balancer.id.indexOf(":loadbalancer/") + ":loadbalancer/".length);
      const listener = tables.listeners.put({
        ...{
          id: arn(call.region, `listener/${place}/${newPlace()}`),
          balancerId: balancer.id,
          port,
          protocol,
          forward,
        },
        ...{ region: call.region, createdAt: Date.now(), tags: withTags({}, input.Tags) },
      });
      await traffic.settle();
      const refused = traffic.balancing.whyNot(listener.id);
      if (refused !== undefined) cloud.parts.log("A simulated listener can't listen here", { port, refused });
      return { Listeners: [describe(listener)] };
    },

    ModifyListener: async (call: Call, input: elb.ModifyListenerInput): Promise<elb.ModifyListenerOutput> => {
      const listener = findListener(cloud, call, input.ListenerArn);
      if (input.Port !== undefined || input.Protocol !== undefined) {
        throw new AwsError("ValidationError", "Simulated: a listener's port and protocol stay");
      }
      const forward = forwardOf(call, listener.balancerId, input.DefaultActions);
      const changed = tables.listeners.put({ ...listener, forward });
      await traffic.settle();
      return { Listeners: [describe(changed)] };
    },

    DescribeListeners: (call: Call, input: elb.DescribeListenersInput): elb.DescribeListenersOutput => {
      const { LoadBalancerArn, ListenerArns } = input;
      if (LoadBalancerArn === undefined && ListenerArns === undefined) {
        throw new AwsError("ValidationError", "You must specify either listener ARNs or a load balancer ARN");
      }
      if (LoadBalancerArn !== undefined) findBalancer(cloud, call, LoadBalancerArn);
      const asked = ListenerArns?.map((id) => findListener(cloud, call, id));
      const { items, NextMarker } = elbPage(
        asked ?? tables.listeners.where(({ balancerId }) => balancerId === LoadBalancerArn),
        input,
      );
      return { Listeners: items.map(describe), ...(NextMarker ? { NextMarker } : {}) };
    },

    /** One that is gone is an error, as at AWS. */
    DeleteListener: async (call: Call, input: elb.DeleteListenerInput): Promise<elb.DeleteListenerOutput> => {
      tables.listeners.delete(findListener(cloud, call, input.ListenerArn).id);
      await traffic.settle();
      return {};
    },
  };
}
