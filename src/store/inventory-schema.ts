import type { ColumnType, Generated } from "kysely";
import type { DefaultTime, OptionalTime, Time } from "./schema.ts";

export interface ResourceTable {
  resource_no: Generated<number>;
  site: string;
  kind: string;
  resource_id: string;
  provider: string;
  region: string | null;
  name: string;
  state: string | null;
  state_since: OptionalTime;
  cpus: number | null;
  memory_bytes: number | null;
  size_bytes: number | null;
  monthly_cost_micros: number | null;
  terms: string[];
  unused: ColumnType<boolean, never, never>;
  search_text: string;
  created_at: OptionalTime;
  first_seen_at: Time;
  changed_at: Time;
  refreshed_at: OptionalTime;
  digest: Buffer;
  change_digest: Buffer;
}

export interface ResourceDocumentTable {
  resource_no: number;
  /** JSON text in snake_case. */
  document: string;
}

export interface ResourceHistoryTable
  extends Omit<ResourceTable, "resource_no" | "unused" | "changed_at" | "refreshed_at" | "digest" | "change_digest"> {
  resource_no: number;
  valid_from: Time;
  valid_to: Time;
  gone: boolean;
  document: string;
}

export interface InventoryReadTable {
  site: string;
  kind: string;
  reading_at: OptionalTime;
  observed_at: OptionalTime;
  error: string | null;
  failed_at: OptionalTime;
  failing_since: OptionalTime;
  first_observed_at: OptionalTime;
  provider: string | null;
  region: string | null;
  resources: Generated<number>;
  cpus: Generated<number>;
  memory_bytes: Generated<number>;
  cost_micros: Generated<number>;
  cost_unknown: Generated<number>;
  unused: Generated<number>;
  unused_cost_micros: Generated<number>;
  unused_cost_unknown: Generated<number>;
}

export interface InventoryWatchTable {
  site: string;
  listening_since: OptionalTime;
  heard_at: OptionalTime;
  changed_at: OptionalTime;
  changes: Generated<number>;
  error: string | null;
}

export interface SavedSearchTable {
  search_id: string;
  name: string;
  query: string;
  owner: string;
  shared: Generated<boolean>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}
