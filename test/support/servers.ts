import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireTemporal } from "../../src/host/bring-in/temporal.ts";
import { cacheDir, socketDirPath } from "../../src/host/paths.ts";
import type { PostgresServer } from "../../src/host/postgres.ts";
import { startPostgres } from "../../src/host/postgres.ts";
import type { RunningServer } from "../../src/host/server.ts";
import type { TemporalServer } from "../../src/host/temporal.ts";
import { startTemporal } from "../../src/host/temporal.ts";

/** What node:test's context and its module (`import { after }`) have in common. */
export interface Cleaner {
  after(work: () => Promise<void>): void;
}

/** A folder with a short path, gone when the file's tests have ended. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "nvc-t-"));
  // Hooks run in the order they were registered: at exit, the servers in the folder have surely gone.
  process.once("exit", () => {
    rmSync(dir, { recursive: true, force: true });
    rmSync(socketDirPath(dir), { recursive: true, force: true });
  });
  return dir;
}

/** A PostgreSQL of the test's own, gone when the test (or the file, with `{ after }`) ends. */
export async function withPostgres(cleaner: Cleaner): Promise<PostgresServer> {
  const server = await startPostgres({ dir: temporaryDir(), settings: ["fsync=off"] });
  // Nothing that it holds is wanted again, so it need not be written down first.
  cleaner.after(() => endNow(server, "SIGQUIT"));
  endWithUs(server.pid);
  return server;
}

/** A Temporal dev server of the test's own, gone when the test (or the file, with `{ after }`) ends. */
export async function withTemporal(cleaner: Cleaner): Promise<TemporalServer> {
  const server = await startTemporal({ dir: temporaryDir(), program: requireTemporal(cacheDir()), headless: true });
  cleaner.after(() => endNow(server, "SIGKILL"));
  endWithUs(server.pid);
  return server;
}

async function endNow(server: RunningServer, signal: NodeJS.Signals): Promise<void> {
  signalQuietly(server.pid, signal);
  await server.stop();
}

/** A test file that throws at load time never gets to its hooks. */
function endWithUs(pid: number): void {
  process.once("exit", () => signalQuietly(pid, "SIGKILL"));
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, as it should be.
  }
}
