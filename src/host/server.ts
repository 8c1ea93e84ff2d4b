import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../domain/errors.ts";
import { startLongProcess, tellingEnd } from "./long-process.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { endProcess } from "./process-identity.ts";

/** How to start, watch and end one long-running program. Plain facts, so that a supervisor can hold a table of them. */
export interface LaunchSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** The program's whole environment: nothing of ours is added. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly stopSignal: NodeJS.Signals;
  /** After this long without an end, SIGKILL. */
  readonly stopGraceMs: number;
  /** Whether it serves now; never throws. */
  ready(process: ProcessIdentity): Promise<boolean>;
  readonly readyWithinMs: number;
  /** How often an end before serving is followed by another start. Default 1. */
  readonly startAttempts?: number;
}

export interface RunningServer {
  readonly pid: number;
  /** Ends it and resolves when it is gone. Harmless when it already is. */
  stop(): Promise<void>;
}

const pollMs = 20;
const betweenAttemptsMs = 250;

/** Starts the program and waits until it serves. @throws ProviderError Unavailable or Timeout with the log's end. */
export async function startServer(spec: LaunchSpec, logFile: string): Promise<RunningServer> {
  for (let attempt = 1; ; attempt++) {
    const running = await startLongProcess(spec.program, spec.args, { ...spec, logFile });
    const end = await untilReady(spec, running.identity, running.ended);
    if (end === undefined) {
      const stop = () => endProcess(running.identity, { signal: spec.stopSignal, graceMs: spec.stopGraceMs });
      return { pid: running.identity.pid, stop };
    }
    if (end === "late" || attempt >= (spec.startAttempts ?? 1)) {
      await endProcess(running.identity, { signal: spec.stopSignal, graceMs: spec.stopGraceMs });
      throw notStarted(spec, end, logFile, running.logStart);
    }
    await sleep(betweenAttemptsMs);
  }
}

/** Undefined once it serves; else how it ended, or "late". */
export async function untilReady(
  spec: LaunchSpec,
  identity: ProcessIdentity,
  ended: Promise<string>,
): Promise<string | undefined> {
  let end: string | undefined;
  void ended.then((text) => {
    end = text;
  });
  const deadline = Date.now() + spec.readyWithinMs;
  while (Date.now() < deadline) {
    if (end !== undefined) {
      return end;
    }
    if (await spec.ready(identity)) {
      return undefined;
    }
    await sleep(pollMs);
  }
  return "late";
}

/** The error for a program that never served, with what its log says from `logStart` on. */
export function notStarted(spec: LaunchSpec, end: string, logFile: string, logStart: number): ProviderError {
  const how = end === "late" ? `it did not serve within ${spec.readyWithinMs / 1000} s` : end;
  return new ProviderError(end === "late" ? "Timeout" : "Unavailable", {
    operation: `start ${spec.name}`,
    resource: spec.name,
    reason: `${how}: ${tellingEnd(logFile, logStart)}`,
    action: `${logFile} tells more.`,
  });
}
