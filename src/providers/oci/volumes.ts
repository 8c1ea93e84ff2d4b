import type { Tags } from "../../domain/tags.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { ListedVolume, Volume } from "../provider.ts";
import type { Oci } from "./client.ts";
import { askToEnd } from "./ending.ts";
import { codeFailure, isStale, vendorCode } from "./errors.ts";
import { createdTags, fromWire, hasKey, type Notes, type Tagged, token, toWire } from "./tags.ts";
import { alive, isId, items, type OciView } from "./view.ts";
import { type OciVolume, toOurs, type VolumeView, vpusOf } from "./volume-view.ts";

const GiB = 2 ** 30;
/** "Overview of Block Volume": the largest of either kind. */
const largestGib = 32_768;
/** A key whose volume was deleted gets another retry token; so many times at most. */
const rounds = 20;

export interface RestoreInput {
  readonly backupId: string;
  readonly sizeBytes: number;
  readonly availabilityDomain: string;
  readonly key: string;
  readonly name: string;
  readonly tags: Tags;
  readonly notes?: Notes;
  readonly type?: string;
  readonly encryptionKey?: string;
  /** A key that had its volume gets no second one. */
  readonly once?: boolean;
}

/** Volumes that are made of backups, and their end. */
export class Volumes {
  readonly #oci: Oci;
  readonly #view: OciView;
  readonly #volumes: VolumeView;

  constructor(oci: Oci, parts: { view: OciView; volumes: VolumeView }) {
    this.#oci = oci;
    this.#view = parts.view;
    this.#volumes = parts.volumes;
  }

  async *list(signal: AbortSignal): AsyncGenerator<ListedVolume> {
    const subject = this.#subject("list volumes", "all");
    const users = new Map<string, string>();
    for (const { bootVolumeId, instanceId } of await this.#view.bootAttachments({}, subject, signal)) {
      users.set(bootVolumeId, instanceId);
    }
    for (const { volumeId, instanceId } of await this.#view.dataAttachments({}, subject, signal)) {
      users.set(volumeId, instanceId);
    }
    for await (const volume of this.#volumes.list(subject, signal)) {
      const { name, type, createdAt, volumeId } = volume;
      const vmId = users.get(volumeId);
      // https://docs.oracle.com/en-us/iaas/Content/Block/Concepts/overview.htm: all volumes are.
      yield { ...toVolume(volume), name, ...(vmId === undefined ? {} : { vmId }), type, createdAt, encrypted: true };
    }
  }

