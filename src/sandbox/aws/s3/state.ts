import type { Content } from "../../cloud/contents.ts";
import type { Document, Documents } from "../../cloud/documents.ts";
import type { Tags } from "../state.ts";

export interface Bucket extends Document {
  readonly region: string;
  readonly createdAt: number;
  readonly tags: Tags;
}

/** Checksums as the headers have them: base64, of a multipart object with its count of parts. */
export type Checksums = Readonly<Partial<Record<"CRC32" | "CRC32C" | "SHA1" | "SHA256", string>>>;

export interface Part extends Content {
  readonly number: number;
  readonly etag: string;
  readonly checksums: Checksums;
  readonly at: number;
}

/** What a client says of an object, and gets told again. */
export interface ObjectFacts {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Tags;
}

export interface StoredObject extends Document, ObjectFacts {
  readonly bucket: string;
  readonly key: string;
  readonly contents: readonly Content[];
  readonly sizeBytes: number;
  readonly etag: string;
  readonly checksums: Checksums;
  /** Of a multipart object the checksums are over its parts' checksums. */
  readonly composite: boolean;
  readonly modifiedAt: number;
}

export interface Upload extends Document, ObjectFacts {
  readonly bucket: string;
  readonly key: string;
  readonly initiatedAt: number;
  readonly algorithm?: keyof Checksums;
  readonly parts: readonly Part[];
}

export function s3Tables(documents: Documents) {
  return {
    buckets: documents.table<Bucket>("s3-bucket"),
    objects: documents.table<StoredObject>("s3-object"),
    uploads: documents.table<Upload>("s3-upload"),
  };
}
export type S3Tables = ReturnType<typeof s3Tables>;

export function objectId(bucket: string, key: string): string {
  return `${bucket}/${key}`;
}
