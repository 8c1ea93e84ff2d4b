import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { SlotAnswer } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";

const resource = "migrations";
/** A holder of which nothing was heard for so long is looked for among the open runs. */
const ttlMs = 15_000;
/** Between two questions of one that waits. */
const askEveryMs = 500;
/** The same of the first in the line: how long a slot may stay free at most. */
const firstAsksEveryMs = 100;

/** The slots that `parallel_migrations` allows, over all workers. Their holders are runs, so that no worker's death frees
 *  one, and the end of a run, however it came, does. */
export class MigrationSlots {
  readonly #deps: Pick<ActivityDeps, "store" | "parallelMigrations" | "runIsOpen">;

  constructor(deps: Pick<ActivityDeps, "store" | "parallelMigrations" | "runIsOpen">) {
    this.#deps = deps;
  }

  /** Asks for the calling run. */
  ask(): Promise<SlotAnswer> {
    const { store, parallelMigrations: slots, runIsOpen } = this.#deps;
    return store.slots.ask({ resource, holder: holderOf(Context.current()), slots, ttlMs }, (holder) => {
      const [workflowId = "", runId = ""] = JSON.parse(holder) as string[];
      return runIsOpen(workflowId, runId);
    });
  }

  release(): Promise<void> {
    return this.#deps.store.slots.release(resource, holderOf(Context.current()));
  }

  /** Waits within an activity that goes on for long anyway; resolves with the release. */
  async take(signal: AbortSignal): Promise<() => Promise<void>> {
    const release = () => this.release();
    try {
      while (!(await this.ask()).granted) await sleep(askEveryMs, undefined, { signal });
      return release;
    } catch (error) {
      if (signal.aborted) await release().catch(() => undefined);
      throw error;
    }
  }
}

export function slotActivities({ parallelMigrations }: ActivityDeps, slots: MigrationSlots) {
  return {
    /** One question; the answer is at once, so that who waits takes no place among a worker's activities. */
    async askForSlot(): Promise<SlotAnswer> {
      return slots.ask();
    },

    /** The same until there is one: each attempt asks once, and Temporal calls the next. */
    async awaitSlot(): Promise<void> {
      const answer = await slots.ask();
      if (answer.granted) return;
      throw new ProviderError("OperationPending", {
        operation: "begin to move",
        resource: `slots/${resource}`,
        reason: `${parallelMigrations} migrations are at work, which is as many as may be, and ${answer.ahead} wait before this one`,
        action:
          "Nothing has to be done: it begins in its turn. parallel_migrations of the configuration says how many may.",
        retryAfterMs: answer.ahead === 0 ? firstAsksEveryMs : askEveryMs,
      });
    },

    async releaseSlot(): Promise<void> {
      await slots.release();
    },
  };
}

function holderOf({ info }: Context): string {
  return JSON.stringify([info.workflowExecution?.workflowId, info.workflowExecution?.runId]);
}
