import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { digest } from "../../src/providers/azure/names.ts";
import type { ObjectStorageFacet } from "../../src/providers/cloud-facets.ts";
import type { Provider, VmSpec } from "../../src/providers/provider.ts";
import { type AzureLab, startAzureLab } from "../sandbox/azure/support.ts";
import { addressOf, connectAzure } from "./support/azure.ts";
import { readAll } from "./support/read-all.ts";
import { refuses } from "./support/refuses.ts";

const MiB = 2 ** 20;
const sizeBytes = 4 * MiB;
const signal = AbortSignal.timeout(300_000);
const replicas = () => lab.blobs().getContainerClient("novacron-replicas");
const replica = { replicaId: "replica", sizeBytes, tags: {} };
const stolen = "33333333-3333-3333-3333-333333333333";
let lab: AzureLab;
let provider: Provider;

before(async () => {
  lab = await startAzureLab();
  provider = connectAzure(addressOf(lab));
});
after(async () => {
  await provider?.close();
  await lab?.close();
});

/** As an attempt does that has not learned yet that it has lost. */
async function steal(generationId: string): Promise<void> {
  const blob = replicas().getPageBlobClient(`disks/${digest(generationId)}.vhd`);
  const { leaseState } = await blob.getProperties();
  if (leaseState === "leased") await blob.getBlobLeaseClient().breakLease(0);
  await blob.getBlobLeaseClient(stolen).acquireLease(-1);
}

test("the newest attempt takes back a lease that a lost one took, and ends what it began", async () => {
  const generationId = "stolen";
  const open = (attempt: number) => provider.disks.openGeneration({ replica, generationId, attempt }, signal);
  const lost = await open(1);
  const winner = await open(2);
  await steal(generationId);
  await Promise.all([winner.write(0, Buffer.alloc(MiB, 1)), winner.write(MiB, Buffer.alloc(MiB, 2))]);
  await steal(generationId);
  await winner.writeZeroes(0, 512);
  await refuses("Conflict", lost.write(0, Buffer.alloc(MiB, 9)));
  await refuses("Conflict", open(1));
  await winner.write(2 * MiB, Buffer.alloc(512, 3));
  await steal(generationId);
  const seal = { replicaId: "replica", generationId, attempt: 2, leavesWritten: 3 };
  const { pointId } = await provider.disks.sealGeneration(seal, signal);
  await refuses("Conflict", winner.write(0, Buffer.alloc(512, 9)));
  const bytes = await readAll(await provider.disks.openPoint(pointId, signal));
  assert.deepEqual([bytes[0], bytes[512], bytes[MiB], bytes[2 * MiB]], [0, 1, 2, 3]);
  // A child goes on in the same blob, whoever has its lease.
  await steal(generationId);
  const child = { replica, generationId: "child", parentPointId: pointId, attempt: 1 };
  const sink = await provider.disks.openGeneration(child, signal);
  await sink.write(0, Buffer.alloc(512, 4));
  await refuses("Conflict", winner.write(0, Buffer.alloc(512, 9)));
  await sink.write(512, Buffer.alloc(512, 5));
  await provider.disks.discardGeneration({ replicaId: "replica", generationId: "child" }, signal);
  await provider.disks.deletePoint(pointId, signal);
});

test("what an import left behind shows up in the census", async () => {
  await replicas().createIfNotExists();
  const blob = replicas().getPageBlobClient("imports/left.vhd");
  await blob.create(MiB);
  const found = (await Array.fromAsync(provider.census(signal))).filter(({ kind }) => kind === "export");
  assert.deepEqual(
    found.map(({ id }) => id),
    ["imports/left.vhd"],
  );
  await blob.delete();
});

test("an upload that is given up leaves the object alone that was there", async () => {
  const { objects } = provider as { objects: ObjectStorageFacet };
  const bucket = "given-up";
  await objects.createBucket({ bucket, tags: {} }, signal);
  const container = lab.blobs().getContainerClient(bucket);
  const body = Buffer.from("as it was");
  const blobHTTPHeaders = { blobContentType: "text/plain", blobCacheControl: "no-cache", blobContentLanguage: "de" };
  const atOnce = container.getBlockBlobClient("at-once");
  await atOnce.upload(body, body.length, { blobHTTPHeaders });
  const inBlocks = container.getBlockBlobClient("in-blocks");
  // The names of all of a blob's blocks are of one length.
  const block = Buffer.alloc(42, "b").toString("base64");
  await inBlocks.stageBlock(block, body, body.length);
  await inBlocks.commitBlockList([block], { blobHTTPHeaders });
  for (const blob of [atOnce, inBlocks]) {
    const upload = await objects.beginUpload({ bucket, objectKey: blob.name, sizeBytes: 10, tags: {} }, signal);
    await objects.abortUpload(upload, signal);
    assert.deepEqual(await blob.downloadToBuffer(), body);
    const { contentType, cacheControl, contentLanguage } = await blob.getProperties();
    assert.deepEqual([contentType, cacheControl, contentLanguage], ["text/plain", "no-cache", "de"]);
  }
  assert.deepEqual((await inBlocks.getBlockList("uncommitted")).uncommittedBlocks ?? [], []);
  for (const { name } of [atOnce, inBlocks]) await objects.deleteObject(bucket, name, signal);
  await objects.deleteBucket(bucket, signal);
});

test("a VM that found no room and could not be removed is no obstacle to the next attempt", async () => {
  const { volumeId } = await provider.disks.createVolume({ sizeBytes, key: "room", tags: {} }, signal);
  const spec: VmSpec = {
    name: "room",
    cpus: 1,
    memoryBytes: 2 ** 29,
    firmware: "bios",
    architecture: "x86_64",
    disks: [{ volumeId, bus: "hyperv", boot: true }],
    nics: [],
    publishPorts: [],
    tags: {},
  };
  const { cloud } = lab.azure;
  cloud.changeSettings({ noCapacity: ["*"], notActions: ["Microsoft.Compute/virtualMachines/delete"] });
  await refuses("InsufficientCapacity", provider.compute.createVm(spec, "room", signal));
  assert.equal((await Array.fromAsync(provider.compute.listVms(signal))).length, 1);
  cloud.changeSettings({ notActions: [] });
  // There is none still; but what is said of it is that.
  await refuses("InsufficientCapacity", provider.compute.createVm(spec, "room", signal));
  assert.deepEqual(await Array.fromAsync(provider.compute.listVms(signal)), []);
  cloud.changeSettings({ noCapacity: [] });
  await provider.disks.deleteVolume(volumeId, signal);
});
