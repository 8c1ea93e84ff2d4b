import { asProblem } from "./problem.ts";
import { type ApiContext, isPassing } from "./routes/context.ts";

/** How something ended that could not be started. */
export interface NotStarted {
  readonly state: "failed";
  readonly endedAt: string;
  readonly problem: { readonly code: string; readonly message: string };
}

/**
 * Starts the run of what is registered; where that can't be, `fail` notes it. One whose answer was lost may run all the same, and
 * says so itself.
 * @param ids Of what could not be started, for the log.
 */
export async function startRegistered(
  { log }: Pick<ApiContext, "log">,
  { what, ...ids }: { readonly what: string } & Readonly<Record<string, string>>,
  start: () => Promise<unknown>,
  fail: (ended: NotStarted) => Promise<unknown>,
): Promise<void> {
  try {
    await start();
  } catch (error) {
    const { code, message } = asProblem(error);
    if (!isPassing(error)) {
      await fail({ state: "failed", endedAt: new Date().toISOString(), problem: { code, message } });
    }
    log.warn({ ...ids, reason: message }, `${what} could not be started`);
    throw error;
  }
}
