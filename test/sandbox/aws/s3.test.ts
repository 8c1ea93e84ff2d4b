import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import {
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  ImportSnapshotCommand,
} from "@aws-sdk/client-ec2";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { startAwsLab, until } from "./support.ts";

const MiB = 2 ** 20;
const lab = await startAwsLab();
const s3 = new S3Client({ ...lab.config(), forcePathStyle: true });
const Bucket = "my-images";
const large = randomBytes(12 * MiB);

before(() => s3.send(new CreateBucketCommand({ Bucket })));
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});

const bytesOf = async (Key: string, Range?: string): Promise<Buffer> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...(Range ? { Range } : {}) }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

async function uploadParts(
  Key: string,
  sizes: readonly number[],
): Promise<{ UploadId: string; Parts: CompletedPart[] }> {
  const { UploadId = "" } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: "CRC32" }),
  );
  const Parts: CompletedPart[] = [];
  let at = 0;
  for (const [index, size] of sizes.entries()) {
    const Body = large.subarray(at, at + size);
    at += size;
    const part = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: index + 1, Body }));
    Parts.push({ PartNumber: index + 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 });
  }
  return { UploadId, Parts };
}

test("an object comes back whole, in ranges and with what was said of it", async () => {
  const Body = randomBytes(3 * MiB + 17);
  const put = await s3.send(
    new PutObjectCommand({ Bucket, Key: "a b/ü+c", Body, ContentType: "x/y", Metadata: { one: "1" } }),
  );
  assert.equal(put.ETag, `"${createHash("md5").update(Body).digest("hex")}"`);
  assert.ok((await bytesOf("a b/ü+c")).equals(Body));
  assert.ok((await bytesOf("a b/ü+c", "bytes=100-199")).equals(Body.subarray(100, 200)));
  assert.ok((await bytesOf("a b/ü+c", "bytes=-5")).equals(Body.subarray(-5)));
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "a b/ü+c" }));
  assert.deepEqual([head.ContentLength, head.ContentType, head.Metadata], [Body.length, "x/y", { one: "1" }]);
  await assert.rejects(bytesOf("a b/ü+c", "bytes=99999999-"), { name: "InvalidRange" });
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: encodeURIComponent(`${Bucket}/a b/ü+c`) }));
  assert.ok((await bytesOf("copy")).equals(Body));
});

test("a stream is sent in chunks with a trailing checksum, each algorithm of the SDK's", async () => {
  const body = randomBytes(700_000);
  for (const ChecksumAlgorithm of [undefined, "CRC32C", "SHA1", "SHA256"] as const) {
    const Body = Readable.from([body.subarray(0, 300_001), body.subarray(300_001)]);
    const Key = `stream-${ChecksumAlgorithm}`;
    await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: body.length, ChecksumAlgorithm }));
    assert.ok((await bytesOf(Key)).equals(body));
  }
});

test("bytes that don't fit their checksum are refused, and nothing is kept", async () => {
  const wrong = createHash("sha256").update("else").digest("base64");
  await assert.rejects(s3.send(new PutObjectCommand({ Bucket, Key: "bad", Body: "text", ChecksumSHA256: wrong })), {
    name: "BadDigest",
  });
  await assert.rejects(s3.send(new PutObjectCommand({ Bucket, Key: "bad", Body: "text", ContentMD5: wrong })), {
    name: "BadDigest",
  });
  await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: "bad" })), { name: "NotFound" });
});

describe("multipart uploads", () => {
  test("parts are listed while it goes on, and are one object in the end", async () => {
    const { UploadId, Parts } = await uploadParts("big", [5 * MiB, 6 * MiB, MiB]);
    const listed = await s3.send(new ListPartsCommand({ Bucket, Key: "big", UploadId, MaxParts: 2 }));
    assert.deepEqual([listed.Parts?.map(({ Size }) => Size), listed.IsTruncated], [[5 * MiB, 6 * MiB], true]);
    const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    assert.deepEqual(
      Uploads?.map(({ Key }) => Key),
      ["big"],
    );
    const done = await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: "big", UploadId, MultipartUpload: { Parts } }),
    );
    assert.match(done.ETag ?? "", /^"[0-9a-f]{32}-3"$/);
    assert.match(done.ChecksumCRC32 ?? "", /-3$/);
    assert.ok((await bytesOf("big")).equals(large));
    assert.ok(
      (await bytesOf("big", `bytes=${5 * MiB - 10}-${5 * MiB + 9}`)).equals(large.subarray(5 * MiB - 10, 5 * MiB + 10)),
    );
    await assert.rejects(s3.send(new ListPartsCommand({ Bucket, Key: "big", UploadId })), { name: "NoSuchUpload" });
  });

  test("a part that is too small, in the wrong order or unknown is refused, and the upload goes on", async () => {
    const { UploadId, Parts } = await uploadParts("odd", [MiB, 5 * MiB]);
    const complete = (parts: CompletedPart[]) =>
      s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "odd", UploadId, MultipartUpload: { Parts: parts } }));
    await assert.rejects(complete(Parts), { name: "EntityTooSmall" });
    await assert.rejects(complete([...Parts].reverse()), { name: "InvalidPartOrder" });
    await assert.rejects(complete([{ PartNumber: 7, ETag: Parts[0]?.ETag }]), { name: "InvalidPart" });
    await complete([Parts[1] as CompletedPart]);
    assert.ok((await bytesOf("odd")).equals(large.subarray(MiB, 6 * MiB)));
  });

  test("an aborted upload is gone with its bytes; one of a killed server goes on", async () => {
    const aborted = await uploadParts("gone", [MiB]);
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: "gone", UploadId: aborted.UploadId }));
    await assert.rejects(s3.send(new ListPartsCommand({ Bucket, Key: "gone", UploadId: aborted.UploadId })), {
      name: "NoSuchUpload",
    });
    const { UploadId, Parts } = await uploadParts("later", [5 * MiB]);
    await lab.restart();
    const again = new S3Client({ ...lab.config(), forcePathStyle: true });
    const Body = large.subarray(5 * MiB);
    const last = await again.send(new UploadPartCommand({ Bucket, Key: "later", UploadId, PartNumber: 2, Body }));
    const all = [...Parts, { PartNumber: 2, ETag: last.ETag }];
    await again.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: "later", UploadId, MultipartUpload: { Parts: all } }),
    );
    const { Body: got } = await again.send(new GetObjectCommand({ Bucket, Key: "later" }));
    assert.ok(Buffer.from((await got?.transformToByteArray()) ?? []).equals(large));
  });
});

