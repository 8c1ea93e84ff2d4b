import type { ActivityDeps } from "./deps.ts";

/** What VMs cost changes with their sizes and the price lists. */
const costsEveryMs = 300_000;

/** Measures our own work, as far as the store knows it. */
export class OwnFigures {
  readonly #store: ActivityDeps["store"];
  #costsAt = 0;

  constructor({ store }: Pick<ActivityDeps, "store">) {
    this.#store = store;
  }

  async measure(now: number): Promise<void> {
    const costs = now - this.#costsAt >= costsEveryMs;
    await this.#store.metrics.writeOwn({ costs });
    if (costs) this.#costsAt = now;
  }
}
