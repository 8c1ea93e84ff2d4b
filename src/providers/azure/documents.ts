import type { BlockBlobClient } from "@azure/storage-blob";
import type { TextStore } from "../documents.ts";
import { absentDocument } from "../documents-facet.ts";
import type { Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined, isStale, vendorCode } from "./errors.ts";
import type { AzureObjects } from "./objects.ts";

const container = "novacron-documents";
const ending = ".json";
/** A document that changes between the two halves of each read so often is read by too many writers. */
const readAttempts = 5;

/** Blobs of a container of ours, by entity tag ("Specifying conditional headers for Blob service operations"). */
export class AzureTexts implements TextStore {
  readonly #azure: Azure;
  readonly #objects: AzureObjects;

  constructor(azure: Azure, objects: AzureObjects) {
    this.#azure = azure;
    this.#objects = objects;
  }

  async read(name: string, subject: Subject, signal: AbortSignal) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await goneIsUndefined(
          this.#blob(name, subject, signal, async (blob) => {
            const { etag = "" } = await blob.getProperties({ abortSignal: signal });
            const conditions = { ifMatch: etag };
            const bytes = await blob.downloadToBuffer(0, undefined, { abortSignal: signal, conditions });
            return { text: bytes.toString("utf8"), version: etag };
          }),
        );
      } catch (error) {
        if (!isStale(error) || attempt >= readAttempts) throw error;
      }
    }
  }

  async write(
    { name, text, version }: { readonly name: string; readonly text: string; readonly version: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const conditions = version === absentDocument ? { ifNoneMatch: "*" } : { ifMatch: version };
    const bytes = Buffer.from(text);
    const put = () =>
      this.#blob(name, subject, signal, async (blob) => {
        const blobHTTPHeaders = { blobContentType: "application/json" };
        const { etag = "" } = await blob.upload(bytes, bytes.length, {
          conditions,
          blobHTTPHeaders,
          abortSignal: signal,
        });
        return etag;
      });
    try {
      return await put().catch(async (error: unknown) => {
        if (vendorCode(error) !== "ContainerNotFound" || version !== absentDocument) throw error;
        await this.#objects.createBucket({ bucket: container, tags: {} }, signal);
        return put();
      });
    } catch (error) {
      const gone = vendorCode(error) === "BlobNotFound" || vendorCode(error) === "ContainerNotFound";
      if (gone || isStale(error) || vendorCode(error) === "BlobAlreadyExists") return undefined;
      throw error;
    }
  }

  async remove(name: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await goneIsUndefined(
      this.#blob(name, subject, signal, (blob) => blob.delete({ deleteSnapshots: "include", abortSignal: signal })),
    );
  }

  async *names(prefix: string, _subject: Subject, signal: AbortSignal): AsyncGenerator<string> {
    const listed = await goneIsUndefined(Array.fromAsync(this.#objects.listObjects(container, prefix, signal)));
    for (const { objectKey } of listed ?? []) if (objectKey.endsWith(ending)) yield objectKey.slice(0, -ending.length);
  }

  #blob<T>(
    name: string,
    subject: Subject,
    signal: AbortSignal,
    work: (blob: BlockBlobClient) => PromiseLike<T>,
  ): Promise<T> {
    return this.#azure.blobs(subject, signal, (service) =>
      work(service.getContainerClient(container).getBlockBlobClient(name + ending)),
    );
  }
}
