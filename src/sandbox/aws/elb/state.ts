import type { Document } from "../../cloud/documents.ts";
import type { Resource } from "../state.ts";

/** Its id is its ARN. */
export interface TargetGroup extends Resource {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly vpcId: string;
  readonly targetType: "instance" | "ip";
  readonly health: TargetHealthCheck;
  /** "deregistration_delay.timeout_seconds" */
  readonly delaySeconds: number;
}

export interface TargetHealthCheck {
  readonly protocol: string;
  /** A number, or `traffic-port`. */
  readonly port: string;
  readonly path?: string;
  /** HTTP statuses: `200`, `200,202`, `200-299`. */
  readonly matcher?: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

/** Its id is its group's, its own and its port. */
export interface RegisteredTarget extends Document {
  readonly groupId: string;
  readonly targetId: string;
  readonly port: number;
  readonly at: number;
  /** Since when it is being deregistered. */
  readonly drainingSince?: number;
}

/** Its id is its ARN. */
export interface Listener extends Resource {
  readonly balancerId: string;
  readonly protocol: string;
  readonly port: number;
  readonly forward: readonly { readonly groupId: string; readonly weight: number }[];
}

export function targetKey(groupId: string, targetId: string, port: number): string {
  return `${groupId}/${targetId}:${port}`;
}
