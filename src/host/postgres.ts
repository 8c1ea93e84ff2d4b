import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { connect } from "node:net";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { ProviderError } from "../domain/errors.ts";
import { ownAccount, toolAccount } from "./account.ts";
import { withLock } from "./lock.ts";
import { cacheDir, makeSocketDir, makeToolDir, unreachableFolder } from "./paths.ts";
import { postgresBinaries } from "./postgres-binaries.ts";
import type { LaunchSpec, RunningServer } from "./server.ts";
import { startServer } from "./server.ts";

const role = "novacron";
/** Clients, the worker's and the API's pools, and the tests' beside each other. */
const maxConnections = 200;

export interface PostgresOptions {
  /** The folder that keeps the data (`<dir>/data`) and, for {@link startPostgres}, the log. */
  readonly dir: string;
  /** Where binaries and the template are kept; the state folder's cache by default. */
  readonly cache?: string;
  /** Extra `name=value` server settings. */
  readonly settings?: readonly string[];
}

export interface PostgresServer extends RunningServer {
  /** A connection string with the socket folder as host, for `pg`. */
  readonly databaseUrl: string;
  readonly socketDir: string;
}

/** The connection string of the server whose sockets are in `socketDir`. */
export function postgresUrl(socketDir: string): string {
  return `postgres://${role}@localhost/${role}?host=${encodeURIComponent(socketDir)}`;
}

/**
 * Starts the embedded PostgreSQL on a unix socket only, making its data folder on the first run. Only the account that
 * runs it (and root) can enter the socket's folder, so connections need no password.
 * @throws ProviderError when it can't be started; the reason holds the log's end.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { spec, databaseUrl, socketDir } = await preparePostgres(options);
  const server = await startServer(spec, join(options.dir, "postgres.log"));
  return { ...server, databaseUrl, socketDir };
}

/** Makes everything PostgreSQL needs and says how to start it. Safe to call again, also after a kill. */
export async function preparePostgres(
  options: PostgresOptions,
): Promise<{ spec: LaunchSpec; databaseUrl: string; socketDir: string }> {
  const cache = options.cache ?? cacheDir();
  const account = toolAccount();
  makeReachable(options.dir);
  const socketDir = makeSocketDir(options.dir);
  const binaries = await postgresBinaries(cache);
  const data = join(options.dir, "data");
  if (!existsSync(data)) {
    const template = await ensureTemplate(cache, binaries);
    await copyTemplate(template, data);
  }
  removeForeignPidFile(data);
  const settings = [
    "listen_addresses=",
    `max_connections=${maxConnections}`,
    `shared_buffers=${sharedBuffersMib()}MB`,
    // The places of some hundred thousand matching rows fit into it.
    "work_mem=16MB",
    ...(options.settings ?? []),
  ];
  const spec: LaunchSpec = {
    name: "postgres",
    program: join(binaries, "bin/postgres"),
    args: ["-D", data, "-k", socketDir, ...settings.flatMap((setting) => ["-c", setting])],
    env: serverEnvironment(),
    cwd: data,
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
    // SIGTERM would wait for every client to leave.
    stopSignal: "SIGINT",
    stopGraceMs: 15_000,
    ready: () => answers(join(socketDir, ".s.PGSQL.5432")),
    readyWithinMs: 60_000,
    // It refuses to start while backends of a killed predecessor are still leaving.
    startAttempts: 20,
  };
  return { spec, databaseUrl: postgresUrl(socketDir), socketDir };
}

/** An eighth of the memory, up to a gigabyte: what a million resources take. It is taken when it is used. */
function sharedBuffersMib(): number {
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.round(Math.max(128, Math.min(1_024, memory / 2 ** 20 / 8)));
}

function serverEnvironment(): Record<string, string> {
  return { PATH: "/usr/bin:/bin", LANG: "C.UTF-8", LC_ALL: "C.UTF-8", TZ: "UTC" };
}

