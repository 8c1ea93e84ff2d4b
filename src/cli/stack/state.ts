import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "../../host/process-identity.ts";

export type ComponentState = "waiting" | "starting" | "ready" | "restarting" | "stopped" | "failed";

export interface ComponentStatus {
  readonly name: string;
  readonly state: ComponentState;
  readonly process?: ProcessIdentity;
  /** Times it died and was started again since the stack came up. */
  readonly restarts: number;
  /** ISO 8601: since when it is in this state. */
  readonly since: string;
  /** How its last process ended. */
  readonly lastEnd?: string;
  /** How to end it, for a `down` whose supervisor is gone. */
  readonly stopSignal: NodeJS.Signals;
  readonly stopGraceMs: number;
}

/** `<instance>/stack.json`, written by the supervisor after every change. */
export interface StackState {
  readonly version: 1;
  readonly state: "starting" | "up" | "stopping" | "stopped" | "failed";
  readonly supervisor: ProcessIdentity;
  /** In the order of starting. */
  readonly components: readonly ComponentStatus[];
  /** Why the state is `failed`. */
  readonly error?: string;
}

export function stackFile(dir: string): string {
  return join(dir, "stack.json");
}

export function readStackState(dir: string): StackState | undefined {
  return readJson<StackState>(stackFile(dir));
}

export function writeStackState(dir: string, state: StackState): void {
  writeJson(stackFile(dir), state, 0o644);
}

/** Undefined when the file is missing or not whole. */
export function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** Replaces the file as a whole, so that a reader or a crash never sees half of it. */
export function writeJson(file: string, value: unknown, mode: number): void {
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(value, undefined, 2)}\n`, { mode });
  renameSync(partial, file);
}
