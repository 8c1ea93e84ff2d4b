export interface BucketRate {
  /** How many calls a rested bucket lets through at once. */
  readonly capacity: number;
  readonly perSecond: number;
}

/** Token buckets by name, made full when first asked for. */
export class TokenBuckets {
  readonly #levels = new Map<string, { tokens: number; at: number }>();
  readonly #now: () => number;

  constructor(now: () => number = performance.now.bind(performance)) {
    this.#now = now;
  }

  /** Whether the bucket had a token left, which is then gone. */
  take(name: string, rate: BucketRate): boolean {
    const now = this.#now();
    const level = this.#levels.get(name) ?? { tokens: rate.capacity, at: now };
    const tokens = Math.min(rate.capacity, level.tokens + ((now - level.at) / 1000) * rate.perSecond);
    const taken = tokens >= 1;
    this.#levels.set(name, { tokens: taken ? tokens - 1 : tokens, at: now });
    return taken;
  }

  /** As if somebody else had taken all that there is. */
  drain(): void {
    const at = this.#now();
    for (const name of this.#levels.keys()) this.#levels.set(name, { tokens: 0, at });
  }
}
