import type { GuestDisk } from "../../cloud/guests/command-line.ts";
import { type HelperDisk, helperMetadata } from "../../cloud/helpers/helper-runner.ts";
import type { GcpCloud } from "../cloud.ts";
import { OperationError } from "../errors.ts";
import type { AttachedDisk, Disk, Instance } from "../state.ts";
import { unusedAddress } from "./addresses.ts";
import { forwardsOf, guestNic } from "./machine-network.ts";
import { machineTypeNamed } from "./machine-types.ts";
import { type DiskHolders, GiB, type PersistentDisks } from "./persistent-disks.ts";

/** Nobody is told of this address. */
const nowhere = "127.84.255.255";

/** What stands behind instances: guests, or for helper instances the block service. */
export class Machines implements DiskHolders {
  readonly #cloud: GcpCloud;
  readonly #disks: PersistentDisks;

  constructor(cloud: GcpCloud, disks: PersistentDisks) {
    this.#cloud = cloud;
    this.#disks = disks;
    cloud.onMachineEnd = (machineId) => this.#ended(machineId);
    disks.holders = this;
  }

  isRunning(instance: Instance): boolean {
    return this.#runner(instance).isRunning(machineId(instance));
  }

  /** Starts the machine; the instance is then RUNNING, unless it is stopped or deleted meanwhile. Harmless when it runs.
   *  @throws OperationError. */
  async start(instanceId: string): Promise<void> {
    const { tables } = this.#cloud;
    const instance = this.#lendAddresses(instanceId);
    if (!instance) return;
    try {
      const unforwarded = await this.#run(instance);
      if (tables.instances.get(instanceId)?.status !== "STAGING") {
        // Whoever stopped it may have found nothing to end yet.
        await this.#runner(instance).stop(machineId(instance), 0);
        if (!tables.instances.has(instanceId)) this.forget(instance);
        return;
      }
      tables.instances.change(instanceId, {
        status: "RUNNING",
        lastStartAt: Date.now(),
        resume: undefined,
        unforwarded,
      });
    } catch (error) {
      if (!tables.instances.has(instanceId)) return;
      this.#cloud.log("A machine did not start", { instanceId, error });
      this.#toTerminated(instanceId);
      throw new OperationError("INTERNAL_ERROR", `Internal error. (simulated: ${(error as Error).message})`, 500);
    }
  }

