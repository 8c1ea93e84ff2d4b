import { randomBytes, randomUUID } from "node:crypto";
import type * as Compute from "@google-cloud/compute";
import { isProviderError } from "../../domain/errors.ts";
import type { Tags } from "../../domain/tags.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import type { Helpers } from "../helpers.ts";
import { poll } from "../poll.ts";
import type { ListedVolume, NewDisk, Volume } from "../provider.ts";
import type { Gcp } from "./client.ts";
import { helperDevice, ofSnapshot } from "./helper-instances.ts";
import { createdTags, type Described, describe, seenOf, toLabels } from "./labels.ts";
import { digest, keyOf, nameOf } from "./names.ts";
import type { GcpSnapshot, Snapshots } from "./snapshots.ts";

export type Disk = Compute.protos.google.cloud.compute.v1.IDisk;
type Instance = Compute.protos.google.cloud.compute.v1.IInstance;

const GiB = 2 ** 30;
/** "Persistent Disk", volume sizes: 64 TiB. */
const largestGib = 65_536;
export const defaultDiskType = "pd-balanced";
const uefiFeature = "UEFI_COMPATIBLE";

/** What a new disk is made as. */
export interface DiskMade {
  readonly name: string;
  readonly sizeBytes?: number;
  readonly type?: string;
  readonly encryptionKey?: string | undefined;
  readonly labels: Record<string, string>;
  readonly described: Described;
  /** The snapshot that it starts as. */
  readonly snapshot?: string;
  readonly bootsByUefi?: boolean;
}

/** Persistent disks of the zone. */
export class Volumes {
  readonly #gcp: Gcp;
  readonly #snapshots: Snapshots;
  readonly #helpers: Helpers;

  constructor(gcp: Gcp, parts: { snapshots: Snapshots; helpers: Helpers }) {
    this.#gcp = gcp;
    this.#snapshots = parts.snapshots;
    this.#helpers = parts.helpers;
  }

  async *list(signal: AbortSignal): AsyncGenerator<ListedVolume> {
    const subject = this.#subject("list volumes", "all");
    for await (const disk of this.#gcp.list<Disk>("disks", {}, subject, signal)) {
      // Disks of helper instances are parts of a handle.
      if (seenOf(disk).notes.role === undefined) yield toListed(disk);
    }
  }

