import { patched, proxyActivities, proxyLocalActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { recordCall, turnCall } from "../lib/activity-options.ts";

const { askForSlot, releaseSlot } = proxyLocalActivities<Activities>(recordCall);
const { awaitSlot } = proxyActivities<Activities>(turnCall);

/** How a run that waits shows it. */
interface Waiting {
  become(state: "queued" | "running", message: string): Promise<void>;
  interruptible(work: () => Promise<void>): Promise<void>;
}

/** The run's place among those that `parallel_migrations` lets work at once. It is taken before anything is touched, so
 *  that no VM is stopped and then waits, and given back by whoever is paused. */
export class Turn {
  #asked = false;
  #has = false;

  /** True when it had to wait. */
  async take(run: Waiting): Promise<boolean> {
    // Runs that began before there were turns go on without one.
    if (this.#has || !patched("turns")) return false;
    this.#asked = true;
    const { granted } = await askForSlot();
    if (!granted) {
      await run.become("queued", "As many migrations as may be are at work; this one begins in its turn");
      await run.interruptible(() => awaitSlot.executeWithOptions({ summary: "wait for its turn" }, []));
      await run.become("running", "Its turn has come");
    }
    this.#has = true;
    return !granted;
  }

  async release(): Promise<void> {
    if (this.#asked) await releaseSlot();
    this.#has = false;
  }

  /** Gives the slot, or the place in the line, to others for a while; true when it is to be taken again. */
  async suspend(): Promise<boolean> {
    const had = this.#has;
    await this.release();
    return had;
  }
}
