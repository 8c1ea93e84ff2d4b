import { randomUUID } from "node:crypto";
import type { CreationData, Disk } from "@azure/arm-compute";
import { isProviderError } from "../../domain/errors.ts";
import type { Tags } from "../../domain/tags.ts";
import type { Firmware } from "../../domain/vm.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { ListedVolume, NewDisk, Volume } from "../provider.ts";
import { SnapshotSource } from "./block-source.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import { nameFor, parseId } from "./names.ts";
import type { Snapshots } from "./points.ts";
import { createdTags, fromWire, toWire } from "./tags.ts";
import type { View } from "./view.ts";
import { powerStateOf, sizeOf } from "./vm.ts";

const GiB = 2 ** 30;
/** "Azure managed disks" go up to 32 TiB, page blobs, which replicas lie in, to 8 TiB with the footer of the format. */
const largestGib = 8 * 1_024 - 1;
export const defaultDiskType = "StandardSSD_LRS";

/** Managed disks. */
export class Volumes {
  readonly #azure: Azure;
  readonly #view: View;
  readonly #snapshots: Snapshots;

  constructor(azure: Azure, parts: { view: View; snapshots: Snapshots }) {
    this.#azure = azure;
    this.#view = parts.view;
    this.#snapshots = parts.snapshots;
  }

  async *list(signal: AbortSignal): AsyncGenerator<ListedVolume> {
    for await (const disk of this.#view.disks(this.#subject("list disks", "all"), signal)) yield toListed(disk);
  }

  size(sizeBytes: number): number {
    const gib = Math.max(1, Math.ceil(sizeBytes / GiB));
    if (sizeBytes >= 0 && gib <= largestGib) return gib * GiB;
    throw invalid(
      { operation: "size a disk", resource: this.#azure.resource("volume", `${sizeBytes} bytes`) },
      `replicas at Azure are page blobs, of 1 to ${largestGib} GiB`,
      "Make the disk smaller first.",
    );
  }

  async create(
    input: NewDisk & { sizeBytes: number; zone?: string; key: string; tags: Tags },
    signal: AbortSignal,
  ): Promise<Volume> {
    const { key, tags, type, encryptionKey, zone } = input;
    const subject = this.#subject("create disk", key);
    if (!(input.sizeBytes > 0)) throw invalid(subject, "its size is 0", "Give a size in bytes.");
    const made = await this.make(
      {
        name: nameFor("disk", this.#azure.site, key),
        tags: createdTags(tags, key),
        creationData: { createOption: "Empty" },
        diskSizeGB: this.size(input.sizeBytes) / GiB,
        ...(type !== undefined && { type }),
        ...(encryptionKey !== undefined && { encryptionKey }),
        ...(zone !== undefined && { zone }),
      },
      subject,
      signal,
    );
    return toVolume(made);
  }

  /** A disk of that name, made once. Azure itself encrypts every disk; with a key of the customer's where one is named. */
  async make(
    input: {
      name: string;
      tags: Tags;
      creationData: CreationData;
      diskSizeGB?: number;
      type?: string;
      encryptionKey?: string;
      zone?: string;
      firmware?: Firmware;
      notes?: Parameters<typeof toWire>[1];
    },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Disk> {
    const { name, tags, creationData, diskSizeGB, type = defaultDiskType, zone, firmware = "bios", notes } = input;
    const encryptionKey = input.encryptionKey ?? this.#azure.entry.encryptionKey;
    const known = await this.#view.disk(name, subject, signal);
    if (known) return this.#ready(known, subject, signal);
    const disk: Disk = {
      location: this.#azure.entry.region,
      tags: toWire(tags, notes),
      sku: { name: type },
      // What a VM is to start from says so, and its firmware, once and for all; a data disk may say it too.
      osType: "Linux",
      hyperVGeneration: firmware === "uefi" ? "V2" : "V1",
      creationData,
      ...(diskSizeGB !== undefined && { diskSizeGB }),
      ...(zone !== undefined && { zones: [zone] }),
      ...(encryptionKey !== undefined && {
        encryption: { type: "EncryptionAtRestWithCustomerKey", diskEncryptionSetId: encryptionKey },
      }),
    };
    try {
      return await this.#azure.compute(subject, signal, (client, { group, options }) =>
        client.disks.createOrUpdate(group, name, disk, options),
      );
    } catch (error) {
      // Another call with the same key may have been quicker.
      if (!isProviderError(error, "Conflict", "Unavailable")) throw error;
      const other = await this.#view.disk(name, subject, signal);
      if (!other) throw error;
      return this.#ready(other, subject, signal);
    }
  }

  /** The disk as one that a VM of that firmware can start from: Azure fixes the firmware when a disk is made, so that one
   *  of the other kind is copied, within Azure. */
  async bootable(volumeId: string, firmware: Firmware, subject: Subject, signal: AbortSignal): Promise<Disk> {
    const wanted = firmware === "uefi" ? "V2" : "V1";
    const copyName = this.copyName(volumeId, firmware);
    const disk = await this.#view.disk(volumeId, subject, signal);
    if (!disk) {
      const copy = await this.#view.disk(copyName, subject, signal);
      if (copy) return this.#ready(copy, subject, signal);
      throw notFound(subject, `volume ${volumeId} does not exist`);
    }
    if ((disk.hyperVGeneration ?? "V1") === wanted) return disk;
    const { tags, notes } = fromWire(disk.tags);
    const type = disk.sku?.name;
    const encryptionKey = disk.encryption?.diskEncryptionSetId;
    const made = await this.make(
      {
        name: copyName,
        tags,
        notes,
        creationData: { createOption: "Copy", sourceResourceId: disk.id ?? "" },
        firmware,
        ...(type !== undefined && { type }),
        ...(encryptionKey !== undefined && { encryptionKey }),
        ...(disk.zones?.[0] !== undefined && { zone: disk.zones[0] }),
      },
      subject,
      signal,
    );
    const baseline = await this.#snapshots.baselineOf(disk, subject, signal);
    if (baseline?.notes.baseline !== undefined) {
      await this.#snapshots.takeBaseline(made, baseline.notes.baseline, subject, signal);
    }
    await this.#remove(disk, subject, signal);
    return made;
  }

  /** Marks a disk that came with a VM as ours. */
  async claim(name: string, tags: Tags, key: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const disk = await this.#view.disk(name, subject, signal);
    if (!disk || fromWire(disk.tags).tags["novacron:key"] !== undefined) return;
    const all = toWire(createdTags({ ...fromWire(disk.tags).tags, ...tags }, key));
    await this.setTags(name, all, subject, signal);
  }

  async setTags(name: string, tags: Readonly<Record<string, string>>, subject: Subject, signal: AbortSignal) {
    await this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.disks.update(group, name, { tags: { ...tags } }, options),
    );
  }

  async delete(volumeId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete disk", volumeId);
    const disk = await this.#find(volumeId, subject, signal);
    if (disk) await this.#remove(disk, subject, signal);
  }

  async #remove(disk: Disk, subject: Subject, signal: AbortSignal): Promise<void> {
    const name = disk.name ?? "";
    if (disk.managedBy !== undefined && disk.managedBy !== "") {
      throw conflict(subject, `VM ${parseId(disk.managedBy).name} uses it`, "Delete the VM first.");
    }
    const baseline = await this.#snapshots.baselineOf(disk, subject, signal);
    if (baseline) await this.#snapshots.delete(baseline.snapshotId, subject, signal);
    await goneIsUndefined(
      this.#azure.compute(subject, signal, (client, { group, options }) => client.disks.delete(group, name, options)),
    );
  }

  /** Reads a snapshot that is taken for it and goes with it. */
  async open(volumeId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read disk", volumeId);
    const disk = await this.#find(volumeId, subject, signal);
    if (!disk) throw notFound(subject, "it does not exist");
    await this.#refuseRunning(disk, subject, signal);
    const name = nameFor("reading", randomUUID());
    const onClose = () => this.#snapshots.delete(name, subject, AbortSignal.timeout(60_000));
    try {
      const snapshot = await this.#snapshots.take(
        { name, disk, tags: createdTags({}, name), notes: { purpose: "reading" } },
        subject,
        signal,
      );
      return new SnapshotSource(this.#azure, { snapshot, snapshots: this.#snapshots, subject, onClose });
    } catch (error) {
      await onClose().catch(() => undefined);
      throw error;
    }
  }

  /** Of a disk that a VM of the other firmware needed another one for. */
  copyName(volumeId: string, firmware: Firmware): string {
    return nameFor("disk", this.#azure.site, volumeId, firmware);
  }

  /** The disk, or what was made of it for its VM. */
  async #find(volumeId: string, subject: Subject, signal: AbortSignal): Promise<Disk | undefined> {
    for (const name of [volumeId, this.copyName(volumeId, "uefi"), this.copyName(volumeId, "bios")]) {
      const disk = await this.#view.disk(name, subject, signal);
      if (disk) return disk;
    }
    return undefined;
  }

  async #ready(disk: Disk, subject: Subject, signal: AbortSignal): Promise<Disk> {
    return poll(
      async () => {
        const seen = await this.#view.disk(disk.name ?? "", subject, signal);
        if (!seen || seen.provisioningState === "Failed") {
          throw conflict(subject, `Azure could not make ${disk.name}`, "Delete the disk and try again.");
        }
        return seen.provisioningState === "Creating" ? undefined : seen;
      },
      this.#azure.patience,
      signal,
    );
  }

