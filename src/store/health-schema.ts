import type { CarriedError } from "../domain/carried-error.ts";
import type { HealthSample, Probe } from "../domain/site-health.ts";
import type { DefaultTime, Json, OptionalJson, OptionalTime } from "./schema.ts";

export interface LeaseAskTable {
  ask_id: string;
  group_id: string;
  site: string;
  epoch: number;
  watched: boolean;
  asked_at: DefaultTime;
  answered_at: OptionalTime;
  answer: OptionalJson<LeaseAnswer>;
}

export type LeaseAnswer = { readonly durationMs: number; readonly marginMs: number } | { readonly error: CarriedError };

export interface HealthSampleTable {
  site: string;
  vantage: string;
  failure_domain: string;
  at: DefaultTime;
  sees: string;
  probes: Json<readonly Probe[]>;
}

export interface HealthDecisionTable {
  decision_id: string;
  site: string;
  group_id: string | null;
  epoch: number | null;
  at: DefaultTime;
  verdict: string;
  action: string;
  reasons: Json<readonly string[]>;
  samples: Json<readonly HealthSample[]>;
  deadline: OptionalTime;
  make_sure_of: OptionalJson<readonly string[]>;
  answered_at: OptionalTime;
  answered_by: string | null;
  answer: OptionalJson<DecisionAnswer>;
}

export interface DecisionAnswer {
  readonly failover: boolean;
  /** What the person has made sure of, in their own words. */
  readonly madeSureOf?: string;
}
