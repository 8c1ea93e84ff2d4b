import type { Generated } from "kysely";
import type {
  ConnectionDrill,
  ConnectionPlan,
  ConnectionProblem,
  ConnectionSight,
  FarDevice,
} from "../domain/connection.ts";
import type { DefaultTime, OptionalJson, OptionalTime } from "./schema.ts";

export interface ConnectionTable {
  connection_id: string;
  near_site: string;
  far_site: string;
  state: string;
  generation: Generated<number>;
  device: OptionalJson<FarDevice>;
  plan: OptionalJson<ConnectionPlan>;
  problem: OptionalJson<ConnectionProblem>;
  seen: OptionalJson<ConnectionSight>;
  drill: OptionalJson<ConnectionDrill>;
  keys_at: OptionalTime;
  created_by: string;
  created_at: DefaultTime;
  changed_at: DefaultTime;
  ended_at: OptionalTime;
}