  /** Returns the ports that were not forwarded, with the reason. */
  async #run(instance: Instance): Promise<readonly string[]> {
    const { settings, guests, helpers } = this.#cloud;
    for (const { diskId } of instance.disks) await this.#disks.grow(this.#disk(diskId));
    const type = machineTypeNamed(instance.machineType);
    if (type?.architecture === "ARM64") throw new Error("only x86-64 guests are run here");
    const id = machineId(instance);
    const { forwards, refused } = forwardsOf(this.#cloud, instance);
    if (isHelper(instance)) {
      const listenHost = forwards[0]?.address ?? nowhere;
      const disks = instance.disks.filter(({ boot }) => !boot).map((disk) => this.#helperDisk(disk));
      await helpers.start({ id, settings: instance.metadata[helperMetadata] ?? "", listenHost, disks });
      return refused;
    }
    const unforwarded = await guests.start({
      id,
      cpus: Math.min(type?.cpus ?? 1, settings.guestCpus),
      memoryMib: Math.min(type?.memoryMb ?? 1024, settings.guestMemoryMib),
      firmware: this.#bootsByUefi(instance) ? "uefi" : "bios",
      disks: instance.disks.map((disk) => this.#guestDisk(disk)),
      ...guestNic(this.#cloud, instance, forwards),
      system: { manufacturer: "Google (simulated)", product: "Google Compute Engine", serial: instance.numericId },
    });
    return [...refused, ...unforwarded];
  }

  /** Powers the machine off; the instance is then TERMINATED. */
  async stop(instanceId: string, graceMs = this.#cloud.settings.stopGraceMs): Promise<void> {
    const instance = this.#cloud.tables.instances.get(instanceId);
    if (!instance) return;
    await this.#runner(instance).stop(machineId(instance), graceMs);
    this.#toTerminated(instanceId);
  }

  /** The reset button. */
  async reset(instance: Instance): Promise<void> {
    const id = machineId(instance);
    if (!isHelper(instance)) return this.#cloud.guests.reset(id);
    await this.#cloud.helpers.stop(id);
    await this.start(instance.id);
  }

  /** Plugs a disk that is noted with its instance into the machine, if that runs. */
  async plug(instance: Instance, disk: AttachedDisk): Promise<void> {
    if (!this.isRunning(instance)) return;
    const id = machineId(instance);
    if (isHelper(instance)) return this.#cloud.helpers.attach(id, this.#helperDisk(disk));
    const guestDisk = this.#guestDisk(disk);
    const present = this.#cloud.guests.spec(id)?.disks.some(({ diskId }) => diskId === guestDisk.diskId);
    if (!present) await this.#cloud.guests.attach(id, guestDisk);
  }

  /** Takes a disk out of the machine, if that runs. @throws OperationError when the guest holds on to it. */
  async unplug(instance: Instance, disk: AttachedDisk): Promise<void> {
    if (!this.isRunning(instance)) return;
    const id = machineId(instance);
    const diskId = deviceId(this.#disk(disk.diskId));
    if (isHelper(instance)) return this.#cloud.helpers.detach(id, diskId);
    if (await this.#cloud.guests.detach(id, diskId)) return;
    throw new OperationError("RESOURCE_NOT_READY", `The guest did not let go of '${disk.deviceName}' (simulated)`);
  }

  /** Makes a disk larger under the machine that writes it, if one runs. */
  async resize(disk: Disk): Promise<void> {
    const instance = this.#runningWith(disk);
    if (!instance) return this.#disks.grow(disk);
    await this.#runner(instance).resize(machineId(instance), deviceId(disk), disk.sizeGb * GiB);
    this.#cloud.disks.grown(disk.layerId, disk.sizeGb * GiB);
  }

  console(instance: Instance): Buffer {
    return this.#runner(instance).console(machineId(instance));
  }

  /** Pulls an instance's plug, as a failing host would. */
  crash(instanceId: string): boolean {
    const instance = this.#cloud.tables.instances.get(instanceId);
    return instance !== undefined && this.#runner(instance).crash(machineId(instance));
  }

  /** Removes what is left of a machine that is off for good. */
  forget(instance: Instance): void {
    this.#runner(instance).remove(machineId(instance));
  }

  /** Lends a running instance the addresses that it wants by now, and moves its ports there. */
  relend(instanceId: string): void {
    const instance = this.#cloud.tables.instances.get(instanceId);
    if (!instance) return;
    this.#cloud.tables.instances.put(this.#withAddresses(instance));
    this.refresh(({ id }) => id === instanceId);
  }

  /** Opens and closes ports after a change of a firewall rule or of an instance's tags. Helpers keep theirs. */
  refresh(affected: (instance: Instance) => boolean): void {
    const { tables, guests } = this.#cloud;
    for (const instance of tables.instances.where((one) => one.status === "RUNNING" && affected(one))) {
      const id = machineId(instance);
      this.#cloud.inBackground(`forward ports of ${instance.id}`, async () => {
        if (!guests.isRunning(id)) return;
        const { forwards, refused } = forwardsOf(this.#cloud, instance);
        const unforwarded = [...refused, ...(await guests.setForwards(id, forwards))];
        tables.instances.change(instance.id, { unforwarded });
      });
    }
  }

  usersOf(diskId: string): string[] {
    return this.#cloud.tables.instances
      .where(({ disks }) => disks.some((disk) => disk.diskId === diskId))
      .map(({ id }) => id);
  }

  async switchLayer(disk: Disk, layerId: string): Promise<void> {
    const instance = this.#runningWith(disk);
    if (!instance) return;
    const to = { diskId: deviceId(disk), layerId, path: this.#cloud.disks.path(layerId) };
    await this.#runner(instance).switchLayers(machineId(instance), [to]);
  }

  async liveLayer(disk: Disk): Promise<string | undefined> {
    const instance = this.#runningWith(disk);
    return instance && (await this.#runner(instance).layers(machineId(instance))).get(deviceId(disk));
  }

  /** Powers all machines off before the sandbox ends, and notes which are to run again. */
  async suspendAll(): Promise<void> {
    const { tables, guests, helpers, settings } = this.#cloud;
    const graceMs = Math.min(settings.stopGraceMs, 8_000);
    for (const { id } of tables.instances.where((one) => one.status === "RUNNING" && this.isRunning(one)))
      tables.instances.change(id, { resume: true });
    await Promise.all([
      ...guests.running().map((id) => guests.stop(id, graceMs)),
      ...helpers.running().map((id) => helpers.stop(id)),
    ]);
  }

  /** Starts again what ran when an earlier sandbox ended. */
  resume(): void {
    const { tables } = this.#cloud;
    for (const { id } of tables.instances.where((one) => one.resume === true && !this.isRunning(one))) {
      this.#cloud.inBackground(`start ${id}`, () => this.start(id));
    }
  }

  #runner(instance: Instance) {
    return isHelper(instance) ? this.#cloud.helpers : this.#cloud.guests;
  }

  /** The running instance that writes a disk. */
  #runningWith(disk: Disk): Instance | undefined {
    return this.#cloud.tables.instances.find(
      (one) => one.disks.some(({ diskId, mode }) => diskId === disk.id && mode === "READ_WRITE") && this.isRunning(one),
    );
  }

  #disk(diskId: string): Disk {
    const disk = this.#cloud.tables.disks.get(diskId);
    if (!disk) throw new Error(`there is no disk ${diskId}`);
    return disk;
  }

  /** Persistent disks are SCSI disks whose serial number is the device name:
   *  https://cloud.google.com/compute/docs/disks/disk-symlinks */
  #guestDisk({ diskId, deviceName, mode }: AttachedDisk): GuestDisk {
    const disk = this.#disk(diskId);
    const path = this.#cloud.disks.path(disk.layerId);
    const serial = deviceName.slice(0, 36);
    const { layerId } = disk;
    const readOnly = mode === "READ_ONLY";
    return { diskId: deviceId(disk), layerId, path, controller: "virtio-scsi", serial, readOnly };
  }

  #helperDisk({ diskId, deviceName, mode }: AttachedDisk): HelperDisk {
    const disk = this.#disk(diskId);
    const { layerId } = disk;
    const [path, device] = [this.#cloud.disks.path(layerId), `google-${deviceName}`];
    return { diskId: deviceId(disk), layerId, path, device, readOnly: mode === "READ_ONLY" };
  }

  #bootsByUefi({ disks }: Instance): boolean {
    const boot = disks.find((disk) => disk.boot);
    return boot !== undefined && this.#disk(boot.diskId).guestOsFeatures.includes("UEFI_COMPATIBLE");
  }

