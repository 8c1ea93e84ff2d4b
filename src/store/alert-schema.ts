import type { Generated, GeneratedAlways } from "kysely";
import type { AlertRule } from "../domain/alert-rule.ts";
import type { Notification } from "../domain/notification.ts";
import type { DefaultTime, Json, OptionalTime, Time } from "./schema.ts";

export interface AlertRuleTable {
  rule_id: string;
  name: string;
  body: Json<AlertRule>;
  removed_at: OptionalTime;
  created_at: DefaultTime;
}

export interface AlertTable {
  rule_id: string;
  site: string;
  resource_id: string;
  group_key: string;
  state: string;
  since: Time;
  last_at: Time;
  value: number | null;
  clear_since: OptionalTime;
  fired_at: OptionalTime;
  occurrence: number;
  note: string | null;
  told: string | null;
  told_occurrence: Generated<number>;
  untold_since: OptionalTime;
}

export interface AlertEventTable {
  sequence: GeneratedAlways<number>;
  rule_id: string;
  rule_name: string;
  site: string;
  resource_id: string;
  occurrence: number;
  state: string;
  at: Time;
  value: number | null;
  note: string | null;
}

export interface AlertNotificationTable {
  notification_id: string;
  rule_id: string;
  body: Json<Notification>;
  at: Time;
}

export interface AlertDeliveryTable {
  notification_id: string;
  action: string;
  state: Generated<string>;
  attempts: Generated<number>;
  next_at: DefaultTime;
  last_error: string | null;
  ended_at: OptionalTime;
}

export interface AlertSilenceTable {
  silence_id: string;
  rule_id: string | null;
  site: string | null;
  resource_id: string | null;
  severity: string | null;
  from_at: Time;
  until_at: Time;
  reason: string;
  created_by: string;
}

export interface AlertStandingTable {
  one: Generated<boolean>;
  evaluated_at: OptionalTime;
  rules: Generated<number>;
  heartbeat_at: OptionalTime;
  heartbeat_error: string | null;
}
