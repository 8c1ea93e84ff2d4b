import type { GeneratedAlways } from "kysely";
import type { DefaultTime, Time } from "./schema.ts";

export interface MetricSeriesTable {
  series_id: GeneratedAlways<number>;
  site: string;
  resource_id: string;
  metric: string;
  created_at: DefaultTime;
}

export interface MetricSampleTable {
  series_id: number;
  at: Time;
  value: number;
}

/** Of five minutes, and of hours. */
export interface MetricRollupTable {
  series_id: number;
  at: Time;
  samples: number;
  total: number;
  low: number;
  high: number;
}
