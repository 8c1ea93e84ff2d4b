import { type AlertRule, isBreach } from "./alert-rule.ts";

export type AlertState = "pending" | "firing" | "resolved";

/** How a rule stands with one resource. One that never held has none. */
export interface Alert {
  readonly ruleId: string;
  readonly site: string;
  readonly resourceId: string;
  readonly state: AlertState;
  /** Since when it holds; of a resolved one, since when it doesn't. */
  readonly since: string;
  /** The newest sample that was looked at. */
  readonly lastAt: string;
  /** Of that sample; absent where a series ended. */
  readonly value?: number;
  /** Since when a firing one does not hold any more, without being resolved yet. */
  readonly clearSince?: string;
  readonly firedAt?: string;
  /** How often it has fired: what tells one time from the next. */
  readonly occurrence: number;
  /** What a person should know beside the figure: that nothing is measured any more. */
  readonly note?: string;
}

/** What happened to an alert, for the log and for who is told. */
export interface AlertChange {
  readonly to: "firing" | "resolved";
  readonly at: string;
  readonly occurrence: number;
  readonly value?: number;
  readonly note?: string;
}

export interface Reading {
  readonly at: string;
  readonly value: number;
}

export interface Advanced {
  /** Undefined where it does not hold and never fired. */
  readonly alert: Alert | undefined;
  readonly changes: readonly AlertChange[];
}

type Place = Pick<Alert, "ruleId" | "site" | "resourceId">;

/**
 * Takes an alert on by what was measured since. Time is the samples' own, so that who looks late comes to the same end; a gap in
 * them counts for neither side: what was not measured did not hold, and did not stop holding.
 */
export function advance(
  rule: AlertRule,
  place: Place,
  known: Alert | undefined,
  readings: readonly Reading[],
): Advanced {
  let alert = known;
  const changes: AlertChange[] = [];
  const ordered = [...readings].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  for (const reading of ordered) {
    if (alert && Date.parse(reading.at) <= Date.parse(alert.lastAt)) continue;
    const next = step(rule, place, alert, reading);
    if (next && alert?.state !== next.state && next.state !== "pending") changes.push(changeOf(next, reading.at));
    alert = next;
  }
  return { alert, changes };
}

function step(rule: AlertRule, place: Place, alert: Alert | undefined, { at, value }: Reading): Alert | undefined {
  const holds = isBreach(value, rule);
  const occurrence = alert?.occurrence ?? 0;
  const seen = { ...place, lastAt: at, value };
  const gap = alert !== undefined && secondsBetween(alert.lastAt, at) > rule.missingAfterSeconds;
  if (alert?.state === "firing") {
    const { since, firedAt = at } = alert;
    if (holds) return { ...seen, state: "firing", since, firedAt, occurrence };
    const clearSince = gap ? at : (alert.clearSince ?? at);
    if (secondsBetween(clearSince, at) < rule.resolveAfterSeconds) {
      return { ...seen, state: "firing", since, firedAt, clearSince, occurrence };
    }
    return { ...seen, state: "resolved", since: clearSince, firedAt, occurrence };
  }
  if (!holds) {
    if (occurrence === 0 || !alert) return undefined;
    const { since, firedAt } = alert;
    // One that held again, and not for long enough, has been resolved all the while.
    return {
      ...seen,
      state: "resolved",
      since: alert.state === "resolved" ? since : at,
      occurrence,
      ...(firedAt ? { firedAt } : {}),
    };
  }
  const since = alert?.state === "pending" && !gap ? alert.since : at;
  if (secondsBetween(since, at) < rule.durationSeconds) return { ...seen, state: "pending", since, occurrence };
  return { ...seen, state: "firing", since, firedAt: at, occurrence: occurrence + 1 };
}

/** An alert of a series that ended: fires where the rule says so. */
export function advanceMissing(
  rule: AlertRule,
  place: Place,
  known: Alert | undefined,
  { lastAt, now }: { lastAt: string; now: string },
): Advanced {
  if (rule.missing !== "fire" || known?.state === "firing") return { alert: known, changes: [] };
  const occurrence = (known?.occurrence ?? 0) + 1;
  const note = `nothing was measured since ${lastAt}`;
  const alert: Alert = { ...place, state: "firing", since: lastAt, lastAt, firedAt: now, occurrence, note };
  return { alert, changes: [changeOf(alert, now)] };
}

/** Ends one whose rule or resource has gone. */
export function endAlert(known: Alert, at: string, note: string): Advanced {
  const { value: _, clearSince: __, ...kept } = known;
  const alert: Alert = { ...kept, state: "resolved", since: at, note };
  if (known.state !== "firing") return { alert: known.occurrence === 0 ? undefined : alert, changes: [] };
  return { alert, changes: [changeOf(alert, at)] };
}

function changeOf({ state, occurrence, value, note }: Alert, at: string): AlertChange {
  const to = state === "firing" ? "firing" : "resolved";
  return { to, at, occurrence, ...(value === undefined ? {} : { value }), ...(note === undefined ? {} : { note }) };
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1_000;
}