  /** External addresses that are not reserved are lent while the instance runs. Undefined when it is to end. */
  #lendAddresses(instanceId: string): Instance | undefined {
    const { tables } = this.#cloud;
    const instance = tables.instances.get(instanceId);
    if (!instance || instance.status === "STOPPING") return undefined;
    return tables.instances.put({ ...this.#withAddresses(instance), status: "STAGING" });
  }

  #withAddresses(instance: Instance): Instance {
    const nics = instance.nics.map((nic) =>
      nic.access && nic.access.natIp === undefined
        ? { ...nic, access: { ...nic.access, natIp: unusedAddress(this.#cloud, "lent") } }
        : nic,
    );
    return { ...instance, nics };
  }

  #toTerminated(instanceId: string): void {
    const { tables } = this.#cloud;
    const instance = tables.instances.get(instanceId);
    if (!instance) return;
    const nics = instance.nics.map((nic) =>
      nic.access && nic.access.addressId === undefined
        ? { ...nic, access: { name: nic.access.name, tier: nic.access.tier } }
        : nic,
    );
    tables.instances.put({ ...instance, nics, status: "TERMINATED", lastStopAt: Date.now(), unforwarded: [] });
  }

  /** The guest powered itself off, or its host failed: https://cloud.google.com/compute/docs/instances/instance-life-cycle */
  #ended(ended: string): void {
    const instance = this.#cloud.tables.instances.find((one) => machineId(one) === ended);
    if (instance?.status === "RUNNING" && !instance.resume) this.#toTerminated(instance.id);
  }
}

export function isHelper({ metadata }: Instance): boolean {
  return helperMetadata in metadata;
}

/** Short, and the same for the instance's whole life. */
export function machineId({ numericId }: Instance): string {
  return `i${numericId}`;
}

function deviceId({ numericId }: Disk): string {
  return `d${numericId}`;
}