  async #refuseRunning(disk: Disk, subject: Subject, signal: AbortSignal): Promise<void> {
    if (!disk.managedBy) return;
    const { name } = parseId(disk.managedBy);
    const machine = await this.#view.findMachine(name, subject, signal);
    if (!machine) return;
    const state = powerStateOf(machine.instanceView);
    if (state === "stopped") return;
    throw conflict(subject, `VM ${name}, which uses it, is ${state}`, "Stop the VM first.");
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("volume", id) };
  }
}

function toListed(disk: Disk): ListedVolume {
  const vmId = disk.managedBy ? parseId(disk.managedBy).name : undefined;
  const type = disk.sku?.name;
  const { name } = fromWire(disk.tags).notes;
  return {
    ...toVolume(disk),
    ...(name !== undefined && { name }),
    ...(vmId !== undefined && { vmId }),
    ...(type !== undefined && { type }),
    ...(disk.timeCreated && { createdAt: disk.timeCreated.toISOString() }),
    // https://learn.microsoft.com/en-us/azure/virtual-machines/disk-encryption: every managed disk is.
    encrypted: true,
  };
}

export function toVolume(disk: Disk): Volume {
  return { volumeId: disk.name ?? "", sizeBytes: sizeOf(disk), tags: fromWire(disk.tags).tags };
}
