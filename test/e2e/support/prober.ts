import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface ProbedGap {
  /** Between two answers, the longest. */
  readonly longestMs: number;
  /** The same in the first second and a half, before anything moved. */
  readonly usualMs: number;
  readonly answers: number;
}

/** An emulated guest answers several callers one after the other; more would only wait for each other. */
const mostAtOnce = 3;
const givenUpAfterMs = 2_000;
const usualForMs = 1_500;
const lookEveryMs = 250;

/** Asks a guest every few milliseconds, wherever it is, and notes when an answer comes. */
export class Prober {
  readonly #answers: number[] = [];
  readonly #began = performance.now();
  #addresses: readonly string[] = [];
  #ended = false;
  #underWay = 0;
  readonly #running: Promise<unknown>;

  constructor(addresses: () => Promise<readonly string[]>, everyMs: number) {
    this.#running = Promise.all([this.#look(addresses), this.#ask(everyMs)]);
  }

  async end(): Promise<ProbedGap> {
    this.#ended = true;
    await this.#running;
    const answers = this.#answers.toSorted((one, other) => one - other);
    const usual = answers.filter((at) => at - this.#began < usualForMs);
    return { longestMs: longest(answers), usualMs: longest(usual), answers: answers.length };
  }

  async #look(addresses: () => Promise<readonly string[]>): Promise<void> {
    for (; !this.#ended; await sleep(lookEveryMs)) this.#addresses = await addresses().catch(() => this.#addresses);
  }

  async #ask(everyMs: number): Promise<void> {
    for (; !this.#ended; await sleep(everyMs)) {
      for (const address of this.#addresses)
        if (this.#underWay < mostAtOnce * this.#addresses.length) this.#one(address);
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
