import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatAddress, type ProxyListener } from "../domain/traffic-proxy.ts";
import type { GateState } from "./gate.ts";

interface Kept {
  /** What its settings said when this was written: other settings win over what was directed before. */
  readonly configured: string;
  readonly state: GateState;
}

/** Where each listener's traffic goes and what it holds: a proxy that is started again goes on with that. */
export class StateFile {
  readonly #file: string;
  #kept: Readonly<Record<string, Kept>>;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#file = join(dir, "state.json");
    this.#kept = read(this.#file);
  }

  stateOf({ name, backend }: ProxyListener): GateState {
    const kept = this.#kept[name];
    return kept && kept.configured === formatAddress(backend) ? kept.state : { backend, ended: [] };
  }

  /** Durable when it returns. */
  keep({ name, backend }: ProxyListener, state: GateState): void {
    const kept = { ...this.#kept, [name]: { configured: formatAddress(backend), state } };
    const partial = `${this.#file}.${process.pid}`;
    const file = openSync(partial, "w", 0o600);
    try {
      writeSync(file, JSON.stringify(kept));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, this.#file);
    this.#kept = kept;
    const folder = openSync(dirname(this.#file), "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }
}

function read(file: string): Record<string, Kept> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, Kept>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new Error(`${file} can't be read; remove it to send everything where the settings say`, { cause: error });
  }
}
