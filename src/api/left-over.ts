import type { ApiDeps } from "./deps.ts";
import { startLeftOverOperations } from "./operations.ts";
import type { Runs } from "./runs.ts";
import { startLeftOverAssessments } from "./start-assessment.ts";
import { startLeftOverConnections } from "./start-connection.ts";
import { startLeftOver } from "./start-migration.ts";
import { startLeftOverProtection } from "./start-protection.ts";
import { startLeftOverRecoveries } from "./start-recovery.ts";
import { startLeftOverRestores } from "./start-restore.ts";
import { startLeftOverTests } from "./start-test.ts";
import { startLeftOverWaves } from "./start-wave.ts";

/** Longer than a start in progress takes, so that nothing is started beside it needlessly. */
const olderThanMs = 15_000;
const everyMs = 15_000;

/** By who waits for them least: a group that is to be failed over comes before what has hours. */
const starters = [
  startLeftOverRecoveries,
  startLeftOverProtection,
  startLeftOverRestores,
  startLeftOver,
  startLeftOverConnections,
  startLeftOverOperations,
  startLeftOverWaves,
  startLeftOverTests,
  startLeftOverAssessments,
] as const;

/** Looks now and then for what was registered and not started; ends with the signal. */
export function keepStarting(context: Pick<ApiDeps, "store" | "log"> & { runs: Runs }, signal: AbortSignal): void {
  const look = async () => {
    for (const start of starters) {
      await start(context, olderThanMs).catch((error: unknown) =>
        context.log.warn({ err: error }, "could not look for what was only registered; trying again later"),
      );
    }
    if (!signal.aborted) timer = setTimeout(() => void look(), everyMs);
  };
  let timer = setTimeout(() => void look(), 0);
  signal.addEventListener("abort", () => clearTimeout(timer));
}
