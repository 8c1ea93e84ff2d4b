import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that can't be mistaken for a later one with the same pid. */
export interface ProcessId {
  readonly pid: number;
  /** Ticks from boot to its start: `/proc/<pid>/stat`, field 22. */
  readonly startTicks: string;
}

/** Undefined when there is no such process, or only its zombie: no thread of it holds a file open any more. */
export function identifyProcess(pid: number): ProcessId | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in brackets and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, threads, startTicks] = [fields[0], Number(fields[17]), fields[19]];
    // The main thread is a zombie before the others have ended.
    const over = (state === "Z" || state === "X") && threads <= 1;
    return over || startTicks === undefined ? undefined : { pid, startTicks };
  } catch {
    return undefined;
  }
}

export function isAlive(process: ProcessId): boolean {
  return identifyProcess(process.pid)?.startTicks === process.startTicks;
}

/** `pid.ticks` of this process, for names of things that must not outlive it. */
export function ownMark(): string {
  const own = identifyProcess(process.pid);
  return `${process.pid}.${own?.startTicks ?? 0}`;
}

export function markIsAlive(mark: string): boolean {
  const [pid, startTicks] = mark.split(".");
  return isAlive({ pid: Number(pid), startTicks: startTicks ?? "" });
}

/** All processes with the arguments they were started with. */
export function* processes(): Iterable<{ readonly id: ProcessId; readonly args: readonly string[] }> {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const args = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      const id = identifyProcess(Number(entry));
      if (id) yield { id, args };
    } catch {
      // It ended meanwhile.
    }
  }
}

/** Ends it and waits until it is gone; SIGKILL after `graceMs`, at once when that is 0. */
export async function endProcess(target: ProcessId, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  // A stopped process takes SIGTERM only when it goes on.
  if (graceMs > 0) for (const signal of ["SIGTERM", "SIGCONT"] as const) send(target, signal);
  while (isAlive(target)) {
    if (Date.now() >= deadline) send(target, "SIGKILL");
    await sleep(10);
  }
}

function send(target: ProcessId, signal: NodeJS.Signals): void {
  try {
    if (isAlive(target)) process.kill(target.pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}
