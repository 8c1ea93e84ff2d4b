import { createHash, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../domain/errors.ts";
import type { HostTools } from "../host/tools.ts";
import { NbdBlockSink } from "../transfer/nbd/block-sink.ts";
import { NbdBlockSource } from "../transfer/nbd/block-source.ts";
import type { Guests } from "./guests.ts";
import type { LibvirtHost } from "./libvirt-host.ts";
import type { CreatedVm, DataVmInput, GuestInput, SandboxSite } from "./site.ts";

const serveWithinMs = 15_000;
const pollMs = 20;
const readBytes = 2 ** 20;

/** A private libvirt host with the VMs that the sandbox makes on it. */
export class LibvirtSite implements SandboxSite {
  readonly type = "libvirt";
  readonly #host: LibvirtHost;
  readonly #guests: Guests;
  readonly #tools: HostTools;
  readonly #index: number;
  readonly #warn: (message: string, facts: object) => void;
  #served = 0;

  constructor(parts: {
    host: LibvirtHost;
    guests: Guests;
    tools: HostTools;
    index: number;
    warn: (message: string, facts: object) => void;
  }) {
    this.#host = parts.host;
    this.#guests = parts.guests;
    this.#tools = parts.tools;
    this.#index = parts.index;
    this.#warn = parts.warn;
  }

  get site(): string {
    return this.#host.site;
  }

  get storagePath(): string {
    return this.#host.storagePath;
  }

  get uri(): string {
    return this.#host.uri;
  }

  /** Also starts the guests that ran when it was last stopped. */
  async start(): Promise<void> {
    await this.#host.start(this.#index);
    for (const vmId of this.#host.takeResumable()) {
      await this.#guests
        .start(this.#host, vmId)
        .catch((error: unknown) => this.#warn("A guest did not start again", { error, vmId }));
    }
  }

  stop(): Promise<void> {
    return this.#host.stop();
  }

  createGuest(input: GuestInput): Promise<CreatedVm> {
    return this.#guests.createGuest(this.#host, input);
  }

  createDataVm(input: DataVmInput): Promise<CreatedVm> {
    return this.#guests.createDataVm(this.#host, input);
  }

  remove(vmId: string): Promise<void> {
    return this.#guests.remove(this.#host, vmId);
  }

  async write(vmId: string, disk: number, offset: number, length: number): Promise<void> {
    const path = (await this.#guests.diskPaths(this.#host, vmId))[disk];
    if (path === undefined) throw this.#failure("NotFound", `${vmId}/disk ${disk}`, "it is not there");
    await this.#serve(path, [], NbdBlockSink.open, async (sink) => {
      await sink.write(offset, randomBytes(length));
      await sink.flush();
    });
  }

  async digests(vmId: string): Promise<string[]> {
    const digests = [];
    for (const path of await this.#guests.diskPaths(this.#host, vmId)) {
      digests.push(await this.#serve(path, ["--read-only"], NbdBlockSource.open, digestOf));
    }
    return digests;
  }

  async #serve<S extends { close(): Promise<void> }, T>(
    path: string,
    more: readonly string[],
    open: (address: { path: string; exportName: string; connections: number }) => Promise<S>,
    work: (opened: S) => Promise<T>,
  ): Promise<T> {
    const socketPath = join(this.#host.socketDir, `d${++this.#served}.sock`);
    const args = ["--persistent", `--socket=${socketPath}`, "--format=qcow2", ...more, path];
    const logFile = join(this.#host.logDir, "qemu-nbd.log");
    const server = this.#tools.start("qemu-nbd", args, { logFile });
    const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
    try {
      for (const deadline = Date.now() + serveWithinMs; ; ) {
        const opened = await open({ path: socketPath, exportName: "", connections: 1 }).catch(() => undefined);
        if (opened) {
          try {
            return await work(opened);
          } finally {
            await opened.close();
          }
        }
        if (server.exitCode !== null || Date.now() > deadline) {
          throw this.#failure("Unavailable", path, `it can't be opened (${logFile} tells more)`);
        }
        await sleep(pollMs);
      }
    } finally {
      server.kill();
      await ended;
      rmSync(socketPath, { force: true });
    }
  }

  #failure(code: "NotFound" | "Unavailable", what: string, reason: string): ProviderError {
    return new ProviderError(code, {
      operation: "use a VM's disk",
      resource: `${this.site}/${what}`,
      reason,
      action: "Name a disk of a stopped VM.",
    });
  }
}

async function digestOf(source: NbdBlockSource): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < source.sizeBytes; at += readBytes) {
    const bytes = new Uint8Array(Math.min(readBytes, source.sizeBytes - at));
    await source.read(at, bytes);
    hash.update(bytes);
  }
  return hash.digest("hex");
}