  size(sizeBytes: number): number {
    const gib = Math.max(this.#gcp.patience.smallestDiskGb, Math.ceil(sizeBytes / GiB));
    if (sizeBytes >= 0 && gib <= largestGib) return gib * GiB;
    throw invalid(
      this.#subject("size a volume", `${sizeBytes} bytes`),
      `persistent disks have up to ${largestGib / 1024} TiB`,
      "Make the disk smaller first.",
    );
  }

  async create(
    input: NewDisk & { sizeBytes: number; zone?: string; key: string; tags: Tags },
    signal: AbortSignal,
  ): Promise<Volume> {
    const { key, tags, sizeBytes, zone, type, encryptionKey } = input;
    const subject = this.#subject("create volume", key);
    if (!(sizeBytes > 0)) throw invalid(subject, "its size is 0", "Give a size in bytes.");
    if (zone !== undefined && zone !== this.#gcp.entry.zone) {
      throw invalid(subject, `the site is zone ${this.#gcp.entry.zone}`, `Use the site of zone ${zone}.`);
    }
    const labels = toLabels(createdTags(tags, key));
    const made = { name: volumeName(key), sizeBytes, labels, described: { key } };
    return toVolume(await this.make({ ...made, ...(type && { type }), encryptionKey }, subject, signal));
  }

  async clone(
    input: { snapshot: GcpSnapshot; pointId: string; key: string; tags: Tags; type?: string },
    signal: AbortSignal,
  ): Promise<Volume> {
    const { snapshot, pointId, key, tags, type } = input;
    const labels = toLabels(createdTags(tags, key));
    const { name: from, encryptionKey } = snapshot;
    const described = { key, point: pointId };
    const made = { name: volumeName(key), labels, described, snapshot: from, encryptionKey, ...(type && { type }) };
    return toVolume(await this.make(made, this.#subject("materialise", pointId), signal));
  }

  /** The disk of that name; the one that is there, where there is one. */
  async make(made: DiskMade, subject: Subject, signal: AbortSignal): Promise<Disk> {
    await this.order(made, subject, signal);
    return this.ready(made.name, subject, signal);
  }

  /** Has it made, where it is not there. With a request id of its own a disk that was made by that request and deleted since
   *  is not made again. */
  async order(made: DiskMade, subject: Subject, signal: AbortSignal, requestId: string = randomUUID()): Promise<void> {
    const { zone, encryptionKey: ownKey } = this.#gcp.entry;
    const { name, sizeBytes, type = defaultDiskType, encryptionKey = ownKey, labels, snapshot } = made;
    const known = await this.find(name, subject, signal);
    if (known) return;
    const diskResource = {
      name,
      labels,
      description: describe(made.described),
      type: `zones/${zone}/diskTypes/${type}`,
      ...(sizeBytes !== undefined && { sizeGb: String(this.size(sizeBytes) / GiB) }),
      ...(snapshot !== undefined && { sourceSnapshot: `global/snapshots/${snapshot}` }),
      ...(made.bootsByUefi && { guestOsFeatures: [{ type: uefiFeature }] }),
      ...(encryptionKey !== undefined && { diskEncryptionKey: { kmsKeyName: encryptionKey } }),
    };
    await this.#gcp
      .change("disks", "insert", { diskResource }, subject, signal, requestId)
      .catch(async (error: unknown) => {
        if (!isProviderError(error, "Conflict") || !(await this.find(name, subject, signal))) throw error;
      });
  }

  /** @throws NotFound when it is gone. */
  async ready(name: string, subject: Subject, signal: AbortSignal): Promise<Disk> {
    return poll(
      async () => {
        const disk = await this.find(name, subject, signal);
        if (!disk) throw notFound(subject, `disk ${name} is gone`);
        if (disk.status === "FAILED") throw conflict(subject, "Google could not make it", "Delete it and try again.");
        return disk.status === "READY" ? disk : undefined;
      },
      this.#gcp.patience,
      signal,
    );
  }

  /**
   * What a VM boots by is a feature of its boot disk, which a disk has from its creation on: it is made again under its name,
   * from a snapshot of it. Whoever comes after a crash between the two finds the snapshot; one that is kept beside its disk may
   * be older than what the disk holds, and is taken anew.
   */
  async letBootByUefi(volumeId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const name = keptSnapshot(volumeId);
    const disk = await this.find(volumeId, subject, signal);
    const has = (disk?.guestOsFeatures ?? []).some(({ type }) => type === uefiFeature);
    if (has) {
      await this.ready(volumeId, subject, signal);
      return this.#snapshots.delete(name, subject, signal);
    }
    const kept = await this.#snapshots.byName(name, subject, signal);
    if (!disk && !kept) throw notFound(subject, `there is no volume ${volumeId}`);
    const { tags, described: all } = disk ? seenOf(disk) : (kept as NonNullable<typeof kept>);
    const { diskType, encryptionKey: noted, ...described } = all;
    const type = disk?.type ? nameOf(disk.type) : (diskType ?? defaultDiskType);
    const encryptionKey = disk ? keyOf(disk.diskEncryptionKey) : (noted ?? kept?.encryptionKey);
    if (disk) {
      refuseUsed(disk, subject);
      if (kept) await this.#snapshots.delete(name, subject, signal);
      const description = describe({ ...described, diskType: type, ...(encryptionKey && { encryptionKey }) });
      const taken = { disk: volumeId, name, description, labels: toLabels(tags, { role: "reading" }) };
      await this.#snapshots.take(taken, subject, signal);
      await this.drop(volumeId, subject, signal);
    }
    const again = { name: volumeId, labels: toLabels(tags), described, snapshot: name, type, encryptionKey };
    await this.make({ ...again, bootsByUefi: true }, subject, signal);
    await this.#snapshots.delete(name, subject, signal);
  }

  async find(disk: string, subject: Subject, signal: AbortSignal): Promise<Disk | undefined> {
    const found = await this.#gcp.find<Disk>("disks", { disk }, subject, signal);
    return found?.status === "DELETING" ? undefined : found;
  }

  async delete(volumeId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete volume", volumeId);
    const disk = await this.find(volumeId, subject, signal);
    if (disk) {
      refuseUsed(disk, subject);
      await this.drop(volumeId, subject, signal);
    }
    await this.#snapshots.delete(keptSnapshot(volumeId), subject, signal);
  }

  async drop(disk: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#gcp.drop("disks", { disk }, subject, signal);
  }

  /** Reads a snapshot that is taken for it: a helper's disk is made of that, and then it goes. */
  async open(volumeId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read volume", volumeId);
    const disk = await this.find(volumeId, subject, signal);
    if (!disk) throw notFound(subject, "it does not exist");
    for (const user of disk.users ?? []) await this.#refuseRunning(nameOf(user), subject, signal);
    const owner = `read-${randomBytes(8).toString("hex")}`;
    const labels = toLabels(createdTags({}, owner), { role: "reading" });
    const name = `novacron-t-${owner}`;
    const forget = () => this.#snapshots.delete(name, subject, AbortSignal.timeout(this.#gcp.patience.waitTimeoutMs));
    let source: BlockSource | undefined;
    try {
      const taken = { disk: volumeId, name, description: describe({ key: owner }), labels };
      const diskId = ofSnapshot(await this.#snapshots.take(taken, subject, signal));
      source = await this.#helpers.openSource({ owner, diskId, device: helperDevice }, signal);
      await forget();
      return source;
    } catch (error) {
      // What went wrong first is what the caller hears.
      await Promise.allSettled([source?.close(), ...(source ? [] : [forget()])]);
      throw error;
    }
  }

  async #refuseRunning(vmId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const instance = await this.#gcp.find<Instance>("instances", { instance: vmId }, subject, signal);
    if (!instance || instance.status === "TERMINATED") return;
    throw conflict(subject, `VM ${vmId}, which uses it, is ${instance.status}`, "Stop the VM first.");
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("volume", id) };
  }
}

export function volumeName(key: string): string {
  return `novacron-v-${digest(24, key)}`;
}

/** What a disk is made again from, so that its VM boots by UEFI. */
function keptSnapshot(volumeId: string): string {
  return `novacron-f-${digest(24, volumeId)}`;
}

function refuseUsed({ users }: Disk, subject: Subject): void {
  const [user] = users ?? [];
  if (user) throw conflict(subject, `VM ${nameOf(user)} uses it`, "Delete the VM first.");
}

export function sizeOf({ sizeGb }: Disk): number {
  return Number(sizeGb ?? 0) * GiB;
}

function toVolume(disk: Disk): Volume {
  return { volumeId: disk.name ?? "", sizeBytes: sizeOf(disk), tags: seenOf(disk).tags };
}

function toListed(disk: Disk): ListedVolume {
  const { users = [], type, creationTimestamp, name } = disk;
  const [user] = users ?? [];
  return {
    ...toVolume(disk),
    ...(name && { name }),
    ...(user && { vmId: nameOf(user) }),
    ...(type && { type: nameOf(type) }),
    ...(creationTimestamp && { createdAt: new Date(creationTimestamp).toISOString() }),
    // https://cloud.google.com/docs/security/encryption/default-encryption: everything is.
    encrypted: true,
  };
}
