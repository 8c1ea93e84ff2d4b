import { CancellationScope } from "@temporalio/workflow";
import { describeFailure } from "./failure.ts";

/** Something a run may have to undo. `undo` must tolerate that the step never happened. */
export interface Compensation {
  /** What would be left behind if it failed, as a person would look it up. */
  readonly resource: string;
  /** The command that removes it by hand. */
  readonly remove: string;
  /** Kept as evidence when the bytes turned out to differ. */
  readonly evidence?: boolean;
  readonly undo: () => Promise<unknown>;
}

export interface LeftBehind {
  readonly resource: string;
  readonly remove: string;
  readonly reason: string;
}

export interface SagaMark {
  readonly before: ReadonlySet<Compensation>;
}

/**
 * Compensations of one run. Register each **before** the call it undoes: a call whose answer was lost may have acted.
 */
export class Saga {
  #pending: Compensation[] = [];

  /** A point to which {@link compensate} can go back, leaving what was registered before as it is. */
  mark(): SagaMark {
    return { before: new Set(this.#pending) };
  }

  /** From here on nothing of what was done may be undone. */
  forgetAll(): void {
    this.#pending = [];
  }

  /** Takes a compensation out: what it would undo is to stay. */
  forget(keep: (compensation: Compensation) => boolean, since: SagaMark): void {
    this.#pending = this.#pending.filter((each) => since.before.has(each) || !keep(each));
  }

  add(compensation: Compensation): void {
    this.#pending.push(compensation);
  }

  /** What would have to be undone now. */
  get pending(): readonly Compensation[] {
    return this.#pending;
  }

  /** Undoes everything, newest first, whatever happens to the run meanwhile. What could not be undone stays registered,
   *  so that a later call tries again, and is returned. */
  async compensate(options: { keepEvidence: boolean; since?: SagaMark }): Promise<LeftBehind[]> {
    return CancellationScope.nonCancellable(async () => {
      const left: LeftBehind[] = [];
      const kept: Compensation[] = [];
      for (const compensation of this.#pending.toReversed()) {
        const { resource, remove } = compensation;
        if (options.since?.before.has(compensation)) {
          kept.unshift(compensation);
          continue;
        }
        if (options.keepEvidence && compensation.evidence) {
          kept.unshift(compensation);
          left.push({ resource, remove, reason: "kept as evidence, as the bytes differ" });
          continue;
        }
        try {
          await compensation.undo();
        } catch (error) {
          kept.unshift(compensation);
          left.push({ resource, remove, reason: describeFailure(error).message });
        }
      }
      this.#pending = kept;
      return left;
    });
  }
}
