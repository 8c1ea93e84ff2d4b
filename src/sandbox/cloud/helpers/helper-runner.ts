import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { startNodeProgram } from "../../../host/node-program.ts";
import { makeToolDir } from "../../../host/paths.ts";
import { endProcess, identify, isAlive, type ProcessIdentity, signalProcess } from "../../../host/process-identity.ts";
import type { HostTools } from "../../../host/tools.ts";
import type { Document, Documents, Table } from "../documents.ts";
import { DiskServer, type ServedDisk } from "./disk-server.ts";

const watchMs = 250;
const stopGraceMs = 5_000;

/** The metadata that makes an instance a helper: the block service's settings. */
export const helperMetadata = "novacron-block-service";
/** The program that its startup script would install and run. */
export const blockService = new URL("../../../transfer/block-service/main.ts", import.meta.url).pathname;

export interface HelperDisk {
  /** Stays with the disk while its layers change. */
  readonly diskId: string;
  readonly layerId: string;
  /** A QCOW2 file. */
  readonly path: string;
  /** Its name among the machine's disks, as udev would link it. */
  readonly device: string;
  readonly readOnly: boolean;
}

export interface HelperMachine {
  /** Also the name of its files and sockets: letters, digits and hyphens, at most 40. */
  readonly id: string;
  /** The value of {@link helperMetadata}. */
  readonly settings: string;
  /** Where its program may listen. */
  readonly listenHost: string;
  readonly disks: readonly HelperDisk[];
}

interface Helper extends Document {
  readonly process: ProcessIdentity;
  readonly disks: readonly (HelperDisk & { readonly served: ServedDisk })[];
  readonly nextDisk: number;
}

/**
 * Runs helper instances: not as guests, but with the block service as a process of its own that sees the attached disks
 * as sockets in a folder. Like guests they outlive this process. Says when one ends by itself.
 */
export class HelperRunner {
  readonly #dir: string;
  readonly #helpers: Table<Helper>;
  readonly #server: DiskServer;
  readonly #program: string;
  readonly #onEnd: (id: string) => void;
  /** Helpers that are being started or stopped right now: their end is no news. */
  readonly #busy = new Set<string>();
  #watching: NodeJS.Timeout | undefined;

  /** `onEnd` is told once of every end that nobody asked for here. */
  constructor(
    tools: HostTools,
    folders: { dir: string; socketDir: string; program?: string },
    documents: Documents,
    onEnd: (id: string) => void,
  ) {
    this.#dir = makeToolDir(folders.dir, 0o755);
    this.#program = folders.program ?? blockService;
    this.#helpers = documents.table<Helper>("helper");
    this.#server = new DiskServer(tools, { dir: this.#dir, socketDir: folders.socketDir });
    this.#onEnd = onEnd;
  }

  /** Takes over the helpers of an earlier process; tells of those that have ended. */
  adopt(): void {
    this.#lookForEnds();
    this.#watching = setInterval(() => this.#lookForEnds(), watchMs);
    this.#watching.unref();
  }

  isRunning(id: string): boolean {
    const helper = this.#helpers.get(id);
    return helper !== undefined && isAlive(helper.process);
  }

  running(): string[] {
    return this.#helpers.where(({ process }) => isAlive(process)).map(({ id }) => id);
  }

