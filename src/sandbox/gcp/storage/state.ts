import type { Content } from "../../cloud/contents.ts";
import type { Document, Documents } from "../../cloud/documents.ts";
import { GcpError } from "../errors.ts";

export interface Bucket extends Document {
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly metageneration: number;
  readonly location: string;
  readonly storageClass: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly builtIn: boolean;
}

/** What a caller may say of an object. */
export interface ObjectFacts {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StoredObject extends Document, ObjectFacts {
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  readonly metageneration: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly contents: readonly Content[];
  readonly sizeBytes: number;
  /** In base64, as answers have them. */
  readonly crc32c: string;
  readonly md5?: string;
  /** Of a composed object. */
  readonly componentCount?: number;
}

/** A resumable upload. */
export interface Upload extends Document, ObjectFacts {
  readonly bucket: string;
  readonly name: string;
  readonly createdAt: number;
  readonly contents: readonly Content[];
  readonly receivedBytes: number;
  /** Over what was received. */
  readonly crc32c: number;
  readonly preconditions: Readonly<Record<string, string>>;
  /** Checksums that the caller announced. */
  readonly announced: { readonly crc32c?: string; readonly md5?: string };
  /** Set once it is done: the object's id. */
  readonly objectId?: string;
}

export function storageTablesOf(documents: Documents) {
  return {
    buckets: documents.table<Bucket>("bucket"),
    objects: documents.table<StoredObject>("object"),
    uploads: documents.table<Upload>("upload"),
  };
}
export type StorageTables = ReturnType<typeof storageTablesOf>;

export function objectId(bucket: string, name: string): string {
  return `${bucket}/${name}`;
}

export function findBucket(tables: StorageTables, name: string): Bucket {
  const bucket = tables.buckets.get(name);
  if (!bucket) throw new GcpError(404, "notFound", "The specified bucket does not exist.");
  return bucket;
}

export function findObject(tables: StorageTables, bucket: string, name: string): StoredObject {
  findBucket(tables, bucket);
  const object = tables.objects.get(objectId(bucket, name));
  if (!object) throw new GcpError(404, "notFound", `No such object: ${bucket}/${name}`);
  return object;
}

/** https://cloud.google.com/storage/docs/request-preconditions @throws GcpError 412, 304. */
export function checkPreconditions(given: Readonly<Record<string, string>>, object: StoredObject | undefined): void {
  const failed = new GcpError(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.");
  const { ifGenerationMatch, ifGenerationNotMatch, ifMetagenerationMatch, generation } = given;
  const current = object?.generation ?? "0";
  if (ifGenerationMatch !== undefined && ifGenerationMatch !== current) throw failed;
  if (ifGenerationNotMatch !== undefined && ifGenerationNotMatch === current) throw failed;
  if (ifMetagenerationMatch !== undefined && ifMetagenerationMatch !== String(object?.metageneration ?? 0))
    throw failed;
  if (generation !== undefined && object && generation !== object.generation) {
    throw new GcpError(404, "notFound", `No such object: ${object.bucket}/${object.name}#${generation}`);
  }
}

/** Microseconds since 1970, and never twice the same. */
export function newGeneration(before: StoredObject | undefined): string {
  const now = Date.now() * 1000;
  return String(Math.max(now, Number(before?.generation ?? 0) + 1));
}
