import type { Comparison } from "./alert-rule.ts";
import type { VmMetric } from "./metric.ts";

/** What a cloud is to watch of one VM by itself, and whom it is to tell by its own means. */
export interface CloudAlarmRequest {
  readonly name: string;
  readonly vmId: string;
  readonly metric: VmMetric;
  /** In the metric's unit: ratios are 0 to 1, rates are bytes a second. */
  readonly threshold: number;
  readonly comparison: Comparison;
  /** So long it has to hold. A cloud takes the next longer time that it knows. */
  readonly durationSeconds: number;
  /** Whom the cloud tells, in its own words: a topic, a channel, a group. */
  readonly actions: readonly string[];
}

/** An alarm as a cloud has it, made by us or by others. */
export interface CloudAlarm {
  readonly alarmId: string;
  readonly name: string;
  /** Absent where it is not about one VM. */
  readonly vmId?: string;
  /** Ours, or the cloud's own name where it watches something else. */
  readonly metric: string;
  /** These three are absent where it judges by something else than one figure and one limit. */
  readonly threshold?: number;
  readonly comparison?: Comparison;
  readonly durationSeconds?: number;
  readonly actions: readonly string[];
  /** Absent where the cloud does not tell; `unknown` where it has too few figures. */
  readonly state?: "ok" | "alarm" | "unknown";
  readonly enabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
}
