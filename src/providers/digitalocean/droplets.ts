import { isProviderError } from "../../domain/errors.ts";
import type { PowerState, Vm, VmDisk } from "../../domain/vm.ts";
import { notFound, type Subject, unavailable } from "../failures.ts";
import type { DigitalOcean } from "./client.ts";
import { seenOf } from "./labels.ts";
import type { Droplet, WireVolume } from "./wire.ts";

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const states: Readonly<Record<Droplet["status"], PowerState>> = {
  new: "starting",
  active: "running",
  off: "stopped",
  archive: "stopped",
};
/** The one network interface that is told of: that in the VPC. */
export const nicId = "eth1";
/** Of the disk that comes with a droplet, which nobody but that droplet gets at. */
export const ownDiskId = "own";

/** Droplets of the region by their numbers. */
export class Droplets {
  readonly #cloud: DigitalOcean;

  constructor(cloud: DigitalOcean) {
    this.#cloud = cloud;
  }

  /** All of them, or those with the tag. */
  async *list(word: string | undefined, subject: Subject, signal: AbortSignal): AsyncGenerator<Droplet> {
    const query = word === undefined ? {} : { query: { tag_name: word } };
    const request = { operation: "droplets_list", path: "droplets", member: "droplets", ...query };
    for await (const droplet of this.#cloud.list<Droplet>(request, subject, signal)) {
      if (droplet.region.slug === this.#cloud.entry.region) yield droplet;
    }
  }

  async find(vmId: string, subject: Subject, signal: AbortSignal): Promise<Droplet | undefined> {
    if (!/^[1-9]\d*$/.test(vmId)) return undefined;
    return this.#cloud.find<Droplet>("droplets_get", `droplets/${vmId}`, "droplet", subject, signal);
  }

  /** Orders its end; one that is gone is fine. @throws Unavailable for one that is still shown and was not found. */
  async destroy(vmId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const request = { operation: "droplets_destroy", method: "DELETE", path: `droplets/${vmId}` } as const;
    await this.#cloud.call(request, subject, signal).catch(async (error: unknown) => {
      if (!isProviderError(error, "NotFound")) throw error;
      // Whoever waits for the end of one that was not taken would wait for ever.
      if (await this.find(vmId, subject, signal))
        throw unavailable(subject, "it is shown, and was not found to be ended");
    });
  }

  /** @throws NotFound. */
  async get(vmId: string, subject: Subject, signal: AbortSignal): Promise<Droplet> {
    const droplet = await this.find(vmId, subject, signal);
    if (droplet) return droplet;
    throw notFound(subject, "there is no such droplet in the team");
  }
}

export function isHelper({ tags }: Droplet): boolean {
  return seenOf(tags).facts.role === "helper";
}

export interface AttachedVolume {
  readonly diskId: string;
  readonly volumeId: string;
  readonly boot: boolean;
}

/** A volume's id in its droplet is that of the volume. The one that it boots from comes first. */
export function attachedVolumes({ volume_ids: volumes, tags }: Droplet): AttachedVolume[] {
  const { boot } = seenOf(tags).facts;
  return volumes
    .map((volumeId) => ({ diskId: volumeId, volumeId, boot: volumeId === boot }))
    .toSorted((a, b) => Number(b.boot) - Number(a.boot));
}

/** Whether it boots from a volume: its own disk then holds nothing but the boot loader that does so. */
export function bootsFromVolume({ tags, volume_ids: volumes }: Droplet): boolean {
  return volumes.includes(seenOf(tags).facts.boot ?? "");
}

export function addressOf({ networks }: Droplet, type: "public" | "private"): string | undefined {
  return networks.v4?.find((one) => one.type === type)?.ip_address;
}

export function toVm(droplet: Droplet, site: string, volumes: ReadonlyMap<string, WireVolume>): Vm {
  const { facts, tags } = seenOf(droplet.tags);
  const state = states[droplet.status];
  const publishPorts = (facts.publishPorts ?? "").split("_").filter(Boolean).map(Number);
  const host = addressOf(droplet, "public") ?? addressOf(droplet, "private");
  const [address, publicAddress] = [addressOf(droplet, "private"), addressOf(droplet, "public")];
  const own: VmDisk = {
    diskId: ownDiskId,
    volumeId: `${droplet.id}/${ownDiskId}`,
    sizeBytes: droplet.disk * GiB,
    bus: "virtio-blk",
    boot: true,
  };
  const attached = attachedVolumes(droplet).map(
    (disk): VmDisk => ({
      ...disk,
      sizeBytes: (volumes.get(disk.volumeId)?.size_gigabytes ?? 0) * GiB,
      bus: "virtio-scsi",
    }),
  );
  return {
    vmId: String(droplet.id),
    site,
    name: facts.name ?? droplet.name,
    state,
    cpus: droplet.vcpus,
    memoryBytes: droplet.memory * MiB,
    instanceType: droplet.size_slug,
    capacityType: "on-demand",
    firmware: "bios",
    architecture: "x86_64",
    disks: bootsFromVolume(droplet) ? attached : [own, ...attached],
    nics: droplet.vpc_uuid
      ? [{ nicId, networkId: droplet.vpc_uuid, ...(address && { address }), ...(publicAddress && { publicAddress }) }]
      : [],
    publishPorts,
    endpoints:
      state === "running" && host ? publishPorts.map((guestPort) => ({ guestPort, host, port: guestPort })) : [],
    tags,
    createdAt: new Date(droplet.created_at).toISOString(),
  };
}
