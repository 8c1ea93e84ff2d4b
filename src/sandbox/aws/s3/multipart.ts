import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type * as s3 from "@aws-sdk/client-s3";
import { checksum } from "../../cloud/checksums.ts";
import type { ContentStore } from "../../cloud/contents.ts";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import { checksumNames, receive } from "./body.ts";
import { findBucket } from "./buckets.ts";
import { checksumFields, objectFacts } from "./objects.ts";
import { type Checksums, objectId, type Part, type S3Tables, type Upload } from "./state.ts";

type Without<T> = Omit<T, "$metadata">;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const partBytesLeast = 5 * 2 ** 20;
const partNumberMost = 10_000;
const pageAtMost = 1000;

export function multipartOperations(tables: S3Tables, contents: ContentStore) {
  const find = (input: { Bucket?: string; Key?: string; UploadId?: string }): Upload => {
    findBucket(tables, input.Bucket);
    const upload = tables.uploads.get(input.UploadId ?? "");
    if (upload && upload.bucket === input.Bucket && upload.key === input.Key) return upload;
    throw new AwsError(
      "NoSuchUpload",
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
      404,
      { UploadId: input.UploadId ?? "" },
    );
  };
  const describePart = ({ number, etag, sizeBytes, checksums, at }: Part): s3.Part => ({
    PartNumber: number,
    ETag: `"${etag}"`,
    Size: sizeBytes,
    LastModified: new Date(at),
    ...checksumFields(checksums),
  });

  return {
    CreateMultipartUpload: (
      _call: Call,
      input: s3.CreateMultipartUploadCommandInput,
    ): Without<s3.CreateMultipartUploadCommandOutput> => {
      const bucket = findBucket(tables, input.Bucket);
      const algorithm = input.ChecksumAlgorithm;
      if (algorithm !== undefined && !(algorithm in checksumNames)) {
        throw new AwsError("InvalidRequest", `Simulated: the checksum algorithm ${algorithm} is not computed here`);
      }
      const id = randomBytes(48).toString("base64url");
      tables.uploads.put({
        ...objectFacts(input),
        id,
        bucket: bucket.id,
        key: input.Key ?? "",
        initiatedAt: Date.now(),
        ...(algorithm ? { algorithm: algorithm as keyof Checksums } : {}),
        parts: [],
      });
      return {
        Bucket: bucket.id,
        Key: input.Key,
        UploadId: id,
        ...(algorithm ? { ChecksumAlgorithm: algorithm } : {}),
      };
    },

    UploadPart: async (
      _call: Call,
      input: s3.UploadPartCommandInput,
      request: IncomingMessage,
    ): Promise<Without<s3.UploadPartCommandOutput>> => {
      const { id } = find(input);
      const number = input.PartNumber ?? 0;
      if (number < 1 || number > partNumberMost) {
        throw new AwsError(
          "InvalidArgument",
          `Part number must be an integer between 1 and ${partNumberMost}, inclusive`,
        );
      }
      const { stored, etag, checksums } = await receive(contents, request);
      const { contentId, sizeBytes } = stored;
      const now = tables.uploads.get(id);
      // Completed or aborted while the bytes came in.
      if (!now) {
        contents.delete([stored]);
        return find(input) as never;
      }
      const old = now.parts.find((part) => part.number === number);
      const part: Part = { number, etag, contentId, sizeBytes, checksums, at: Date.now() };
      const parts = [...now.parts.filter((other) => other.number !== number), part].sort((a, b) => a.number - b.number);
      tables.uploads.put({ ...now, parts });
      if (old) contents.delete([old]);
      return { ETag: `"${etag}"`, ...checksumFields(checksums), ServerSideEncryption: "AES256" };
    },

    ListParts: (_call: Call, input: s3.ListPartsCommandInput): Without<s3.ListPartsCommandOutput> => {
      const upload = find(input);
      const marker = Number(input.PartNumberMarker ?? 0);
      const most = Math.min(input.MaxParts ?? pageAtMost, pageAtMost);
      const after = upload.parts.filter(({ number }) => number > marker);
      const shown = after.slice(0, most);
      return {
        Bucket: upload.bucket,
        Key: upload.key,
        UploadId: upload.id,
        PartNumberMarker: String(marker),
        NextPartNumberMarker: String(shown.at(-1)?.number ?? 0),
        MaxParts: most,
        IsTruncated: shown.length < after.length,
        Parts: shown.map(describePart),
        Owner: { ID: accountId, DisplayName: "simulated" },
        StorageClass: "STANDARD",
        ...(upload.algorithm ? { ChecksumAlgorithm: upload.algorithm } : {}),
      };
    },

    CompleteMultipartUpload: (
      _call: Call,
      input: s3.CompleteMultipartUploadCommandInput,
    ): Without<s3.CompleteMultipartUploadCommandOutput> => {
      const known = tables.objects.get(objectId(input.Bucket ?? "", input.Key ?? ""));
      const upload = find(input);
      const parts = chosenParts(upload, input.MultipartUpload?.Parts ?? []);
      if (input.IfNoneMatch === "*" && known) {
        throw new AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412);
      }
      const md5 = createHash("md5");
      for (const { etag } of parts) md5.update(Buffer.from(etag, "hex"));
      const etag = `${md5.digest("hex")}-${parts.length}`;
      const checksums = compositeChecksums(upload, parts);
      tables.objects.put({
        contentType: upload.contentType,
        metadata: upload.metadata,
        headers: upload.headers,
        tags: upload.tags,
        id: objectId(upload.bucket, upload.key),
        bucket: upload.bucket,
        key: upload.key,
        contents: parts.map(({ contentId, sizeBytes }) => ({ contentId, sizeBytes })),
        sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        etag,
        checksums,
        composite: true,
        modifiedAt: Date.now(),
      });
      tables.uploads.delete(upload.id);
      contents.delete(upload.parts.filter((part) => !parts.includes(part)));
      if (known) contents.delete(known.contents);
      const facts = {
        Bucket: upload.bucket,
        Key: upload.key,
        ETag: `"${etag}"`,
        Location: `/${upload.bucket}/${upload.key}`,
      };
      return {
        ...facts,
        ...checksumFields(checksums),
        ...(Object.keys(checksums).length > 0 ? { ChecksumType: "COMPOSITE" as const } : {}),
      };
    },

    AbortMultipartUpload: (_call: Call, input: s3.AbortMultipartUploadCommandInput): object => {
      const upload = find(input);
      tables.uploads.delete(upload.id);
      contents.delete(upload.parts);
      return {};
    },

    ListMultipartUploads: (
      _call: Call,
      input: s3.ListMultipartUploadsCommandInput,
    ): Without<s3.ListMultipartUploadsCommandOutput> => {
      const bucket = findBucket(tables, input.Bucket);
      const { Prefix = "", KeyMarker = "", UploadIdMarker = "" } = input;
      const most = Math.min(input.MaxUploads ?? pageAtMost, pageAtMost);
      const order = (one: Upload) => `${one.key}\0${one.id}`;
      const all = tables.uploads
        .where(
          (one) =>
            one.bucket === bucket.id && one.key.startsWith(Prefix) && order(one) > `${KeyMarker}\0${UploadIdMarker}`,
        )
        .sort((a, b) => (order(a) < order(b) ? -1 : 1));
      const shown = all.slice(0, most);
      const last = shown.at(-1);
      return {
        Bucket: bucket.id,
        Prefix,
        KeyMarker,
        UploadIdMarker,
        MaxUploads: most,
        IsTruncated: shown.length < all.length,
        ...(shown.length < all.length && last ? { NextKeyMarker: last.key, NextUploadIdMarker: last.id } : {}),
        Uploads: shown.map(({ key, id, initiatedAt }) => ({
          Key: key,
          UploadId: id,
          Initiated: new Date(initiatedAt),
          StorageClass: "STANDARD",
        })),
      };
    },
  };
}

