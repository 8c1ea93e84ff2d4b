interface Waiter {
  readonly ready: () => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Lets coroutines wait for a condition over shared state; whoever changes that state calls {@link Gate.changed}. */
export class Gate {
  readonly #signal: AbortSignal;
  #waiters: Waiter[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => {
      for (const waiter of this.#waiters.splice(0)) waiter.reject(signal.reason);
    });
  }

  /** @throws the signal's reason once that is aborted. */
  until(ready: () => boolean): Promise<void> {
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason);
    if (ready()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ ready, resolve, reject });
    });
  }

  changed(): void {
    if (this.#waiters.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.ready()) return true;
      waiter.resolve();
      return false;
    });
  }
}
