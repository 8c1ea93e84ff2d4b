import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that can't be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start (`/proc/<pid>/stat`, field 22). */
  readonly startTicks: number;
}

/**
 * Undefined when there is no such process, or only its zombie is left. A killed process of several threads is first
 * seen as the zombie of its main thread, while others still hold its files open and locked: it is there until the last
 * of them has ended.
 */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name stands in brackets and may hold anything, also brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, threads, startTicks] = [fields[0], Number(fields[17]), Number(fields[19])];
    const over = (state === "Z" || state === "X") && threads <= 1;
    return over || Number.isNaN(startTicks) ? undefined : { pid, startTicks };
  } catch {
    return undefined;
  }
}

export function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, startTicks: 0 };
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startTicks === process.startTicks;
}

/** Sends the signal to the process only if it is still the one meant. Returns whether it was. */
export function signalProcess(target: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(target)) {
    return false;
  }
  try {
    process.kill(target.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Asks with `signal`, waits `graceMs`, then kills. Resolves when the process is gone. */
export async function endProcess(
  target: ProcessIdentity,
  options: { signal?: NodeJS.Signals; graceMs?: number } = {},
): Promise<void> {
  signalProcess(target, options.signal ?? "SIGTERM");
  const deadline = Date.now() + (options.graceMs ?? 10_000);
  while (isAlive(target) && Date.now() < deadline) {
    await sleep(20);
  }
  while (signalProcess(target, "SIGKILL")) {
    await sleep(20);
  }
}