/** @throws AwsError InvalidPart, InvalidPartOrder, EntityTooSmall. */
function chosenParts({ parts }: Upload, chosen: readonly s3.CompletedPart[]): Part[] {
  if (chosen.length === 0) throw new AwsError("MalformedXML", "You must specify at least one part");
  return chosen.map((wanted, index) => {
    const { PartNumber = 0, ETag = "" } = wanted;
    const before = chosen[index - 1]?.PartNumber ?? 0;
    if (PartNumber <= before)
      throw new AwsError(
        "InvalidPartOrder",
        "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
      );
    const part = parts.find(({ number }) => number === PartNumber);
    const sums = Object.entries(part?.checksums ?? {});
    const agrees = sums.every(([name, value]) => {
      const said = wanted[`Checksum${name}` as keyof s3.CompletedPart];
      return said === undefined || said === value;
    });
    if (!part || part.etag !== ETag.replaceAll('"', "") || !agrees) {
      throw new AwsError(
        "InvalidPart",
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        400,
        { PartNumber: String(PartNumber) },
      );
    }
    if (index < chosen.length - 1 && part.sizeBytes < partBytesLeast) {
      throw new AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
        ProposedSize: String(part.sizeBytes),
        MinSizeAllowed: String(partBytesLeast),
        PartNumber: String(PartNumber),
      });
    }
    return part;
  });
}

/** A checksum over the parts' checksums, with their count; only of what every part has. */
function compositeChecksums({ algorithm }: Upload, parts: readonly Part[]): Checksums {
  const names = algorithm ? [algorithm] : (Object.keys(checksumNames) as (keyof Checksums)[]);
  const made: Partial<Record<keyof Checksums, string>> = {};
  for (const name of names) {
    if (!parts.every(({ checksums }) => checksums[name] !== undefined)) continue;
    const sum = checksum(checksumNames[name]);
    for (const { checksums } of parts) sum.update(Buffer.from(checksums[name] ?? "", "base64"));
    made[name] = `${sum.digest().toString("base64")}-${parts.length}`;
  }
  return made;
}
