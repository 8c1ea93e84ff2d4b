import type { Snapshot, SnapshotsFacet } from "../cloud-facets.ts";
import type { DigitalOcean } from "./client.ts";
import { createdTags, toWords } from "./labels.ts";
import { readableName } from "./names.ts";
import type { PointSnapshot, Snapshots } from "./snapshots.ts";

/** Snapshots of volumes as DigitalOcean shows them; recovery points are among them. */
export class DigitalOceanSnapshots implements SnapshotsFacet {
  readonly #cloud: DigitalOcean;
  readonly #snapshots: Snapshots;

  constructor(cloud: DigitalOcean, snapshots: Snapshots) {
    this.#cloud = cloud;
    this.#snapshots = snapshots;
  }

  async *listSnapshots(signal: AbortSignal): AsyncGenerator<Snapshot> {
    const subject = { operation: "list snapshots", resource: this.#cloud.site };
    for (const snapshot of await this.#snapshots.list(subject, signal)) yield toFacet(snapshot);
  }

  async createSnapshot(input: Parameters<SnapshotsFacet["createSnapshot"]>[0], signal: AbortSignal): Promise<Snapshot> {
    const { volumeId, key, tags } = input;
    const subject = { operation: "create snapshot", resource: this.#cloud.resource("volume", volumeId) };
    const name = readableName(volumeId, key);
    const words = toWords(createdTags(tags, key));
    return toFacet(await this.#snapshots.take({ volumeId, name, words }, subject, signal));
  }

  async deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "delete snapshot", resource: this.#cloud.resource("snapshot", snapshotId) };
    const found = (await this.#snapshots.list(subject, signal)).find(({ id }) => id === snapshotId);
    if (found) await this.#snapshots.delete(found, subject, signal);
  }
}

function toFacet({ id, volumeId, sizeBytes, createdAt, tags }: PointSnapshot): Snapshot {
  // "Volumes Features": data are encrypted at rest, and so are their snapshots. One is shown once it is whole.
  return { snapshotId: id, volumeId, state: "completed", sizeBytes, encrypted: true, createdAt, tags };
}
