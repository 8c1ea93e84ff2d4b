import { randomBytes } from "node:crypto";
import { isProviderError } from "../../domain/errors.ts";
import type { Tags } from "../../domain/tags.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, invalid, notFound, type Subject, unsupported } from "../failures.ts";
import type { Helpers } from "../helpers.ts";
import type { ListedVolume, NewDisk, Volume } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { type Described, describe, described, describedTags } from "./described.ts";
import type { Droplets } from "./droplets.ts";
import { ofSnapshot } from "./helper-droplets.ts";
import { createdTags, toWords } from "./labels.ts";
import { digest } from "./names.ts";
import type { PointSnapshot, Snapshots } from "./snapshots.ts";
import { volumesOf } from "./volumes-list.ts";
import type { Action, WireVolume } from "./wire.ts";

const GiB = 2 ** 30;
/** "Block Storage" of the API reference: 1 GiB to 16 TiB. */
const largestGib = 16_384;
const forgetWithinMs = 60_000;

/** What a new volume is made as. */
export interface VolumeMade {
  /** Unique in the region, which makes a create one that can be repeated. */
  readonly name: string;
  /** Absent takes the snapshot's. */
  readonly sizeBytes?: number;
  readonly described: Described;
  /** The snapshot that it starts as. */
  readonly snapshot?: string;
}

export class Volumes {
  readonly #cloud: DigitalOcean;
  readonly #snapshots: Snapshots;
  readonly #helpers: Helpers;
  readonly #droplets: Droplets;

  constructor(cloud: DigitalOcean, parts: { snapshots: Snapshots; helpers: Helpers; droplets: Droplets }) {
    this.#cloud = cloud;
    this.#snapshots = parts.snapshots;
    this.#helpers = parts.helpers;
    this.#droplets = parts.droplets;
  }

