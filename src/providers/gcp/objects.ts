import { createHash, randomUUID } from "node:crypto";
import type { FileMetadata, Storage } from "@google-cloud/storage";
import { isProviderError } from "../../domain/errors.ts";
import type { ObjectStorageFacet, StoredObject, Upload, UploadedPart } from "../cloud-facets.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import type { Gcp } from "./client.ts";
import { createdTags, seenOf, toLabels } from "./labels.ts";
import { markOf, partOf, partsOf, placeOf, underWay } from "./upload-names.ts";

type Tags = Readonly<Record<string, string>>;
const MiB = 2 ** 20;
/** Large enough to be quick, small enough to be held in memory a few times. */
const usualPart = 16 * MiB;
/** "Composite objects": so many components in one request; a composite may be one again. */
const mostComponents = 32;
const mostParts = mostComponents ** 2;

/** Resumable uploads of Cloud Storage take their bytes in order only; parts that come in any order are objects, composed at
 *  the end. */
export class GcpObjects implements ObjectStorageFacet {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async createBucket({ bucket, tags }: { bucket: string; tags: Tags }, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("create bucket", bucket);
    const { encryptionKey } = this.#gcp.entry;
    const options = {
      location: this.#gcp.region.toUpperCase(),
      iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: "enforced" },
      labels: toLabels(createdTags(tags, bucket)),
      ...(encryptionKey !== undefined && { encryption: { defaultKmsKeyName: encryptionKey } }),
    };
    await this.#send("createBucket", (storage) => storage.createBucket(bucket, options), subject, signal).catch(
      async (error: unknown) => {
        if (!isProviderError(error, "Conflict") || !(await this.#isOurs(bucket, subject, signal))) throw error;
      },
    );
  }

  async deleteBucket(bucket: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete bucket", bucket);
    await goneIsFine(this.#send("deleteBucket", (storage) => storage.bucket(bucket).delete(), subject, signal));
  }

  async *listObjects(bucket: string, prefix: string, signal: AbortSignal): AsyncGenerator<StoredObject> {
    for await (const object of this.#list(bucket, prefix, this.#subject("list objects", bucket), signal)) {
      if (!object.objectKey.startsWith(underWay)) yield object;
    }
  }

  async headObject(bucket: string, objectKey: string, signal: AbortSignal): Promise<StoredObject> {
    const subject = this.#subject("look up object", `${bucket}/${objectKey}`);
    const metadata = await this.#send(
      "getObject",
      async (storage) => (await storage.bucket(bucket).file(objectKey).getMetadata())[0],
      subject,
      signal,
    );
    return toStored(bucket, metadata);
  }

