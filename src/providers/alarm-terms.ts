import { isProviderError } from "../domain/errors.ts";
import { tagKeys } from "../domain/vm.ts";
import type { AlarmsFacet, AlarmTerms, NewAlarm } from "./alarms-facet.ts";
import { conflict, invalid, type Subject, unsupported } from "./failures.ts";
import type { Capabilities, CensusEntry } from "./provider.ts";

/** Refuses what the site's alarms can't be, before it is asked. */
export function checkAlarm(
  { metric, comparison, threshold, durationSeconds, actions }: NewAlarm,
  { metrics, shortestSeconds, longestSeconds, actionExample, needsAction }: AlarmTerms,
  { capabilities, isAction }: { readonly capabilities: Capabilities; readonly isAction: RegExp },
  subject: Subject,
): void {
  if (!metrics.includes(metric)) {
    const gap = metric === "memory.used" ? capabilities["metrics.memory"] : undefined;
    throw unsupported(subject, gap ?? `the site has no alarms on ${metric}`, `Choose one of ${metrics.join(", ")}.`);
  }
  const gap =
    comparison === "eq"
      ? capabilities["alarms.equal"]
      : comparison === "gte" || comparison === "lte"
        ? capabilities["alarms.or-equal"]
        : undefined;
  if (gap !== undefined) throw unsupported(subject, gap, "Compare with gt or lt.");
  if (!Number.isFinite(threshold)) throw invalid(subject, "the threshold is no number", "Give a number.");
  if (durationSeconds < 0 || durationSeconds > longestSeconds) {
    const reason = `it has to hold for ${durationSeconds} s, and ${longestSeconds} s are the longest there`;
    throw invalid(subject, reason, `Take ${shortestSeconds} to ${longestSeconds} s, or an alert rule of NovaCron's.`);
  }
  const wrong = actions.find((action) => !isAction.test(action));
  if (wrong !== undefined)
    throw invalid(subject, `${wrong} is nobody that it could tell`, `Name actions such as ${actionExample}.`);
  if (needsAction && actions.length === 0)
    throw invalid(subject, "an alarm has to tell somebody there", `Name an action such as ${actionExample}.`);
}

/** The next time that is so many whole spans, and one at least; seconds. */
export function wholeSpan(durationSeconds: number, spanSeconds: number): number {
  return Math.max(1, Math.ceil(durationSeconds / spanSeconds)) * spanSeconds;
}

/** What others have made is theirs. */
export function refuseForeign(tags: Readonly<Record<string, string>>, subject: Subject): void {
  if (tags[tagKeys.managed] === "true") return;
  throw conflict(subject, "NovaCron did not make it", "Remove it where it was made.");
}

/** Those of a census. Who may not list alarms has made none. */
export async function* alarmEntries(facet: AlarmsFacet, signal: AbortSignal): AsyncGenerator<CensusEntry> {
  try {
    for await (const { alarmId: id, name, tags } of facet.listAlarms(signal)) {
      if (tags[tagKeys.managed] === "true") yield { kind: "alarm", id, name, tags };
    }
  } catch (error) {
    if (!isProviderError(error, "CloudPermissionDenied")) throw error;
  }
}
