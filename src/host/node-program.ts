import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** Starts one of our own programs, which outlives this process; what it says goes to a new log file that only this
 *  account may read. Of this process's environment, which may hold credentials, it gets what it needs to run. */
export function startNodeProgram(
  program: string,
  options: { readonly env: Readonly<Record<string, string>>; readonly logFile: string },
): ChildProcess {
  const log = openSync(options.logFile, "w", 0o600);
  const { PATH, NOVACRON_INSTANCE_DIR } = process.env;
  try {
    const child = spawn(process.execPath, [program], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", log, log],
      env: {
        PATH,
        // By this a `down` finds what a killed process of ours left behind.
        ...(NOVACRON_INSTANCE_DIR ? { NOVACRON_INSTANCE_DIR } : {}),
        ...options.env,
      },
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}
