import type { GuestRunner } from "./guest-runner.ts";
import type { GuestUsage } from "./usage.ts";

/** A day of minutes. */
const samplesAtMost = 1440;
const tickMs = 200;

export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** What a guest did between two looks at it. */
export interface GuestSpan {
  readonly before: GuestUsage;
  readonly now: GuestUsage;
  /** Part of its CPUs' time, 0 to 1. */
  readonly busy: number;
}

interface Options<Name extends string> {
  readonly guests: GuestRunner;
  /** May be changed at any time, so it is asked for at every tick. */
  readonly periodMs: () => number;
  /** In the cloud's own names and units. */
  readonly figures: (span: GuestSpan) => Partial<Readonly<Record<Name, number>>>;
}

/** Measures the running guests at intervals. What was measured before the sandbox's last start is gone. */
export class GuestMetrics<Name extends string> {
  readonly #options: Options<Name>;
  readonly #last = new Map<string, GuestUsage>();
  readonly #samples = new Map<string, Sample[]>();
  #timer: NodeJS.Timeout | undefined;
  #measuring = false;
  #measuredAt = Date.now();

  constructor(options: Options<Name>) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      const now = Date.now();
      if (this.#measuring || now - this.#measuredAt < this.#options.periodMs()) return;
      this.#measuredAt = now;
      this.#measuring = true;
      void this.#measure().finally(() => {
        this.#measuring = false;
      });
    }, tickMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  samples(guestId: string, name: Name): readonly Sample[] {
    return this.#samples.get(`${guestId}/${name}`) ?? [];
  }

  /** Keeps one more figure; beside what is measured here, those of a time before. */
  record(guestId: string, name: Name, at: number, value: number): void {
    const key = `${guestId}/${name}`;
    const samples = this.#samples.get(key) ?? [];
    this.#samples.set(key, samples);
    samples.push({ at, value });
    if (samples.length > samplesAtMost) samples.shift();
  }

  async #measure(): Promise<void> {
    const { guests, figures } = this.#options;
    for (const guestId of guests.running()) {
      // One that ends just now has no more to say.
      const now = await guests.usage(guestId).catch(() => undefined);
      const before = this.#last.get(guestId);
      if (!now) continue;
      this.#last.set(guestId, now);
      // Counters that went back belong to a guest that was started anew.
      if (!before || now.cpuSeconds < before.cpuSeconds) continue;
      const cpus = guests.spec(guestId)?.cpus ?? 1;
      const busy = Math.min(1, (now.cpuSeconds - before.cpuSeconds) / ((now.at - before.at) / 1000) / cpus);
      for (const [name, value] of Object.entries(figures({ before, now, busy }))) {
        this.record(guestId, name as Name, now.at, value as number);
      }
    }
  }
}
