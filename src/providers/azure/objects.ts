// Long because it is one facet, to be read whole: what Azure has no uploads for is kept in blobs and blocks here.
import { randomUUID } from "node:crypto";
import type { BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import { isProviderError } from "../../domain/errors.ts";
import type { Tags } from "../../domain/tags.ts";
import type { ObjectStorageFacet, StoredObject, Upload, UploadedPart } from "../cloud-facets.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined, vendorCode } from "./errors.ts";
import { createdTags } from "./tags.ts";

const MiB = 2 ** 20;
/** "Scalability targets for Blob storage": blocks of up to 4,000 MiB, 50,000 of them. */
const largestPart = 4_000 * MiB;
const mostParts = 50_000;
/** Large enough to be quick, small enough to be held in memory a few times. */
const usualPart = 16 * MiB;
/** In metadata, as blobs' and containers' own tags are few or none. */
const tagsKey = "novacrontags";
const uploadKey = "novacronupload";
/** Of the empty blob that an upload is ended with: which one's. */
const endedKey = "novacronended";

/** What an upload's id says: everything that another process needs to go on with it. */
interface UploadFacts {
  readonly id: string;
  readonly sizeBytes: number;
  readonly tags: Tags;
}

/** Block blobs in containers of the site's storage account. Azure keeps both private and encrypted unless it is told otherwise. */
export class AzureObjects implements ObjectStorageFacet {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async createBucket({ bucket, tags }: { bucket: string; tags: Tags }, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("create container", bucket);
    const metadata = { [tagsKey]: encodeTags(createdTags(tags, bucket)) };
    await this.#container(bucket, subject, signal, (container) =>
      container.create({ metadata, abortSignal: signal }),
    ).catch(async (error: unknown) => {
      if (!isProviderError(error, "Conflict")) throw error;
      const seen = await this.#container(bucket, subject, signal, (container) =>
        container.getProperties({ abortSignal: signal }),
      );
      if (seen.metadata?.[tagsKey] === undefined) throw error;
    });
  }

  async deleteBucket(bucket: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete container", bucket);
    // Azure would take what it holds along.
    try {
      for await (const { objectKey } of this.listObjects(bucket, "", signal)) {
        throw conflict(subject, `it holds ${objectKey}`, "Delete its objects first.");
      }
    } catch (error) {
      if (isProviderError(error, "NotFound")) return;
      throw error;
    }
    await goneIsUndefined(
      this.#container(bucket, subject, signal, (container) => container.delete({ abortSignal: signal })),
    );
  }

  async *listObjects(bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<StoredObject> {
    const subject = this.#subject("list objects", bucket);
    const all = this.#azure.blobList(subject, signal, (service) =>
      service.getContainerClient(bucket).listBlobsFlat({ prefix, abortSignal: signal }),
    );
    for await (const { name, properties } of all) {
      yield {
        bucket,
        objectKey: name,
        sizeBytes: properties.contentLength ?? 0,
        etag: unquoted(properties.etag ?? ""),
        modifiedAt: properties.lastModified.toISOString(),
      };
    }
  }

  async headObject(bucket: string, objectKey: string, signal: AbortSignal): Promise<StoredObject> {
    const subject = this.#subject("look up object", `${bucket}/${objectKey}`);
    const {
      contentLength = 0,
      etag = "",
      lastModified = new Date(0),
    } = await this.#blob({ bucket, objectKey }, subject, signal, (blob) => blob.getProperties({ abortSignal: signal }));
    return {
      bucket,
      objectKey,
      sizeBytes: contentLength,
      etag: unquoted(etag),
      modifiedAt: lastModified.toISOString(),
    };
  }

  async readObject(
    { bucket, objectKey, offset, length }: { bucket: string; objectKey: string; offset: number; length: number },
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const subject = this.#subject("read object", `${bucket}/${objectKey}`);
    return this.#blob({ bucket, objectKey }, subject, signal, (blob) =>
      blob.downloadToBuffer(offset, length, { abortSignal: signal }),
    );
  }

  async deleteObject(bucket: string, objectKey: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete object", `${bucket}/${objectKey}`);
    await goneIsUndefined(
      this.#blob({ bucket, objectKey }, subject, signal, (blob) =>
        blob.delete({ deleteSnapshots: "include", abortSignal: signal }),
      ),
    );
  }

  /** Azure has no uploads of its own: a blob has blocks that are not committed yet. The first one, of a byte, says that the upload
   *  is there; it is never committed. */
  async beginUpload(
    input: { bucket: string; objectKey: string; sizeBytes: number; tags: Tags },
    signal: AbortSignal,
  ): Promise<Upload> {
    const { bucket, objectKey, sizeBytes, tags } = input;
    const subject = this.#subject("begin upload", `${bucket}/${objectKey}`);
    const partBytes = Math.max(usualPart, Math.ceil(sizeBytes / mostParts / MiB) * MiB);
    if (partBytes > largestPart) {
      throw invalid(subject, `${sizeBytes} bytes are more than a block blob holds`, "Split the object.");
    }
    const facts: UploadFacts = { id: randomUUID(), sizeBytes, tags };
    const uploadId = Buffer.from(JSON.stringify(facts)).toString("base64url");
    await this.#blob({ bucket, objectKey }, subject, signal, (blob) =>
      blob.stageBlock(blockId(facts, 0), Buffer.alloc(1), 1, { abortSignal: signal }),
    );
    return { bucket, objectKey, uploadId, partBytes };
  }

  async *uploadedParts(upload: Upload, signal: AbortSignal): AsyncGenerator<UploadedPart> {
    const subject = this.#subject("list parts", `${upload.bucket}/${upload.objectKey}`);
    const parts = await this.#parts(upload, subject, signal);
    if (!parts) throw notFound(subject, "the upload has ended");
    yield* parts;
  }

  async uploadPart(upload: Upload, part: number, bytes: Uint8Array, signal: AbortSignal): Promise<UploadedPart> {
    const subject = this.#subject("upload part", `${upload.bucket}/${upload.objectKey} (part ${part})`);
    const id = blockId(factsOf(upload, subject), part);
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await this.#blob(upload, subject, signal, (blob) =>
      blob.stageBlock(id, body, body.length, { abortSignal: signal }),
    );
    return { part, sizeBytes: body.length, etag: id };
  }

  async completeUpload(upload: Upload, signal: AbortSignal): Promise<StoredObject> {
    const { bucket, objectKey, partBytes } = upload;
    const subject = this.#subject("complete upload", `${bucket}/${objectKey}`);
    const facts = factsOf(upload, subject);
    const done = await this.#committed(upload, facts, subject, signal);
    if (done) return done;
    const parts = await this.#parts(upload, subject, signal);
    if (!parts) throw notFound(subject, "the upload has ended");
    const there = new Map(parts.map(({ part, sizeBytes }) => [part, sizeBytes]));
    const count = Math.ceil(facts.sizeBytes / partBytes);
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const missing = numbers.filter(
      (part) => there.get(part) !== Math.min(partBytes, facts.sizeBytes - (part - 1) * partBytes),
    );
    if (missing.length > 0) {
      throw invalid(subject, `parts ${missing.slice(0, 20).join(", ")} are missing`, "Upload them first.");
    }
    const ids = numbers.map((part) => blockId(facts, part));
    const metadata = { [uploadKey]: facts.id, [tagsKey]: encodeTags(createdTags(facts.tags, facts.id)) };
    await this.#blob(upload, subject, signal, (blob) => blob.commitBlockList(ids, { metadata, abortSignal: signal }));
    return this.headObject(bucket, objectKey, signal);
  }

  /** What is not committed goes when the blob's list is committed without it; a blob that was never there goes too. One that was
   *  put at once has no list: what is not committed beside it is left to Azure, which drops it after a week. A repeat goes on
   *  with the empty blob that an earlier call could not remove any more. */
  async abortUpload(upload: Upload, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("abort upload", `${upload.bucket}/${upload.objectKey}`);
    const { id } = factsOf(upload, subject);
    if (!(await this.#parts(upload, subject, signal))) return this.#removeEnded(upload, id, subject, signal);
    await this.#blob(upload, subject, signal, async (blob) => {
      const abortSignal = signal;
      const seen = await blob.getProperties({ abortSignal }).catch((error: { statusCode?: number }) => {
        if (error.statusCode === 404) return undefined;
        throw error;
      });
      if (seen) {
        const { committedBlocks = [] } = await blob.getBlockList("committed", { abortSignal });
        const { etag, metadata = {}, contentLength = 0 } = seen;
        if (committedBlocks.reduce((sum, { size }) => sum + size, 0) !== contentLength) return;
        await blob.commitBlockList(
          committedBlocks.map(({ name }) => name),
          {
            // What an earlier upload was ended with ends this one.
            metadata: metadata[endedKey] === undefined ? metadata : { [endedKey]: id },
            blobHTTPHeaders: {
              blobCacheControl: seen.cacheControl,
              blobContentDisposition: seen.contentDisposition,
              blobContentEncoding: seen.contentEncoding,
              blobContentLanguage: seen.contentLanguage,
              blobContentMD5: seen.contentMD5,
              blobContentType: seen.contentType,
            },
            ...(etag !== undefined && { conditions: { ifMatch: etag } }),
            abortSignal,
          },
        );
        return;
      }
      await blob.commitBlockList([], { conditions: { ifNoneMatch: "*" }, metadata: { [endedKey]: id }, abortSignal });
    }).catch((error: unknown) => {
      // By ourselves, where the answer was lost; or somebody has put a blob meanwhile, which drops what was not committed.
      if (vendorCode(error) !== "BlobAlreadyExists") throw error;
    });
    await this.#removeEnded(upload, id, subject, signal);
  }

  async #removeEnded(upload: Upload, id: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const seen = await goneIsUndefined(
      this.#blob(upload, subject, signal, (blob) => blob.getProperties({ abortSignal: signal })),
    );
    if (seen?.metadata?.[endedKey] !== id) return;
    const conditions = { ifMatch: seen.etag };
    await goneIsUndefined(
      this.#blob(upload, subject, signal, (blob) => blob.delete({ conditions, abortSignal: signal })),
    );
  }

  /** Undefined when the upload has ended. */
  async #parts(upload: Upload, subject: Subject, signal: AbortSignal): Promise<UploadedPart[] | undefined> {
    const facts = factsOf(upload, subject);
    const list = await goneIsUndefined(
      this.#blob(upload, subject, signal, (blob) => blob.getBlockList("uncommitted", { abortSignal: signal })),
    );
    const ours = (list?.uncommittedBlocks ?? []).flatMap(({ name, size }) => {
      const part = partOf(facts, name);
      return part === undefined ? [] : [{ part, sizeBytes: size, etag: name }];
    });
    if (!ours.some(({ part }) => part === 0)) return undefined;
    return ours.filter(({ part }) => part > 0).sort((a, b) => a.part - b.part);
  }

  async #committed(
    { bucket, objectKey }: Upload,
    { id }: UploadFacts,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<StoredObject | undefined> {
    const seen = await goneIsUndefined(
      this.#blob({ bucket, objectKey }, subject, signal, (blob) => blob.getProperties({ abortSignal: signal })),
    );
    return seen?.metadata?.[uploadKey] === id ? this.headObject(bucket, objectKey, signal) : undefined;
  }

  #container<T>(
    bucket: string,
    subject: Subject,
    signal: AbortSignal,
    work: (container: ContainerClient) => PromiseLike<T>,
  ): Promise<T> {
    return this.#azure.blobs(subject, signal, (service) => work(service.getContainerClient(bucket)));
  }

  #blob<T>(
    { bucket, objectKey }: { readonly bucket: string; readonly objectKey: string },
    subject: Subject,
    signal: AbortSignal,
    work: (blob: BlockBlobClient) => PromiseLike<T>,
  ): Promise<T> {
    return this.#container(bucket, subject, signal, (container) => work(container.getBlockBlobClient(objectKey)));
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("object", id) };
  }
}

/** The tags of a container or blob of ours; undefined for somebody else's. */
export function storedTags(metadata: Readonly<Record<string, string>> | undefined): Tags | undefined {
  const text = metadata?.[tagsKey];
  return text === undefined ? undefined : (JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Tags);
}

function encodeTags(tags: Tags): string {
  return Buffer.from(JSON.stringify(tags)).toString("base64url");
}

function factsOf({ uploadId }: Upload, subject: Subject): UploadFacts {
  try {
    return JSON.parse(Buffer.from(uploadId, "base64url").toString("utf8")) as UploadFacts;
  } catch {
    throw invalid(subject, "its upload id is none of ours", "Begin another upload.");
  }
}

/** All of a blob's blocks have names of one length. */
function blockId({ id }: UploadFacts, part: number): string {
  return Buffer.from(`${id}-${String(part).padStart(5, "0")}`).toString("base64");
}

function partOf({ id }: UploadFacts, name: string): number | undefined {
  const text = Buffer.from(name, "base64").toString("utf8");
  return text.startsWith(`${id}-`) ? Number(text.slice(id.length + 1)) : undefined;
}

/** Some answers have it in quotes, some have not. */
function unquoted(etag: string): string {
  return etag.replaceAll('"', "");
}
