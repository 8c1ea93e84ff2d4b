import { hostname } from "node:os";
import type { LogLine } from "../domain/log-line.ts";
import { Batches, type BatchSettings } from "./batches.ts";
import { keptLine } from "./kept-line.ts";
import type { LineTaker } from "./logger.ts";

const settings: BatchSettings = { most: 10_000, mostSize: 2 ** 24, atOnce: 500, everyMs: 250 };

/** Where lines are kept: the store. */
export interface Shelf {
  append(lines: readonly LogLine[]): Promise<void>;
}

/** Keeps a process's lines in the store, without ever holding up or failing what says them. Lines that could not be kept
 *  are counted, and a line says so as soon as one can be kept again. */
export class LogKeeper implements LineTaker {
  readonly #name: string;
  readonly #batches: Batches<string>;
  #told = 0;

  constructor(name: string, shelf: Shelf, own: Partial<BatchSettings> = {}) {
    this.#name = name;
    this.#batches = new Batches(
      async (lines) => {
        const { dropped } = this.#batches.state;
        await shelf.append([...lines.flatMap((line) => keptLine(line) ?? []), ...this.#lost(dropped)]);
        this.#told = dropped;
        return undefined;
      },
      { ...settings, ...own },
    );
  }

  take(line: string): void {
    this.#batches.give(line, line.length);
  }

  get state(): Batches<string>["state"] {
    return this.#batches.state;
  }

  close(withinMs: number): Promise<void> {
    return this.#batches.close(withinMs);
  }

  #lost(dropped: number): LogLine[] {
    const lost = dropped - this.#told;
    if (lost === 0) return [];
    const facts = { pid: process.pid, host: hostname(), dropped: lost };
    const message = `${lost} lines could not be kept: the store was away, or too many came at once`;
    return [{ at: new Date().toISOString(), level: "warn", process: this.#name, message, facts }];
  }
}
