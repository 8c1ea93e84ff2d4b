import { randomUUID } from "node:crypto";
import type { Range } from "oci-common";
import type { models } from "oci-objectstorage";
import { isProviderError } from "../../domain/errors.ts";
import type { ObjectStorageFacet, StoredObject, Upload, UploadedPart } from "../cloud-facets.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import type { Oci } from "./client.ts";
import { createdTags, isOurs, toWire } from "./tags.ts";
import { goneIsUndefined, items } from "./view.ts";
import { lookUpWithinMs, shared } from "./wait.ts";

const MiB = 2 ** 20;
/** Of an object's metadata: the upload that it came by. */
const uploadMark = "opc-meta-novacron-upload";
/** "Object Storage Multipart Uploads": parts of 10 MiB to 50 GiB, 10,000 of them. */
const largestPart = 50 * 1024 * MiB;
const mostParts = 10_000;
/** Large enough to be quick, small enough to be held in memory a few times. */
const usualPart = 16 * MiB;

export class OciObjects implements ObjectStorageFacet {
  readonly #oci: Oci;
  #namespace: Promise<string> | undefined;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  /** The tenancy's own; it never changes. */
  namespace(signal: AbortSignal): Promise<string> {
    const subject = { operation: "look up the namespace", resource: this.#oci.site };
    this.#namespace ??= this.#oci.objects
      .read("getNamespace", {}, subject, AbortSignal.timeout(lookUpWithinMs), ({ value }) => value)
      .catch((error: unknown) => {
        this.#namespace = undefined;
        throw error;
      });
    return shared(this.#namespace, signal);
  }

  /** Private, and encrypted by Oracle ("Object Storage Encryption"). */
  async createBucket(
    { bucket, tags }: { bucket: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<void> {
    const subject = this.#subject("create bucket", bucket);
    const namespaceName = await this.namespace(signal);
    const kmsKeyId = this.#oci.entry.encryptionKey;
    const createBucketDetails: models.CreateBucketDetails = {
      name: bucket,
      compartmentId: await this.#oci.compartment(),
      publicAccessType: "NoPublicAccess" as models.CreateBucketDetails.PublicAccessType,
      freeformTags: toWire(createdTags(tags, bucket)),
      ...(kmsKeyId !== undefined && { kmsKeyId }),
    };
    try {
      await this.#oci.objects.call("createBucket", { namespaceName, createBucketDetails }, subject, signal);
    } catch (error) {
      if (!isProviderError(error, "Conflict")) throw error;
      const request = { namespaceName, bucketName: bucket };
      const answer = await goneIsUndefined(this.#oci.objects.call("getBucket", request, subject, signal));
      if (answer && isOurs(answer.bucket)) return;
      throw answer ? conflict(subject, "it is there, and is not ours", "Choose another name.") : error;
    }
  }

  async deleteBucket(bucket: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete bucket", bucket);
    const request = { namespaceName: await this.namespace(signal), bucketName: bucket };
    await goneIsUndefined(this.#oci.objects.call("deleteBucket", request, subject, signal));
  }

  async *listObjects(bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<StoredObject> {
    const subject = this.#subject("list objects", bucket);
    const namespaceName = await this.namespace(signal);
    let start = "";
    do {
      const request = {
        namespaceName,
        bucketName: bucket,
        // The SDK puts a query together without encoding it.
        prefix: encodeURIComponent(prefix),
        start: encodeURIComponent(start),
        fields: "name,size,etag,timeModified",
        limit: 1_000,
      };
      const { listObjects } = await this.#oci.objects.call("listObjects", request, subject, signal);
      for (const { name, size = 0, etag = "", timeModified } of listObjects.objects) {
        yield toObject(bucket, name, size, etag, timeModified);
      }
      start = listObjects.nextStartWith ?? "";
    } while (start !== "");
  }

  async headObject(bucket: string, objectName: string, signal: AbortSignal): Promise<StoredObject> {
    const subject = this.#subject("look up object", `${bucket}/${objectName}`);
    const request = { namespaceName: await this.namespace(signal), bucketName: bucket, objectName };
    const { contentLength, eTag, lastModified } = await this.#oci.objects.call("headObject", request, subject, signal);
    return toObject(bucket, objectName, contentLength, eTag, headerTime(lastModified));
  }

  async readObject(
    input: { bucket: string; objectKey: string; offset: number; length: number },
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { bucket, objectKey, offset, length } = input;
    if (length === 0) return new Uint8Array();
    const subject = this.#subject("read object", `${bucket}/${objectKey}`);
    const request = {
      namespaceName: await this.namespace(signal),
      bucketName: bucket,
      objectName: objectKey,
      // Its own parser wants the whole length too, as answers have it.
      range: { startByte: offset, endByte: offset + length - 1 } as Range,
    };
    return this.#oci.objects.read("getObject", request, subject, signal, async ({ value }) => {
      return new Uint8Array(await new Response(value as ReadableStream).arrayBuffer());
    });
  }

  async deleteObject(bucket: string, objectName: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete object", `${bucket}/${objectName}`);
    const request = { namespaceName: await this.namespace(signal), bucketName: bucket, objectName };
    await goneIsUndefined(this.#oci.objects.call("deleteObject", request, subject, signal));
  }

  /** An object has no tags: whose it is stands in its metadata. */
  async beginUpload(
    input: { bucket: string; objectKey: string; sizeBytes: number; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Upload> {
    const { bucket, objectKey, sizeBytes, tags } = input;
    const subject = this.#subject("begin upload", `${bucket}/${objectKey}`);
    const partBytes = partSize(sizeBytes, subject);
    const mark = randomUUID();
    const metadata = { "opc-meta-novacron": encodeURIComponent(JSON.stringify(tags)), [uploadMark]: mark };
    const request = {
      namespaceName: await this.namespace(signal),
      bucketName: bucket,
      createMultipartUploadDetails: { object: objectKey, metadata },
    };
    const { multipartUpload } = await this.#oci.objects.call("createMultipartUpload", request, subject, signal);
    return { bucket, objectKey, uploadId: `${sizeBytes}/${mark}/${multipartUpload.uploadId}`, partBytes };
  }

  async *uploadedParts(upload: Upload, signal: AbortSignal): AsyncGenerator<UploadedPart> {
    const subject = this.#subject("list parts", `${upload.bucket}/${upload.objectKey}`);
    const request = { ...(await this.#ofUpload(upload, signal)), limit: 1_000 };
    const listed = items((page) =>
      this.#oci.objects.call("listMultipartUploadParts", { ...request, page }, subject, signal),
    );
    for await (const { partNumber, size, etag } of listed) yield { part: partNumber, sizeBytes: size, etag };
  }

  async uploadPart(upload: Upload, part: number, bytes: Uint8Array, signal: AbortSignal): Promise<UploadedPart> {
    const subject = this.#subject("upload part", `${upload.bucket}/${upload.objectKey}`);
    const request = {
      ...(await this.#ofUpload(upload, signal)),
      uploadPartNum: part,
      uploadPartBody: bytes,
      contentLength: bytes.byteLength,
    };
    const { eTag } = await this.#oci.objects.call("uploadPart", request, subject, signal);
    return { part, sizeBytes: bytes.byteLength, etag: eTag };
  }

  /** The parts are those that Oracle has: whoever uploaded them may be gone. */
  async completeUpload(upload: Upload, signal: AbortSignal): Promise<StoredObject> {
    const { bucket, objectKey } = upload;
    const subject = this.#subject("complete upload", `${bucket}/${objectKey}`);
    const there = await goneIsUndefined(Array.fromAsync(this.uploadedParts(upload, signal)));
    // It was completed by a call whose answer was lost.
    if (!there) return this.#completed(upload, subject, signal);
    const parts = there.toSorted((a, b) => a.part - b.part);
    refuseMissing(parts, upload, subject);
    const partsToCommit = parts.map(({ part, etag }) => ({ partNum: part, etag }));
    const request = { ...(await this.#ofUpload(upload, signal)), commitMultipartUploadDetails: { partsToCommit } };
    // A repeat of a request whose answer was lost finds no upload any more.
    await goneIsUndefined(this.#oci.objects.call("commitMultipartUpload", request, subject, signal));
    return this.#completed(upload, subject, signal);
  }

  /** @throws NotFound when the object is another upload's: this one was given up. */
  async #completed(
    { bucket, objectKey, uploadId }: Upload,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<StoredObject> {
    const request = { namespaceName: await this.namespace(signal), bucketName: bucket, objectName: objectKey };
    const seen = await this.#oci.objects.call("headObject", request, subject, signal);
    if (seen.opcMeta[uploadMark] !== readId(uploadId).mark) throw notFound(subject, "the upload has ended without it");
    return toObject(bucket, objectKey, seen.contentLength, seen.eTag, headerTime(seen.lastModified));
  }

  async abortUpload(upload: Upload, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("abort upload", `${upload.bucket}/${upload.objectKey}`);
    const request = await this.#ofUpload(upload, signal);
    await goneIsUndefined(this.#oci.objects.call("abortMultipartUpload", request, subject, signal));
  }

  async #ofUpload({ bucket, objectKey, uploadId }: Upload, signal: AbortSignal) {
    const namespaceName = await this.namespace(signal);
    return { namespaceName, bucketName: bucket, objectName: objectKey, uploadId: readId(uploadId).id };
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("object", id) };
  }
}

function partSize(sizeBytes: number, subject: Subject): number {
  const least = Math.ceil(sizeBytes / mostParts / MiB) * MiB;
  if (least > largestPart) {
    throw invalid(subject, `${sizeBytes} bytes are more than an object may have`, "Upload it in several objects.");
  }
  return Math.max(usualPart, least);
}

/** The upload's own id, with what was said of it as it was begun. The census tells of uploads by Oracle's id alone. */
function readId(uploadId: string): { id: string; mark?: string; sizeBytes?: number } {
  const [, size, mark, id] = /^(\d+)\/([0-9a-f-]{36})\/(.+)$/.exec(uploadId) ?? [];
  if (mark === undefined || id === undefined) return { id: uploadId };
  return { id, mark, sizeBytes: Number(size) };
}

/** Fewer or smaller parts would make a shorter object of it. */
function refuseMissing(there: readonly UploadedPart[], { uploadId, partBytes }: Upload, subject: Subject): void {
  const { sizeBytes } = readId(uploadId);
  const last = there.at(-1)?.part ?? 1;
  const count = Math.max(1, last, Math.ceil((sizeBytes ?? 0) / partBytes));
  const sizes = new Map(there.map((one) => [one.part, one.sizeBytes]));
  const isWhole = (part: number): boolean => {
    const size = sizes.get(part);
    if (sizeBytes === undefined) return size !== undefined;
    return size === Math.min(partBytes, Math.max(0, sizeBytes - (part - 1) * partBytes));
  };
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((part) => !isWhole(part));
  if (missing.length === 0) return;
  throw invalid(subject, `parts ${missing.join(", ")} are missing or not whole`, "Upload them, then complete it.");
}

/** The SDK gives a header's time in this machine's time zone, calls it UTC, and leaves out the zero of an hour before ten, which
 *  makes no date of it. */
export function headerTime(at: Date | string | undefined): Date | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)Z$/.exec(String(at)) ?? [];
  if (second === undefined) return at === undefined ? undefined : new Date(at);
  return new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

function toObject(
  bucket: string,
  objectKey: string,
  sizeBytes: number,
  etag: string,
  at: Date | string | undefined,
): StoredObject {
  return { bucket, objectKey, sizeBytes, etag, modifiedAt: new Date(at ?? 0).toISOString() };
}