  async readObject(
    input: { bucket: string; objectKey: string; offset: number; length: number },
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { bucket, objectKey, offset, length } = input;
    const range = { start: offset, end: offset + length - 1, validation: false } as const;
    return this.#send(
      "readObject",
      async (storage) => (await storage.bucket(bucket).file(objectKey).download(range))[0],
      this.#subject("read object", `${bucket}/${objectKey}`),
      signal,
    );
  }

  async deleteObject(bucket: string, objectKey: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete object", `${bucket}/${objectKey}`);
    await goneIsFine(
      this.#send("deleteObject", (storage) => storage.bucket(bucket).file(objectKey).delete(), subject, signal),
    );
  }

  async beginUpload(
    input: { bucket: string; objectKey: string; sizeBytes: number; tags: Tags },
    signal: AbortSignal,
  ): Promise<Upload> {
    const { bucket, objectKey, sizeBytes, tags } = input;
    const partBytes = Math.max(usualPart, Math.ceil(sizeBytes / mostParts / MiB) * MiB);
    const uploadId = randomUUID();
    const upload = { bucket, objectKey, uploadId, partBytes };
    const subject = this.#subject("begin upload", `${bucket}/${objectKey}`);
    const begun = Buffer.from(JSON.stringify({ objectKey, sizeBytes, tags }));
    await this.#put(bucket, markOf(upload), begun, subject, signal);
    return upload;
  }

  async *uploadedParts(upload: Upload, signal: AbortSignal): AsyncGenerator<UploadedPart> {
    const subject = this.#of(upload, "list parts");
    await this.#begun(upload, subject, signal);
    for await (const { objectKey, sizeBytes, etag } of this.#list(upload.bucket, partsOf(upload), subject, signal)) {
      yield { part: Number(objectKey.slice(partsOf(upload).length)), sizeBytes, etag };
    }
  }

  async uploadPart(upload: Upload, part: number, bytes: Uint8Array, signal: AbortSignal): Promise<UploadedPart> {
    const subject = this.#of(upload, `upload part ${part}`);
    const { etag } = await this.#put(upload.bucket, partOf(upload, part), bytes, subject, signal);
    return { part, sizeBytes: bytes.byteLength, etag };
  }

  async completeUpload(upload: Upload, signal: AbortSignal): Promise<StoredObject> {
    const { bucket, objectKey } = upload;
    const subject = this.#of(upload, "complete upload");
    const begun = await this.#begun(upload, subject, signal).catch((error: unknown) => {
      if (isProviderError(error, "NotFound")) return undefined;
      throw error;
    });
    if (!begun) {
      // Whoever completed it before lost the answer, or was stopped before the parts were gone.
      await this.abortUpload(upload, signal);
      return this.headObject(bucket, objectKey, signal);
    }
    const parts = await Array.fromAsync(this.uploadedParts(upload, signal));
    const wrong = wrongParts(upload, parts, begun.sizeBytes);
    if (wrong.length > 0) {
      const reason = `parts are missing or of a wrong size: ${wrong.join(", ")}`;
      throw invalid(subject, reason, "Upload them and complete it then.");
    }
    await this.#compose(
      upload,
      parts.map(({ part }) => partOf(upload, part)),
      subject,
      signal,
    );
    // The mark first: without it nobody composes what is left of the parts over the whole object.
    await this.deleteObject(bucket, markOf(upload), signal);
    await this.abortUpload(upload, signal);
    return this.headObject(bucket, objectKey, signal);
  }

  async abortUpload(upload: Upload, signal: AbortSignal): Promise<void> {
    const subject = this.#of(upload, "end upload");
    const names = (await Array.fromAsync(this.#list(upload.bucket, placeOf(upload), subject, signal))).map(
      ({ objectKey }) => objectKey,
    );
    // The mark last: it is what says that there is one.
    for (const name of names.toSorted((a) => (a === markOf(upload) ? 1 : -1))) {
      await this.deleteObject(upload.bucket, name, signal);
    }
  }

  /** Uploads under way in a bucket, by the object that each is to be. */
  async *uploads(bucket: string, signal: AbortSignal): AsyncGenerator<{ uploadId: string; objectKey: string }> {
    const subject = this.#subject("list uploads", bucket);
    for await (const { objectKey } of this.#list(bucket, underWay, subject, signal)) {
      const [, uploadId] = /^\.novacron-uploads\/([^/]+)\/begun$/.exec(objectKey) ?? [];
      if (uploadId !== undefined) yield { uploadId, objectKey };
    }
  }

  /** Buckets of ours. */
  async *buckets(signal: AbortSignal): AsyncGenerator<{ bucket: string; tags: Tags }> {
    const subject = this.#subject("list buckets", "all");
    const found = await this.#send("listBuckets", async (storage) => (await storage.getBuckets())[0], subject, signal);
    for (const { name, metadata } of found) {
      const { tags } = seenOf({ labels: (metadata.labels ?? {}) as Record<string, string> });
      yield { bucket: name, tags };
    }
  }

  /** In two rounds where there are more than one request takes. */
  async #compose(upload: Upload, names: readonly string[], subject: Subject, signal: AbortSignal): Promise<void> {
    const { bucket, objectKey } = upload;
    let sources = names;
    if (names.length > mostComponents) {
      const groups: string[] = [];
      for (let at = 0; at < names.length; at += mostComponents) {
        const group = `${placeOf(upload)}group-${String(groups.length).padStart(4, "0")}`;
        const some = names.slice(at, at + mostComponents);
        await this.#send("compose", (storage) => storage.bucket(bucket).combine(some, group), subject, signal);
        groups.push(group);
      }
      sources = groups;
    }
    await this.#send("compose", (storage) => storage.bucket(bucket).combine([...sources], objectKey), subject, signal);
  }

  /** What its mark says. @throws NotFound. */
  async #begun(upload: Upload, subject: Subject, signal: AbortSignal): Promise<{ readonly sizeBytes: number }> {
    const mark = await this.#send(
      "readObject",
      async (storage) => (await storage.bucket(upload.bucket).file(markOf(upload)).download({ validation: false }))[0],
      subject,
      signal,
    ).catch((error: unknown) => {
      if (!isProviderError(error, "NotFound")) throw error;
      throw notFound(subject, "the upload has ended");
    });
    return JSON.parse(mark.toString()) as { sizeBytes: number };
  }

  async #put(
    bucket: string,
    name: string,
    bytes: Uint8Array,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<StoredObject> {
    const md5 = createHash("md5").update(bytes).digest("base64");
    const metadata = await this.#send(
      "putObject",
      async (storage) => {
        const file = storage.bucket(bucket).file(name);
        // Cloud Storage refuses what arrived as something else.
        await file.save(Buffer.from(bytes), { resumable: false, metadata: { md5Hash: md5 }, validation: false });
        return file.metadata;
      },
      subject,
      signal,
    );
    return toStored(bucket, metadata);
  }

  async *#list(bucket: string, prefix: string, subject: Subject, signal: AbortSignal): AsyncGenerator<StoredObject> {
    for (let pageToken: string | undefined; ; ) {
      const query = { prefix, autoPaginate: false, maxResults: 1_000, ...(pageToken && { pageToken }) };
      const [files, next] = await this.#send(
        "listObjects",
        async (storage) => {
          const [found, following] = await storage.bucket(bucket).getFiles(query);
          return [found, following] as const;
        },
        subject,
        signal,
      );
      for (const { metadata } of files) yield toStored(bucket, metadata);
      if (!next?.pageToken) return;
      pageToken = next.pageToken;
    }
  }

  async #isOurs(bucket: string, subject: Subject, signal: AbortSignal): Promise<boolean> {
    const labels = await this.#send(
      "getBucket",
      async (storage) => (await storage.bucket(bucket).getMetadata())[0].labels ?? {},
      subject,
      signal,
    ).catch((error: unknown) => {
      if (!isProviderError(error, "CloudPermissionDenied", "NotFound")) throw error;
      throw conflict(subject, "somebody else has a bucket of that name", "Choose another name.");
    });
    return seenOf({ labels: labels as Record<string, string> }).tags["novacron:managed"] === "true";
  }

  async #send<T>(
    method: string,
    work: (storage: Pick<Storage, "bucket" | "createBucket" | "getBuckets">) => Promise<T>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<T> {
    const storage = await this.#gcp.storage();
    return this.#gcp.send("storage", method, () => work(storage), subject, signal);
  }

  #of({ bucket, objectKey }: Upload, operation: string): Subject {
    return this.#subject(operation, `${bucket}/${objectKey}`);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("object", id) };
  }
}

/** The numbers of parts that do not make up the object, in their order. */
function wrongParts({ partBytes }: Upload, parts: readonly UploadedPart[], sizeBytes: number): number[] {
  const last = Math.max(1, Math.ceil(sizeBytes / partBytes));
  const sizes = new Map(parts.map((there) => [there.part, there.sizeBytes]));
  const wanted = Array.from({ length: last }, (_, index) => index + 1);
  const wrong = wanted.filter((part) => sizes.get(part) !== Math.min(partBytes, sizeBytes - (part - 1) * partBytes));
  return [...wrong, ...parts.map(({ part }) => part).filter((part) => part > last)];
}

async function goneIsFine(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isProviderError(error, "NotFound")) throw error;
  });
}

function toStored(bucket: string, { name, size, etag, updated }: FileMetadata): StoredObject {
  return {
    bucket,
    objectKey: name ?? "",
    sizeBytes: Number(size ?? 0),
    etag: etag ?? "",
    modifiedAt: new Date(updated ?? 0).toISOString(),
  };
}
