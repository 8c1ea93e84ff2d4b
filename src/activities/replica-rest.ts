import { setTimeout as sleep } from "node:timers/promises";
import { allowance, type MoveHours } from "../domain/move-hours.ts";
import { cutoverTime, type WarmParameters } from "../domain/warm.ts";
import type { ActivityDeps } from "./deps.ts";
import type { RestOutsideHours } from "./disk-moves.ts";
import type { MigrationSlots } from "./slots.ts";

const listenEveryMs = 500;

/** What a replication does outside of its allowed hours: it says so, gives its turn to others, and listens for who overrules
 *  them. */
export class ReplicaRest implements RestOutsideHours {
  /** Whether a round is on, which holds a turn. */
  atWork = false;
  readonly #deps: Pick<ActivityDeps, "store"> & { readonly slots: MigrationSlots };
  readonly #migrationId: string;
  readonly #warm: WarmParameters;
  readonly #signal: AbortSignal;
  #noted: number | undefined;
  #gaveTurn = false;

  constructor(
    deps: Pick<ActivityDeps, "store"> & { readonly slots: MigrationSlots },
    { migrationId, warm }: { readonly migrationId: string; readonly warm: WarmParameters },
    signal: AbortSignal,
  ) {
    this.#deps = deps;
    this.#migrationId = migrationId;
    this.#warm = warm;
    this.#signal = signal;
  }

  /** Until its hours begin, or somebody overrules them; true when it has waited. */
  async waitForHours(hours: MoveHours | undefined): Promise<boolean> {
    if (!hours) return false;
    for (let waited = false; ; waited = true) {
      const { open, changes } = allowance(hours, Date.now());
      if (open || (await this.rests(changes))) return waited;
      await sleep(listenEveryMs, undefined, { signal: this.#signal });
    }
  }

  async rests(until: number | undefined): Promise<boolean> {
    // A person's word, or the time that a person named, counts more than the hours.
    const due = (cutoverTime(this.#warm) ?? Number.POSITIVE_INFINITY) <= Date.now();
    if (due || (await this.#deps.store.warm.cutoverAsked(this.#migrationId))) return true;
    if (until !== undefined && until !== this.#noted) await this.#note(until);
    this.#noted = until;
    // Others may move meanwhile.
    if (this.atWork && !this.#gaveTurn) await this.#deps.slots.release();
    this.#gaveTurn ||= this.atWork;
    return false;
  }

  async goesOn(): Promise<void> {
    if (this.#gaveTurn) await this.#deps.slots.take(this.#signal);
    this.#gaveTurn = false;
  }

  async #note(until: number): Promise<void> {
    const again = new Date(until).toISOString();
    await this.#deps.store.migrations.appendEvent(this.#migrationId, {
      at: new Date().toISOString(),
      type: "note",
      message: `Outside of its allowed hours: copying rests until ${again}`,
      data: { until: again },
      dedupeKey: `rests-until/${again}`,
    });
  }
}
