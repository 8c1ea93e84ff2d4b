import type { ApiDeps } from "./deps.ts";
import { asProblem } from "./problem.ts";
import { isPassing } from "./routes/context.ts";

/** How something ended that could not be started. */
export interface NotStarted {
  readonly state: "failed";
  readonly endedAt: string;
  readonly problem: { readonly code: string; readonly message: string };
}

/** What becomes of something that is registered when its run does not start. */
interface Unstarted {
  /** Notes that it never will. Left out where nothing is to be noted. */
  readonly failed?: (ended: NotStarted) => Promise<unknown>;
  /** Notes that it waits for Temporal. */
  readonly waits?: () => Promise<unknown>;
}

/**
 * Starts the run of what is registered. Registered is as good as started: where Temporal can't be reached just then, or its
 * answer was lost, `keepStarting` starts it later.
 * @param ids Of what is registered, for the log.
 */
export async function startRegistered(
  { log }: Pick<ApiDeps, "log">,
  { what, ...ids }: { readonly what: string } & Readonly<Record<string, string>>,
  start: () => Promise<unknown>,
  { failed, waits }: Unstarted = {},
): Promise<void> {
  try {
    await start();
  } catch (error) {
    const { code, message } = asProblem(error);
    if (isPassing(error)) {
      log.warn({ ...ids, reason: message }, `${what} is registered; its run starts when Temporal answers`);
      await waits?.();
      return;
    }
    log.warn({ ...ids, reason: message }, `${what} could not be started`);
    await failed?.({ state: "failed", endedAt: new Date().toISOString(), problem: { code, message } });
    throw error;
  }
}
