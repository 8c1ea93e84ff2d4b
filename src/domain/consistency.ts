/**
 * What the disks of a point show together. `stopped`: the guest was off. `application`: its agent had frozen the file
 * systems, after its own freeze hooks had run. `crash`: one moment of all disks, as after a loss of power.
 */
export const consistencyLevels = ["stopped", "application", "crash"] as const;
export type ConsistencyLevel = (typeof consistencyLevels)[number];

export interface Consistency {
  readonly level: ConsistencyLevel;
  /** Why it is that one, as a sentence without a full stop. */
  readonly why: string;
  /** How long the guest's writes stood still for it. */
  readonly frozenMs?: number;
}

export const stoppedConsistency: Consistency = { level: "stopped", why: "the guest was off" };

/** For a person: `application-consistent (file systems frozen for 84 ms)`. */
export function describeConsistency({ level, why, frozenMs }: Consistency): string {
  if (level === "stopped") return `consistent (${why})`;
  return `${level}-consistent (${why}${frozenMs === undefined ? "" : `, for ${frozenMs} ms`})`;
}
