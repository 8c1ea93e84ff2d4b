import type { BlobClient, PageBlobClient } from "@azure/storage-blob";
import { isProviderError } from "../../domain/errors.ts";
import { footerBytes } from "../../transfer/formats/vhd/footer.ts";
import { conflict, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Azure } from "./client.ts";
import { inContainer, replicaContainer } from "./containers.ts";
import { goneIsUndefined, isLeaseFailure, vendorCode } from "./errors.ts";
import { digest } from "./names.ts";

/** In a blob's metadata: the generation whose content it holds now. */
const headKey = "head";
/** In a snapshot's metadata: the generation that it is. */
const generationKey = "generation";

/** Page blobs of ours: each is a fixed VHD, the disk and a footer behind it. */
export class ReplicaBlobs {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  use<T>(
    name: string,
    subject: Subject,
    signal: AbortSignal,
    work: (blob: PageBlobClient) => PromiseLike<T>,
    snapshot?: string,
  ): Promise<T> {
    return this.#azure.blobs(subject, signal, (service) => {
      const blob = service.getContainerClient(replicaContainer).getPageBlobClient(name);
      return work(snapshot === undefined ? blob : blob.withSnapshot(snapshot));
    });
  }

  url(name: string, snapshot?: string): string {
    const url = this.#azure.blobUrl(replicaContainer, name);
    return snapshot === undefined ? url : `${url}?snapshot=${encodeURIComponent(snapshot)}`;
  }

  async find(name: string, subject: Subject, signal: AbortSignal) {
    const seen = await goneIsUndefined(
      this.use(name, subject, signal, (blob) => blob.getProperties({ abortSignal: signal })),
    );
    if (!seen) return undefined;
    const { contentLength = 0, etag = "", metadata = {}, copyStatus, copyStatusDescription } = seen;
    return { contentLength, etag, head: metadata[headKey], copyStatus, copyStatusDescription };
  }

  /** An empty one; one that is there stays as it is. */
  async create(name: string, sizeBytes: number, generationId: string, subject: Subject, signal: AbortSignal) {
    const make = () =>
      this.use(name, subject, signal, (blob) =>
        blob.create(sizeBytes + footerBytes, {
          conditions: { ifNoneMatch: "*" },
          metadata: { [headKey]: headOf(generationId) },
          abortSignal: signal,
        }),
      );
    await inContainer(this.#azure, make, subject, signal).catch((error: unknown) => {
      if (!isProviderError(error, "Conflict")) throw error;
    });
  }

  /** One that begins as the blob at an address, copied within Azure; one that is there already stays as it is. */
  async copyFrom(name: string, source: string, generationId: string, subject: Subject, signal: AbortSignal) {
    const begin = () =>
      this.use(name, subject, signal, (blob) =>
        blob.beginCopyFromURL(source, {
          conditions: { ifNoneMatch: "*" },
          metadata: { [headKey]: headOf(generationId) },
          abortSignal: signal,
          intervalInMs: this.#azure.patience.pollMs.first,
        }),
      );
    if (!(await this.find(name, subject, signal))) {
      await inContainer(this.#azure, begin, subject, signal).catch((error: unknown) => {
        if (!isProviderError(error, "Conflict")) throw error;
      });
    }
    await this.#copied(name, subject, signal);
  }

  /** Gives the blob to a generation that goes on where another one ended. @returns false when somebody was quicker. */
  async handOver(
    name: string,
    fromId: string,
    toId: string,
    leaseId: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<boolean> {
    const seen = await this.find(name, subject, signal);
    if (seen?.head === headOf(toId)) return true;
    if (!seen || seen.head !== headOf(fromId)) return false;
    try {
      await this.use(name, subject, signal, (blob) =>
        blob.setMetadata(
          { [headKey]: headOf(toId) },
          { conditions: { ifMatch: seen.etag, leaseId }, abortSignal: signal },
        ),
      );
      return true;
    } catch (error) {
      if (isProviderError(error, "Conflict") && vendorCode(error) === "ConditionNotMet") return false;
      throw error;
    }
  }

  /** Takes the blob for one attempt: whoever had it before can write no more. `mayBreak` says whether
   *  this attempt may take it away from whoever has it. */
  async lease(
    name: string,
    leaseId: string,
    mayBreak: () => Promise<boolean>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const acquire = () =>
      this.use(name, subject, signal, (blob) =>
        blob.getBlobLeaseClient(leaseId).acquireLease(-1, { abortSignal: signal }),
      );
    try {
      await acquire();
    } catch (error) {
      if (vendorCode(error) !== "LeaseAlreadyPresent" || !(await mayBreak())) throw error;
      await this.breakLease(name, subject, signal);
      await acquire();
    }
  }

  /** Gives up an attempt's own lease, and nobody else's. */
  async release(name: string, leaseId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const released = this.use(name, subject, signal, (blob) =>
      blob.getBlobLeaseClient(leaseId).releaseLease({ abortSignal: signal }),
    );
    await goneIsUndefined(released).catch((error: unknown) => {
      if (!isLeaseFailure(error)) throw error;
    });
  }

  async breakLease(name: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const broken = this.use(name, subject, signal, (blob) =>
      blob.getBlobLeaseClient().breakLease(0, { abortSignal: signal }),
    );
    await goneIsUndefined(broken).catch((error: unknown) => {
      // Nobody has it, which is what is wanted.
      if (!vendorCode(error)?.startsWith("LeaseNotPresent")) throw error;
    });
  }

  /** A snapshot that is one generation. @returns its time, which names it. */
  async snapshot(
    name: string,
    generationId: string,
    leaseId: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string> {
    const { snapshot } = await this.use(name, subject, signal, (blob) =>
      blob.createSnapshot({
        metadata: { [generationKey]: headOf(generationId) },
        conditions: { leaseId },
        abortSignal: signal,
      }),
    );
    if (snapshot !== undefined) return snapshot;
    throw conflict(subject, "Azure names no snapshot", "Seal it again.");
  }

  /** Removes a generation's snapshots, also those of calls whose answers were lost; and the blob with its last one, unless
   *  `isInUse` says that the generation that has it now is still being written. */
  async remove(
    name: string,
    generationId: string,
    isInUse: (head: string) => Promise<boolean>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const all = this.#azure.blobList(subject, signal, (service) =>
      service
        .getContainerClient(replicaContainer)
        .listBlobsFlat({ prefix: name, includeSnapshots: true, includeMetadata: true, abortSignal: signal }),
    );
    let left = 0;
    for await (const { snapshot, metadata } of all) {
      if (!snapshot) continue;
      if (metadata?.[generationKey] !== headOf(generationId)) left++;
      else {
        await goneIsUndefined(
          this.use(name, subject, signal, (blob) => blob.delete({ abortSignal: signal }), snapshot),
        );
      }
    }
    const seen = await this.find(name, subject, signal);
    if (left > 0 || !seen || (await isInUse(seen.head ?? ""))) return;
    await this.deleteBlob(name, subject, signal);
  }

  async deleteBlob(name: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.breakLease(name, subject, signal);
    await goneIsUndefined(
      this.use(name, subject, signal, (blob: BlobClient) =>
        blob.delete({ deleteSnapshots: "include", abortSignal: signal }),
      ),
    );
  }

  async #copied(name: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await poll(
      async () => {
        const seen = await this.find(name, subject, signal);
        if (seen?.copyStatus === "pending") return undefined;
        if (seen && (seen.copyStatus === "success" || seen.copyStatus === undefined)) return true;
        if (seen) await this.deleteBlob(name, subject, signal);
        const why = seen?.copyStatusDescription ?? "the copy has gone";
        throw conflict(
          subject,
          `Azure could not copy what it starts as: ${why}`,
          "It is tried again as a new attempt.",
        );
      },
      this.#azure.patience,
      signal,
    );
  }
}

/** Metadata is ASCII, and short. */
export function headOf(generationId: string): string {
  return digest(generationId);
}
