import type { models } from "oci-core";
import type { Tags } from "../../domain/tags.ts";
import { notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Oci } from "./client.ts";
import { askToEnd } from "./ending.ts";
import { codeFailure, vendorCode } from "./errors.ts";
import { isoOf, stateOf } from "./models.ts";
import { createdTags, fromWire, hasKey, imageMarkOf, type Notes, type Tagged, token, toWire } from "./tags.ts";
import { alive, goneIsUndefined, isId, isOver, items, type OciView } from "./view.ts";

const GiB = 2 ** 30;
const limit = 1_000;
/** A key whose backup was deleted gets another retry token; so many times at most. */
const rounds = 20;

/** A backup of a boot volume or of a block volume: Oracle's snapshots, each whole to whoever restores it. */
export interface OciBackup {
  readonly backupId: string;
  readonly name: string;
  readonly state: "pending" | "completed" | "failed";
  readonly volumeId?: string;
  readonly sizeBytes: number;
  /** What it alone takes up. */
  readonly uniqueBytes?: number;
  readonly createdAt: string;
  readonly tags: Tags;
  readonly notes: Notes;
  /** The image that it serves as. */
  readonly image?: string;
  /** The group backup that it is a part of. */
  readonly groupBackupId?: string;
  readonly freeformTags: Readonly<Record<string, string>>;
}

export class Backups {
  readonly #oci: Oci;
  readonly #view: OciView;

  constructor(oci: Oci, view: OciView) {
    this.#oci = oci;
    this.#view = view;
  }

  async *list(subject: Subject, signal: AbortSignal): AsyncGenerator<OciBackup> {
    const compartmentId = await this.#oci.compartment();
    const { block } = this.#oci;
    const boots = items((page) => block.call("listBootVolumeBackups", { compartmentId, limit, page }, subject, signal));
    for await (const backup of alive(boots)) if (!isGone(backup)) yield toOurs(backup);
    const data = items((page) => block.call("listVolumeBackups", { compartmentId, limit, page }, subject, signal));
    for await (const backup of alive(data)) if (!isGone(backup)) yield toOurs(backup);
  }

  async byId(backupId: string, subject: Subject, signal: AbortSignal): Promise<OciBackup | undefined> {
    const seen = await this.#read(backupId, subject, signal);
    if (!seen || isOver(seen) || stateOf(seen) === "TERMINATING" || isGone(seen)) return undefined;
    return toOurs(seen);
  }

  /** Those that a create with this key made, the oldest first. */
  async ofKey(key: string, subject: Subject, signal: AbortSignal): Promise<OciBackup[]> {
    const found: OciBackup[] = [];
    for await (const backup of this.list(subject, signal)) if (hasKey(backup, key)) found.push(backup);
    return found.toSorted((a, b) => (a.createdAt + a.backupId < b.createdAt + b.backupId ? -1 : 1));
  }

