import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNoGuests } from "../../sandbox/aws/support.ts";
import { AwsFaultSite } from "./support/aws-site.ts";
import { GiB } from "./support/make.ts";

const block = 512 * 1024;
/** A block alone takes longer than a request without a body may. */
const bytesPerSecond = 320 * 1024;
const withinMs = 1_000;
const slowest = { slowestBytesPerSecond: 128 * 1024 };
const blocks = 2;

test("over a slow link blocks are written, read and uploaded at its pace, without a repeat", {
  skip: whyNoGuests() ?? false,
}, async () => {
  const site = await AwsFaultSite.open();
  const provider = site.under({ hasty: true, single: true, withinMs, ...slowest });
  const signal = AbortSignal.timeout(60_000);
  try {
    const { disks, objects } = provider;
    assert.ok(objects);
    const replica = { replicaId: "replica", sizeBytes: GiB, tags: {} };
    const sink = await disks.openGeneration({ replica, generationId: "slow", attempt: 1 }, signal);
    site.slowLink(bytesPerSecond);
    const bytes = Buffer.alloc(block * blocks, 5);
    await sink.write(0, bytes, signal);
    await sink.close();
    await disks.sealGeneration(
      { replicaId: "replica", generationId: "slow", attempt: 1, leavesWritten: blocks },
      signal,
    );
    const source = await disks.openPoint("slow", signal);
    const target = new Uint8Array(block * blocks);
    await source.read(0, target, signal);
    await source.close();
    assert.ok(bytes.equals(target));
    const place = { bucket: `slow-${Date.now()}`, objectKey: "one" };
    await objects.createBucket({ bucket: place.bucket, tags: {} }, signal);
    const upload = await objects.beginUpload({ ...place, sizeBytes: bytes.length, tags: {} }, signal);
    await objects.uploadPart(upload, 1, bytes, signal);
    assert.equal((await objects.completeUpload(upload, signal)).sizeBytes, bytes.length);
    assert.ok(bytes.equals(await objects.readObject({ ...place, offset: 0, length: bytes.length }, signal)));
  } finally {
    site.slowLink(undefined);
    await provider.close();
    await site.close();
  }
});
