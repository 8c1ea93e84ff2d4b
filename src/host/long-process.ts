import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { ProcessIdentity } from "./process-identity.ts";
import { identify } from "./process-identity.ts";

export interface LongProcess {
  readonly identity: ProcessIdentity;
  /** Resolves with a description of how it ended. */
  readonly ended: Promise<string>;
}

export interface LongProcessOptions {
  readonly logFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** Starts a detached program whose output goes to a log file; it outlives us. @throws Error when it can't be started. */
export async function startLongProcess(
  program: string,
  args: readonly string[],
  options: LongProcessOptions,
): Promise<LongProcess> {
  const log = openSync(options.logFile, "a", 0o640);
  try {
    const child = spawn(program, [...args], {
      cwd: options.cwd ?? "/",
      env: { ...options.env },
      stdio: ["ignore", log, log],
      detached: true,
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid }),
    });
    const ended = new Promise<string>((resolve) => {
      child.once("exit", (code, signal) =>
        resolve(signal ? `it was ended by ${signal}` : `it ended with code ${code}`),
      );
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    const pid = child.pid ?? 0;
    return { identity: identify(pid) ?? { pid, startTicks: -1 }, ended };
  } finally {
    closeSync(log);
  }
}

/** The last lines of a log, for an error's reason. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join(" | ").slice(-600);
}
