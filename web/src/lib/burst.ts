/** What a pool decided, as a plot has it. */

interface Decision {
  readonly from: string;
  readonly until: string;
  readonly wanted: number;
  readonly have: number;
}

export interface Timeline {
  /** Seconds since 1970, rising. */
  readonly at: readonly number[];
  readonly wanted: readonly number[];
  readonly have: readonly number[];
}

/** Each decision holds from its first look to its last; the newest come first and are drawn from left to right. */
export function decisionTimeline(decisions: readonly Decision[]): Timeline {
  const points = new Map<number, readonly [wanted: number, have: number]>();
  for (const { from, until, wanted, have } of decisions.toReversed()) {
    for (const moment of [from, until]) points.set(Date.parse(moment) / 1000, [wanted, have]);
  }
  const sorted = [...points].sort(([left], [right]) => left - right);
  return {
    at: sorted.map(([at]) => at),
    wanted: sorted.map(([, [wanted]]) => wanted),
    have: sorted.map(([, [, have]]) => have),
  };
}

/** Why a pool does what it does, as people say it. */
export const burstReasons: Readonly<Record<string, string>> = {
  load: "the load takes it",
  forecast: "the load that is foreseen takes it",
  manual: "a person ordered it",
  disabled: "it is switched off",
  "no-samples": "nothing was measured lately",
  "under-threshold": "the load is under its thresholds",
  "not-sustained": "the load is not above its threshold for long enough",
  "cooling-down": "its last change is too young",
  "at-limit": "it has as many VMs as it may",
  "no-budget": "the month's budget is promised",
  "no-offer": "no site offers a VM now",
  frozen: "all changes are frozen",
  "not-worth": "another VM costs more than it is worth",
  enough: "it has enough",
  spare: "it has more than the load takes",
};
