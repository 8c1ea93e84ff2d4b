import type { MigrationObservations } from "./migration-parts.ts";
import type { PlanCheck } from "./plan.ts";

/** When a move may begin and should have ended; ISO 8601, UTC. */
export interface MigrationSchedule {
  /** It waits until then, as `queued`, before it touches anything. */
  readonly startAt?: string;
  /** Whoever watches is warned when the rate that is measured won't meet it; nothing is stopped by it. */
  readonly deadline?: string;
}

/** Whether the predicted time fits between the beginning and the deadline. */
export function scheduleChecks({ request, at }: MigrationObservations, seconds: number): PlanCheck[] {
  const { startAt, deadline } = request.schedule ?? {};
  if (deadline === undefined) return [];
  const begins = Math.max(Date.parse(at ?? startAt ?? deadline), Date.parse(startAt ?? at ?? deadline));
  const available = (Date.parse(deadline) - begins) / 1000;
  if (available <= 0) {
    return [
      {
        check: "deadline",
        result: "fail",
        detail: `It would begin at ${new Date(begins).toISOString()}, which is not before its deadline ${deadline}`,
        remedy: "Name a later deadline.",
      },
    ];
  }
  if (seconds <= available) {
    return [
      { check: "deadline", result: "pass", detail: `${seconds} s are predicted, ${Math.floor(available)} s there are` },
    ];
  }
  return [
    {
      check: "deadline",
      result: "warn",
      detail: `${seconds} s are predicted, and there are ${Math.floor(available)} s until ${deadline}`,
      remedy: "Begin earlier, allow more bandwidth, or name a later deadline.",
    },
  ];
}

/** When the bytes will have been copied at the rate so far; undefined while that says nothing. */
export function expectedEnd(
  copied: { readonly bytes: number; readonly sinceMs: number },
  bytesLeft: number,
  now: number,
): number | undefined {
  const elapsed = now - copied.sinceMs;
  if (copied.bytes <= 0 || elapsed <= 0) return undefined;
  return now + (bytesLeft / copied.bytes) * elapsed;
}
