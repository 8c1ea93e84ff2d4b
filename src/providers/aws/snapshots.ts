import type { Snapshot, SnapshotsFacet } from "../cloud-facets.ts";
import type { Aws } from "./client.ts";
import type { OurSnapshot, Snapshots } from "./points.ts";
import { byKey, createdTags, tagSpecification } from "./tags.ts";

/** Snapshots of single volumes, as EC2 shows them; recovery points are among them. */
export class AwsSnapshots implements SnapshotsFacet {
  readonly #aws: Aws;
  readonly #snapshots: Snapshots;

  constructor(aws: Aws, snapshots: Snapshots) {
    this.#aws = aws;
    this.#snapshots = snapshots;
  }

  async *listSnapshots(signal: AbortSignal): AsyncGenerator<Snapshot> {
    const subject = { operation: "list snapshots", resource: this.#aws.site };
    for await (const snapshot of this.#snapshots.list([], subject, signal)) yield toSnapshot(snapshot);
  }

  /** Has no client token: its key is looked for first, and of two that a lost answer made the older one stays. */
  async createSnapshot(input: Parameters<SnapshotsFacet["createSnapshot"]>[0], signal: AbortSignal): Promise<Snapshot> {
    const { volumeId, key, tags } = input;
    const subject = { operation: "create snapshot", resource: this.#aws.resource("volume", volumeId) };
    const ofKey = async () => Array.fromAsync(this.#snapshots.list([byKey(key)], subject, signal));
    let made: string | undefined;
    if ((await ofKey()).length === 0) {
      const { SnapshotId } = await this.#aws.ec2.send(
        (sdk) =>
          new sdk.CreateSnapshotCommand({
            VolumeId: volumeId,
            Description: "novacron",
            TagSpecifications: [tagSpecification("snapshot", createdTags(tags, key))],
          }),
        subject,
        signal,
      );
      made = SnapshotId;
      if (made !== undefined) await this.#snapshots.shown(made, subject, signal);
    }
    const [first, ...extra] = (await ofKey()).toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
    for (const { snapshotId } of extra) await this.#snapshots.delete(snapshotId, subject, signal);
    return toSnapshot(await this.#snapshots.completed(first?.snapshotId ?? made ?? "", subject, signal));
  }

  async deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "delete snapshot", resource: this.#aws.resource("snapshot", snapshotId) };
    await this.#snapshots.delete(snapshotId, subject, signal);
  }
}

function toSnapshot(snapshot: OurSnapshot): Snapshot {
  const { snapshotId, volumeId, state, sizeBytes, encrypted, startedAt, tags } = snapshot;
  return {
    snapshotId,
    ...(/^vol-(?!f{8,}$)/.test(volumeId) && { volumeId }),
    state: state === "error" ? "failed" : state,
    sizeBytes,
    encrypted,
    createdAt: startedAt,
    tags,
  };
}
