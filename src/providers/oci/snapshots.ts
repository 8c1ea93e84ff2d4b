import type { Snapshot, SnapshotsFacet } from "../cloud-facets.ts";
import { conflict } from "../failures.ts";
import type { Backups, OciBackup } from "./backups.ts";
import type { Oci } from "./client.ts";

/** Backups of single volumes, as Oracle shows them; recovery points are among them. */
export class OciSnapshots implements SnapshotsFacet {
  readonly #oci: Oci;
  readonly #backups: Backups;

  constructor(oci: Oci, backups: Backups) {
    this.#oci = oci;
    this.#backups = backups;
  }

  async *listSnapshots(signal: AbortSignal): AsyncGenerator<Snapshot> {
    const subject = { operation: "list backups", resource: this.#oci.site };
    for await (const backup of this.#backups.list(subject, signal)) yield toSnapshot(backup);
  }

  async createSnapshot(input: Parameters<SnapshotsFacet["createSnapshot"]>[0], signal: AbortSignal): Promise<Snapshot> {
    const { volumeId, key, tags } = input;
    const subject = { operation: "create backup", resource: this.#oci.resource("volume", volumeId) };
    const name = `novacron ${key}`.slice(0, 255);
    return toSnapshot(await this.#backups.create({ volumeId, key, name, tags }, subject, signal));
  }

  async deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "delete backup", resource: this.#oci.resource("snapshot", snapshotId) };
    const backup = await this.#backups.byId(snapshotId, subject, signal);
    if (backup?.image !== undefined) {
      throw conflict(subject, `image ${backup.image} is made of it`, "Delete the image first.");
    }
    await this.#backups.delete(snapshotId, subject, signal);
  }
}

/** Oracle encrypts every volume and backup, with its own key where no other is named ("Block Volume Encryption"). */
function toSnapshot({ backupId, volumeId, state, sizeBytes, createdAt, tags }: OciBackup): Snapshot {
  return {
    snapshotId: backupId,
    ...(volumeId !== undefined && { volumeId }),
    state,
    sizeBytes,
    encrypted: true,
    createdAt,
    tags,
  };
}
