import { isProviderError } from "../../domain/errors.ts";
import { tagKeys } from "../../domain/vm.ts";
import type { ObjectStorageFacet, StoredObject, Upload, UploadedPart } from "../cloud-facets.ts";
import { invalid, type Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { goneIsUndefined } from "./describe.ts";
import { toWire } from "./tags.ts";

const MiB = 2 ** 20;
/** "Amazon S3 multipart upload limits": parts of 5 MiB to 5 GiB, 10,000 of them. */
const smallestPart = 5 * MiB;
const largestPart = 5 * 1024 * MiB;
const mostParts = 10_000;
/** Large enough to be quick, small enough to be held in memory a few times. */
const usualPart = 16 * MiB;

export class AwsObjects implements ObjectStorageFacet {
  readonly #aws: Aws;

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  /** S3 itself keeps new buckets private ("Default settings for new S3 buckets", since April 2023) and encrypts what is put
   *  into them (since January 2023). */
  async createBucket(
    { bucket, tags }: { bucket: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<void> {
    const subject = this.#subject("create bucket", bucket);
    const { region } = this.#aws.entry;
    // The one region that must not be named.
    const elsewhere = region === "us-east-1" ? {} : { LocationConstraint: region as "eu-west-1" };
    await this.#aws.s3
      .send(
        (sdk) =>
          new sdk.CreateBucketCommand({
            Bucket: bucket,
            ...(region !== "us-east-1" && { CreateBucketConfiguration: elsewhere }),
          }),
        subject,
        signal,
      )
      .catch((error: unknown) => {
        if (!isOwnAlready(error)) throw error;
      });
    if (this.#aws.entry.encryptionKey !== undefined) {
      await this.#encryptWith(bucket, this.#aws.entry.encryptionKey, subject, signal);
    }
    const TagSet = toWire({ ...tags, [tagKeys.managed]: "true", [tagKeys.key]: bucket }) as {
      Key: string;
      Value: string;
    }[];
    await this.#aws.s3.send(
      (sdk) => new sdk.PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet } }),
      subject,
      signal,
    );
  }

  async #encryptWith(Bucket: string, KMSMasterKeyID: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: "aws:kms" as const, KMSMasterKeyID };
    const Rules = [{ ApplyServerSideEncryptionByDefault, BucketKeyEnabled: true }];
    await this.#aws.s3.send(
      (sdk) => new sdk.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }),
      subject,
      signal,
    );
  }

  async deleteBucket(bucket: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete bucket", bucket);
    await goneIsUndefined(this.#aws.s3.send((sdk) => new sdk.DeleteBucketCommand({ Bucket: bucket }), subject, signal));
  }

  async *listObjects(bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<StoredObject> {
    const subject = this.#subject("list objects", bucket);
    let ContinuationToken: string | undefined;
    do {
      const token = ContinuationToken;
      const page = await this.#aws.s3.send(
        (sdk) => new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
        subject,
        signal,
      );
      for (const { Key = "", Size = 0, ETag = "", LastModified } of page.Contents ?? []) {
        yield toObject(bucket, Key, Size, ETag, LastModified);
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async headObject(bucket: string, objectKey: string, signal: AbortSignal): Promise<StoredObject> {
    const subject = this.#subject("look up object", `${bucket}/${objectKey}`);
    const {
      ContentLength = 0,
      ETag = "",
      LastModified,
    } = await this.#aws.s3.send(
      (sdk) => new sdk.HeadObjectCommand({ Bucket: bucket, Key: objectKey }),
      subject,
      signal,
    );
    return toObject(bucket, objectKey, ContentLength, ETag, LastModified);
  }

  async readObject(
    input: { bucket: string; objectKey: string; offset: number; length: number },
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { bucket, objectKey, offset, length } = input;
    if (length === 0) return new Uint8Array();
    const subject = this.#subject("read object", `${bucket}/${objectKey}`);
    const Range = `bytes=${offset}-${offset + length - 1}`;
    return this.#aws.s3.send(
      (sdk) => new sdk.GetObjectCommand({ Bucket: bucket, Key: objectKey, Range }),
      subject,
      signal,
      async ({ Body }) => (await Body?.transformToByteArray()) ?? new Uint8Array(),
    );
  }

  async deleteObject(bucket: string, objectKey: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete object", `${bucket}/${objectKey}`);
    await goneIsUndefined(
      this.#aws.s3.send((sdk) => new sdk.DeleteObjectCommand({ Bucket: bucket, Key: objectKey }), subject, signal),
    );
  }

  async beginUpload(
    input: { bucket: string; objectKey: string; sizeBytes: number; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Upload> {
    const { bucket, objectKey, sizeBytes, tags } = input;
    const subject = this.#subject("begin upload", `${bucket}/${objectKey}`);
    const partBytes = partSize(sizeBytes, subject);
    // An object takes ten tags; who it belongs to are the first of them.
    const tagging = toWire({ ...tags, [tagKeys.managed]: "true" }).slice(0, 10);
    const Tagging = new URLSearchParams(
      tagging.map(({ Key = "", Value = "" }): [string, string] => [Key, Value]),
    ).toString();
    const { UploadId = "" } = await this.#aws.s3.send(
      (sdk) =>
        new sdk.CreateMultipartUploadCommand({ Bucket: bucket, Key: objectKey, Tagging, ChecksumAlgorithm: "SHA256" }),
      subject,
      signal,
    );
    return { bucket, objectKey, uploadId: UploadId, partBytes };
  }

  async *uploadedParts(upload: Upload, signal: AbortSignal): AsyncGenerator<UploadedPart> {
    for await (const { PartNumber = 0, Size = 0, ETag = "" } of this.#parts(upload, signal)) {
      yield { part: PartNumber, sizeBytes: Size, etag: ETag };
    }
  }

  async uploadPart(upload: Upload, part: number, bytes: Uint8Array, signal: AbortSignal): Promise<UploadedPart> {
    const subject = this.#uploadSubject("upload part", upload);
    const { bucket, objectKey, uploadId } = upload;
    const { ETag = "" } = await this.#aws.s3.send(
      (sdk) =>
        new sdk.UploadPartCommand({
          Bucket: bucket,
          Key: objectKey,
          UploadId: uploadId,
          PartNumber: part,
          Body: bytes,
          ContentLength: bytes.byteLength,
          ChecksumAlgorithm: "SHA256",
        }),
      subject,
      signal,
    );
    return { part, sizeBytes: bytes.byteLength, etag: ETag };
  }

  /** The parts are those that S3 has: whoever uploaded them may be gone. */
  async completeUpload(upload: Upload, signal: AbortSignal): Promise<StoredObject> {
    const { bucket, objectKey, uploadId } = upload;
    const subject = this.#uploadSubject("complete upload", upload);
    const there = await goneIsUndefined(Array.fromAsync(this.#parts(upload, signal)));
    // It was completed by a call whose answer was lost.
    if (!there) return this.headObject(bucket, objectKey, signal);
    const Parts = there.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    refuseGaps(
      Parts.map(({ PartNumber = 0 }) => PartNumber),
      subject,
    );
    const completed = this.#aws.s3.send(
      (sdk) =>
        new sdk.CompleteMultipartUploadCommand({
          Bucket: bucket,
          Key: objectKey,
          UploadId: uploadId,
          MultipartUpload: {
            Parts: Parts.map(({ PartNumber, ETag, ChecksumSHA256 }) => ({ PartNumber, ETag, ChecksumSHA256 })),
          },
        }),
      subject,
      signal,
    );
    // A repeat of a request whose answer was lost finds no upload any more.
    await goneIsUndefined(completed);
    return this.headObject(bucket, objectKey, signal);
  }

  async abortUpload(upload: Upload, signal: AbortSignal): Promise<void> {
    const { bucket, objectKey, uploadId } = upload;
    await goneIsUndefined(
      this.#aws.s3.send(
        (sdk) => new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: objectKey, UploadId: uploadId }),
        this.#uploadSubject("abort upload", upload),
        signal,
      ),
    );
  }

  async *#parts({ bucket, objectKey, uploadId }: Upload, signal: AbortSignal) {
    const subject = this.#subject("list parts", `${bucket}/${objectKey}`);
    let marker: string | undefined;
    do {
      const PartNumberMarker = marker;
      const page = await this.#aws.s3.send(
        (sdk) => new sdk.ListPartsCommand({ Bucket: bucket, Key: objectKey, UploadId: uploadId, PartNumberMarker }),
        subject,
        signal,
      );
      yield* page.Parts ?? [];
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
  }

  #uploadSubject(operation: string, { bucket, objectKey }: Upload): Subject {
    return this.#subject(operation, `${bucket}/${objectKey}`);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("object", id) };
  }
}

function isOwnAlready(error: unknown): boolean {
  return isProviderError(error, "Conflict") && error.details.facts?.vendorCode === "BucketAlreadyOwnedByYou";
}

function partSize(sizeBytes: number, subject: Subject): number {
  const least = Math.ceil(sizeBytes / mostParts / MiB) * MiB;
  if (least > largestPart) {
    throw invalid(subject, `${sizeBytes} bytes are more than an object may have`, "Upload it in several objects.");
  }
  return Math.max(smallestPart, usualPart, least);
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
  at: Date | undefined,
): StoredObject {
  return { bucket, objectKey, sizeBytes, etag, modifiedAt: (at ?? new Date(0)).toISOString() };
}
