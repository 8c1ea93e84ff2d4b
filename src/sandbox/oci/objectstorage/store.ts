import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Content, ContentStore } from "../../cloud/contents.ts";
import type { Document, Table } from "../../cloud/documents.ts";
import type { OciCloud } from "../cloud.ts";
import { OciError } from "../errors.ts";
import type { DefinedTags, Tags } from "../state.ts";

export interface Bucket extends Document {
  readonly compartmentId: string;
  readonly metadata: Tags;
  readonly freeformTags: Tags;
  readonly definedTags: DefinedTags;
  readonly kmsKeyId?: string | undefined;
  readonly etag: string;
  readonly createdAt: number;
}

/** What a client says of an object, and gets told again: headers as they came, among them those of its metadata. */
export type ObjectHeaders = Readonly<Record<string, string>>;

export interface StoredObject extends Document {
  readonly bucket: string;
  readonly name: string;
  readonly contents: readonly Content[];
  readonly sizeBytes: number;
  readonly headers: ObjectHeaders;
  readonly etag: string;
  /** Base 64; of a multipart object over its parts' sums, with their count. */
  readonly md5: string;
  readonly multipart: boolean;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface Part extends Content {
  readonly number: number;
  readonly etag: string;
  readonly md5: string;
}

export interface Upload extends Document {
  readonly bucket: string;
  readonly object: string;
  readonly headers: ObjectHeaders;
  readonly createdAt: number;
  readonly parts: readonly Part[];
}

/** Buckets, their objects and unfinished uploads, and the bytes of both. */
export class ObjectStore {
  readonly buckets: Table<Bucket>;
  readonly objects: Table<StoredObject>;
  readonly uploads: Table<Upload>;
  readonly contents: ContentStore;
  readonly #namespace: string;

  constructor({ documents, parts, tenancy }: OciCloud) {
    this.buckets = documents.table<Bucket>("bucket");
    this.objects = documents.table<StoredObject>("object");
    this.uploads = documents.table<Upload>("upload");
    this.#namespace = tenancy.namespace;
    const used = [
      ...[...this.objects.values()].flatMap(({ contents }) => contents),
      ...[...this.uploads.values()].flatMap(({ parts: sent }) => sent),
    ];
    this.contents = new ContentStore(
      join(parts.dir, "objects"),
      used.map(({ contentId }) => contentId),
    );
  }

  /** @throws OciError NamespaceNotFound, BucketNotFound. */
  bucket(namespace: string | undefined, name: string | undefined): Bucket {
    if (namespace !== this.#namespace)
      throw new OciError(
        404,
        "NamespaceNotFound",
        `You do not have authorization, or there is no namespace ${namespace}.`,
      );
    const bucket = this.buckets.get(name ?? "");
    if (bucket) return bucket;
    throw new OciError(
      404,
      "BucketNotFound",
      `Either the bucket named '${name}' does not exist in the namespace '${namespace}' or you are not authorized to access it`,
    );
  }

  /** @throws OciError ObjectNotFound. */
  object(bucket: Bucket, name: string): StoredObject {
    const object = this.objects.get(objectId(bucket.id, name));
    if (object) return object;
    throw new OciError(404, "ObjectNotFound", `The object '${name}' was not found in the bucket '${bucket.id}'`);
  }

  /** Replaces what had the name. */
  put(object: Omit<StoredObject, "id" | "etag" | "createdAt" | "modifiedAt">): StoredObject {
    const id = objectId(object.bucket, object.name);
    const old = this.objects.get(id);
    const now = Date.now();
    const stored = this.objects.put({
      ...object,
      id,
      etag: randomUUID(),
      createdAt: old?.createdAt ?? now,
      modifiedAt: now,
    });
    if (old) this.contents.delete(old.contents);
    return stored;
  }

  delete(object: StoredObject): void {
    this.objects.delete(object.id);
    this.contents.delete(object.contents);
  }
}

export function objectId(bucket: string, name: string): string {
  return `${bucket}/${name}`;
}