test("lists have pages, prefixes and delimiters", async () => {
  const client = new S3Client({ ...lab.config(), forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: "lists" }));
  for (const Key of ["a/1", "a/2", "b", "c/1", "d"])
    await client.send(new PutObjectCommand({ Bucket: "lists", Key, Body: Key }));
  const list = (input: object) => client.send(new ListObjectsV2Command({ Bucket: "lists", ...input }));
  const top = await list({ Delimiter: "/" });
  assert.deepEqual(
    [top.CommonPrefixes?.map(({ Prefix }) => Prefix), top.Contents?.map(({ Key }) => Key)],
    [
      ["a/", "c/"],
      ["b", "d"],
    ],
  );
  const first = await list({ MaxKeys: 2, Delimiter: "/" });
  const second = await list({ MaxKeys: 2, Delimiter: "/", ContinuationToken: first.NextContinuationToken });
  assert.deepEqual([first.KeyCount, first.IsTruncated, second.KeyCount, second.IsTruncated], [2, true, 2, false]);
  assert.deepEqual(
    (await list({ Prefix: "a/", StartAfter: "a/1" })).Contents?.map(({ Key }) => Key),
    ["a/2"],
  );
  await assert.rejects(client.send(new DeleteBucketCommand({ Bucket: "lists" })), { name: "BucketNotEmpty" });
  await client.send(
    new DeleteObjectsCommand({
      Bucket: "lists",
      Delete: { Objects: ["a/1", "a/2", "b", "c/1"].map((Key) => ({ Key })) },
    }),
  );
  await client.send(new DeleteObjectCommand({ Bucket: "lists", Key: "d" }));
  await client.send(new DeleteObjectCommand({ Bucket: "lists", Key: "d" }));
  await client.send(new DeleteBucketCommand({ Bucket: "lists" }));
  await assert.rejects(list({}), { name: "NoSuchBucket" });
});

test("buckets have a region, tags and names by AWS's rules", async () => {
  const client = new S3Client({ ...lab.config(), forcePathStyle: true });
  const TagSet = [{ Key: "a", Value: "b" }];
  await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
  assert.deepEqual((await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet, TagSet);
  assert.equal((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint, undefined);
  const { Buckets } = await client.send(new ListBucketsCommand({}));
  assert.deepEqual(
    Buckets?.map(({ Name }) => Name),
    [Bucket],
  );
  await assert.rejects(client.send(new CreateBucketCommand({ Bucket: "Not_Valid" })), { name: "InvalidBucketName" });
});

test("a raw disk in a bucket becomes a snapshot", async () => {
  const client = new S3Client({ ...lab.config(), forcePathStyle: true });
  await client.send(
    new PutObjectCommand({ Bucket, Key: "disk.raw", Body: Buffer.concat([randomBytes(MiB), Buffer.alloc(MiB)]) }),
  );
  const ec2 = lab.ec2();
  const DiskContainer = { Format: "RAW", UserBucket: { S3Bucket: Bucket, S3Key: "disk.raw" } };
  const { ImportTaskId = "" } = await ec2.send(new ImportSnapshotCommand({ DiskContainer }));
  const snapshotId = await until(async () => {
    const { ImportSnapshotTasks } = await ec2.send(
      new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [ImportTaskId] }),
    );
    const detail = ImportSnapshotTasks?.[0]?.SnapshotTaskDetail;
    assert.equal(detail?.Status, "completed");
    return detail?.SnapshotId as string;
  });
  const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
  assert.deepEqual([Snapshots?.[0]?.State, Snapshots?.[0]?.VolumeSize], ["completed", 1]);
});
