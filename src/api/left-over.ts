import type { ApiDeps } from "./deps.ts";
import { startLeftOverOperations } from "./operations.ts";
import type { Runs } from "./runs.ts";
import { startLeftOverAssessments } from "./start-assessment.ts";
import { startLeftOver } from "./start-migration.ts";
import { startLeftOverProtection } from "./start-protection.ts";
import { startLeftOverRestores } from "./start-restore.ts";
import { startLeftOverWaves } from "./start-wave.ts";

/** Longer than a start in progress takes, so that nothing is started beside it needlessly. */
const olderThanMs = 15_000;
const everyMs = 15_000;

/** Looks now and then for migrations and operations that were registered and not started; ends with the signal. */
export function keepStarting(context: Pick<ApiDeps, "store" | "log"> & { runs: Runs }, signal: AbortSignal): void {
  const look = async () => {
    try {
      await startLeftOver(context, olderThanMs);
      await startLeftOverOperations(context, olderThanMs);
      await startLeftOverWaves(context, olderThanMs);
      await startLeftOverAssessments(context, olderThanMs);
      await startLeftOverProtection(context, olderThanMs);
      await startLeftOverRestores(context, olderThanMs);
    } catch (error) {
      context.log.warn({ err: error }, "could not look for what was only registered; trying again later");
    }
    if (!signal.aborted) timer = setTimeout(() => void look(), everyMs);
  };
  let timer = setTimeout(() => void look(), 0);
  signal.addEventListener("abort", () => clearTimeout(timer));
}
