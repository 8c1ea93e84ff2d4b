import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { type OciLab, startOciLab } from "./support.ts";
import { refused } from "./support-calls.ts";

let lab: OciLab;
before(async () => {
  lab = await startOciLab();
});
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});

const md5 = (content: Buffer) => createHash("md5").update(content).digest();

async function newBucket(name: string) {
  const { namespace: namespaceName, compartment: compartmentId } = lab.oci;
  await lab.storage().createBucket({ namespaceName, createBucketDetails: { name, compartmentId } });
  return { namespaceName, bucketName: name };
}

async function read(
  bucket: { namespaceName: string; bucketName: string },
  objectName: string,
  range?: [number, number],
) {
  const { value } = await lab.storage().getObject({
    ...bucket,
    objectName,
    ...(range
      ? { range: { startByte: range[0], endByte: range[1], getHeaderValue: () => `bytes=${range.join("-")}` } as never }
      : {}),
  });
  return buffer(value as never);
}

test("buckets are made once, listed, and deleted when they are empty", async () => {
  const storage = lab.storage();
  assert.equal((await storage.getNamespace({})).value, lab.oci.namespace);
  const bucket = await newBucket("one");
  await assert.rejects(newBucket("one"), refused(409, "BucketAlreadyExists"));
  const { items } = await storage.listBuckets({
    namespaceName: bucket.namespaceName,
    compartmentId: lab.oci.compartment,
  });
  assert.ok(items.some(({ name }) => name === "one"));
  await storage.putObject({ ...bucket, objectName: "a/b", putObjectBody: "text", contentLength: 4 });
  await assert.rejects(storage.deleteBucket(bucket), refused(409, "BucketNotEmpty"));
  await storage.deleteObject({ ...bucket, objectName: "a/b" });
  await assert.rejects(storage.getObject({ ...bucket, objectName: "a/b" }), refused(404, "ObjectNotFound"));
  await storage.deleteBucket(bucket);
  await assert.rejects(storage.getBucket(bucket), refused(404, "BucketNotFound"));
});

test("an object's bytes come back, whole and by range, and a false checksum keeps nothing", async () => {
  const storage = lab.storage();
  const bucket = await newBucket("bytes");
  const content = randomBytes(1_000_000);
  const put = (objectName: string, contentMD5: string) =>
    storage.putObject({ ...bucket, objectName, putObjectBody: content, contentLength: content.length, contentMD5 });
  const { opcContentMd5, eTag } = await put("object", md5(content).toString("base64"));
  assert.equal(opcContentMd5, md5(content).toString("base64"));
  assert.ok(content.equals(await read(bucket, "object")));
  assert.ok(content.subarray(10, 21).equals(await read(bucket, "object", [10, 20])));
  const head = await storage.headObject({ ...bucket, objectName: "object" });
  assert.deepEqual([head.contentLength, head.eTag], [content.length, eTag]);
  await assert.rejects(put("other", md5(Buffer.from("other")).toString("base64")), refused(400, "UnmatchedContentMD5"));
  await assert.rejects(storage.getObject({ ...bucket, objectName: "other" }), refused(404, "ObjectNotFound"));
  await assert.rejects(
    storage.putObject({ ...bucket, objectName: "object", putObjectBody: "x", contentLength: 1, ifNoneMatch: "*" }),
    refused(412, "IfNoneMatchFailed"),
  );
});

test("objects are listed by prefix, folder and page", async () => {
  const storage = lab.storage();
  const bucket = await newBucket("names");
  for (const objectName of ["a/1", "a/2", "b/1", "c"])
    await storage.putObject({ ...bucket, objectName, putObjectBody: "x", contentLength: 1 });
  const names = async (fields: object) => {
    const { listObjects } = await storage.listObjects({ ...bucket, ...fields });
    const { objects, prefixes, nextStartWith } = listObjects;
    return [objects.map(({ name }) => name), prefixes ?? [], nextStartWith];
  };
  assert.deepEqual(await names({ prefix: "a/" }), [["a/1", "a/2"], [], undefined]);
  assert.deepEqual(await names({ delimiter: "/" }), [["c"], ["a/", "b/"], undefined]);
  assert.deepEqual(await names({ limit: 3 }), [["a/1", "a/2", "b/1"], [], "c"]);
  assert.deepEqual(await names({ start: "c" }), [["c"], [], undefined]);
  const { listObjects } = await storage.listObjects({ ...bucket, prefix: "c", fields: "size,md5,etag" });
  assert.equal(listObjects.objects[0]?.size, 1);
});

test("an upload in parts is resumed from what is listed, and committed in the order of the numbers", async () => {
  const storage = lab.storage();
  const bucket = await newBucket("parts");
  const objectName = "folder/large";
  const createMultipartUploadDetails = { object: objectName, metadata: { "opc-meta-origin": "test" } };
  const { multipartUpload } = await storage.createMultipartUpload({ ...bucket, createMultipartUploadDetails });
  const { uploadId } = multipartUpload;
  const contents = [randomBytes(100_000), randomBytes(50_000), randomBytes(7)] as const;
  const send = async (uploadPartNum: number, content: Buffer) =>
    storage.uploadPart({
      ...bucket,
      objectName,
      uploadId,
      uploadPartNum,
      uploadPartBody: content,
      contentLength: content.length,
    });
  await send(30, contents[2]);
  await send(2, randomBytes(9));
  await send(10, contents[1]);
  await send(2, contents[0]);
  await send(99, randomBytes(3));
  const { items } = await storage.listMultipartUploadParts({ ...bucket, objectName, uploadId });
  assert.deepEqual(
    items.map(({ partNumber, size }) => [partNumber, size]),
    [
      [2, 100_000],
      [10, 50_000],
      [30, 7],
      [99, 3],
    ],
  );
  const partsToCommit = items
    .filter(({ partNumber }) => partNumber !== 99)
    .map(({ partNumber, etag }) => ({ partNum: partNumber, etag }))
    .reverse();
  const commit = (fields: object) =>
    storage.commitMultipartUpload({
      ...bucket,
      objectName,
      uploadId,
      commitMultipartUploadDetails: { partsToCommit, ...fields },
    });
  await assert.rejects(commit({}), refused(400, "InvalidUploadPart"));
  const { opcMultipartMd5 } = await commit({ partsToExclude: [99] });
  const sums = Buffer.concat(contents.map(md5));
  assert.equal(opcMultipartMd5, `${md5(sums).toString("base64")}-3`);
  assert.ok(Buffer.concat(contents).equals(await read(bucket, objectName)));
  assert.ok(
    Buffer.concat(contents)
      .subarray(99_999, 100_002)
      .equals(await read(bucket, objectName, [99_999, 100_001])),
  );
  await assert.rejects(commit({ partsToExclude: [99] }), refused(404, "NoSuchUpload"));
});

test("an upload that was given up leaves nothing", async () => {
  const storage = lab.storage();
  const bucket = await newBucket("given-up");
  const createMultipartUploadDetails = { object: "object" };
  const { multipartUpload } = await storage.createMultipartUpload({ ...bucket, createMultipartUploadDetails });
  const { uploadId } = multipartUpload;
  await storage.uploadPart({
    ...bucket,
    objectName: "object",
    uploadId,
    uploadPartNum: 1,
    uploadPartBody: "part",
    contentLength: 4,
  });
  assert.equal((await storage.listMultipartUploads(bucket)).items.length, 1);
  await storage.abortMultipartUpload({ ...bucket, objectName: "object", uploadId });
  assert.equal((await storage.listMultipartUploads(bucket)).items.length, 0);
  await storage.deleteBucket(bucket);
});
