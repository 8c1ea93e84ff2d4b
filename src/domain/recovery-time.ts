import { type StepSample, usualSeconds } from "./migration-times.ts";

/** What bringing a VM up from a point takes; the rest of a recovery depends on what was lost. */
const steps = ["materialise", "create", "verify"] as const;

/** As earlier moves between the two sites took; undefined where there were none. */
export function recoverySeconds(history: readonly StepSample[]): number | undefined {
  const known = steps.map((step) => usualSeconds(history, step));
  if (known.some((seconds) => seconds === undefined)) return undefined;
  return known.reduce((sum: number, seconds) => sum + (seconds ?? 0), 0);
}
