import type { ChangeTracking } from "./change-tracking.ts";
import type { Consistency } from "./consistency.ts";

/** How a warm migration decides that it is time: as soon as the downtime is predicted to be short enough, on a person's
 *  word, or at a time. */
export type CutoverRule = "when-ready" | "manual" | "at-time";

/** What a person asks of a warm migration. */
export interface WarmOptions {
  /** Default `when-ready`. */
  readonly cutover?: CutoverRule;
  /** ISO 8601 UTC; needed for `at-time`. */
  readonly cutoverAt?: string;
  /** Rounds go on until the predicted downtime is below this. Default 30. */
  readonly targetDowntimeSeconds?: number;
  /** Pause between two rounds. Default 30. */
  readonly roundPauseSeconds?: number;
}

/** The same with its defaults, as a plan pins it. */
export interface WarmParameters {
  readonly cutover: CutoverRule;
  readonly cutoverAt?: string;
  readonly targetDowntimeSeconds: number;
  readonly roundPauseSeconds: number;
  /** Also a cutover that was asked for comes no earlier. */
  readonly notBefore?: string;
  /** Seconds of the downtime that do not depend on what changed: stopping, cloning, creating, booting. */
  readonly fixedSeconds: number;
}

/** When a cutover at a time comes, in milliseconds; undefined for those that come otherwise. */
export function cutoverTime({ cutover, cutoverAt = "", notBefore = cutoverAt }: WarmParameters): number | undefined {
  return cutover === "at-time" ? Math.max(Date.parse(cutoverAt), Date.parse(notBefore)) : undefined;
}

export const warmDefaults = { cutover: "when-ready", targetDowntimeSeconds: 30, roundPauseSeconds: 30 } as const;

/** One disk in one round. */
export interface RoundDisk {
  readonly diskId: string;
  readonly generationId: string;
  readonly tracking: "full" | ChangeTracking;
  readonly bytesCopied: number;
  readonly bytesReread: number;
}

/** One pass of replication: a point of the running source, moved, sealed and proven at the target. */
export interface ReplicaRound {
  /** From 0, the full copy. */
  readonly round: number;
  readonly sourcePointId: string;
  /** The moment that the round's point shows. */
  readonly takenAt: string;
  /** Absent of rounds that were made before points told of it. */
  readonly consistency?: Consistency;
  /** When its points at the target were proven. */
  readonly provenAt: string;
  readonly disks: readonly RoundDisk[];
}

/** What watchers of a warm migration see all along. */
export interface WarmView {
  /** Rounds that are proven at the target. */
  readonly rounds: number;
  /** The moment that the newest proven state at the target shows; its age is the lag. */
  readonly provenUpTo: string;
  /** Bytes of the source that change in a second, as seen between the last two rounds; absent after the first. */
  readonly changeBytesPerSecond?: number;
  readonly predictedDowntimeSeconds: number;
  readonly lastRoundBytes: number;
  /** Of the newest round's point. */
  readonly consistency?: Consistency;
}

/** Bytes that a round moved over all disks. */
export function roundBytes(round: ReplicaRound): number {
  return round.disks.reduce((sum, disk) => sum + disk.bytesCopied, 0);
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0.001, (Date.parse(to) - Date.parse(from)) / 1000);
}

/**
 * What the rounds so far say of a cutover now. The last increment holds what changes between the newest point and the
 * stop; rounds are back to back then, so it is taken to last as long as the newest round did, its overheads included.
 */
export function judgeRounds(rounds: readonly ReplicaRound[], fixedSeconds: number): WarmView | undefined {
  const last = rounds.at(-1);
  if (!last) return undefined;
  const previous = rounds.at(-2);
  const lastRoundBytes = roundBytes(last);
  return {
    rounds: rounds.length,
    provenUpTo: last.takenAt,
    ...(previous ? { changeBytesPerSecond: lastRoundBytes / secondsBetween(previous.takenAt, last.takenAt) } : {}),
    predictedDowntimeSeconds: fixedSeconds + secondsBetween(last.takenAt, last.provenAt),
    lastRoundBytes,
    ...(last.consistency ? { consistency: last.consistency } : {}),
  };
}

/** Whether more rounds would still shorten the downtime: the last one took clearly less than the one before. */
export function stillConverges(rounds: readonly ReplicaRound[]): boolean {
  const seconds = rounds.slice(-3).map((round) => secondsBetween(round.takenAt, round.provenAt));
  if (seconds.length < 3) return true;
  const [first = 0, , last = 0] = seconds;
  return last < 0.8 * first;
}
