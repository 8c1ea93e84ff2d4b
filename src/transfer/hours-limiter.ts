import { setTimeout as sleep } from "node:timers/promises";
import type { BandwidthLimiter } from "./bandwidth.ts";

export interface HoursLimiterOptions {
  /** Whether anything may flow at a moment. */
  openAt(at: number): boolean;
  /** Bytes a second that may flow then; undefined when nothing limits them. */
  rateAt(at: number): number | undefined;
  /** The shared limit of so many bytes a second. */
  limiterFor(bytesPerSecond: number): BandwidthLimiter;
  /** Told again and again while nothing may flow; true when somebody overrules that. */
  onClosed(): Promise<boolean>;
  /** Told before anything flows again. */
  onOpen(): Promise<void>;
}

const lookEveryMs = 500;

/** A limit that changes with the hours. Its share of the link's limit is given back in those without one, and while nothing
 *  may flow. */
export function createHoursLimiter(options: HoursLimiterOptions): BandwidthLimiter {
  return new HoursLimiter(options);
}

class HoursLimiter implements BandwidthLimiter {
  readonly #options: HoursLimiterOptions;
  #current: { readonly rate: number; readonly limiter: BandwidthLimiter } | undefined;
  #overruled = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: HoursLimiterOptions) {
    this.#options = options;
  }

  take(bytes: number, signal?: AbortSignal): Promise<void> {
    const mine = this.#turn.then(() => this.#limiter(signal));
    this.#turn = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine.then((limiter) => limiter?.take(bytes, signal));
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#use(undefined);
  }

  async #limiter(signal: AbortSignal | undefined): Promise<BandwidthLimiter | undefined> {
    const { openAt, onClosed, onOpen, rateAt } = this.#options;
    let closed = false;
    while (!this.#overruled && !openAt(Date.now())) {
      closed = true;
      signal?.throwIfAborted();
      await this.#use(undefined);
      this.#overruled = await onClosed();
      if (!this.#overruled) await sleep(lookEveryMs, undefined, { signal });
    }
    if (closed) await onOpen();
    return this.#use(rateAt(Date.now()));
  }

  async #use(rate: number | undefined): Promise<BandwidthLimiter | undefined> {
    if (this.#current && this.#current.rate !== rate) {
      const { limiter } = this.#current;
      this.#current = undefined;
      await limiter.close();
    }
    if (rate !== undefined) this.#current ??= { rate, limiter: this.#options.limiterFor(rate) };
    return this.#current?.limiter;
  }
}
