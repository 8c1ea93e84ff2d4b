import type * as lb from "oci-loadbalancer";
import type { Document } from "../../cloud/documents.ts";
import type { Resource } from "../state.ts";
import type { Wire } from "../wire.ts";

export interface Backend {
  /** `address:port`, which tells it from the others of its set. */
  readonly name: string;
  readonly ipAddress: string;
  readonly port: number;
  readonly weight: number;
  readonly maxConnections?: number | undefined;
  readonly backup: boolean;
  readonly drain: boolean;
  readonly offline: boolean;
}

export interface BackendSet {
  readonly name: string;
  readonly policy: string;
  readonly healthChecker: Wire<lb.models.HealthChecker>;
  readonly backends: readonly Backend[];
}

export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly defaultBackendSetName: string;
}

export interface LoadBalancer extends Resource {
  readonly shapeName: string;
  readonly shapeDetails?: Wire<lb.models.ShapeDetails> | undefined;
  readonly isPrivate: boolean;
  readonly subnetIds: readonly string[];
  readonly groupIds: readonly string[];
  /** Of 127.82.0.0/16, private or not. */
  readonly address: string;
  readonly backendSets: Readonly<Record<string, BackendSet>>;
  readonly listeners: Readonly<Record<string, Listener>>;
}

/** Load balancers have work requests of their own. */
export interface BalancerWork extends Document {
  readonly loadBalancerId: string;
  readonly compartmentId: string;
  readonly type: string;
  readonly acceptedAt: number;
  readonly finishedAt?: number;
  readonly error?: string;
}

/** As flows and health checks know it. */
export function keyOf(balancerId: string, set: string, backend: string): string {
  return `${balancerId}/${set}/${backend}`;
}
