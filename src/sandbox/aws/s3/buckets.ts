import type * as s3 from "@aws-sdk/client-s3";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { Tags } from "../state.ts";
import type { Bucket, S3Tables } from "./state.ts";

const pageAtMost = 1000;

export function findBucket(tables: S3Tables, name: string | undefined): Bucket {
  const bucket = tables.buckets.get(name ?? "");
  if (!bucket)
    throw new AwsError("NoSuchBucket", "The specified bucket does not exist", 404, { BucketName: name ?? "" });
  return bucket;
}

export function tagSet(tags: Tags): s3.Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function bucketOperations(tables: S3Tables) {
  return {
    ListBuckets: (_call: Call, input: s3.ListBucketsCommandInput): Omit<s3.ListBucketsCommandOutput, "$metadata"> => ({
      Owner: { ID: accountId, DisplayName: "simulated" },
      Buckets: [...tables.buckets.values()]
        .filter(({ id, region }) => id.startsWith(input.Prefix ?? "") && (input.BucketRegion ?? region) === region)
        .map(({ id, region, createdAt }) => ({ Name: id, CreationDate: new Date(createdAt), BucketRegion: region })),
    }),

    CreateBucket: (call: Call, input: s3.CreateBucketCommandInput): Omit<s3.CreateBucketCommandOutput, "$metadata"> => {
      const name = input.Bucket ?? "";
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
      if (
        !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) ||
        name.includes("..") ||
        /^\d+\.\d+\.\d+\.\d+$/.test(name)
      ) {
        throw new AwsError("InvalidBucketName", "The specified bucket is not valid.", 400, { BucketName: name });
      }
      const region = input.CreateBucketConfiguration?.LocationConstraint ?? "us-east-1";
      const known = tables.buckets.get(name);
      // In us-east-1 making one's own bucket again succeeds.
      if (known && !(region === "us-east-1" && known.region === region)) {
        throw new AwsError(
          "BucketAlreadyOwnedByYou",
          "Your previous request to create the named bucket succeeded and you already own it.",
          409,
        );
      }
      if (region !== call.region) {
        throw new AwsError(
          "IllegalLocationConstraintException",
          `The ${region} location constraint is incompatible for the region specific endpoint this request was sent to.`,
        );
      }
      const tags = Object.fromEntries(
        (input.CreateBucketConfiguration?.Tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]),
      );
      if (!known) tables.buckets.put({ id: name, region, createdAt: Date.now(), tags });
      return { Location: `/${name}` };
    },

    HeadBucket: (_call: Call, input: s3.HeadBucketCommandInput): Omit<s3.HeadBucketCommandOutput, "$metadata"> => ({
      BucketRegion: findBucket(tables, input.Bucket).region,
    }),

    GetBucketLocation: (
      _call: Call,
      input: s3.GetBucketLocationCommandInput,
    ): Omit<s3.GetBucketLocationCommandOutput, "$metadata"> => {
      const { region } = findBucket(tables, input.Bucket);
      return region === "us-east-1" ? {} : { LocationConstraint: region as s3.BucketLocationConstraint };
    },

    DeleteBucket: (_call: Call, input: s3.DeleteBucketCommandInput): object => {
      const { id } = findBucket(tables, input.Bucket);
      if (tables.objects.find(({ bucket }) => bucket === id)) {
        throw new AwsError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409, { BucketName: id });
      }
      for (const upload of tables.uploads.where(({ bucket }) => bucket === id)) tables.uploads.delete(upload.id);
      tables.buckets.delete(id);
      return {};
    },

    PutBucketTagging: (_call: Call, input: s3.PutBucketTaggingCommandInput): object => {
      const bucket = findBucket(tables, input.Bucket);
      tables.buckets.put({ ...bucket, tags: tagsOf(input.Tagging?.TagSet) });
      return {};
    },

    GetBucketTagging: (
      _call: Call,
      input: s3.GetBucketTaggingCommandInput,
    ): Omit<s3.GetBucketTaggingCommandOutput, "$metadata"> => {
      const { tags } = findBucket(tables, input.Bucket);
      if (Object.keys(tags).length === 0) throw new AwsError("NoSuchTagSet", "The TagSet does not exist", 404);
      return { TagSet: tagSet(tags) };
    },

    DeleteBucketTagging: (_call: Call, input: s3.DeleteBucketTaggingCommandInput): object => {
      tables.buckets.put({ ...findBucket(tables, input.Bucket), tags: {} });
      return {};
    },

    ListObjectsV2: (
      _call: Call,
      input: s3.ListObjectsV2CommandInput,
    ): Omit<s3.ListObjectsV2CommandOutput, "$metadata"> => {
      const bucket = findBucket(tables, input.Bucket);
      const { Prefix = "", Delimiter, MaxKeys = pageAtMost } = input;
      const after =
        input.ContinuationToken === undefined ? (input.StartAfter ?? "") : decodeToken(input.ContinuationToken);
      const keys = tables.objects
        .where((object) => object.bucket === bucket.id && object.key.startsWith(Prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
      const Contents: s3._Object[] = [];
      const prefixes: string[] = [];
      let last = "";
      let IsTruncated = false;
      for (const { key, etag, sizeBytes, modifiedAt } of keys) {
        const cut = Delimiter ? key.indexOf(Delimiter, Prefix.length) : -1;
        const entry = cut >= 0 ? key.slice(0, cut + (Delimiter?.length ?? 0)) : key;
        if (entry <= after || (cut >= 0 && (prefixes.includes(entry) || after.startsWith(entry)))) continue;
        if (Contents.length + prefixes.length >= Math.min(MaxKeys, pageAtMost)) {
          IsTruncated = true;
          break;
        }
        last = entry;
        if (cut >= 0) prefixes.push(entry);
        else
          Contents.push({
            Key: key,
            ETag: `"${etag}"`,
            Size: sizeBytes,
            LastModified: new Date(modifiedAt),
            StorageClass: "STANDARD",
          });
      }
      return {
        Name: bucket.id,
        Prefix,
        MaxKeys,
        KeyCount: Contents.length + prefixes.length,
        IsTruncated,
        Contents,
        CommonPrefixes: prefixes.map((entry) => ({ Prefix: entry })),
        ...(Delimiter ? { Delimiter } : {}),
        ...(input.ContinuationToken ? { ContinuationToken: input.ContinuationToken } : {}),
        ...(input.StartAfter ? { StartAfter: input.StartAfter } : {}),
        ...(IsTruncated ? { NextContinuationToken: Buffer.from(last).toString("base64") } : {}),
      };
    },
  };
}

export function tagsOf(tags: readonly s3.Tag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}

function decodeToken(token: string): string {
  if (!/^[A-Za-z0-9+/]+=*$/.test(token))
    throw new AwsError("InvalidArgument", "The continuation token provided is incorrect");
  return Buffer.from(token, "base64").toString("utf8");
}
