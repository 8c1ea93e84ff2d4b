import type {
  Action,
  Listener,
  LoadBalancer,
  TargetGroup,
  TargetGroupTuple,
  TargetHealthDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { invalid, type Subject } from "../failures.ts";
import { fullWeight, type PoolShare, type PoolTarget, type TargetPool, type TargetState } from "../traffic-facets.ts";
import { fromWire, type Wire } from "./tags.ts";

/** A listener that forwards, with what it forwards to. */
export interface Front {
  readonly listener: Listener;
  readonly balancer: LoadBalancer;
  /** The groups of its forward action, in their order. */
  readonly tuples: readonly TargetGroupTuple[];
  readonly groups: ReadonlyMap<string, TargetGroup>;
}

function isForward(action: Action): boolean {
  return action.Type === "forward";
}

export function tuplesOf({ DefaultActions = [] }: Listener): readonly TargetGroupTuple[] {
  const forward = DefaultActions.find(isForward);
  const { TargetGroupArn, ForwardConfig } = forward ?? {};
  return ForwardConfig?.TargetGroups ?? (TargetGroupArn === undefined ? [] : [{ TargetGroupArn, Weight: 1 }]);
}

export function withTuples(action: Action, TargetGroups: TargetGroupTuple[]): Action {
  if (!isForward(action)) return action;
  // An action names one group in two ways; of several it may only name them here.
  const { TargetGroupArn: _one, ForwardConfig, ...rest } = action;
  return { ...rest, ForwardConfig: { ...ForwardConfig, TargetGroups } };
}

/** AWS's weights go up to 999; larger ones than the port's are shown in proportion. */
export function scaleOf(tuples: readonly TargetGroupTuple[]): (tuple: TargetGroupTuple) => number {
  const largest = Math.max(...tuples.map(({ Weight = 1 }) => Weight));
  return ({ Weight = 1 }) => (largest <= fullWeight ? Weight : Math.round((Weight * fullWeight) / largest));
}

export function sharesOf({ tuples, groups }: Front): PoolShare[] {
  const scale = scaleOf(tuples);
  return tuples.flatMap((tuple) => {
    const group = groups.get(tuple.TargetGroupArn ?? "");
    if (!group) return [];
    const { TargetGroupArn = "", TargetGroupName = "", TargetType } = group;
    const accepts = TargetType === "ip" ? "address" : "vm";
    return [{ shareId: TargetGroupArn, name: TargetGroupName, weight: scale(tuple), accepts }];
  });
}

export function toPool(front: Front, wire: Wire | undefined): TargetPool {
  const { listener, balancer } = front;
  const { ListenerArn = "", Port = 0, Protocol = "" } = listener;
  const { LoadBalancerArn, LoadBalancerName = "", DNSName } = balancer;
  return {
    poolId: ListenerArn,
    name: `${LoadBalancerName}:${Port}`,
    ...(LoadBalancerArn === undefined ? {} : { loadBalancerId: LoadBalancerArn }),
    protocol: Protocol,
    endpoints: DNSName === undefined ? [] : [{ host: DNSName.toLowerCase(), port: Port }],
    shares: sharesOf(front),
    tags: fromWire(wire).tags,
  };
}

const states: Readonly<Record<string, TargetState>> = {
  initial: "starting",
  healthy: "healthy",
  unhealthy: "unhealthy",
  "unhealthy.draining": "draining",
  draining: "draining",
  unused: "unused",
  unavailable: "unknown",
};

export function toTarget(
  { TargetGroupArn = "", TargetType }: TargetGroup,
  described: TargetHealthDescription,
): PoolTarget {
  const { Target: { Id = "", Port = 0 } = {}, TargetHealth: { State = "", Description } = {} } = described;
  return {
    targetId: `${TargetGroupArn}#${Id}:${Port}`,
    shareId: TargetGroupArn,
    ...(TargetType === "ip" ? { address: Id } : { vmId: Id }),
    port: Port,
    state: states[State] ?? "unknown",
    ...(Description && { reason: Description }),
  };
}

export interface TargetPlace {
  readonly groupArn: string;
  readonly id: string;
  readonly port: number;
}

export function parseTargetId(targetId: string, subject: Subject): TargetPlace {
  const [, groupArn, id, port] = /^(arn:[^#]+)#(.+):(\d+)$/.exec(targetId) ?? [];
  if (groupArn !== undefined && id !== undefined) return { groupArn, id, port: Number(port) };
  throw invalid(subject, `${targetId} is no target's id`, "Use an id as the list of targets has it.");
}
