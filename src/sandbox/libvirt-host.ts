import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../domain/errors.ts";
import { makeSocketDir, makeToolDir } from "../host/paths.ts";
import { endProcess, identify, isAlive, type ProcessIdentity } from "../host/process-identity.ts";
import type { HostTools } from "../host/tools.ts";
import { runningDomains, virsh } from "./virsh.ts";

const startWithinMs = 30_000;
const watchMs = 500;
const pollMs = 50;
/** Guests get this long to power off by themselves. */
const guestGraceMs = 8_000;

/**
 * A private libvirt host: a session daemon with folders of its own, which makes it a host of its own. Nothing of the
 * machine's libvirt is touched. Its guests are processes of their own and outlive the daemon.
 */
export class LibvirtHost {
  readonly site: string;
  readonly uri: string;
  readonly storagePath: string;
  /** For disks and consoles that the sandbox makes itself. */
  readonly guestDir: string;
  readonly #tools: HostTools;
  readonly #dir: string;
  /** The same folder under a short name: libvirt builds socket paths below it, and those end at 107 bytes. */
  readonly #short: string;
  readonly #runtime: string;
  #daemon: ProcessIdentity | undefined;
  #stopping = false;
  #watching: Promise<void> | undefined;

  constructor(tools: HostTools, instanceDir: string, site: string, index: number) {
    this.#tools = tools;
    this.site = site;
    // The account that QEMU runs as has to pass through it; who may read what is in it, each file says.
    if (tools.account) chmodSync(instanceDir, (lstatSync(instanceDir).mode & 0o777) | 0o011);
    this.#dir = makeToolDir(join(makeToolDir(join(instanceDir, "sites"), 0o755), site), 0o755);
    const sockets = makeSocketDir(instanceDir);
    const letter = String.fromCharCode(97 + index);
    this.#short = join(sockets, letter);
    this.#runtime = makeToolDir(join(sockets, `${letter}r`));
    this.uri = `qemu:///session?socket=${join(this.#runtime, "libvirt/libvirt-sock")}`;
    this.storagePath = makeToolDir(join(this.#dir, "storage"));
    this.guestDir = makeToolDir(join(this.#dir, "guests"));
  }

  /** Starts the daemon, or adopts the one an earlier sandbox left, and then keeps it running. */
  async start(index: number): Promise<void> {
    if (lstatSync(this.#short, { throwIfNoEntry: false })) rmSync(this.#short);
    symlinkSync(this.#dir, this.#short);
    for (const folder of ["config", "config/libvirt", "cache", "data", "home", "logs"])
      makeToolDir(join(this.#dir, folder));
    this.#writeSettings(index);
    this.#daemon = this.#readDaemon();
    if (!this.#daemon) await this.#startDaemon();
    await this.#untilAnswering();
    this.#watching = this.#watch();
  }

  /** Powers the guests off, notes which ran, and ends the daemon. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#watching;
    const running = await runningDomains(this.#tools, this.uri).catch(() => []);
    writeFileSync(this.#resumeFile, JSON.stringify(running));
    for (const uuid of running) await this.#call(["shutdown", uuid]);
    const deadline = Date.now() + guestGraceMs;
    let left = running;
    while (left.length > 0 && Date.now() < deadline) {
      await sleep(pollMs);
      left = await runningDomains(this.#tools, this.uri).catch(() => []);
    }
    for (const uuid of left) await this.#call(["destroy", uuid]);
    if (this.#daemon) await endProcess(this.#daemon, { graceMs: 5_000 });
    rmSync(this.#pidFile, { force: true });
  }

  /** For sockets of the sandbox's own tools. */
  get socketDir(): string {
    return this.#runtime;
  }

  get logDir(): string {
    return join(this.#dir, "logs");
  }

  /** Written by the daemon. */
  get #ownPidFile(): string {
    return join(this.#runtime, "libvirtd.pid");
  }

  get #pidFile(): string {
    return join(this.#dir, "libvirtd.pid");
  }

  get #resumeFile(): string {
    return join(this.#dir, "resume.json");
  }

  #writeSettings(index: number): void {
    const idFile = join(this.#dir, "host-uuid");
    if (!existsSync(idFile)) writeFileSync(idFile, randomUUID());
    const settings = join(this.#dir, "config/libvirt");
    writeFileSync(join(settings, "libvirtd.conf"), `host_uuid = "${readFileSync(idFile, "utf8")}"\n`, { mode: 0o644 });
    // Two hosts on one machine must not offer the same ports for live migration. Consoles go straight to their files:
    // a virtlogd would be one more process, and would outlive us.
    writeFileSync(
      join(settings, "qemu.conf"),
      `stdio_handler = "file"\nmigration_port_min = ${49_152 + index * 64}\nmigration_port_max = ${49_215 + index * 64}\n`,
      { mode: 0o644 },
    );
  }

  #readDaemon(): ProcessIdentity | undefined {
    if (!existsSync(this.#pidFile)) return undefined;
    const known = JSON.parse(readFileSync(this.#pidFile, "utf8")) as ProcessIdentity;
    return isAlive(known) ? known : undefined;
  }

  async #startDaemon(): Promise<void> {
    const env = {
      HOME: join(this.#short, "home"),
      XDG_RUNTIME_DIR: this.#runtime,
      XDG_CONFIG_HOME: join(this.#short, "config"),
      XDG_CACHE_HOME: join(this.#short, "cache"),
      XDG_DATA_HOME: join(this.#short, "data"),
    };
    // A pid file of a killed daemon keeps the next one from starting only while that pid lives.
    const args = ["--pid-file", this.#ownPidFile];
    const logFile = join(this.#dir, "logs/libvirtd.log");
    // libvirt takes a guest for running until nothing of its process is left, and its guests are daemons.
    const child = this.#tools.start("libvirtd", args, { logFile, env, reaped: true });
    const daemon = child.pid === undefined ? undefined : identify(child.pid);
    if (!daemon) throw this.#failure("it did not start");
    this.#remember(daemon);
  }

  #remember(daemon: ProcessIdentity): void {
    this.#daemon = daemon;
    writeFileSync(this.#pidFile, JSON.stringify(daemon));
  }

  /** The daemon itself, rather than what started it and ends with it. */
  #rememberItself(): void {
    const itself = identify(Number(readFileSync(this.#ownPidFile, "utf8")));
    if (itself) this.#remember(itself);
  }

  async #untilAnswering(): Promise<void> {
    const deadline = Date.now() + startWithinMs;
    let why = "no answer";
    while (Date.now() < deadline) {
      try {
        await virsh(this.#tools, this.uri, ["version"]);
        this.#rememberItself();
        return;
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
      if (this.#daemon && !isAlive(this.#daemon)) throw this.#failure("it ended at once");
      await sleep(pollMs);
    }
    throw this.#failure(`it does not answer: ${why}`);
  }

  /** UUIDs of the guests that ran when the sandbox was last stopped; told once. */
  takeResumable(): readonly string[] {
    if (!existsSync(this.#resumeFile)) return [];
    const uuids = JSON.parse(readFileSync(this.#resumeFile, "utf8")) as string[];
    rmSync(this.#resumeFile);
    return uuids;
  }

  async #watch(): Promise<void> {
    while (!this.#stopping) {
      await sleep(watchMs);
      if (this.#stopping || (this.#daemon && isAlive(this.#daemon))) continue;
      try {
        await this.#startDaemon();
        await this.#untilAnswering();
      } catch {
        // Tried again at the next turn; what went wrong is in the host's log.
      }
    }
  }

  /** For calls where "it is not running" is a fine answer. */
  async #call(args: readonly string[]): Promise<void> {
    await virsh(this.#tools, this.uri, args).catch(() => undefined);
  }

  #failure(reason: string): ProviderError {
    const log = join(this.#dir, "logs/libvirtd.log");
    const end = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-3).join("; ") : "no log";
    return new ProviderError("Unavailable", {
      operation: "start a private libvirt host",
      resource: this.site,
      reason: `${reason} (${end})`,
      action: `Read ${log}; containers that deny user namespaces can't run it, unless libvirt is installed.`,
    });
  }
}
