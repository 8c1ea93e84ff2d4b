import type { DefaultTime, OptionalTime, Time } from "./schema.ts";

export interface SiteWorkerTable {
  worker_id: string;
  site: string;
  name: string;
  certificate_hash: string;
  previous_hash: string | null;
  certificate_ends_at: Time;
  data_address: string | null;
  joined_at: DefaultTime;
  seen_at: OptionalTime;
  draining_since: OptionalTime;
  removed_at: OptionalTime;
}

export interface SiteWorkerMetricsTable {
  worker_id: string;
  text: string;
  told_at: DefaultTime;
}

export interface JoinTokenTable {
  hash: string;
  site: string;
  created_by: string;
  created_at: DefaultTime;
  expires_at: Time;
  used_at: OptionalTime;
}