function makeReachable(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  const account = toolAccount();
  if (!account) {
    return;
  }
  if (lstatSync(dir).uid === 0) {
    chmodSync(dir, lstatSync(dir).mode | 0o011);
  }
  const closed = unreachableFolder(dirname(dir));
  if (closed) {
    throw new ProviderError("CloudPermissionDenied", {
      operation: "keep a database",
      resource: dir,
      reason: `as root, PostgreSQL runs as ${account.name}, who may not enter ${closed}`,
      action: "Choose a folder every account may enter.",
    });
  }
}

/** An empty cluster with our role and database, made once: copying it is ten times quicker than initdb. */
async function ensureTemplate(cache: string, binaries: string): Promise<string> {
  const account = toolAccount() ?? ownAccount();
  const template = `${binaries}-template-${account.uid}`;
  if (existsSync(template)) {
    return template;
  }
  return await withLock(join(cache, "postgres.lock"), async () => {
    if (existsSync(template)) {
      return template;
    }
    // The account can't make folders in the cache, so ours is made for it and renamed as a whole.
    const partial = `${template}.partial`;
    rmSync(partial, { recursive: true, force: true });
    makeToolDir(partial);
    const locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];
    const args = ["-D", partial, "-U", role, "--auth=trust", ...locale, "--no-instructions"];
    runOnce(join(binaries, "bin/initdb"), args);
    const single = ["--single", "-j", "-D", partial, "postgres"];
    runOnce(join(binaries, "bin/postgres"), single, `create database ${role};\n`);
    renameSync(partial, template);
    return template;
  });
}

function runOnce(program: string, args: readonly string[], input = ""): void {
  const account = toolAccount();
  const done = spawnSync(program, [...args], {
    cwd: "/",
    env: serverEnvironment(),
    input,
    encoding: "utf8",
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  });
  if (done.status !== 0 || /ERROR|FATAL/.test(done.stderr)) {
    throw new ProviderError("Unavailable", {
      operation: "make a database",
      resource: program,
      reason: (done.error?.message ?? done.stderr.trim().split("\n").at(-1) ?? "no message").replace(/\.$/, ""),
      action: "Look at the free space and rights of the state folder, then try again.",
    });
  }
}

async function copyTemplate(template: string, data: string): Promise<void> {
  const partial = `${data}.partial`;
  rmSync(partial, { recursive: true, force: true });
  // A cache may link to another one's template: a copied link would make every server of it share one cluster.
  cpSync(realpathSync(template), partial, { recursive: true });
  const account = toolAccount();
  if (account) {
    chownTree(partial, account.uid, account.gid);
  }
  chmodSync(partial, 0o700);
  renameSync(partial, data);
}

function chownTree(folder: string, uid: number, gid: number): void {
  const done = spawnSync("chown", ["-R", `${uid}:${gid}`, "--", folder]);
  if (done.status !== 0) {
    chownSync(folder, uid, gid);
  }
}

/** After a reboot the recorded pid may belong to some other process of the account; PostgreSQL would not start. */
function removeForeignPidFile(data: string): void {
  const file = join(data, "postmaster.pid");
  try {
    const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
    const runs = existsSync(`/proc/${pid}`) && readlinkSync(`/proc/${pid}/exe`).includes("postgres");
    if (!runs) {
      rmSync(file, { force: true });
    }
  } catch {
    // No pid file, or a process we may not look at: PostgreSQL decides.
  }
}

/** Whether a session can be opened now: the first byte of the answer to a start-up message tells. */
function answers(socket: string): Promise<boolean> {
  const parameters = Buffer.from(`user\0${role}\0database\0${role}\0\0`);
  const message = Buffer.alloc(8);
  message.writeInt32BE(8 + parameters.length, 0);
  message.writeInt32BE(196_608, 4);
  return new Promise((resolve) => {
    const connection = connect(socket);
    const finish = (ready: boolean) => {
      connection.destroy();
      resolve(ready);
    };
    connection.setTimeout(2_000, () => finish(false));
    connection.on("connect", () => connection.write(Buffer.concat([message, parameters])));
    connection.on("data", (chunk) => {
      const ready = chunk[0] === "R".charCodeAt(0);
      connection.end(Buffer.from([0x58, 0, 0, 0, 4]));
      finish(ready);
    });
    connection.on("error", () => finish(false));
    connection.on("close", () => finish(false));
  });
}