  /** Those of helper droplets and generations are parts of a handle and a replica. */
  async *list(signal: AbortSignal): AsyncGenerator<ListedVolume> {
    for await (const volume of this.all(this.#subject("list volumes", "all"), signal)) {
      const found = described(volume.description);
      if (found?.helper === undefined && found?.generation === undefined) yield toListed(volume);
    }
  }

  all(subject: Subject, signal: AbortSignal): AsyncGenerator<WireVolume> {
    return volumesOf(this.#cloud, {}, subject, signal);
  }

  size(sizeBytes: number): number {
    const gib = Math.max(1, Math.ceil(sizeBytes / GiB));
    if (sizeBytes >= 0 && gib <= largestGib) return gib * GiB;
    throw invalid(
      this.#subject("size a volume", `${sizeBytes} bytes`),
      `volumes have up to ${largestGib / 1024} TiB`,
      "Make the disk smaller first.",
    );
  }

  async create(
    input: NewDisk & { sizeBytes: number; zone?: string; key: string; tags: Tags },
    signal: AbortSignal,
  ): Promise<Volume> {
    const { key, tags, sizeBytes, type, zone, encryptionKey } = input;
    const subject = this.#subject("create volume", key);
    if (!(sizeBytes > 0)) throw invalid(subject, "its size is 0", "Give a size in bytes.");
    if (zone !== undefined) throw invalid(subject, "a region of DigitalOcean has no zones", "Leave the zone out.");
    refuseType(type, subject);
    refuseKey(encryptionKey, subject);
    return toVolume(await this.make({ name: volumeName(key), sizeBytes, described: { key, tags } }, subject, signal));
  }

  async clone(
    input: { snapshot: PointSnapshot; pointId: string; key: string; tags: Tags; type?: string },
    signal: AbortSignal,
  ): Promise<Volume> {
    const { snapshot, pointId, key, tags, type } = input;
    const subject = this.#subject("materialise", pointId);
    refuseType(type, subject);
    const noted = { key, tags, point: pointId, snapshot: snapshot.id };
    const made = { name: volumeName(key), described: noted, snapshot: snapshot.id };
    return toVolume(await this.make({ ...made, sizeBytes: snapshot.sizeBytes }, subject, signal));
  }

  /** The volume of that name; the one that is there, where there is one. */
  async make(made: VolumeMade, subject: Subject, signal: AbortSignal): Promise<WireVolume> {
    const volume = (await this.byName(made.name, subject, signal)) ?? (await this.#post(made, subject, signal));
    const wanted = made.sizeBytes === undefined ? volume.size_gigabytes : this.size(made.sizeBytes) / GiB;
    if (volume.size_gigabytes >= wanted) return volume;
    // What is made of a snapshot has its size at first.
    const body = { type: "resize", size_gigabytes: wanted, region: this.#cloud.entry.region };
    const path = `volumes/${volume.id}/actions`;
    const request = { operation: "volumeActions_post_byId", method: "POST", path, body } as const;
    const { action } = await this.#cloud.call<{ action: Action }>(request, subject, signal);
    await this.#cloud.done(action, subject, signal);
    return { ...volume, size_gigabytes: wanted };
  }

  async byName(name: string, subject: Subject, signal: AbortSignal): Promise<WireVolume | undefined> {
    for await (const volume of volumesOf(this.#cloud, { name }, subject, signal)) return volume;
    return undefined;
  }

  async find(volumeId: string, subject: Subject, signal: AbortSignal): Promise<WireVolume | undefined> {
    if (!/^[0-9a-f-]{36}$/.test(volumeId)) return undefined;
    return this.#cloud.find<WireVolume>("volumes_get", `volumes/${volumeId}`, "volume", subject, signal);
  }

  /** @throws NotFound. */
  async get(volumeId: string, subject: Subject, signal: AbortSignal): Promise<WireVolume> {
    const volume = await this.find(volumeId, subject, signal);
    if (volume) return volume;
    throw notFound(subject, `there is no volume ${volumeId}`);
  }

  async delete(volumeId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete volume", volumeId);
    const volume = await this.find(volumeId, subject, signal);
    if (!volume) return;
    const [user] = volume.droplet_ids ?? [];
    if (user !== undefined) throw conflict(subject, `VM ${user} uses it`, "Delete the VM first.");
    await this.drop(volumeId, subject, signal);
  }

  async drop(volumeId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#cloud.drop("volumes_delete", `volumes/${volumeId}`, subject, signal);
  }

  /** Reads a snapshot that is taken for it: a helper's volume is made of that, and then it goes. */
  async open(volumeId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read volume", volumeId);
    const volume = await this.get(volumeId, subject, signal);
    for (const user of volume.droplet_ids ?? []) await this.#refuseRunning(String(user), subject, signal);
    const owner = `read-${randomBytes(8).toString("hex")}`;
    const words = toWords(createdTags({}, owner), { role: "reading" });
    const taken = await this.#snapshots.take({ volumeId, name: `novacron-t-${owner}`, words }, subject, signal);
    const forget = () => this.#snapshots.delete(taken, subject, AbortSignal.timeout(forgetWithinMs));
    let source: BlockSource | undefined;
    try {
      source = await this.#helpers.openSource({ owner, diskId: ofSnapshot(taken), device: "volume" }, signal);
      await forget();
      return source;
    } catch (error) {
      // What went wrong first is what the caller hears.
      await Promise.allSettled([source?.close(), ...(source ? [] : [forget()])]);
      throw error;
    }
  }

  async #post({ name, sizeBytes, described: noted, snapshot }: VolumeMade, subject: Subject, signal: AbortSignal) {
    const body = {
      name,
      region: this.#cloud.entry.region,
      description: describe(noted),
      size_gigabytes: this.size(sizeBytes ?? 1) / GiB,
      ...(snapshot !== undefined && { snapshot_id: snapshot }),
    };
    const request = { operation: "volumes_create", method: "POST", path: "volumes", body } as const;
    try {
      const { volume } = await this.#cloud.call<{ volume: WireVolume }>(
        // A second one of the name is refused.
        { ...request, repeatable: true },
        subject,
        signal,
      );
      return volume;
    } catch (error) {
      const there = isProviderError(error, "Conflict") ? await this.byName(name, subject, signal) : undefined;
      if (!there) throw error;
      return there;
    }
  }

  async #refuseRunning(vmId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const droplet = await this.#droplets.find(vmId, subject, signal);
    if (!droplet || droplet.status === "off") return;
    throw conflict(subject, `VM ${vmId}, which uses it, is ${droplet.status}`, "Stop the VM first.");
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#cloud.resource("volume", id) };
  }
}

export function volumeName(key: string): string {
  return `novacron-v-${digest(24, key)}`;
}

export function refuseKey(key: string | undefined, subject: Subject): void {
  if (key === undefined) return;
  throw unsupported(subject, capabilities.digitalocean["disks.customer-key"], "Leave the key out.");
}

function refuseType(type: string | undefined, subject: Subject): void {
  if (type === undefined) return;
  throw invalid(subject, "volumes of DigitalOcean are of one type", "Leave the type out.");
}

function toVolume(volume: WireVolume): Volume {
  const { id, size_gigabytes: gib, description } = volume;
  return { volumeId: id, sizeBytes: gib * GiB, tags: describedTags(described(description)) };
}

function toListed(volume: WireVolume): ListedVolume {
  const { name, droplet_ids: users, created_at: createdAt } = volume;
  const [user] = users ?? [];
  return {
    ...toVolume(volume),
    name,
    ...(user !== undefined && { vmId: String(user) }),
    // https://docs.digitalocean.com/products/volumes/details/features/: LUKS, at rest.
    encrypted: true,
    createdAt: new Date(createdAt).toISOString(),
  };
}
