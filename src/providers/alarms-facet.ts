import type { CloudAlarm, CloudAlarmRequest } from "../domain/cloud-alarm.ts";
import type { VmMetric } from "../domain/metric.ts";

export interface NewAlarm extends CloudAlarmRequest {
  readonly key: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What the alarms of a kind of site can be. */
export interface AlarmTerms {
  readonly metrics: readonly VmMetric[];
  /** The shortest time that it has to hold, and the longest. */
  readonly shortestSeconds: number;
  readonly longestSeconds: number;
  /** An action, as the site names whom it tells. */
  readonly actionExample: string;
  /** An alarm that tells nobody is refused there. */
  readonly needsAction: boolean;
}

/** The site's own alarms: it judges its own figures, whether or not we are there. */
export interface AlarmsFacet {
  readonly terms: AlarmTerms;
  /** All of the site, ours or not. */
  listAlarms(signal: AbortSignal): AsyncIterable<CloudAlarm>;
  /** @throws InvalidInput for what {@link AlarmTerms} don't allow, UnsupportedCapability for a comparison or a metric that is a
   *  gap of the site. */
  createAlarm(input: NewAlarm, signal: AbortSignal): Promise<CloudAlarm>;
  /** Of others' alarms, Conflict: they are removed where they were made. */
  deleteAlarm(alarmId: string, signal: AbortSignal): Promise<void>;
}
