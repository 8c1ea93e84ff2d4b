import { rmSync } from "node:fs";
import { join } from "node:path";
import { ProviderError } from "../../../domain/errors.ts";
import { endProcess, identify, isAlive, type ProcessIdentity } from "../../../host/process-identity.ts";
import type { HostTools } from "../../../host/tools.ts";
import { tail } from "../guests/guest-files.ts";
import { Monitors } from "../guests/monitors.ts";

const answersWithinMs = 20_000;

/** A disk that is served: which process does, and what it writes in now. */
export interface ServedDisk {
  readonly id: string;
  readonly process: ProcessIdentity;
  readonly socket: string;
}

/**
 * Serves disks of the disk store on unix sockets, as NBD with the export "": one qemu-storage-daemon each, so that a
 * disk can go on in another layer while somebody writes it, as it can under a guest.
 */
export class DiskServer {
  readonly #tools: HostTools;
  readonly #dir: string;
  readonly #socketDir: string;
  readonly #monitors: Monitors;

  /** `dir` takes the logs; `socketDir` must have a short path. */
  constructor(tools: HostTools, folders: { dir: string; socketDir: string }) {
    this.#tools = tools;
    this.#dir = folders.dir;
    this.#socketDir = folders.socketDir;
    this.#monitors = new Monitors(folders.socketDir);
  }

  /** Returns when the socket takes connections. @throws ProviderError Unavailable with QEMU's words. */
  async start(id: string, disk: { layerId: string; path: string; readOnly: boolean }): Promise<ServedDisk> {
    const socket = join(this.#socketDir, `${id}.s`);
    const monitor = this.#monitors.socket(id);
    for (const path of [socket, monitor]) rmSync(path, { force: true });
    const { layerId, path, readOnly } = disk;
    const file = { driver: "file", filename: path, "read-only": readOnly };
    const node = { driver: "qcow2", "node-name": layerId, "read-only": readOnly, discard: "unmap", file };
    const exported = { type: "nbd", id: "disk", "node-name": layerId, name: "", writable: !readOnly };
    const logFile = join(this.#dir, `${id}.log`);
    rmSync(logFile, { force: true });
    const args = ["--chardev", `socket,path=${monitor},server=on,wait=off,id=monitor`, "--monitor", "chardev=monitor"];
    args.push("--blockdev", JSON.stringify(node), "--nbd-server", `addr.type=unix,addr.path=${socket}`);
    args.push("--export", JSON.stringify(exported));
    const child = this.#tools.start("qemu-storage-daemon", args, { logFile });
    const process = child.pid === undefined ? undefined : identify(child.pid);
    try {
      if (!process) throw new Error("it ended at once");
      // The monitor listens first, but answers only when all that the command line asks for is there.
      await this.#monitors.of(id, () => isAlive(process), answersWithinMs);
      return { id, process, socket };
    } catch (error) {
      if (process) await endProcess(process, { graceMs: 0 });
      throw new ProviderError("Unavailable", {
        operation: "serve a disk to a machine",
        resource: id,
        reason: tail(logFile) || (error as Error).message,
        action: "Read the log in the folder of the simulated cloud.",
        cause: error,
      });
    }
  }

  /** Writes out what is under way and ends. Harmless when it has ended. */
  async stop({ id, process, socket }: ServedDisk): Promise<void> {
    await endProcess(process);
    this.#monitors.forget(id);
    rmSync(socket, { force: true });
    rmSync(join(this.#dir, `${id}.log`), { force: true });
  }

  /** Lets the disk go on in another (existing, empty) layer: what it held so far is a point. */
  async switchLayer(served: ServedDisk, from: string, to: { layerId: string; path: string }): Promise<void> {
    const monitor = await this.#monitors.of(served.id, () => isAlive(served.process), answersWithinMs);
    await monitor.execute("blockdev-snapshot-sync", {
      "node-name": from,
      "snapshot-file": to.path,
      "snapshot-node-name": to.layerId,
      format: "qcow2",
      mode: "existing",
    });
  }

  async resize(served: ServedDisk, layerId: string, sizeBytes: number): Promise<void> {
    const monitor = await this.#monitors.of(served.id, () => isAlive(served.process), answersWithinMs);
    await monitor.execute("block_resize", { "node-name": layerId, size: sizeBytes });
  }

  /** The layer that the daemon itself says the disk is in. */
  async layer(served: ServedDisk): Promise<string | undefined> {
    const monitor = await this.#monitors.of(served.id, () => isAlive(served.process), answersWithinMs);
    const exports = (await monitor.execute("query-block-exports")) as readonly { "node-name"?: string }[];
    return exports[0]?.["node-name"];
  }

  /** Lets go of the daemons without ending them. */
  close(): void {
    this.#monitors.close();
  }
}
