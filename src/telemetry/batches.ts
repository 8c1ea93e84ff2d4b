import { isProviderError } from "../domain/errors.ts";

export interface BatchSettings {
  /** How many wait at most; what comes beyond is dropped and counted. */
  readonly most: number;
  /** How much all of them may be together, in the measure of whoever gives them; default any amount. */
  readonly mostSize?: number;
  readonly atOnce: number;
  /** How long one waits for others at most, while the receiver takes them. */
  readonly everyMs: number;
}

/** Resolves with how many were refused, if any. Fails with Unavailable, Timeout or RateLimited when the same may succeed
 *  later; with anything else what it was given is dropped. */
type Send<T> = (items: readonly T[]) => Promise<number | undefined>;

const firstPauseMs = 500;
const longestPauseMs = 15_000;

/**
 * Sends what it is given in batches, beside the work: giving costs a push onto a list, waits for nothing and never
 * fails. A receiver that is away is asked again after growing pauses, and meanwhile the bound holds.
 */
export class Batches<T> {
  readonly #send: Send<T>;
  readonly #settings: BatchSettings;
  #waiting: { readonly item: T; readonly since: number; readonly size: number }[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #sent = 0;
  #dropped = 0;
  #closed = false;

  constructor(send: Send<T>, settings: BatchSettings) {
    this.#send = send;
    this.#settings = settings;
  }

  give(item: T, size = 0): void {
    const { most, mostSize = Number.POSITIVE_INFINITY } = this.#settings;
    if (this.#closed || this.#waiting.length >= most || this.#size + size > mostSize) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push({ item, since: Date.now(), size });
    this.#size += size;
    if (!this.#timer && !this.#sending) this.#wait(this.#settings.everyMs);
  }

  get state(): { sent: number; dropped: number; waiting: number; lagMs: number } {
    const oldest = this.#waiting[0];
    const lagMs = oldest ? Date.now() - oldest.since : 0;
    return { sent: this.#sent, dropped: this.#dropped, waiting: this.#waiting.length, lagMs };
  }

  /** Sends what waits, as far as that is possible within the time. */
  async close(withinMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const until = Date.now() + withinMs;
    const rest = async (): Promise<void> => {
      await this.#sending;
      while (this.#waiting.length > 0 && this.#failures === 0 && Date.now() < until) await this.#sendBatch();
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([rest(), late]);
    clearTimeout(timer);
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#sendAll().finally(() => {
        this.#sending = undefined;
        if (this.#waiting.length === 0 || this.#closed) return;
        const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#failures - 1));
        this.#wait(this.#failures === 0 ? this.#settings.everyMs : pause);
      });
    }, ms);
    // What is left to send keeps no process alive.
    this.#timer.unref();
  }

  async #sendAll(): Promise<void> {
    do await this.#sendBatch();
    while (this.#waiting.length >= this.#settings.atOnce && this.#failures === 0 && !this.#closed);
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#waiting.slice(0, this.#settings.atOnce);
    try {
      const refused = (await this.#send(batch.map(({ item }) => item))) ?? 0;
      this.#failures = 0;
      this.#sent += batch.length - refused;
      this.#dropped += refused;
    } catch (error) {
      if (isProviderError(error, "Unavailable", "Timeout", "RateLimited")) {
        this.#failures += 1;
        return;
      }
      this.#failures = 0;
      this.#dropped += batch.length;
    }
    this.#waiting = this.#waiting.slice(batch.length);
    for (const { size } of batch) this.#size -= size;
  }
}