  /** Backs a volume up, once for a key, and returns when the backup can be used. */
  async create(
    input: { volumeId: string; key: string; name: string; tags: Tags; notes?: Notes; type?: "FULL" | "INCREMENTAL" },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<OciBackup> {
    const { volumeId, key, name, tags, notes, type = "INCREMENTAL" } = input;
    const [known] = await this.ofKey(key, subject, signal);
    const freeformTags = toWire(createdTags(tags, key), notes);
    const backupId =
      known?.backupId ?? (await this.#start({ volumeId, key, name, freeformTags, type }, subject, signal));
    return this.completed(backupId, subject, signal);
  }

  /** @throws what Oracle says of a backup that failed; NotFound when it is gone. */
  async completed(backupId: string, subject: Subject, signal: AbortSignal): Promise<OciBackup> {
    const done = await poll(
      async () => {
        const seen = await this.#view.shown(() => this.byId(backupId, subject, signal), signal);
        if (!seen) throw notFound(subject, `backup ${backupId} is gone`);
        if (seen.state === "failed") throw codeFailure("BackupFailed", `backup ${backupId} is faulty`, subject);
        return seen.state === "completed" ? seen : undefined;
      },
      this.#oci.patience,
      signal,
    );
    return done;
  }

  /** Returns once it is over. One that is gone is fine. A part of a group's backup counts as gone, and goes with the last one. */
  async delete(backupId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const groupBackupId = (await this.#read(backupId, subject, signal))?.volumeGroupBackupId;
    if (groupBackupId) return this.#deletePart(backupId, groupBackupId, subject, signal);
    const ask = askToEnd(this.#oci, subject);
    await poll(
      async () => {
        const seen = await this.#read(backupId, subject, signal);
        if (!seen || isOver(seen)) return true;
        const state = stateOf(seen);
        // Oracle refuses to delete what it is still making.
        if (state !== "TERMINATING" && states[state] !== "pending") {
          await ask(this.#remove(backupId, subject, signal));
        }
        return undefined;
      },
      this.#oci.patience,
      signal,
    );
  }

  async #deletePart(backupId: string, groupBackupId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const request = { volumeGroupBackupId: groupBackupId };
    const { block } = this.#oci;
    const read = async () =>
      (await goneIsUndefined(block.call("getVolumeGroupBackup", request, subject, signal)))?.volumeGroupBackup;
    const group = await read();
    if (group && !isOver(group)) {
      await this.setTags(backupId, toWire({}, { purpose: gone }), subject, signal);
      for (const other of group.volumeBackupIds) {
        const seen = await this.#read(other, subject, signal);
        if (seen && !isOver(seen) && !isGone(seen)) return;
      }
    }
    const ask = askToEnd(this.#oci, subject);
    await poll(
      async () => {
        const seen = await read();
        if (!seen || isOver(seen)) return true;
        if (stateOf(seen) !== "TERMINATING") {
          await ask(block.call("deleteVolumeGroupBackup", request, subject, signal));
        }
        return undefined;
      },
      this.#oci.patience,
      signal,
    );
  }

  /** Puts these tags in the place of those it has. */
  async setTags(
    backupId: string,
    freeformTags: Readonly<Record<string, string>>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const { block } = this.#oci;
    if (isId(backupId, "bootvolumebackup")) {
      const request = { bootVolumeBackupId: backupId, updateBootVolumeBackupDetails: { freeformTags } };
      await block.call("updateBootVolumeBackup", request, subject, signal);
    } else {
      const request = { volumeBackupId: backupId, updateVolumeBackupDetails: { freeformTags } };
      await block.call("updateVolumeBackup", request, subject, signal);
    }
    await this.#view.shown(async () => {
      const seen = await this.byId(backupId, subject, signal);
      return !seen || sameTags(seen.freeformTags, freeformTags) ? true : undefined;
    }, signal);
  }

  async #start(
    input: {
      volumeId: string;
      key: string;
      name: string;
      freeformTags: Record<string, string>;
      type: "FULL" | "INCREMENTAL";
    },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string> {
    const { volumeId, key, name: displayName, freeformTags, type } = input;
    const { block } = this.#oci;
    for (let round = 0; ; round++) {
      const opcRetryToken = token("backup", key, round);
      try {
        if (isId(volumeId, "bootvolume")) {
          const createBootVolumeBackupDetails = {
            bootVolumeId: volumeId,
            displayName,
            freeformTags,
            type: type as models.CreateBootVolumeBackupDetails.Type,
          };
          const request = { createBootVolumeBackupDetails, opcRetryToken };
          const { bootVolumeBackup } = await block.call("createBootVolumeBackup", request, subject, signal);
          if (!isOver(bootVolumeBackup)) return bootVolumeBackup.id;
        } else {
          const createVolumeBackupDetails = {
            volumeId,
            displayName,
            freeformTags,
            type: type as models.CreateVolumeBackupDetails.Type,
          };
          const request = { createVolumeBackupDetails, opcRetryToken };
          const { volumeBackup } = await block.call("createVolumeBackup", request, subject, signal);
          if (!isOver(volumeBackup)) return volumeBackup.id;
        }
      } catch (error) {
        if (vendorCode(error) !== "InvalidatedRetryToken" || round === rounds) throw error;
      }
    }
  }

  async #read(backupId: string, subject: Subject, signal: AbortSignal) {
    const { block } = this.#oci;
    if (isId(backupId, "bootvolumebackup")) {
      const request = { bootVolumeBackupId: backupId };
      return (await goneIsUndefined(block.call("getBootVolumeBackup", request, subject, signal)))?.bootVolumeBackup;
    }
    if (!isId(backupId, "volumebackup")) return undefined;
    const request = { volumeBackupId: backupId };
    return (await goneIsUndefined(block.call("getVolumeBackup", request, subject, signal)))?.volumeBackup;
  }

  async #remove(backupId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const { block } = this.#oci;
    if (isId(backupId, "bootvolumebackup")) {
      await block.call("deleteBootVolumeBackup", { bootVolumeBackupId: backupId }, subject, signal);
    } else await block.call("deleteVolumeBackup", { volumeBackupId: backupId }, subject, signal);
  }
}

/** Of a part of a group's backup: nobody needs it any more, and others of its group are needed still. */
const gone = "gone";

function isGone(backup: Tagged): boolean {
  return fromWire(backup).notes.purpose === gone;
}

function sameTags(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}

const states: Readonly<Record<string, OciBackup["state"]>> = {
  REQUEST_RECEIVED: "pending",
  CREATING: "pending",
  AVAILABLE: "completed",
};

function toOurs(backup: models.BootVolumeBackup | models.VolumeBackup): OciBackup {
  const { id, displayName, lifecycleState, sizeInGBs = 0, timeCreated, freeformTags = {} } = backup;
  const volumeId = "bootVolumeId" in backup ? backup.bootVolumeId : (backup as models.VolumeBackup).volumeId;
  const unique = "uniqueSizeInGBs" in backup ? backup.uniqueSizeInGBs : undefined;
  const image = imageMarkOf(backup);
  return {
    backupId: id,
    name: displayName,
    state: states[lifecycleState] ?? "failed",
    ...(volumeId !== undefined && { volumeId }),
    sizeBytes: sizeInGBs * GiB,
    ...(unique !== undefined && { uniqueBytes: unique * GiB }),
    createdAt: isoOf(timeCreated),
    ...(image !== undefined && { image }),
    ...(backup.volumeGroupBackupId && { groupBackupId: backup.volumeGroupBackupId }),
    freeformTags,
    ...fromWire(backup),
  };
}
