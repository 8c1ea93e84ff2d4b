import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../../../domain/errors.ts";
import { makeToolDir } from "../../../host/paths.ts";
import { endProcess, identify, isAlive, type ProcessIdentity, signalProcess } from "../../../host/process-identity.ts";
import type { HostTools } from "../../../host/tools.ts";
import type { Document, Documents, Table } from "../documents.ts";
import {
  blockdev,
  commandLine,
  diskDevice,
  type Forward,
  forwardRule,
  type GuestDisk,
  type GuestSpec,
} from "./command-line.ts";
import { guestFiles, tail } from "./guest-files.ts";
import { Monitors } from "./monitors.ts";
import type { Qmp } from "./qmp.ts";
import { freeSlot, opened, slotOf } from "./slots.ts";
import { blockLayers, blockUsage, cpuSecondsOf, type GuestUsage } from "./usage.ts";

interface Guest extends Document {
  readonly spec: GuestSpec;
  readonly process: ProcessIdentity;
  /** Slot → disk attached while it runs. */
  readonly slots: Readonly<Record<string, string>>;
}

const answersWithinMs = 20_000;
const detachWithinMs = 20_000;
const watchMs = 500;
const pollMs = 25;

/**
 * Runs the machines of a simulated cloud as QEMU processes. They outlive this process: a later one adopts what still
 * runs. Says when one ends by itself.
 */
export class GuestRunner {
  readonly #tools: HostTools;
  readonly #dir: string;
  readonly #guests: Table<Guest>;
  readonly #monitors: Monitors;
  readonly #onEnd: (guestId: string) => void;
  /** Guests that are being started or stopped right now: their end is no news. */
  readonly #busy = new Set<string>();
  #watching: NodeJS.Timeout | undefined;

  /** `socketDir` must have a short path. `onEnd` is told once of every end that nobody asked for here. */
  constructor(
    tools: HostTools,
    folders: { dir: string; socketDir: string },
    documents: Documents,
    onEnd: (guestId: string) => void,
  ) {
    this.#tools = tools;
    this.#dir = makeToolDir(folders.dir, 0o755);
    this.#monitors = new Monitors(folders.socketDir);
    this.#guests = documents.table<Guest>("guest");
    this.#onEnd = onEnd;
  }

  /** Takes over the guests of an earlier process; tells of those that have ended. */
  adopt(): void {
    this.#lookForEnds();
    this.#watching = setInterval(() => this.#lookForEnds(), watchMs);
    this.#watching.unref();
  }

  isRunning(guestId: string): boolean {
    const guest = this.#guests.get(guestId);
    return guest !== undefined && isAlive(guest.process);
  }

  running(): string[] {
    return this.#guests.where(({ process }) => isAlive(process)).map(({ id }) => id);
  }

  spec(guestId: string): GuestSpec | undefined {
    return this.#guests.get(guestId)?.spec;
  }

  /**
   * Starts the machine; returns when QEMU runs it, with the forwards that this machine did not allow and why. Harmless
   * when it runs.
   * @throws ProviderError Unavailable with QEMU's words.
   */
  async start(spec: GuestSpec): Promise<readonly string[]> {
    if (this.isRunning(spec.id)) return [];
    this.#busy.add(spec.id);
    try {
      return await this.#start(spec);
    } finally {
      this.#busy.delete(spec.id);
    }
  }

