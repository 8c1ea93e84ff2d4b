import type { GroupPointView } from "./group-point.ts";

/** From an age on, so much time lies between two points that are kept. */
export interface Thinning {
  readonly afterSeconds: number;
  readonly everySeconds: number;
}

/** What becomes of points as they age. */
export interface Retention {
  /** Most that are kept. */
  readonly count: number;
  /** None is kept for longer. */
  readonly maxAgeSeconds: number;
  /** By rising age. */
  readonly thinning: readonly Thinning[];
}

const hour = 3_600;
const day = 24 * hour;
/** Enough for {@link defaultRetention}'s thinning over its whole time, and for rounds of a busy group before that. */
const usualCount = 500;

/** All for two backup intervals, then one a backup interval, after a day one in four hours, after a week one a day, for
 *  thirty days. */
export function defaultRetention(backupIntervalSeconds: number): Retention {
  const steps = [
    { afterSeconds: 2 * backupIntervalSeconds, everySeconds: backupIntervalSeconds },
    { afterSeconds: day, everySeconds: Math.max(4 * hour, backupIntervalSeconds) },
    { afterSeconds: 7 * day, everySeconds: Math.max(day, backupIntervalSeconds) },
  ];
  return {
    count: usualCount,
    maxAgeSeconds: 30 * day,
    thinning: steps.filter(({ afterSeconds }, index) => afterSeconds > (steps[index - 1]?.afterSeconds ?? 0)),
  };
}

/** What the retention looks at of a point. */
export type AgedPoint = Pick<GroupPointView, "pointId" | "suspicion" | "heldBecause"> & { readonly takenAt: string };

export interface Removal {
  readonly pointId: string;
  /** As a sentence without a full stop. */
  readonly reason: string;
}

/**
 * The points to remove of those that are complete. The newest one always stays, as the next round is built on it; so does the
 * newest clean one. A suspect one stays until a person has looked at it, and with it the clean ones from before the first of
 * those: what an attacker changed must not age out what was before.
 */
export function pointsToRemove(points: readonly AgedPoint[], retention: Retention, now: number): readonly Removal[] {
  const newestFirst = [...points].sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt));
  const kept = new Set<AgedPoint>(newestFirst.slice(0, 1));
  const clean = newestFirst.filter(({ suspicion }) => !suspicion);
  const firstSuspect = newestFirst.findLast(({ suspicion }) => suspicion);
  if (clean[0]) kept.add(clean[0]);
  for (const point of newestFirst) {
    const before = firstSuspect !== undefined && Date.parse(point.takenAt) < Date.parse(firstSuspect.takenAt);
    if (point.heldBecause !== undefined || point.suspicion || before) kept.add(point);
  }
  const removals: Removal[] = [];
  let stays = 0;
  let newer: AgedPoint | undefined;
  for (const point of newestFirst) {
    const reason = kept.has(point) ? undefined : reasonToRemove(point, { newer, stays, retention, now });
    if (reason !== undefined) {
      removals.push({ pointId: point.pointId, reason });
      continue;
    }
    stays += 1;
    newer = point;
  }
  return removals;
}

function reasonToRemove(
  point: AgedPoint,
  { newer, stays, retention, now }: { newer: AgedPoint | undefined; stays: number; retention: Retention; now: number },
): string | undefined {
  const ageSeconds = (now - Date.parse(point.takenAt)) / 1000;
  if (ageSeconds > retention.maxAgeSeconds) return `it is older than ${retention.maxAgeSeconds} s`;
  if (stays >= retention.count) return `there are ${retention.count} newer ones`;
  const step = retention.thinning.findLast(({ afterSeconds }) => ageSeconds > afterSeconds);
  if (!step || !newer) return undefined;
  const slot = (at: string) => Math.floor(Date.parse(at) / 1000 / step.everySeconds);
  if (slot(newer.takenAt) !== slot(point.takenAt)) return undefined;
  return `a newer one stands for these ${step.everySeconds} s`;
}
