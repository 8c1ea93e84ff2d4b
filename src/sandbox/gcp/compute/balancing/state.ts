import type { Document, Documents } from "../../../cloud/documents.ts";
import type { Resource } from "../../state.ts";

/** What a load balancer is made of, each as its request had it. Its id is its path. */
export interface Kept extends Resource {
  readonly body: Readonly<Record<string, unknown>>;
  /** Of a forwarding rule: where it really listens. */
  readonly address?: string;
}

/** In a network endpoint group. Its id is its group's, its own and its port. */
export interface Endpoint extends Document {
  readonly groupId: string;
  readonly instance?: string;
  readonly ip: string;
  readonly port: number;
  /** Since when it is being detached. */
  readonly drainingSince?: number;
}

export function balancingTablesOf(documents: Documents) {
  return {
    kept: documents.table<Kept>("balancing"),
    endpoints: documents.table<Endpoint>("network-endpoint"),
  };
}
export type BalancingTables = ReturnType<typeof balancingTablesOf>;

/** One backend of a backend service, as far as it is simulated. */
export interface Backend {
  readonly group: string;
  readonly balancingMode?: string;
  readonly capacityScaler?: number;
  readonly maxRatePerEndpoint?: number;
  readonly maxConnectionsPerEndpoint?: number;
}

/** The path that a member's URL names; empty where there is none. */
export function pathOf(url: unknown): string {
  return typeof url === "string" ? url.slice(url.search(/(?:global|zones|regions)\//)) : "";
}
