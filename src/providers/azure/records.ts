import { isProviderError } from "../../domain/errors.ts";
import type { Tags } from "../../domain/tags.ts";
import type { Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { inContainer, replicaContainer } from "./containers.ts";
import { goneIsUndefined } from "./errors.ts";
import { digest } from "./names.ts";

const prefix = "generations/";

/** What is known of a generation, as a small blob beside its bytes. */
export interface GenerationRecord {
  readonly generationId: string;
  readonly replicaId: string;
  readonly sizeBytes: number;
  readonly tags: Tags;
  readonly encryptionKey?: string;
  /** `discarded` stays, so that nobody brings it back. */
  readonly state: "open" | "sealed" | "discarded";
  /** The newest. */
  readonly attempt: number;
  /** The page blob that it is written into. */
  readonly blob: string;
  /** What it starts as: a snapshot of a page blob of ours, or one of a managed disk. */
  readonly parent?:
    | {
        readonly kind: "sealed";
        readonly pointId: string;
        readonly blob: string;
        readonly snapshot: string;
        readonly sizeBytes: number;
      }
    | { readonly kind: "adopted"; readonly snapshotId: string; readonly sizeBytes: number };
  /** It has the parent's content, and its own size: what is written from now on is its own. */
  readonly prepared: boolean;
  /** Of the page blob: the point, once it is sealed. */
  readonly snapshot?: string;
  readonly createdAt: string;
}

export interface SeenRecord {
  readonly record: GenerationRecord;
  /** Of this state of it: a change names what it changes, so that one of two loses. */
  readonly etag: string;
}

export class Records {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async find(generationId: string, subject: Subject, signal: AbortSignal): Promise<SeenRecord | undefined> {
    return this.#read(nameOf(generationId), subject, signal);
  }

  /** @returns undefined when there is one already. */
  add(record: GenerationRecord, subject: Subject, signal: AbortSignal): Promise<SeenRecord | undefined> {
    return this.#write(record, { ifNoneMatch: "*" }, subject, signal);
  }

  /** @returns undefined when it is not what was seen any more. */
  change(
    { record, etag }: SeenRecord,
    changes: Partial<GenerationRecord>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<SeenRecord | undefined> {
    return this.#write({ ...record, ...changes }, { ifMatch: etag }, subject, signal);
  }

  async remove(generationId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await goneIsUndefined(
      this.#azure.blobs(subject, signal, (service) =>
        service.getContainerClient(replicaContainer).deleteBlob(nameOf(generationId), { abortSignal: signal }),
      ),
    );
  }

  async *list(subject: Subject, signal: AbortSignal): AsyncGenerator<GenerationRecord> {
    const names = this.#azure.blobList(subject, signal, (service) =>
      service.getContainerClient(replicaContainer).listBlobsFlat({ prefix, abortSignal: signal }),
    );
    try {
      for await (const { name } of names) {
        const seen = await this.#read(name, subject, signal);
        if (seen) yield seen.record;
      }
    } catch (error) {
      // Nothing was ever written here.
      if (!isProviderError(error, "NotFound")) throw error;
    }
  }

  async #read(name: string, subject: Subject, signal: AbortSignal): Promise<SeenRecord | undefined> {
    return goneIsUndefined(
      this.#azure.blobs(subject, signal, async (service) => {
        const blob = service.getContainerClient(replicaContainer).getBlobClient(name);
        const answer = await blob.download(0, undefined, { abortSignal: signal });
        const chunks = await Array.fromAsync(answer.readableStreamBody as AsyncIterable<Uint8Array>);
        const record = JSON.parse(Buffer.concat(chunks).toString("utf8")) as GenerationRecord;
        return { record, etag: answer.etag ?? "" };
      }),
    );
  }

  async #write(
    record: GenerationRecord,
    conditions: { ifMatch?: string; ifNoneMatch?: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<SeenRecord | undefined> {
    const body = Buffer.from(JSON.stringify(record));
    const put = () =>
      this.#azure.blobs(subject, signal, (service) =>
        service
          .getContainerClient(replicaContainer)
          .getBlockBlobClient(nameOf(record.generationId))
          .upload(body, body.length, { conditions, abortSignal: signal }),
      );
    try {
      const { etag = "" } = await inContainer(this.#azure, put, subject, signal);
      return { record, etag };
    } catch (error) {
      if (!isProviderError(error, "Conflict")) throw error;
      // A lost answer looks like somebody else's change.
      const now = await this.find(record.generationId, subject, signal);
      return now && JSON.stringify(now.record) === JSON.stringify(record) ? now : undefined;
    }
  }
}

function nameOf(generationId: string): string {
  return `${prefix}${digest(generationId)}.json`;
}