  /** Serves the disks, then starts the program. Harmless when it runs. */
  async start(machine: HelperMachine): Promise<void> {
    const { id, settings, listenHost, disks } = machine;
    if (this.isRunning(id)) return;
    this.#busy.add(id);
    const served: Helper["disks"][number][] = [];
    try {
      const devices = this.#devices(id);
      rmSync(devices, { recursive: true, force: true });
      mkdirSync(devices, { recursive: true });
      for (const [index, disk] of disks.entries()) served.push(await this.#serve(id, index, disk));
      const process = this.#spawn(id, { settings, listenHost, devices });
      this.#helpers.put({ id, process, disks: served, nextDisk: disks.length });
    } catch (error) {
      for (const disk of served) await this.#server.stop(disk.served);
      throw error;
    } finally {
      this.#busy.delete(id);
    }
  }

  /** Asks the program to end, ends it, and lets go of its disks. Harmless when it is off. */
  async stop(id: string, graceMs = stopGraceMs): Promise<void> {
    const helper = this.#helpers.get(id);
    if (!helper) return;
    this.#busy.add(id);
    try {
      await endProcess(helper.process, { graceMs });
      await this.#forget(helper);
    } finally {
      this.#busy.delete(id);
    }
  }

  /** Plugs a disk into a running helper. */
  async attach(id: string, disk: HelperDisk): Promise<void> {
    const helper = this.#running(id);
    const served = await this.#serve(id, helper.nextDisk, disk);
    const now = this.#running(id);
    this.#helpers.put({ ...now, disks: [...now.disks, served], nextDisk: helper.nextDisk + 1 });
  }

  /** Takes a disk away, whether the program still uses it or not, as a cloud does. */
  async detach(id: string, diskId: string): Promise<void> {
    const helper = this.#running(id);
    const disk = helper.disks.find((one) => one.diskId === diskId);
    if (!disk) return;
    rmSync(join(this.#devices(id), disk.device), { force: true });
    await this.#server.stop(disk.served);
    const now = this.#helpers.get(id);
    if (now) this.#helpers.put({ ...now, disks: now.disks.filter((one) => one.diskId !== diskId) });
  }

  /** Lets disks go on in other (existing, empty) layers, one after the other. */
  async switchLayers(id: string, disks: readonly { diskId: string; layerId: string; path: string }[]): Promise<void> {
    for (const { diskId, layerId, path } of disks) {
      const disk = this.#running(id).disks.find((one) => one.diskId === diskId);
      if (!disk || disk.readOnly) continue;
      await this.#server.switchLayer(disk.served, disk.layerId, { layerId, path });
      const now = this.#running(id);
      const moved = now.disks.map((one) => (one.diskId === diskId ? { ...one, layerId, path } : one));
      this.#helpers.put({ ...now, disks: moved });
    }
  }

  /** Makes a disk larger; the program sees it when it next opens the disk. */
  async resize(id: string, diskId: string, sizeBytes: number): Promise<void> {
    const disk = this.#running(id).disks.find((one) => one.diskId === diskId);
    if (disk) await this.#server.resize(disk.served, disk.layerId, sizeBytes);
  }

  /** The layers that a running helper's disks are in now, as QEMU says: by disk. */
  async layers(id: string): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const { diskId, served } of this.#running(id).disks) {
      const layer = await this.#server.layer(served);
      if (layer !== undefined) found.set(diskId, layer);
    }
    return found;
  }

  /** What the program wrote since its last start. */
  console(id: string): Buffer {
    const file = this.#console(id);
    return existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  }

  /** Pulls the plug without telling anybody; its end is then noticed as one that nobody asked for. */
  crash(id: string): boolean {
    const helper = this.#helpers.get(id);
    return helper !== undefined && signalProcess(helper.process, "SIGKILL");
  }

  /** Removes what is left of a helper that is off for good. */
  remove(id: string): void {
    rmSync(this.#devices(id), { recursive: true, force: true });
    rmSync(this.#console(id), { force: true });
  }

  /** Lets go of the helpers without ending them. */
  close(): void {
    clearInterval(this.#watching);
    this.#server.close();
  }

  async #serve(id: string, number: number, disk: HelperDisk): Promise<Helper["disks"][number]> {
    const served = await this.#server.start(`${id}-${number}`, disk);
    const link = join(this.#devices(id), disk.device);
    rmSync(link, { force: true });
    symlinkSync(served.socket, link);
    return { ...disk, served };
  }

  #spawn(
    id: string,
    { settings, listenHost, devices }: { settings: string; listenHost: string; devices: string },
  ): ProcessIdentity {
    const env = { NOVACRON_BLOCK_SERVICE: settings, NOVACRON_LISTEN_HOST: listenHost, NOVACRON_DEVICES: devices };
    const child = startNodeProgram(this.#program, { env, logFile: this.#console(id) });
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (!identity) throw new Error(`the helper ${id} ended at once`);
    return identity;
  }

  #lookForEnds(): void {
    for (const helper of this.#helpers.where(({ id, process }) => !this.#busy.has(id) && !isAlive(process))) {
      this.#busy.add(helper.id);
      void this.#forget(helper).finally(() => {
        this.#busy.delete(helper.id);
        this.#onEnd(helper.id);
      });
    }
  }

  async #forget(helper: Helper): Promise<void> {
    const { id } = helper;
    for (const { served } of this.#helpers.get(id)?.disks ?? helper.disks) await this.#server.stop(served);
    rmSync(this.#devices(id), { recursive: true, force: true });
    this.#helpers.delete(id);
  }

  #running(id: string): Helper {
    const helper = this.#helpers.get(id);
    if (!helper || !isAlive(helper.process)) throw new Error(`the helper ${id} is not running`);
    return helper;
  }

  #devices(id: string): string {
    return join(this.#dir, id);
  }

  #console(id: string): string {
    return join(this.#dir, `${id}.console`);
  }
}