  size(sizeBytes: number): number {
    const { smallestVolumeGib } = this.#oci.patience;
    const gib = Math.max(smallestVolumeGib, Math.ceil(sizeBytes / GiB));
    if (sizeBytes >= 0 && gib <= largestGib) return gib * GiB;
    throw invalid(
      { operation: "size a volume", resource: this.#oci.resource("volume", `${sizeBytes} bytes`) },
      `Oracle Cloud has volumes of ${smallestVolumeGib} GiB to ${largestGib / 1024} TiB`,
      "Make the disk smaller first.",
    );
  }

  /** A boot volume of a boot volume's backup, or a block volume of a block volume's; once for a key. */
  async restore(input: RestoreInput, subject: Subject, signal: AbortSignal): Promise<OciVolume> {
    const { key, once = false } = input;
    const known = await this.ofKey(key, subject, signal);
    if (known) return this.ready(known.volumeId, subject, signal);
    for (let round = 0; round <= (once ? 0 : rounds); round++) {
      try {
        const made = await this.#restore(input, token("volume", key, round), subject, signal);
        // A known token may answer with what has been deleted since.
        const seen = await this.#volumes.byId(made.volumeId, subject, signal);
        if (seen) return await this.ready(made.volumeId, subject, signal);
      } catch (error) {
        if (vendorCode(error) !== "InvalidatedRetryToken") throw error;
      }
    }
    throw conflict(subject, "its key was used too often", "Use another key.");
  }

  /** A copy of a volume as it is now, to be read and deleted again. */
  async clone(
    input: { volume: OciVolume; key: string; name: string; tags: Tags; notes: Notes },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<OciVolume> {
    const { volume, key, name, tags, notes } = input;
    const details = {
      compartmentId: await this.#oci.compartment(),
      availabilityDomain: volume.availabilityDomain,
      displayName: name,
      freeformTags: toWire(createdTags(tags, key), notes),
    };
    const opcRetryToken = token("clone", key);
    const { block } = this.#oci;
    if (isId(volume.volumeId, "bootvolume")) {
      const sourceDetails = { type: "bootVolume", id: volume.volumeId };
      const request = { createBootVolumeDetails: { ...details, sourceDetails }, opcRetryToken };
      const { bootVolume } = await block.call("createBootVolume", request, subject, signal);
      return this.ready(bootVolume.id, subject, signal);
    }
    const sourceDetails = { type: "volume", id: volume.volumeId };
    const request = { createVolumeDetails: { ...details, sourceDetails }, opcRetryToken };
    const { volume: made } = await block.call("createVolume", request, subject, signal);
    return this.ready(made.id, subject, signal);
  }

  async ofKey(key: string, subject: Subject, signal: AbortSignal): Promise<OciVolume | undefined> {
    const compartmentId = await this.#oci.compartment();
    const limit = 1_000;
    const { block } = this.#oci;
    const boots = items((page) => block.call("listBootVolumes", { compartmentId, limit, page }, subject, signal));
    for await (const volume of alive(boots)) if (hasKey(volume, key)) return toOurs(volume);
    const data = items((page) => block.call("listVolumes", { compartmentId, limit, page }, subject, signal));
    for await (const volume of alive(data)) if (hasKey(volume, key)) return toOurs(volume);
    return undefined;
  }

  /** Once it can be attached. @throws Conflict when Oracle could not make it. */
  async ready(volumeId: string, subject: Subject, signal: AbortSignal): Promise<OciVolume> {
    const done = await poll(
      async () => {
        const seen = await this.#view.shown(() => this.#volumes.byId(volumeId, subject, signal), signal);
        if (!seen) throw notFound(subject, `volume ${volumeId} is gone`);
        if (seen.state === "FAULTY") throw codeFailure("Conflict", `volume ${volumeId} is faulty`, subject);
        return seen.state === "AVAILABLE" ? seen : undefined;
      },
      this.#oci.patience,
      signal,
    );
    return done;
  }

  async delete(volumeId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete volume", volumeId);
    const volume = await this.#volumes.byId(volumeId, subject, signal);
    const user = volume && (await this.userOf(volume, subject, signal));
    if (user !== undefined) throw conflict(subject, `VM ${user} uses it`, "Delete the VM first.");
    const ask = askToEnd(this.#oci, subject);
    await poll(
      async () => {
        if (!(await this.#volumes.isThere(volumeId, subject, signal))) return true;
        if (await this.#volumes.byId(volumeId, subject, signal)) {
          await ask(this.#remove(volumeId, subject, signal));
        }
        return undefined;
      },
      this.#oci.patience,
      signal,
    );
  }

  /** The instance that has it attached, in whichever way. */
  async userOf(
    { volumeId, availabilityDomain }: OciVolume,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const [data] = await this.#view.dataAttachments({ volumeId }, subject, signal);
    if (data || !isId(volumeId, "bootvolume")) return data?.instanceId;
    const filter = { bootVolumeId: volumeId, availabilityDomain };
    const [boot] = await this.#view.bootAttachments(filter, subject, signal);
    return boot?.instanceId;
  }

  /** `ifMatch` is the entity tag that it must still have. */
  async setTags(
    volumeId: string,
    tags: Tags,
    notes: Notes,
    subject: Subject,
    signal: AbortSignal,
    ifMatch?: string,
  ): Promise<void> {
    const freeformTags = toWire(tags, notes);
    const { block } = this.#oci;
    if (isId(volumeId, "bootvolume")) {
      const request = {
        bootVolumeId: volumeId,
        updateBootVolumeDetails: { freeformTags },
        ...(ifMatch && { ifMatch }),
      };
      await block.call("updateBootVolume", request, subject, signal);
    } else {
      const request = { volumeId, updateVolumeDetails: { freeformTags }, ...(ifMatch && { ifMatch }) };
      await block.call("updateVolume", request, subject, signal);
    }
  }

  /** Puts what `change` makes of its notes in their place, and nothing where it says undefined. What another call changes
   *  meanwhile is not lost: then they are read and changed again. */
  async changeNotes(
    volumeId: string,
    change: (notes: Notes) => Notes | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    await poll(
      async () => {
        const { seen, etag: ifMatch } = await this.#readTagged(volumeId, subject, signal);
        const { tags, notes } = fromWire(seen);
        const changed = change(notes);
        if (!changed) return true;
        try {
          await this.setTags(volumeId, tags, changed, subject, signal, ifMatch);
          return true;
        } catch (error) {
          if (isStale(error)) return undefined;
          throw error;
        }
      },
      this.#oci.patience,
      signal,
    );
  }

  async #readTagged(volumeId: string, subject: Subject, signal: AbortSignal): Promise<{ seen: Tagged; etag: string }> {
    const { block } = this.#oci;
    if (isId(volumeId, "bootvolume")) {
      const { bootVolume, etag } = await block.call("getBootVolume", { bootVolumeId: volumeId }, subject, signal);
      return { seen: bootVolume, etag };
    }
    const { volume, etag } = await block.call("getVolume", { volumeId }, subject, signal);
    return { seen: volume, etag };
  }

  async #restore(
    input: RestoreInput,
    opcRetryToken: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<OciVolume> {
    const { backupId, sizeBytes, availabilityDomain, key, name, tags, notes, type } = input;
    const vpusPerGB = type === undefined ? 10 : vpusOf(type);
    if (vpusPerGB === undefined) {
      throw invalid(
        subject,
        `Oracle Cloud has no volumes of the type ${type}`,
        "Use balanced, lower-cost or higher-performance.",
      );
    }
    const kmsKeyId = input.encryptionKey ?? this.#oci.entry.encryptionKey;
    const details = {
      compartmentId: await this.#oci.compartment(),
      availabilityDomain,
      displayName: name,
      freeformTags: toWire(createdTags(tags, key), notes),
      sizeInGBs: sizeBytes / GiB,
      vpusPerGB,
      ...(kmsKeyId !== undefined && { kmsKeyId }),
    };
    if (isId(backupId, "bootvolumebackup")) {
      const sourceDetails = { type: "bootVolumeBackup", id: backupId };
      const request = { createBootVolumeDetails: { ...details, sourceDetails }, opcRetryToken };
      return toOurs((await this.#oci.block.call("createBootVolume", request, subject, signal)).bootVolume);
    }
    const sourceDetails = { type: "volumeBackup", id: backupId };
    const request = { createVolumeDetails: { ...details, sourceDetails }, opcRetryToken };
    return toOurs((await this.#oci.block.call("createVolume", request, subject, signal)).volume);
  }

  async #remove(volumeId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const { block } = this.#oci;
    if (isId(volumeId, "bootvolume")) {
      await block.call("deleteBootVolume", { bootVolumeId: volumeId }, subject, signal);
    } else await block.call("deleteVolume", { volumeId }, subject, signal);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("volume", id) };
  }
}

export function toVolume({ volumeId, sizeBytes, tags }: OciVolume): Volume {
  return { volumeId, sizeBytes, tags };
}
