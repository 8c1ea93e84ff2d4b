import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { socketDirPath } from "../../src/host/paths.ts";
import { type PostgresServer, startPostgres } from "../../src/host/postgres.ts";

/** A real PostgreSQL of the test's own that can be killed, frozen and started again on the same data. */
export interface TestPostgres {
  readonly databaseUrl: string;
  /** SIGKILL to the postmaster, as a crash would. */
  kill(): Promise<void>;
  /** Stops (and continues) the postmaster: connecting hangs, as with a cut link. */
  freeze(frozen: boolean): void;
  /** Starts it again after {@link kill}; the URL stays. */
  start(): Promise<void>;
  /** A fresh database on the same server; returns its URL. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-t-"));
  const start = () => startPostgres({ dir, settings: ["fsync=off"] });
  let server: PostgresServer = await start();
  const { databaseUrl } = server;
  const killNow = () => {
    try {
      process.kill(server.pid, "SIGKILL");
    } catch {
      // Gone already.
    }
  };
  process.once("exit", killNow);
  return {
    databaseUrl,
    async kill() {
      killNow();
      await server.stop();
    },
    freeze: (frozen) => void process.kill(server.pid, frozen ? "SIGSTOP" : "SIGCONT"),
    async start() {
      server = await start();
    },
    async createDatabase() {
      const name = `t${randomBytes(6).toString("hex")}`;
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      const url = new URL(databaseUrl);
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop() {
      process.removeListener("exit", killNow);
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
      rmSync(socketDirPath(dir), { recursive: true, force: true });
    },
  };
}
