import { type ChildProcess, execFileSync } from "node:child_process";
import { chmodSync, chownSync, closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import type { HostTools } from "../../src/host/tools.ts";

export interface NbdServer {
  readonly path: string;
  readonly exportName: string;
  readonly process: ChildProcess;
  /** Ends it with SIGKILL unless told otherwise, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** The flags that both ends of a copy run with, ours and the peer's. */
export const servingFlags = ["--shared=8", "--cache=writeback", "--aio=threads", "--discard=unmap"];

/** Disk images and real qemu-nbd servers in a folder of their own; everything ends with it. */
export class NbdLab implements AsyncDisposable {
  readonly folder: string;
  readonly tools: HostTools;
  readonly #servers: NbdServer[] = [];
  #sockets = 0;

  constructor(parent: string = tmpdir()) {
    this.tools = loadHostTools(toolsManifestPath());
    this.folder = mkdtempSync(join(parent, "nvt-"));
    this.#own(this.folder);
    chmodSync(this.folder, 0o755);
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** A sparse raw file of so many bytes. */
  raw(name: string, sizeBytes: number): string {
    const file = this.file(name);
    const handle = openSync(file, "w");
    ftruncateSync(handle, sizeBytes);
    closeSync(handle);
    this.#own(file);
    return file;
  }

  async qcow2(name: string, sizeBytes: number, backing?: { file: string; format: string }): Promise<string> {
    const file = this.file(name);
    const base = backing ? ["-b", backing.file, "-F", backing.format] : [];
    await this.image("create", "-q", "-f", "qcow2", ...base, file, String(sizeBytes));
    return file;
  }

  /** `qemu-img …`; what it printed. */
  async image(...args: string[]): Promise<string> {
    const result = await this.tools.run("qemu-img", args);
    if (result.exitCode !== 0) throw new Error(`qemu-img ${args.join(" ")}: ${result.stderr}`);
    return result.stdout;
  }

  /** What the disk in an image measures. */
  async sizeBytes(file: string): Promise<number> {
    return (JSON.parse(await this.image("info", "--output=json", file)) as { "virtual-size": number })["virtual-size"];
  }

  async identical(left: { file: string; format: string }, right: { file: string; format: string }): Promise<boolean> {
    const args = ["compare", "-q", "-f", left.format, "-F", right.format, left.file, right.file];
    return (await this.tools.run("qemu-img", args)).exitCode === 0;
  }

  /** Serves an image (or with `--image-opts`, what the options say). */
  async serve(image: string, args: readonly string[] = ["-f", "raw"]): Promise<NbdServer> {
    const path = this.file(`${this.#sockets++}.sock`);
    const exportName = "disk";
    const process = this.tools.start(
      "qemu-nbd",
      ["--persistent", ...servingFlags, "-k", path, "-x", exportName, ...args, image],
      { logFile: this.file("qemu-nbd.log") },
    );
    process.ref();
    const gone = new Promise<void>((resolve) => {
      process.once("exit", () => resolve());
      process.once("error", () => resolve());
    });
    const stop = async (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
      process.kill(signal);
      await gone;
    };
    const server: NbdServer = { path, exportName, process, stop };
    this.#servers.push(server);
    await this.#listening(server);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #listening({ path, process }: NbdServer): Promise<void> {
    for (let tries = 0; tries < 200 && process.exitCode === null; tries++) {
      if (existsSync(path) && (await connects(path))) return;
      await sleep(25);
    }
    throw new Error(`qemu-nbd does not listen: ${execFileSync("tail", ["-3", this.file("qemu-nbd.log")]).toString()}`);
  }

  #own(file: string): void {
    const { account } = this.tools;
    if (account) chownSync(file, account.uid, account.gid);
  }
}

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
