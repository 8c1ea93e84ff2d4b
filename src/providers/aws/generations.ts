import { isProviderError } from "../../domain/errors.ts";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { ListedPoint, RecoveryPoint, ReplicaSpec } from "../provider.ts";
import { SnapshotSink } from "./block-sink.ts";
import { SnapshotSource } from "./block-source.ts";
import type { Aws } from "./client.ts";
import { failed, type OurSnapshot, type Snapshots, toRecoveryPoint } from "./points.ts";
import { createdTags, managedOnly, noteKeys, noteOf, token, toWire } from "./tags.ts";

const GiB = 2 ** 30;
/** EBS gives up on a snapshot that nobody writes to for so long: the most it allows, three days, as a copy may be paused. */
const giveUpAfterMinutes = 4_320;

/**
 * Generations are snapshots that EBS direct writes, each on top of its parent. EBS knows no owner of a pending snapshot: an
 * attempt that was shut out can still write to it until it is sealed, and what it writes is what its successor writes.
 */
export class Generations {
  readonly #aws: Aws;
  readonly #snapshots: Snapshots;

  constructor(aws: Aws, snapshots: Snapshots) {
    this.#aws = aws;
    this.#snapshots = snapshots;
  }

  async open(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    const { generationId, parentPointId, attempt } = input;
    const subject = this.#subject("open generation", generationId);
    const found = await this.#snapshots.ofPoint(generationId, subject, signal);
    const snapshot = found ?? (await this.#start(input, subject, signal));
    if (snapshot.state === "completed") throw sealedAlready(subject);
    if (snapshot.state === "error") throw failed(snapshot, subject);
    refuseOldAttempt(snapshot, attempt, subject);
    if (attemptOf(snapshot) < attempt) {
      const notes = [{ Key: noteKeys.attempt, Value: String(attempt) }];
      await this.#snapshots.note([snapshot.snapshotId], notes, subject, signal);
    }
    const { snapshotId, sizeBytes } = snapshot;
    return new SnapshotSink(this.#aws, { snapshotId, sizeBytes, hasParent: parentPointId !== undefined, subject });
  }

  async seal(
    input: { generationId: string; attempt: number; leavesWritten: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint> {
    const { generationId, attempt, leavesWritten } = input;
    const subject = this.#subject("seal generation", generationId);
    const snapshot = await this.#snapshots.ofPoint(generationId, subject, signal);
    if (!snapshot) throw notFound(subject, "there is no such generation");
    if (snapshot.state === "completed") return toRecoveryPoint(this.#aws.site, snapshot);
    refuseOldAttempt(snapshot, attempt, subject);
    const { snapshotId } = snapshot;
    await this.#complete(snapshotId, leavesWritten, subject, signal);
    return toRecoveryPoint(this.#aws.site, await this.#snapshots.completed(snapshotId, subject, signal));
  }

  async discard(generationId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("discard generation", generationId);
    const snapshot = await this.#snapshots.ofPoint(generationId, subject, signal);
    if (!snapshot) return;
    if (snapshot.state === "completed") throw sealedAlready(subject);
    await this.#snapshots.delete(snapshot.snapshotId, subject, signal);
  }

  async get(pointId: string, signal: AbortSignal): Promise<RecoveryPoint> {
    return toRecoveryPoint(this.#aws.site, await this.find(pointId, this.#subject("look up point", pointId), signal));
  }

  async *list(signal: AbortSignal): AsyncGenerator<ListedPoint> {
    const subject = { operation: "list recovery points", resource: this.#aws.site };
    for await (const snapshot of this.#snapshots.list([managedOnly], subject, signal)) {
      if (snapshot.notes.point === undefined || snapshot.state !== "completed") continue;
      yield { ...toRecoveryPoint(this.#aws.site, snapshot), tags: snapshot.tags };
    }
  }

  /** @throws NotFound for what is gone or was never sealed. */
  async find(pointId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot> {
    const snapshot = await this.#snapshots.ofPoint(pointId, subject, signal);
    if (snapshot?.state === "completed") return snapshot;
    throw notFound(subject, snapshot ? "it is not sealed" : "there is no such recovery point");
  }

  async openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read recovery point", pointId);
    const { snapshotId, sizeBytes } = await this.find(pointId, subject, signal);
    return new SnapshotSource(this.#aws, { snapshotId, sizeBytes, subject });
  }

  /** An adopted point whose source point is still held only stops being one. */
  async deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete recovery point", pointId);
    const snapshot = await this.#snapshots.ofPoint(pointId, subject, signal);
    if (!snapshot) return;
    const { snapshotId, state, notes } = snapshot;
    if (notes.sourcePoint !== undefined && notes.released === undefined) {
      const Tags = [{ Key: noteKeys.point }];
      await this.#aws.ec2.send((sdk) => new sdk.DeleteTagsCommand({ Resources: [snapshotId], Tags }), subject, signal);
      return;
    }
    // A generation that was never sealed is no point: it is discarded.
    if (state === "pending") return;
    await this.#snapshots.delete(snapshotId, subject, signal);
  }

  async #start(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<OurSnapshot> {
    const { replica, generationId, parentPointId } = input;
    const parent = parentPointId === undefined ? undefined : await this.find(parentPointId, subject, signal);
    const KmsKeyArn = replica.encryptionKey ?? this.#aws.entry.encryptionKey;
    const { SnapshotId = "" } = await this.#aws.ebs.send(
      (sdk) =>
        new sdk.StartSnapshotCommand({
          VolumeSize: replica.sizeBytes / GiB,
          // The same for every attempt: EBS compares all values of a token's requests.
          ClientToken: token(this.#aws.site, generationId),
          Timeout: giveUpAfterMinutes,
          Description: `novacron replica ${replica.replicaId}`.slice(0, 255),
          Tags: toWire(createdTags(replica.tags, generationId), {
            point: noteOf(generationId),
            replica: noteOf(replica.replicaId),
          }),
          // A child has its parent's encryption; both together are refused.
          ...(parent
            ? { ParentSnapshotId: parent.snapshotId }
            : { Encrypted: true, ...(KmsKeyArn !== undefined && { KmsKeyArn }) }),
        }),
      subject,
      signal,
    );
    const snapshot = await this.#snapshots.shown(SnapshotId, subject, signal);
    if (snapshot) return snapshot;
    // Its token is known, its snapshot is not: it was made and deleted before.
    throw conflict(subject, `it was discarded (${SnapshotId})`, "Begin a new generation.");
  }

  /** Asked for again after a lost answer, EBS says that it is no longer pending. */
  async #complete(snapshotId: string, leaves: number, subject: Subject, signal: AbortSignal): Promise<void> {
    try {
      await this.#aws.ebs.send(
        (sdk) => new sdk.CompleteSnapshotCommand({ SnapshotId: snapshotId, ChangedBlocksCount: leaves }),
        subject,
        signal,
      );
    } catch (error) {
      if (!isProviderError(error, "InvalidInput", "Conflict")) throw error;
      const seen = await this.#snapshots.byId(snapshotId, subject, signal);
      if (seen?.state !== "completed") throw error;
    }
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("recovery-point", id) };
  }
}

function attemptOf({ notes }: OurSnapshot): number {
  return Number(notes.attempt ?? 0);
}

function refuseOldAttempt(snapshot: OurSnapshot, attempt: number, subject: Subject): void {
  const newest = attemptOf(snapshot);
  if (attempt >= newest) return;
  throw conflict(subject, `attempt ${newest} has taken over from attempt ${attempt}`, "Leave it to the newer attempt.");
}

function sealedAlready(subject: Subject) {
  return conflict(subject, "it is sealed", "Begin a new generation on top of it.");
}
