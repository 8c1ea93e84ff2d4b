import type { Caller } from "../identity.ts";
import type { Json } from "../state.ts";

export type Service =
  | "compute"
  | "network"
  | "resources"
  | "authorization"
  | "dns"
  | "trafficmanager"
  | "monitor"
  | "costmanagement";

/** One call to Azure Resource Manager, after it was authenticated and routed. */
export interface ArmRequest {
  readonly service: Service;
  /** As the SDK calls it: `disks.createOrUpdate`. */
  readonly operation: string;
  readonly method: string;
  /** Where links in the answer lead to. */
  readonly origin: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly apiVersion: string;
  /** What the route's placeholders stand for. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Json;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly caller: Caller;
}

export interface ArmAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface Route {
  readonly service: Service;
  readonly operation: string;
  /** What a role has to allow; of some, by what their placeholders stand for. */
  readonly action: string | ((params: ArmRequest["params"]) => string);
  readonly method: string;
  /** Below `/subscriptions/ID/`; lower case, `:name` for a placeholder. */
  readonly path: string;
  readonly run: (request: ArmRequest) => ArmAnswer | Promise<ArmAnswer>;
}
