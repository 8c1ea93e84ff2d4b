import type { Snapshot, SnapshotsFacet } from "../cloud-facets.ts";
import type { Gcp } from "./client.ts";
import { createdTags, describe, toLabels } from "./labels.ts";
import { readableName } from "./names.ts";
import type { GcpSnapshot, Snapshots } from "./snapshots.ts";

/** Snapshots of single disks, as Compute Engine shows them; recovery points are among them. */
export class GcpSnapshots implements SnapshotsFacet {
  readonly #gcp: Gcp;
  readonly #snapshots: Snapshots;

  constructor(gcp: Gcp, snapshots: Snapshots) {
    this.#gcp = gcp;
    this.#snapshots = snapshots;
  }

  async *listSnapshots(signal: AbortSignal): AsyncGenerator<Snapshot> {
    const subject = { operation: "list snapshots", resource: this.#gcp.site };
    for await (const snapshot of this.#snapshots.list(undefined, subject, signal)) yield toFacet(snapshot);
  }

  async createSnapshot(input: Parameters<SnapshotsFacet["createSnapshot"]>[0], signal: AbortSignal): Promise<Snapshot> {
    const { volumeId, key, tags } = input;
    const subject = { operation: "create snapshot", resource: this.#gcp.resource("volume", volumeId) };
    const taken = await this.#snapshots.take(
      {
        disk: volumeId,
        name: readableName(volumeId, key),
        description: describe({ key }),
        labels: toLabels(createdTags(tags, key)),
      },
      subject,
      signal,
    );
    return toFacet(taken);
  }

  async deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "delete snapshot", resource: this.#gcp.resource("snapshot", snapshotId) };
    await this.#snapshots.delete(snapshotId, subject, signal);
  }
}

function toFacet({ name, diskName, state, sizeBytes, encrypted, createdAt, tags }: GcpSnapshot): Snapshot {
  return { snapshotId: name, ...(diskName && { volumeId: diskName }), state, sizeBytes, encrypted, createdAt, tags };
}
