import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireTemporal } from "../../src/host/bring-in/temporal.ts";
import { cacheDir, socketDirPath } from "../../src/host/paths.ts";
import type { PostgresServer } from "../../src/host/postgres.ts";
import { startPostgres } from "../../src/host/postgres.ts";
import type { TemporalServer } from "../../src/host/temporal.ts";
import { startTemporal } from "../../src/host/temporal.ts";

/** What node:test's context and its module (`import { after }`) have in common. */
export interface Cleaner {
  after(work: () => Promise<void>): void;
}

/** A PostgreSQL of the test's own, gone when the test (or the file, with `{ after }`) ends. */
export async function withPostgres(cleaner: Cleaner): Promise<PostgresServer> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-t-"));
  const server = await startPostgres({ dir });
  cleaner.after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
    rmSync(socketDirPath(dir), { recursive: true, force: true });
  });
  endWithUs(server.pid);
  return server;
}

/** A Temporal dev server of the test's own, gone when the test (or the file, with `{ after }`) ends. */
export async function withTemporal(cleaner: Cleaner): Promise<TemporalServer> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-t-"));
  const server = await startTemporal({ dir, program: requireTemporal(cacheDir()), headless: true });
  cleaner.after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  endWithUs(server.pid);
  return server;
}

/** A test file that throws at load time never gets to its hooks. */
function endWithUs(pid: number): void {
  process.once("exit", () => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone already, as it should be.
    }
  });
}
