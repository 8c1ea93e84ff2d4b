import type { GuestDisk } from "../cloud/guests/command-line.ts";
import { formatAddress, parseCidr } from "../cloud/ipv4.ts";
import type { BlockVolumes, VolumeHolders } from "./block-volumes.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { openPorts } from "./firewalls.ts";
import { sizes } from "./places.ts";
import type { Droplet, Volume } from "./state.ts";

/** What a helper droplet is told: the script in its user data sets this and runs the block service. */
const helperLine = /^NOVACRON_BLOCK_SERVICE='(.+)'$/m;
/** Nobody is told of this address. */
const nowhere = "127.88.255.255";
const suspendGraceMs = 8_000;

/** What stands behind droplets: guests, or for helper droplets the block service. */
export class Machines implements VolumeHolders {
  readonly #cloud: DigitalOceanCloud;

  constructor(cloud: DigitalOceanCloud, volumes: BlockVolumes) {
    this.#cloud = cloud;
    cloud.onMachineEnd = (machineId) => this.#ended(machineId);
    volumes.holders = this;
  }

  isRunning(droplet: Droplet): boolean {
    return this.#runner(droplet).isRunning(machineId(droplet));
  }

  /** Starts the machine; the droplet is then active, unless it is gone meanwhile. Harmless when it runs. */
  async start(dropletId: string): Promise<void> {
    const { tables } = this.#cloud;
    const droplet = tables.droplets.get(dropletId);
    if (!droplet) return;
    const unforwarded = await this.#run(droplet);
    if (tables.droplets.change(dropletId, { status: "active", resume: undefined, unforwarded })) return;
    await this.#runner(droplet).stop(machineId(droplet), 0);
    this.forget(droplet);
  }

