import type { Range } from "oci-common";
import type { models } from "oci-objectstorage";
import { isProviderError } from "../../domain/errors.ts";
import type { ObjectStorageFacet, StoredObject, Upload, UploadedPart } from "../cloud-facets.ts";
import { conflict, invalid, type Subject } from "../failures.ts";
import type { Oci } from "./client.ts";
import { createdTags, isOurs, toWire } from "./tags.ts";
import { goneIsUndefined, items } from "./view.ts";

const MiB = 2 ** 20;
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
      .read("getNamespace", {}, subject, signal, ({ value }) => value)
      .catch((error: unknown) => {
        this.#namespace = undefined;
        throw error;
      });
    return this.#namespace;
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
    return toObject(bucket, objectName, contentLength, eTag, lastModified);
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
    const metadata = { "opc-meta-novacron": encodeURIComponent(JSON.stringify(tags)) };
    const request = {
      namespaceName: await this.namespace(signal),
      bucketName: bucket,
      createMultipartUploadDetails: { object: objectKey, metadata },
    };
    const { multipartUpload } = await this.#oci.objects.call("createMultipartUpload", request, subject, signal);
    return { bucket, objectKey, uploadId: multipartUpload.uploadId, partBytes };
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
    if (!there) return this.headObject(bucket, objectKey, signal);
    const parts = there.toSorted((a, b) => a.part - b.part);
    refuseGaps(
      parts.map(({ part }) => part),
      subject,
    );
    const partsToCommit = parts.map(({ part, etag }) => ({ partNum: part, etag }));
    const request = { ...(await this.#ofUpload(upload, signal)), commitMultipartUploadDetails: { partsToCommit } };
    // A repeat of a request whose answer was lost finds no upload any more.
    await goneIsUndefined(this.#oci.objects.call("commitMultipartUpload", request, subject, signal));
    return this.headObject(bucket, objectKey, signal);
  }

  async abortUpload(upload: Upload, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("abort upload", `${upload.bucket}/${upload.objectKey}`);
    const request = await this.#ofUpload(upload, signal);
    await goneIsUndefined(this.#oci.objects.call("abortMultipartUpload", request, subject, signal));
  }

  async #ofUpload({ bucket, objectKey, uploadId }: Upload, signal: AbortSignal) {
    return { namespaceName: await this.namespace(signal), bucketName: bucket, objectName: objectKey, uploadId };
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

function refuseGaps(parts: readonly number[], subject: Subject): void {
  const last = parts.at(-1) ?? 1;
  const there = new Set(parts);
  const missing = Array.from({ length: last }, (_, index) => index + 1).filter((part) => !there.has(part));
  if (missing.length === 0) return;
  throw invalid(subject, `parts ${missing.join(", ")} are missing`, "Upload them, then complete it.");
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
