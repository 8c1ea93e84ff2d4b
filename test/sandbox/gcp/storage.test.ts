import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Bucket } from "@google-cloud/storage";
import { type GcpLab, startGcpLab, until } from "./support.ts";

const quantum = 256 * 1024;

describe("the simulated Google Cloud's object storage", () => {
  let lab: GcpLab;
  let bucket: Bucket;

  before(async () => {
    lab = await startGcpLab();
    bucket = lab.storage().bucket(lab.gcp.bucket);
  });
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });

  const session = async (name: string): Promise<string> => (await bucket.file(name).createResumableUpload())[0];
  const put = (uri: string, range: string, body?: Buffer) =>
    fetch(uri, { method: "PUT", headers: { "content-range": range }, body: body ? new Uint8Array(body) : null });

  it("keeps an object with its metadata, and gives its bytes or a part of them", async () => {
    const bytes = randomBytes(100_000);
    const file = bucket.file("some/object");
    await file.save(bytes, { resumable: false, metadata: { metadata: { key: "value" } } });
    const [metadata] = await file.getMetadata();
    assert.deepEqual(metadata.metadata, { key: "value" });
    assert.equal(String(metadata.size), "100000");
    assert.ok((await file.download())[0].equals(bytes));
    assert.ok((await file.download({ start: 10, end: 19 }))[0].equals(bytes.subarray(10, 20)));
    await assert.rejects(file.save(bytes, { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } }), {
      code: 412,
    });
    const [names] = await bucket.getFiles({ prefix: "some/" });
    assert.deepEqual(
      names.map(({ name }) => name),
      ["some/object"],
    );
    await file.delete();
    await assert.rejects(file.getMetadata(), { code: 404 });
  });

  it("says how far an upload came, passes over what it has, and refuses a gap", async () => {
    const bytes = randomBytes(2 * quantum + 5);
    const total = bytes.length;
    const uri = await session("pieces");
    const first = await put(uri, `bytes 0-${quantum - 1}/*`, bytes.subarray(0, quantum));
    assert.deepEqual([first.status, first.headers.get("range")], [308, `bytes=0-${quantum - 1}`]);
    const asked = await put(uri, "bytes */*");
    assert.deepEqual([asked.status, asked.headers.get("range")], [308, `bytes=0-${quantum - 1}`]);
    const gap = await put(uri, `bytes ${2 * quantum}-${total - 1}/${total}`, bytes.subarray(2 * quantum));
    assert.equal(gap.status, 503);
    const again = await put(uri, `bytes 0-${2 * quantum - 1}/*`, bytes.subarray(0, 2 * quantum));
    assert.deepEqual([again.status, again.headers.get("range")], [308, `bytes=0-${2 * quantum - 1}`]);
    const end = await put(uri, `bytes ${2 * quantum}-${total - 1}/${total}`, bytes.subarray(2 * quantum));
    assert.equal(end.status, 200);
    const known = await put(uri, "bytes */*");
    assert.equal(known.status, 200);
    assert.ok((await bucket.file("pieces").download())[0].equals(bytes));
  });

  it("keeps whole quanta of a piece whose connection tore, also over a restart", async () => {
    const bytes = randomBytes(2 * quantum);
    const uri = await session("torn");
    const url = new URL(uri);
    const socket = connect(lab.gcp.port, "127.0.0.1");
    const head = [`PUT ${url.pathname}${url.search} HTTP/1.1`, "host: gcp", `content-length: ${bytes.length}`];
    socket.write(`${head.join("\r\n")}\r\ncontent-range: bytes 0-${bytes.length - 1}/${bytes.length}\r\n\r\n`);
    socket.write(bytes.subarray(0, quantum + 1000), () => socket.end());
    let range: string | null = null;
    for (const deadline = Date.now() + 20_000; range === null && Date.now() < deadline; ) {
      range = (await put(uri, "bytes */*")).headers.get("range");
    }
    assert.equal(range, `bytes=0-${quantum - 1}`);
    await lab.restart();
    // The first try may meet a connection of the server that was.
    const end = await until(() =>
      put(uri, `bytes ${quantum}-${bytes.length - 1}/${bytes.length}`, bytes.subarray(quantum)),
    );
    assert.equal(end.status, 200);
    assert.ok((await lab.storage().bucket(lab.gcp.bucket).file("torn").download())[0].equals(bytes));
  });

  it("composes objects of others in their order", async () => {
    const store = lab.storage().bucket(lab.gcp.bucket);
    const parts = ["a", "b", "c"].map((name) => ({ file: store.file(`part-${name}`), bytes: randomBytes(1000) }));
    for (const { file, bytes } of parts) await file.save(bytes, { resumable: false });
    await store.combine(
      parts.map(({ file }) => file),
      "whole",
    );
    const [whole] = await store.file("whole").download();
    assert.ok(whole.equals(Buffer.concat(parts.map(({ bytes }) => bytes))));
    const [metadata] = await store.file("whole").getMetadata();
    assert.equal(metadata.componentCount, 3);
    assert.equal(metadata.md5Hash, undefined);
  });

  it("makes and deletes buckets, but not one that holds something", async () => {
    const [made] = await lab.storage().createBucket("novacron-made");
    await made.file("x").save("x", { resumable: false });
    await assert.rejects(made.delete(), { code: 409 });
    await made.file("x").delete();
    await made.delete();
    await assert.rejects(made.getMetadata(), { code: 404 });
  });

  it("refuses as it was told to, and a checksum that does not fit", async () => {
    lab.gcp.cloud.faults.add({ fault: "throttled", service: "storage", operation: "objects.get", times: 1 });
    const file = lab.storage().bucket(lab.gcp.bucket).file("whole");
    await assert.rejects(file.getMetadata(), { code: 429 });
    const body = [
      "--x",
      "content-type: application/json",
      "",
      '{"name":"bad","md5Hash":"AAAAAAAAAAAAAAAAAAAAAA=="}',
      "--x",
      "",
      "data",
      "--x--",
      "",
    ];
    const answer = await lab.raw(`/upload/storage/v1/b/${lab.gcp.bucket}/o?uploadType=multipart`, {
      method: "POST",
      headers: { "content-type": "multipart/related; boundary=x" },
      body: body.join("\r\n"),
    });
    assert.equal(answer.status, 400);
    await assert.rejects(lab.storage().bucket(lab.gcp.bucket).file("bad").getMetadata(), { code: 404 });
  });
});
