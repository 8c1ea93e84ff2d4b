import { conflict, type Subject } from "../failures.ts";
import { isLeaseFailure } from "./errors.ts";
import { guidFor } from "./names.ts";
import type { GenerationRecord, Records } from "./records.ts";
import { headOf, type ReplicaBlobs } from "./replica-blobs.ts";

/** Whose blob it is to write: the record says which attempt's, the lease keeps all others out. */
export class Leases {
  readonly #blobs: ReplicaBlobs;
  readonly #records: Records;

  constructor(parts: { blobs: ReplicaBlobs; records: Records }) {
    this.#blobs = parts.blobs;
    this.#records = parts.records;
  }

  /** Takes a generation's blob for an attempt. @throws Conflict when a newer one has taken over, or the generation has ended. */
  async take(record: GenerationRecord, attempt: number, subject: Subject, signal: AbortSignal): Promise<void> {
    const { generationId, blob, parent } = record;
    const leaseId = leaseOf(generationId, attempt);
    const check = async () => {
      const now = (await this.#records.find(generationId, subject, signal))?.record;
      if (now?.attempt !== attempt || now.state !== "open") throw takenOver(now, attempt, subject);
    };
    // An attempt that has lost must not break the winner's lease, nor that of another child of its parent.
    const mayBreak = async () => {
      await check();
      const head = (await this.#blobs.find(blob, subject, signal))?.head;
      return head === headOf(generationId) || (parent?.kind === "sealed" && head === headOf(parent.pointId));
    };
    await this.#blobs.lease(blob, leaseId, mayBreak, subject, signal);
    try {
      // It may have lost since: nothing is written before this is known.
      await check();
    } catch (error) {
      await this.#blobs.release(blob, leaseId, subject, signal);
      throw error;
    }
  }

  /** Does what needs the lease. An earlier attempt that comes late may take it before it learns that it has lost: it is taken
   *  back then, and the work done again, once. */
  async holding<T>(
    record: GenerationRecord,
    attempt: number,
    work: () => Promise<T>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isLeaseFailure(error)) throw error;
      await this.take(record, attempt, subject, signal);
      return work();
    }
  }
}

export function leaseOf(generationId: string, attempt: number): string {
  return guidFor("lease", generationId, attempt);
}

export function takenOver(record: GenerationRecord | undefined, attempt: number, subject: Subject) {
  return conflict(
    subject,
    record === undefined || record.state === "discarded"
      ? "it was discarded"
      : record.state === "sealed"
        ? "it is sealed"
        : `attempt ${record.attempt} has taken over from attempt ${attempt}`,
    "Leave it to the newer attempt.",
  );
}