  /** Returns the ports that were not forwarded, with the reason. */
  async #run(droplet: Droplet): Promise<readonly string[]> {
    const { settings, guests, helpers, tables } = this.#cloud;
    const id = machineId(droplet);
    const volumes = droplet.volumeIds.map((volumeId) => this.#volume(volumeId));
    const told = helperSettings(droplet);
    if (told !== undefined) {
      const disks = volumes.map((volume) => ({ ...this.#place(volume), device: linkOf(volume), readOnly: false }));
      await helpers.start({ id, settings: told, listenHost: droplet.publicIp ?? nowhere, disks });
      return [];
    }
    const size = sizes.find(({ slug }) => slug === droplet.size);
    const { forwards, refused } = this.#forwards(droplet);
    const vpc = tables.vpcs.get(droplet.vpcId);
    const base = parseCidr(vpc?.ipRange ?? "")?.base ?? 0;
    const tail = droplet.privateIp.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
    const own: GuestDisk = {
      diskId: `own-${droplet.id}`,
      layerId: droplet.layerId,
      path: this.#cloud.disks.path(droplet.layerId),
      controller: "virtio-blk",
      serial: "",
    };
    const unforwarded = await guests.start({
      id,
      cpus: Math.min(size?.vcpus ?? 1, settings.guestCpus),
      memoryMib: Math.min(size?.memory ?? 1_024, settings.guestMemoryMib),
      firmware: "bios",
      // Its own disk is at virtio-blk, volumes are SCSI disks: https://docs.digitalocean.com/products/volumes/how-to/mount/
      disks: [own, ...volumes.map((volume) => this.#guestDisk(volume))],
      nic: {
        mac: `02:01:${tail.join(":")}`,
        subnet: vpc?.ipRange ?? "10.108.0.0/20",
        router: formatAddress(base + 1),
        nameServer: formatAddress(base + 3),
        address: droplet.privateIp,
        forwards,
        isolated: droplet.publicIp === undefined,
      },
      system: { manufacturer: "DigitalOcean (simulated)", product: "Droplet", serial: droplet.id },
    });
    return [...refused, ...unforwarded];
  }

  /** Powers the machine off; the droplet is then off. */
  async stop(dropletId: string, graceMs: number): Promise<{ forced: boolean }> {
    const droplet = this.#cloud.tables.droplets.get(dropletId);
    if (!droplet) return { forced: false };
    const ended = await this.#runner(droplet).stop(machineId(droplet), graceMs);
    this.#cloud.tables.droplets.change(dropletId, { status: "off", unforwarded: [] });
    return ended ?? { forced: false };
  }

  /** Presses the power button only. Whether the machine was off in time. */
  async askToStop(dropletId: string, withinMs: number): Promise<boolean> {
    const droplet = this.#cloud.tables.droplets.get(dropletId);
    if (!droplet) return true;
    if (helperSettings(droplet) === undefined) {
      await this.#cloud.guests.human(machineId(droplet), "system_powerdown").catch(() => undefined);
    }
    for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
      if (!this.isRunning(droplet)) {
        this.#cloud.tables.droplets.change(dropletId, { status: "off", unforwarded: [] });
        return true;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(50, withinMs)));
    }
    return false;
  }

  async reset(droplet: Droplet): Promise<void> {
    const id = machineId(droplet);
    if (helperSettings(droplet) === undefined) return this.#cloud.guests.reset(id);
    await this.#cloud.helpers.stop(id);
    await this.start(droplet.id);
  }

  async plug(droplet: Droplet, volume: Volume): Promise<void> {
    if (!this.isRunning(droplet)) return;
    const id = machineId(droplet);
    if (helperSettings(droplet) === undefined) return this.#cloud.guests.attach(id, this.#guestDisk(volume));
    await this.#cloud.helpers.attach(id, { ...this.#place(volume), device: linkOf(volume), readOnly: false });
  }

  /** False when the guest holds on to it. */
  async unplug(droplet: Droplet, volume: Volume): Promise<boolean> {
    if (!this.isRunning(droplet)) return true;
    const id = machineId(droplet);
    if (helperSettings(droplet) === undefined) return this.#cloud.guests.detach(id, deviceId(volume));
    await this.#cloud.helpers.detach(id, deviceId(volume));
    return true;
  }

  /** Pulls a droplet's plug, as a failing host would. */
  crash(dropletId: string): boolean {
    const droplet = this.#cloud.tables.droplets.get(dropletId);
    return droplet !== undefined && this.#runner(droplet).crash(machineId(droplet));
  }

  /** Removes what is left of a machine that is off for good. */
  forget(droplet: Droplet): void {
    this.#runner(droplet).remove(machineId(droplet));
  }

  /** Opens and closes ports after a change of firewalls, tags or addresses. Helpers keep theirs. */
  refresh(): void {
    const { tables, guests } = this.#cloud;
    for (const droplet of tables.droplets.where(({ status }) => status === "active")) {
      const id = machineId(droplet);
      this.#cloud.inBackground(`forward ports of ${droplet.id}`, async () => {
        if (!guests.isRunning(id)) return;
        const { forwards, refused } = this.#forwards(droplet);
        const unforwarded = [...refused, ...(await guests.setForwards(id, forwards))];
        tables.droplets.change(droplet.id, { unforwarded });
      });
    }
  }

  async switchLayer(volume: Volume, layerId: string): Promise<void> {
    const droplet = this.#runningWith(volume);
    if (!droplet) return;
    const to = { diskId: deviceId(volume), layerId, path: this.#cloud.disks.path(layerId) };
    await this.#runner(droplet).switchLayers(machineId(droplet), [to]);
  }

  async liveLayer(volume: Volume): Promise<string | undefined> {
    const droplet = this.#runningWith(volume);
    return droplet && (await this.#runner(droplet).layers(machineId(droplet))).get(deviceId(volume));
  }

  async resizeLive(volume: Volume, sizeBytes: number): Promise<boolean> {
    const droplet = this.#runningWith(volume);
    if (!droplet) return false;
    await this.#runner(droplet).resize(machineId(droplet), deviceId(volume), sizeBytes);
    return true;
  }

  /** Powers all machines off before the sandbox ends, and notes which are to run again. */
  async suspendAll(): Promise<void> {
    const { tables, guests, helpers, settings } = this.#cloud;
    const graceMs = Math.min(settings.shutdownMs, suspendGraceMs);
    for (const { id } of tables.droplets.where((one) => one.status === "active" && this.isRunning(one))) {
      tables.droplets.change(id, { resume: true });
    }
    await Promise.all([
      ...guests.running().map((id) => guests.stop(id, graceMs)),
      ...helpers.running().map((id) => helpers.stop(id)),
    ]);
  }

  /** Starts again what ran, or was to run, when an earlier sandbox ended. */
  resume(): void {
    const { tables } = this.#cloud;
    const wanted = tables.droplets.where(
      (one) => (one.resume === true || one.status === "new") && !this.isRunning(one),
    );
    for (const { id } of wanted) this.#cloud.inBackground(`start ${id}`, () => this.start(id));
  }

  #forwards(droplet: Droplet) {
    const { tables } = this.#cloud;
    const reserved = tables.reservedIps.where(({ dropletId }) => dropletId === droplet.id).map(({ id }) => id);
    const { ports, refused } = openPorts(this.#cloud, droplet);
    const addresses = [droplet.publicIp, ...reserved].filter((one) => one !== undefined);
    const forwards = addresses.flatMap((address) => ports.map((port) => ({ address, port, guestPort: port })));
    return { forwards, refused };
  }

  #runner(droplet: Droplet) {
    return helperSettings(droplet) === undefined ? this.#cloud.guests : this.#cloud.helpers;
  }

  #runningWith(volume: Volume): Droplet | undefined {
    const droplet = this.#cloud.tables.droplets.get(volume.dropletId ?? "");
    return droplet && this.isRunning(droplet) ? droplet : undefined;
  }

  #volume(volumeId: string): Volume {
    const volume = this.#cloud.tables.volumes.get(volumeId);
    if (!volume) throw new Error(`there is no volume ${volumeId}`);
    return volume;
  }

  #place(volume: Volume): { diskId: string; layerId: string; path: string } {
    const { layerId } = volume;
    return { diskId: deviceId(volume), layerId, path: this.#cloud.disks.path(layerId) };
  }

  #guestDisk(volume: Volume): GuestDisk {
    return { ...this.#place(volume), controller: "virtio-scsi", serial: volume.name.slice(0, 36) };
  }

  /** The guest powered itself off, or its host failed. */
  #ended(ended: string): void {
    const droplet = this.#cloud.tables.droplets.find((one) => machineId(one) === ended);
    if (droplet?.status !== "active" || droplet.resume) return;
    this.#cloud.tables.droplets.change(droplet.id, { status: "off", unforwarded: [] });
  }
}

function helperSettings({ userData = "" }: Droplet): string | undefined {
  return helperLine.exec(userData)?.[1];
}

/** As udev links it. */
function linkOf({ name }: Volume): string {
  return `scsi-0DO_Volume_${name}`;
}

export function machineId({ id }: Droplet): string {
  return `d${id}`;
}

export function deviceId({ id }: Volume): string {
  return `v-${id}`;
}
