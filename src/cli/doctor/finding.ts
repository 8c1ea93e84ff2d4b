/** One thing that the doctor looked at. */
export interface Finding {
  /** What it is about: `site aws-1`, `pool web`, `migration 4f2a…`. */
  readonly subject: string;
  /** `unknown`: it could not be looked at. */
  readonly state: "ok" | "warning" | "failing" | "unknown";
  readonly what: string;
  /** What to do about it, in a sentence. */
  readonly remedy?: string;
}

export const ok = (subject: string, what: string): Finding => ({ subject, state: "ok", what });

export const warning = (subject: string, what: string, remedy: string): Finding => ({
  subject,
  state: "warning",
  what,
  remedy,
});

export const failing = (subject: string, what: string, remedy: string): Finding => ({
  subject,
  state: "failing",
  what,
  remedy,
});

/** A part that this caller may not see, or that did not answer. */
export const unseen = (
  subject: string,
  why: string,
  remedy = "Ask somebody who may, or look at the API's log.",
): Finding => ({
  subject,
  state: "unknown",
  what: why,
  remedy,
});

/** `3 days`, `2 hours`, `5 minutes`, `40 seconds`: rounded down to its largest unit. */
export function spanOf(seconds: number): string {
  for (const [name, size] of [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ] as const) {
    const count = Math.floor(seconds / size);
    if (count > 0) return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return `${Math.floor(seconds)} seconds`;
}

export function secondsSince(time: string, now: Date): number {
  return (now.getTime() - Date.parse(time)) / 1000;
}