  async #start(spec: GuestSpec): Promise<readonly string[]> {
    const files = guestFiles(this.#tools, spec, this.#dir, this.#monitors.socket(spec.id));
    const logFile = join(this.#dir, `${spec.id}.log`);
    rmSync(logFile, { force: true });
    // Forwards come afterwards, one by one: QEMU would not start at all over a port that is taken or needs privileges.
    const wanted = spec.nic?.forwards ?? [];
    const closed = spec.nic ? { ...spec, nic: { ...spec.nic, forwards: [] } } : spec;
    const child = this.#tools.start("qemu-system-x86_64", commandLine(closed, files), { logFile });
    const process = child.pid === undefined ? undefined : identify(child.pid);
    if (!process) throw this.#failure("start a guest", spec.id, tail(logFile) || "QEMU ended at once");
    this.#guests.put({ id: spec.id, spec: { ...closed, disks: spec.disks.map(opened) }, process, slots: {} });
    try {
      await this.#monitor(spec.id, answersWithinMs);
    } catch (error) {
      await endProcess(process, { graceMs: 0 });
      this.#guests.delete(spec.id);
      throw this.#failure("start a guest", spec.id, tail(logFile) || (error as Error).message);
    }
    return this.setForwards(spec.id, wanted);
  }

  /** Presses the power button, and pulls the plug after `graceMs`. Harmless when it is off. */
  async stop(guestId: string, graceMs: number): Promise<{ forced: boolean }> {
    const guest = this.#guests.get(guestId);
    if (!guest) return { forced: false };
    this.#busy.add(guestId);
    const monitor = await this.#monitor(guestId, 1_000).catch(() => undefined);
    if (graceMs > 0) await monitor?.execute("system_powerdown").catch(() => undefined);
    for (const deadline = Date.now() + graceMs; isAlive(guest.process) && Date.now() < deadline; ) await sleep(pollMs);
    const forced = isAlive(guest.process);
    await endProcess(guest.process, { signal: "SIGKILL", graceMs: 1_000 });
    // Another call may have ended it first, and it may run again by now: as another process.
    if (this.#guests.get(guestId)?.process.pid === guest.process.pid) this.#forget(guestId);
    this.#busy.delete(guestId);
    return { forced };
  }

  /** Pulls the plug without telling anybody; its end is then noticed as one that nobody asked for. */
  crash(guestId: string): boolean {
    const guest = this.#guests.get(guestId);
    return guest !== undefined && signalProcess(guest.process, "SIGKILL");
  }

  /** The reset button. */
  async reset(guestId: string): Promise<void> {
    await (await this.#monitor(guestId)).execute("system_reset");
  }

  /** Plugs a disk into a running guest. @throws ProviderError QuotaExceeded when no slot is free. */
  async attach(guestId: string, disk: GuestDisk): Promise<void> {
    const guest = this.#running(guestId);
    const { slot, bus } = freeSlot(guest, disk);
    const monitor = await this.#monitor(guestId);
    await monitor.execute("blockdev-add", blockdev(disk));
    try {
      await monitor.execute("device_add", { ...diskDevice(disk), ...bus });
    } catch (error) {
      await monitor.execute("blockdev-del", { "node-name": disk.layerId });
      throw error;
    }
    const spec = { ...guest.spec, disks: [...guest.spec.disks, opened(disk)] };
    this.#guests.put({ ...guest, spec, slots: { ...guest.slots, [slot]: disk.diskId } });
  }

  /** Asks the guest to let go of a disk. False when it did not within 20 s, or can't (it was there from the
   *  start, and is no SCSI disk). */
  async detach(guestId: string, diskId: string): Promise<boolean> {
    const guest = this.#running(guestId);
    const disk = guest.spec.disks.find((candidate) => candidate.diskId === diskId);
    const slot = disk && slotOf(guest, disk);
    if (slot === undefined || !disk) return false;
    const monitor = await this.#monitor(guestId);
    const gone = monitor.event((event, data) => event === "DEVICE_DELETED" && data.device === diskId, detachWithinMs);
    await monitor.execute("device_del", { id: diskId });
    if (!(await gone)) return false;
    // Layers that came on top are gone with the device.
    await monitor.execute("blockdev-del", { "node-name": disk.node ?? disk.layerId });
    const { [slot]: _, ...slots } = guest.slots;
    const spec = { ...guest.spec, disks: guest.spec.disks.filter((other) => other.diskId !== diskId) };
    this.#guests.put({ ...guest, spec, slots });
    return true;
  }

  /** Lets the guest's disks go on in other (existing, empty) overlays, all at the same moment: what they were written in
   *  so far is a consistent point, as after a power cut. */
  async switchLayers(
    guestId: string,
    disks: readonly { diskId: string; layerId: string; path: string }[],
  ): Promise<void> {
    const guest = this.#running(guestId);
    const actions = disks.map(({ diskId, layerId, path }) => ({
      type: "blockdev-snapshot-sync",
      data: {
        "node-name": guest.spec.disks.find((disk) => disk.diskId === diskId)?.layerId,
        "snapshot-file": path,
        "snapshot-node-name": layerId,
        format: "qcow2",
        mode: "existing",
      },
    }));
    await (await this.#monitor(guestId)).execute("transaction", { actions });
    const moved = new Map(disks.map((disk) => [disk.diskId, disk]));
    const now = guest.spec.disks.map((disk) => ({ ...disk, ...moved.get(disk.diskId) }));
    this.#guests.put({ ...guest, spec: { ...guest.spec, disks: now } });
  }

  /** Makes a disk larger, where its controller lets the guest know (SCSI, virtio-blk). */
  async resize(guestId: string, diskId: string, sizeBytes: number): Promise<void> {
    const layerId = this.#running(guestId).spec.disks.find((one) => one.diskId === diskId)?.layerId;
    await (await this.#monitor(guestId)).execute("block_resize", { "node-name": layerId, size: sizeBytes });
  }

  /** The layers a running guest writes now, as QEMU itself says: by disk. */
  async layers(guestId: string): Promise<ReadonlyMap<string, string>> {
    return blockLayers(await (await this.#monitor(guestId)).execute("query-block"));
  }

  /** Runs a line of the human monitor of a guest's QEMU. Its answer is empty when all went well. */
  async human(guestId: string, line: string): Promise<string> {
    return (await this.#monitor(guestId)).human(line);
  }

  /** Changes which ports lead to the running guest. Returns those that this machine did not allow, with the reason. */
  async setForwards(guestId: string, forwards: readonly Forward[]): Promise<readonly string[]> {
    const guest = this.#running(guestId);
    const { nic } = guest.spec;
    if (!nic) return [];
    const monitor = await this.#monitor(guestId);
    const [before, wanted] = [nic.forwards.map(forwardRule), forwards.map(forwardRule)];
    const refused: string[] = [];
    for (const rule of before.filter((known) => !wanted.includes(known)))
      await monitor.human(`hostfwd_remove net0 ${rule.replace(/-:\d+$/, "")}`);
    for (const rule of wanted.filter((added) => !before.includes(added))) {
      const complaint = await monitor.human(`hostfwd_add net0 ${rule}`);
      if (complaint) refused.push(`${rule}: ${complaint}`);
    }
    const kept = forwards.filter((forward) => !refused.some((line) => line.startsWith(`${forwardRule(forward)}: `)));
    this.#guests.put({ ...guest, spec: { ...guest.spec, nic: { ...nic, forwards: kept } } });
    return refused;
  }

  async usage(guestId: string): Promise<GuestUsage> {
    const { process } = this.#running(guestId);
    const blocks = await (await this.#monitor(guestId)).execute("query-blockstats");
    return { at: Date.now(), cpuSeconds: cpuSecondsOf(process.pid), ...blockUsage(blocks) };
  }

  /** What the guest wrote on its serial console since its last start. */
  console(guestId: string): Buffer {
    const file = join(this.#dir, `${guestId}.console`);
    return existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  }

  /** Removes what is left of a guest that is off for good. */
  remove(guestId: string): void {
    this.#forget(guestId);
    for (const ending of ["console", "log", "vars"]) rmSync(join(this.#dir, `${guestId}.${ending}`), { force: true });
  }

  /** Lets go of the guests without ending them. */
  close(): void {
    clearInterval(this.#watching);
    this.#monitors.close();
  }

  #lookForEnds(): void {
    for (const { id } of this.#guests.where((guest) => !this.#busy.has(guest.id) && !isAlive(guest.process))) {
      this.#forget(id);
      this.#onEnd(id);
    }
  }

  #forget(guestId: string): void {
    this.#monitors.forget(guestId);
    this.#guests.delete(guestId);
  }

  #running(guestId: string): Guest {
    const guest = this.#guests.get(guestId);
    if (guest && isAlive(guest.process)) return guest;
    throw this.#failure("reach a guest", guestId, "it is not running");
  }

  #monitor(guestId: string, withinMs = answersWithinMs): Promise<Qmp> {
    return this.#monitors.of(guestId, () => this.isRunning(guestId), withinMs);
  }

  #failure(operation: string, resource: string, reason: string): ProviderError {
    return new ProviderError("Unavailable", {
      operation,
      resource,
      reason,
      action: "Read the guest's log in the instance's folder.",
    });
  }
}
