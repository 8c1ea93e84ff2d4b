import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { requireTemporal } from "../../src/host/bring-in/temporal.ts";
import { cacheDir } from "../../src/host/paths.ts";
import { type PostgresServer, startPostgres } from "../../src/host/postgres.ts";
import { endProcess, identify, isAlive, type ProcessIdentity, signalProcess } from "../../src/host/process-identity.ts";
import { startTemporal, type TemporalServer } from "../../src/host/temporal.ts";

/** One process of the stack that can be killed, stopped for a while and started again where it left off. */
export interface Part {
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  start(): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** A clean end; harmless when it is down. */
  stop(): Promise<void>;
}

/** Our own programs: `ready` says when one serves. */
export class NodePart implements Part {
  readonly #main: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #logFile: string;
  readonly #ready: (pid: number) => boolean | Promise<boolean>;
  #process: ProcessIdentity | undefined;

  constructor(
    room: "api" | "sandbox" | "worker",
    options: { env: NodeJS.ProcessEnv; logFile: string; ready: (pid: number) => boolean | Promise<boolean> },
  ) {
    this.#main = fileURLToPath(new URL(`../../src/${room}/main.ts`, import.meta.url));
    this.#env = options.env;
    this.#logFile = options.logFile;
    this.#ready = options.ready;
    // The sandbox ends its hosts with it.
    endWithUs(() => this.pid, "SIGTERM");
  }

  get pid(): number | undefined {
    return this.#process && isAlive(this.#process) ? this.#process.pid : undefined;
  }

  async start(): Promise<void> {
    const log = openSync(this.#logFile, "a");
    const child = spawn(process.execPath, [this.#main], { env: this.#env, stdio: ["ignore", log, log] });
    closeSync(log);
    this.#process = child.pid === undefined ? undefined : identify(child.pid);
    while (!(this.pid !== undefined && (await this.#ready(this.pid)))) {
      if (this.pid === undefined) throw new Error(`${this.#main} ended at once: ${lastLines(this.#logFile)}`);
      await sleep(25);
    }
  }

  /** SIGSTOP and SIGCONT, as a machine that hangs. */
  signal(signal: NodeJS.Signals): void {
    if (this.#process) signalProcess(this.#process, signal);
  }

  async kill(): Promise<void> {
    if (this.#process) await endProcess(this.#process, { signal: "SIGKILL" });
  }

  async stop(): Promise<void> {
    if (this.#process) await endProcess(this.#process, { graceMs: 20_000 });
  }
}

export class PostgresPart implements Part {
  readonly #dir: string;
  #server: PostgresServer | undefined;

  constructor(dir: string) {
    this.#dir = dir;
    endWithUs(() => this.pid, "SIGKILL");
  }

  get pid(): number | undefined {
    return this.#server && identify(this.#server.pid)?.pid;
  }

  get databaseUrl(): string {
    if (!this.#server) throw new Error("PostgreSQL has not been started yet.");
    return this.#server.databaseUrl;
  }

  async start(): Promise<void> {
    this.#server = await startPostgres({ dir: this.#dir });
  }

  async kill(): Promise<void> {
    if (this.pid !== undefined) process.kill(this.pid, "SIGKILL");
    await this.#server?.stop();
  }

  /** Stops every process of the server: nobody answers and no connection breaks, as with a link that is away. */
  freeze(frozen: boolean): void {
    const { pid } = this;
    if (pid === undefined) return;
    for (const each of [pid, ...childrenOf(pid)]) process.kill(each, frozen ? "SIGSTOP" : "SIGCONT");
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

export class TemporalPart implements Part {
  readonly #dir: string;
  #server: TemporalServer | undefined;

  constructor(dir: string) {
    this.#dir = dir;
    endWithUs(() => this.pid, "SIGKILL");
  }

  get pid(): number | undefined {
    return this.#server && identify(this.#server.pid)?.pid;
  }

  get address(): string {
    if (!this.#server) throw new Error("Temporal has not been started yet.");
    return this.#server.address;
  }

  /** Again on the same folder and ports, once it has been killed. */
  async start(): Promise<void> {
    const program = requireTemporal(cacheDir());
    const ports = this.#server?.ports;
    this.#server = await startTemporal({ dir: this.#dir, program, headless: true, ...(ports && { ports }) });
  }

  async kill(): Promise<void> {
    if (this.pid !== undefined) process.kill(this.pid, "SIGKILL");
    await this.#server?.stop();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** The processes whose arguments hold all of these texts. */
export function processesWith(...texts: readonly string[]): ProcessIdentity[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return [];
    const args = readOrEmpty(join("/proc", entry, "cmdline"));
    const found = texts.every((text) => args.includes(text)) ? identify(Number(entry)) : undefined;
    return found ? [found] : [];
  });
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    const stat = readOrEmpty(join("/proc", entry, "stat"));
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent ? [Number(entry)] : [];
  });
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function lastLines(file: string): string {
  return readOrEmpty(file).trimEnd().split("\n").slice(-5).join(" | ");
}

/** A run that ends by an uncaught error or a signal never gets to its clean-up. */
function endWithUs(pid: () => number | undefined, signal: NodeJS.Signals): void {
  listening ||= listenForSignals();
  process.once("exit", () => {
    const running = pid();
    if (running !== undefined) process.kill(running, signal);
  });
}

let listening = false;

function listenForSignals(): true {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  return true;
}
