import { footerBytes } from "../../transfer/formats/vhd/footer.ts";
import type { Subject } from "../failures.ts";
import { type Leases, leaseOf, takenOver } from "./leases.ts";
import { digest } from "./names.ts";
import type { Snapshots } from "./points.ts";
import type { GenerationRecord, Records, SeenRecord } from "./records.ts";
import { headOf, type ReplicaBlobs } from "./replica-blobs.ts";

/** What a generation starts from. */
export class Preparation {
  readonly #blobs: ReplicaBlobs;
  readonly #snapshots: Snapshots;
  readonly #records: Records;
  readonly #leases: Leases;

  constructor(parts: { blobs: ReplicaBlobs; snapshots: Snapshots; records: Records; leases: Leases }) {
    this.#blobs = parts.blobs;
    this.#snapshots = parts.snapshots;
    this.#records = parts.records;
    this.#leases = parts.leases;
  }

  /** Gives the blob its content to start from and its size, once. */
  async prepare(seen: SeenRecord, attempt: number, subject: Subject, signal: AbortSignal): Promise<SeenRecord> {
    const { record } = seen;
    const { generationId, sizeBytes, parent } = record;
    const leaseId = leaseOf(generationId, attempt);
    if (parent?.kind === "sealed" && record.blob === parent.blob) {
      if (!(await this.#goOn(record, parent.pointId, attempt, subject, signal))) {
        // Another child of the same parent goes on in it: this one takes a copy.
        const moved = await this.#records.change(seen, { blob: blobOf(generationId) }, subject, signal);
        if (!moved) throw takenOver(record, attempt, subject);
        return this.prepare(moved, attempt, subject, signal);
      }
    } else {
      await this.#begin(record, subject, signal);
      await this.#leases.take(record, attempt, subject, signal);
    }
    if (parent) await this.#resize(record, parent.sizeBytes, leaseId, subject, signal);
    const prepared = await this.#records.change(seen, { prepared: true }, subject, signal);
    if (!prepared) throw takenOver(record, attempt, subject);
    return { ...prepared, record: { ...prepared.record, sizeBytes } };
  }

  /** Takes the parent's own blob. @returns false when another child of the parent was quicker. */
  async #goOn(
    record: GenerationRecord,
    parentId: string,
    attempt: number,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { blob, generationId } = record;
    const leaseId = leaseOf(generationId, attempt);
    const head = (await this.#blobs.find(blob, subject, signal))?.head;
    if (head !== headOf(generationId) && head !== headOf(parentId)) return false;
    await this.#leases.take(record, attempt, subject, signal);
    const ours = await this.#blobs.handOver(blob, parentId, generationId, leaseId, subject, signal);
    if (!ours) await this.#blobs.release(blob, leaseId, subject, signal);
    return ours;
  }

  async #begin(record: GenerationRecord, subject: Subject, signal: AbortSignal): Promise<void> {
    const { blob, generationId, sizeBytes, parent } = record;
    if (!parent) return this.#blobs.create(blob, sizeBytes, generationId, subject, signal);
    if (parent.kind === "sealed") {
      const source = this.#blobs.url(parent.blob, parent.snapshot);
      return this.#blobs.copyFrom(blob, source, generationId, subject, signal);
    }
    const source = await this.#snapshots.grant(parent.snapshotId, subject, signal);
    return this.#blobs.copyFrom(blob, source, generationId, subject, signal);
  }

  /** The parent's footer goes from where the disk may be now. */
  async #resize(
    { blob, sizeBytes }: GenerationRecord,
    parentBytes: number,
    leaseId: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    if (sizeBytes === parentBytes) return;
    const options = { conditions: { leaseId }, abortSignal: signal };
    await this.#blobs.use(blob, subject, signal, async (client) => {
      if (sizeBytes > parentBytes) await client.clearPages(parentBytes, footerBytes, options);
      await client.resize(sizeBytes + footerBytes, options);
    });
  }
}

export function blobOf(generationId: string): string {
  return `disks/${digest(generationId)}.vhd`;
}
