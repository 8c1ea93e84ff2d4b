import { tagKeys } from "../../domain/vm.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { ListedPoint, RecoveryPoint } from "../provider.ts";
import type { Backups, OciBackup } from "./backups.ts";
import type { Oci } from "./client.ts";
import type { Volumes } from "./volumes.ts";

/** What the volume says that a generation is written to. */
export const generationPurpose = "generation";

/** The port's id of a recovery point: that of its generation, or its own where a disk was adopted as one. */
export function pointIdOf({ notes, tags }: OciBackup): string {
  return (notes.sourcePoint === undefined ? tags[tagKeys.key] : notes.point) ?? "";
}

export function toRecoveryPoint(site: string, backup: OciBackup): RecoveryPoint {
  const { sizeBytes, createdAt, notes } = backup;
  const kind = notes.sourcePoint === undefined ? "sealed" : "adopted";
  return { pointId: pointIdOf(backup), site, sizeBytes, createdAt, kind };
}

/** Recovery points are backups that say so. */
export class Points {
  readonly #oci: Oci;
  readonly #backups: Backups;
  readonly #volumes: Volumes;
  readonly #ids = new Map<string, string>();

  constructor(oci: Oci, parts: { backups: Backups; volumes: Volumes }) {
    this.#oci = oci;
    this.#backups = parts.backups;
    this.#volumes = parts.volumes;
  }

  async *list(signal: AbortSignal): AsyncGenerator<ListedPoint> {
    const subject = { operation: "list recovery points", resource: this.#oci.site };
    for await (const backup of this.#backups.list(subject, signal)) {
      if (backup.notes.point === undefined || backup.state !== "completed") continue;
      yield { ...toRecoveryPoint(this.#oci.site, backup), tags: backup.tags };
    }
  }

  async get(pointId: string, signal: AbortSignal): Promise<RecoveryPoint> {
    const subject = { operation: "look up recovery point", resource: this.#oci.resource("recovery-point", pointId) };
    return toRecoveryPoint(this.#oci.site, await this.find(pointId, subject, signal));
  }

  /** @throws NotFound, also for one that is being sealed. */
  async find(pointId: string, subject: Subject, signal: AbortSignal): Promise<OciBackup> {
    const backup = await this.lookUp(pointId, subject, signal);
    if (backup?.state === "completed") return backup;
    throw notFound(subject, `there is no recovery point ${pointId}`);
  }

  async lookUp(pointId: string, subject: Subject, signal: AbortSignal): Promise<OciBackup | undefined> {
    const isIt = (backup: OciBackup) => backup.notes.point !== undefined && pointIdOf(backup) === pointId;
    const known = this.#ids.get(pointId);
    if (known !== undefined) {
      const seen = await this.#backups.byId(known, subject, signal);
      if (seen && isIt(seen)) return seen;
      this.#ids.delete(pointId);
    }
    for await (const backup of this.#backups.list(subject, signal)) {
      if (!isIt(backup)) continue;
      this.#ids.set(pointId, backup.backupId);
      return backup;
    }
    return undefined;
  }

  /** Backups are whole: nothing else needs its bytes. The volume that it was sealed from is there still when the seal was given
   *  up at its end. */
  async delete(pointId: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "delete recovery point", resource: this.#oci.resource("recovery-point", pointId) };
    const backup = await this.lookUp(pointId, subject, signal);
    if (!backup) return;
    if (backup.image !== undefined) {
      throw conflict(subject, `image ${backup.image} is made of it`, "Delete the image first.");
    }
    if (backup.notes.sourcePoint === undefined && backup.state === "completed") {
      const volume = await this.#volumes.ofKey(pointId, subject, signal);
      if (volume?.notes.purpose === generationPurpose) await this.#volumes.delete(volume.volumeId, signal);
    }
    await this.#backups.delete(backup.backupId, subject, signal);
  }
}
