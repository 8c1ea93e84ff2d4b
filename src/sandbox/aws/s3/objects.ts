import type { IncomingMessage } from "node:http";
import type * as s3 from "@aws-sdk/client-s3";
import type { ContentStore } from "../../cloud/contents.ts";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { receive } from "./body.ts";
import { findBucket, tagSet, tagsOf } from "./buckets.ts";
import { type Checksums, type ObjectFacts, objectId, type S3Tables, type StoredObject } from "./state.ts";

type Without<T> = Omit<T, "$metadata">;

/** What GetObject says, with the bytes that it sends. */
export type GotObject = Without<Omit<s3.GetObjectCommandOutput, "Body">> & {
  Body: AsyncIterable<Buffer>;
  status: 200 | 206;
};

export function findObject(tables: S3Tables, bucket: string | undefined, key: string | undefined): StoredObject {
  findBucket(tables, bucket);
  const object = tables.objects.get(objectId(bucket ?? "", key ?? ""));
  if (!object) throw new AwsError("NoSuchKey", "The specified key does not exist.", 404, { Key: key ?? "" });
  return object;
}

export function objectOperations(tables: S3Tables, contents: ContentStore) {
  const drop = ({ id, contents: bytes }: StoredObject): void => {
    tables.objects.delete(id);
    contents.delete(bytes);
  };
  const facts = (object: StoredObject): Without<s3.HeadObjectCommandOutput> => ({
    AcceptRanges: "bytes",
    ETag: `"${object.etag}"`,
    LastModified: new Date(object.modifiedAt),
    ContentType: object.contentType,
    ContentLength: object.sizeBytes,
    Metadata: object.metadata,
    ServerSideEncryption: "AES256",
    ...object.headers,
    ...(Object.keys(object.tags).length > 0 ? { TagCount: Object.keys(object.tags).length } : {}),
  });

  return {
    PutObject: async (
      _call: Call,
      input: s3.PutObjectCommandInput,
      request: IncomingMessage,
    ): Promise<Without<s3.PutObjectCommandOutput>> => {
      const bucket = findBucket(tables, input.Bucket);
      const id = objectId(bucket.id, input.Key ?? "");
      checkWrite(tables.objects.get(id), input);
      const { stored, etag, checksums } = await receive(contents, request);
      const old = tables.objects.get(id);
      try {
        // What came while these bytes were on their way counts.
        checkWrite(old, input);
      } catch (error) {
        contents.delete([{ contentId: stored.contentId, sizeBytes: stored.sizeBytes }]);
        throw error;
      }
      tables.objects.put({
        ...objectFacts(input),
        id,
        bucket: bucket.id,
        key: input.Key ?? "",
        contents: [{ contentId: stored.contentId, sizeBytes: stored.sizeBytes }],
        sizeBytes: stored.sizeBytes,
        etag,
        checksums,
        composite: false,
        modifiedAt: Date.now(),
      });
      if (old) contents.delete(old.contents);
      return { ETag: `"${etag}"`, ...checksumFields(checksums), ServerSideEncryption: "AES256" };
    },

    GetObject: (_call: Call, input: s3.GetObjectCommandInput): GotObject => {
      const object = findObject(tables, input.Bucket, input.Key);
      checkConditions(object, input);
      const range = rangeOf(input.Range, object.sizeBytes);
      const { start, end } = range ?? { start: 0, end: object.sizeBytes };
      return {
        ...facts(object),
        ContentLength: end - start,
        ...(range ? { ContentRange: `bytes ${start}-${end - 1}/${object.sizeBytes}` } : {}),
        ...(input.ChecksumMode === "ENABLED" && !range ? storedChecksums(object) : {}),
        Body: contents.read(object.contents, start, end),
        status: range ? 206 : 200,
      };
    },

    HeadObject: (_call: Call, input: s3.HeadObjectCommandInput): Without<s3.HeadObjectCommandOutput> => {
      const object = findObject(tables, input.Bucket, input.Key);
      checkConditions(object, input);
      return { ...facts(object), ...(input.ChecksumMode === "ENABLED" ? storedChecksums(object) : {}) };
    },

    DeleteObject: (_call: Call, input: s3.DeleteObjectCommandInput): object => {
      const { id } = findBucket(tables, input.Bucket);
      const object = tables.objects.get(objectId(id, input.Key ?? ""));
      if (object) drop(object);
      return {};
    },

    DeleteObjects: (_call: Call, input: s3.DeleteObjectsCommandInput): Without<s3.DeleteObjectsCommandOutput> => {
      const { id } = findBucket(tables, input.Bucket);
      const keys = (input.Delete?.Objects ?? []).map(({ Key }) => Key ?? "");
      if (keys.length === 0 || keys.length > 1000)
        throw new AwsError("MalformedXML", "The XML you provided was not well-formed");
      for (const key of keys) {
        const object = tables.objects.get(objectId(id, key));
        if (object) drop(object);
      }
      return { Deleted: input.Delete?.Quiet ? [] : keys.map((Key) => ({ Key })) };
    },

    CopyObject: async (_call: Call, input: s3.CopyObjectCommandInput): Promise<Without<s3.CopyObjectCommandOutput>> => {
      const [from = "", ...rest] = decodeURIComponent((input.CopySource ?? "").replace(/^\//, "")).split("/");
      const source = findObject(tables, from, rest.join("/").replace(/\?versionId=.*$/, ""));
      const bucket = findBucket(tables, input.Bucket);
      const stored = await contents.write(contents.read(source.contents, 0, source.sizeBytes), ["md5"]);
      const id = objectId(bucket.id, input.Key ?? "");
      const old = tables.objects.get(id);
      const etag = stored.sums.md5?.toString("hex") ?? "";
      const kept = input.MetadataDirective === "REPLACE" ? objectFacts(input) : source;
      const copy = tables.objects.put({
        ...source,
        ...kept,
        id,
        bucket: bucket.id,
        key: input.Key ?? "",
        contents: [{ contentId: stored.contentId, sizeBytes: stored.sizeBytes }],
        etag,
        checksums: source.composite ? {} : source.checksums,
        composite: false,
        modifiedAt: Date.now(),
      });
      if (old) contents.delete(old.contents);
      return { CopyObjectResult: { ETag: `"${etag}"`, LastModified: new Date(copy.modifiedAt) } };
    },

    PutObjectTagging: (_call: Call, input: s3.PutObjectTaggingCommandInput): object => {
      tables.objects.put({ ...findObject(tables, input.Bucket, input.Key), tags: tagsOf(input.Tagging?.TagSet) });
      return {};
    },

    GetObjectTagging: (
      _call: Call,
      input: s3.GetObjectTaggingCommandInput,
    ): Without<s3.GetObjectTaggingCommandOutput> => ({
      TagSet: tagSet(findObject(tables, input.Bucket, input.Key).tags),
    }),
  };
}

/** What a create call says of its object. */
export function objectFacts(
  input: Pick<
    s3.PutObjectCommandInput,
    "ContentType" | "Metadata" | "Tagging" | "ContentEncoding" | "CacheControl" | "ContentDisposition"
  >,
): ObjectFacts {
  // The transfer's own encoding is not the object's.
  const encoding = input.ContentEncoding?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "aws-chunked")
    .join(",");
  return {
    contentType: input.ContentType ?? "binary/octet-stream",
    metadata: input.Metadata ?? {},
    tags: Object.fromEntries(new URLSearchParams(input.Tagging ?? "")),
    headers: {
      ...(encoding ? { ContentEncoding: encoding } : {}),
      ...(input.CacheControl ? { CacheControl: input.CacheControl } : {}),
      ...(input.ContentDisposition ? { ContentDisposition: input.ContentDisposition } : {}),
    },
  };
}

export function checksumFields(checksums: Checksums): Record<`Checksum${keyof Checksums}`, string> {
  const named = Object.entries(checksums).map(([name, value]) => [`Checksum${name}`, value]);
  return Object.fromEntries(named) as Record<`Checksum${keyof Checksums}`, string>;
}

function storedChecksums({ checksums, composite }: StoredObject) {
  if (Object.keys(checksums).length === 0) return {};
  return { ...checksumFields(checksums), ChecksumType: composite ? ("COMPOSITE" as const) : ("FULL_OBJECT" as const) };
}

function checkConditions(
  { etag, modifiedAt }: StoredObject,
  input: Pick<s3.GetObjectCommandInput, "IfMatch" | "IfNoneMatch" | "IfModifiedSince" | "IfUnmodifiedSince">,
): void {
  const same = (wanted: string) => wanted === "*" || wanted.replaceAll('"', "") === etag;
  const seconds = Math.floor(modifiedAt / 1000) * 1000;
  if (input.IfMatch !== undefined && !same(input.IfMatch)) throw preconditionFailed();
  if (input.IfUnmodifiedSince !== undefined && seconds > input.IfUnmodifiedSince.getTime()) throw preconditionFailed();
  const known = input.IfNoneMatch !== undefined ? same(input.IfNoneMatch) : undefined;
  const old = input.IfModifiedSince !== undefined && seconds <= input.IfModifiedSince.getTime();
  if (known ?? old) throw new AwsError("NotModified", "Not Modified", 304);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
function checkWrite(
  old: StoredObject | undefined,
  { IfMatch, IfNoneMatch, Key = "" }: Pick<s3.PutObjectCommandInput, "IfMatch" | "IfNoneMatch" | "Key">,
): void {
  if (IfNoneMatch === "*" && old) throw preconditionFailed();
  if (IfMatch === undefined) return;
  if (!old) throw new AwsError("NoSuchKey", "The specified key does not exist.", 404, { Key });
  if (IfMatch.replaceAll('"', "") !== old.etag) throw preconditionFailed();
}

function preconditionFailed(): AwsError {
  return new AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412);
}

/** One range; several are not supported by S3 either. */
function rangeOf(text: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const [, first = "", last = ""] = match;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= size || start >= end) {
    throw new AwsError("InvalidRange", "The requested range is not satisfiable", 416, {
      ActualObjectSize: String(size),
    });
  }
  return { start, end };
}
