import type { Snapshot, SnapshotsFacet } from "../cloud-facets.ts";
import { notFound, type Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { nameFor } from "./names.ts";
import type { OurSnapshot, Snapshots } from "./points.ts";
import { createdTags } from "./tags.ts";
import type { View } from "./view.ts";

export class AzureSnapshots implements SnapshotsFacet {
  readonly #azure: Azure;
  readonly #view: View;
  readonly #snapshots: Snapshots;

  constructor(azure: Azure, parts: { view: View; snapshots: Snapshots }) {
    this.#azure = azure;
    this.#view = parts.view;
    this.#snapshots = parts.snapshots;
  }

  async *listSnapshots(signal: AbortSignal): AsyncGenerator<Snapshot> {
    for await (const snapshot of this.#snapshots.list(this.#subject("list snapshots", "all"), signal)) {
      yield toSnapshot(snapshot);
    }
  }

  async createSnapshot(
    input: { volumeId: string; key: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Snapshot> {
    const { volumeId, key, tags } = input;
    const subject = this.#subject("create snapshot of", volumeId);
    const name = nameFor("snapshot", this.#azure.site, key);
    const known = await this.#snapshots.find(name, subject, signal);
    if (known) return toSnapshot(await this.#snapshots.completed(name, subject, signal));
    const disk = await this.#view.disk(volumeId, subject, signal);
    if (!disk) throw notFound(subject, `volume ${volumeId} does not exist`);
    return toSnapshot(await this.#snapshots.take({ name, disk, tags: createdTags(tags, key) }, subject, signal));
  }

  /** An image keeps bytes of its own: nothing stands in the way. */
  async deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void> {
    await this.#snapshots.delete(snapshotId, this.#subject("delete snapshot", snapshotId), signal);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("snapshot", id) };
  }
}

/** All of Azure's disks and snapshots are encrypted ("Server-side encryption of Azure Disk Storage"). */
function toSnapshot({ snapshotId, diskName, state, sizeBytes, startedAt, tags }: OurSnapshot): Snapshot {
  return {
    snapshotId,
    ...(diskName !== "" && { volumeId: diskName }),
    state,
    sizeBytes,
    encrypted: true,
    createdAt: startedAt,
    tags,
  };
}
