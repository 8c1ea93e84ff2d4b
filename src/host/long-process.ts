import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import type { ProcessIdentity } from "./process-identity.ts";
import { identify } from "./process-identity.ts";

export interface LongProcess {
  readonly identity: ProcessIdentity;
  /** Resolves with a description of how it ended. */
  readonly ended: Promise<string>;
  /** Where in the log file its own output begins. */
  readonly logStart: number;
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
  const logStart = fstatSync(log).size;
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
    return { identity: identify(pid) ?? { pid, startTicks: -1 }, ended, logStart };
  } finally {
    closeSync(log);
  }
}

/** What a program's output since `fromByte` says about its end: its last error's message, else its last lines. */
export function tellingEnd(logFile: string, fromByte: number): string {
  const lines = textFrom(logFile, fromByte).trimEnd().split("\n");
  const telling = lines.flatMap(
    (line) => /^(?:Uncaught )?\w*Error(?: \[\w+\])?: (.+)/.exec(line)?.[1] ?? loggedError(line) ?? [],
  );
  return (telling.at(-1) ?? lines.slice(-3).join(" | ")).slice(-600).replace(/\.$/, "");
}

function textFrom(file: string, fromByte: number): string {
  try {
    return readFileSync(file).subarray(fromByte).toString("utf8");
  } catch {
    return "";
  }
}

/** The message of a line of JSON, as our processes and Temporal log, when it is an error's. */
function loggedError(line: string): string | undefined {
  if (!line.startsWith("{")) {
    return undefined;
  }
  try {
    const entry = JSON.parse(line) as { level?: string; msg?: string; err?: { message?: string } };
    const isError = ["error", "fatal"].includes(entry.level?.toLowerCase() ?? "");
    return isError ? (entry.err?.message ?? entry.msg) : undefined;
  } catch {
    return undefined;
  }
}
