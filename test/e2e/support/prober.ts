import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface ProbedGap {
  /** Between two answers, or the last and the end, the longest. */
  readonly longestMs: number;
  /** The same in the first second and a half, before anything moved. */
  readonly usualMs: number;
  readonly answers: number;
}

/** An emulated guest answers several callers one after the other; more would only wait for each other. */
const mostAtOnce = 3;
const givenUpAfterMs = 2_000;
const usualForMs = 1_500;
const lookEveryMs = 50;

/** Asks a guest every few milliseconds, wherever it is, and notes when an answer comes. Each place is looked at by itself: at
 *  the switch one of them may be slow to tell. */
export class Prober {
  readonly #answers: number[] = [];
  readonly #began = performance.now();
  readonly #addresses: (string | undefined)[] = [];
  #ended = false;
  #underWay = 0;
  readonly #running: Promise<unknown>;

  constructor(places: readonly (() => Promise<string | undefined>)[], everyMs: number) {
    const looking = places.map((place, index) => this.#look(place, index));
    this.#running = Promise.all([...looking, this.#ask(everyMs)]);
  }

  async end(): Promise<ProbedGap> {
    const endedAt = performance.now();
    this.#ended = true;
    await this.#running;
    const answers = this.#answers.toSorted((one, other) => one - other);
    const usual = answers.filter((at) => at - this.#began < usualForMs);
    const whole = [...answers.filter((at) => at < endedAt), endedAt];
    return { longestMs: longest(whole), usualMs: longest(usual), answers: answers.length };
  }

  async #look(place: () => Promise<string | undefined>, index: number): Promise<void> {
    for (; !this.#ended; await sleep(lookEveryMs)) {
      this.#addresses[index] = await place().catch(() => this.#addresses[index]);
    }
  }

  async #ask(everyMs: number): Promise<void> {
    for (; !this.#ended; await sleep(everyMs)) {
      const addresses = this.#addresses.filter((address) => address !== undefined);
      for (const address of addresses) if (this.#underWay < mostAtOnce * addresses.length) this.#one(address);
    }
  }

  #one(address: string): void {
    this.#underWay += 1;
    const request = get(address, { agent: false, timeout: givenUpAfterMs }, (response) => {
      response.resume();
      this.#answers.push(performance.now());
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => undefined);
    request.on("close", () => {
      this.#underWay -= 1;
    });
  }
}

function longest(times: readonly number[]): number {
  return Math.round(times.reduce((most, at, index) => Math.max(most, at - (times[index - 1] ?? at)), 0));
}
