import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { fixedFooter } from "../../../src/sandbox/azure/disks/vhd.ts";
import { type AzureLab, codeOf, quickly, startAzureLab } from "./support.ts";

const MiB = 2 ** 20;
const group = "novacron";
const location = "eastus";
let lab: AzureLab;

before(async () => {
  lab = await startAzureLab();
});
after(() => lab.close());

const container = () => lab.blobs().getContainerClient("novacron");
const runs = (list: readonly { offset: number; count?: number }[] | undefined) =>
  (list ?? []).map(({ offset, count = 0 }) => [offset, count + 1]);

test("a page blob's snapshots differ by what was written and cleared between them", async () => {
  const blob = container().getPageBlobClient("replica/one");
  await blob.create(4 * MiB, { metadata: { owner: "test" } });
  const first = randomBytes(MiB);
  await blob.uploadPages(first, MiB, first.length);
  const { snapshot = "" } = await blob.createSnapshot();
  const second = randomBytes(512);
  await blob.uploadPages(second, 3 * MiB, 512);
  await blob.clearPages(MiB, 1024);
  const difference = await blob.getPageRangesDiff(0, 4 * MiB, snapshot);
  assert.deepEqual(runs(difference.pageRange), [[3 * MiB, 512]]);
  assert.deepEqual(runs(difference.clearRange), [[MiB, 1024]]);
  const ranges = await blob.getPageRanges();
  assert.deepEqual(runs(ranges.pageRange), [
    [MiB + 1024, MiB - 1024],
    [3 * MiB, 512],
  ]);
  assert.deepEqual(await blob.withSnapshot(snapshot).downloadToBuffer(MiB, MiB), first);
  assert.deepEqual((await blob.downloadToBuffer(MiB, 2048)).subarray(0, 1024), Buffer.alloc(1024));
  assert.equal(await codeOf(blob.uploadPages(second, 100, 512)), "InvalidPageRange");
  await lab.restart();
  assert.deepEqual(runs((await blob.getPageRangesDiff(0, 4 * MiB, snapshot)).pageRange), [[3 * MiB, 512]]);
  assert.equal(await codeOf(blob.delete()), "SnapshotsPresent");
  await blob.delete({ deleteSnapshots: "include" });
});

test("whoever holds no lease writes nothing to a leased blob", async () => {
  const blob = container().getPageBlobClient("leased");
  await blob.create(MiB);
  const page = randomBytes(512);
  const lease = blob.getBlobLeaseClient("11111111-1111-1111-1111-111111111111");
  await lease.acquireLease(-1);
  assert.equal(await codeOf(blob.uploadPages(page, 0, 512)), "LeaseIdMissing");
  await blob.uploadPages(page, 0, 512, { conditions: { leaseId: lease.leaseId } });
  await lease.breakLease(0);
  const other = blob.getBlobLeaseClient("22222222-2222-2222-2222-222222222222");
  await other.acquireLease(-1);
  const late = blob.uploadPages(page, 0, 512, { conditions: { leaseId: lease.leaseId } });
  assert.equal(await codeOf(late), "LeaseIdMismatchWithBlobOperation");
});

test("a disk is imported from a copy of a blob's snapshot, if that is a good VHD", async () => {
  const compute = lab.compute();
  const { subscriptionId } = lab.azure;
  const data = randomBytes(MiB);
  const blob = container().getPageBlobClient("vhd");
  await blob.create(20 * MiB + 512);
  await blob.uploadPages(data, 5 * MiB, MiB);
  const storageAccountId = `/subscriptions/${subscriptionId}/resourceGroups/novacron/providers/Microsoft.Storage/storageAccounts/novacronsandbox`;
  const imported = (name: string, sourceUri: string) =>
    compute.disks.createOrUpdate(
      group,
      name,
      { location, osType: "Linux", creationData: { createOption: "Import", sourceUri, storageAccountId } },
      quickly,
    );
  assert.equal(await codeOf(imported("bad", blob.url)), "InvalidVhd");
  const footer = fixedFooter(20 * MiB, "00000000-0000-0000-0000-000000000001");
  await blob.uploadPages(footer, 20 * MiB, 512);
  const { snapshot = "" } = await blob.createSnapshot();
  const copy = container().getPageBlobClient("vhd-copy");
  await (await copy.beginCopyFromURL(blob.withSnapshot(snapshot).url, { intervalInMs: 20 })).pollUntilDone();
  await imported("good", copy.url);
  const read = { access: "Read", durationInSeconds: 600 };
  const { accessSAS = "" } = await compute.disks.grantAccess(group, "good", read, quickly);
  assert.deepEqual(await lab.pageBlob(accessSAS).downloadToBuffer(5 * MiB, MiB), data);
});

test("a block blob is what its list of blocks says", async () => {
  const blob = container().getBlockBlobClient("object");
  const parts = [randomBytes(1000), randomBytes(MiB)];
  const ids = parts.map((_, index) => Buffer.from(`part-${index}`).toString("base64"));
  for (const [index, part] of parts.entries()) await blob.stageBlock(ids[index] as string, part, part.length);
  const { uncommittedBlocks = [] } = await blob.getBlockList("uncommitted");
  assert.equal(uncommittedBlocks.length, 2);
  await blob.commitBlockList(ids, { metadata: { kind: "test" } });
  assert.deepEqual(await blob.downloadToBuffer(), Buffer.concat(parts));
  assert.deepEqual(await blob.downloadToBuffer(990, 20), Buffer.concat(parts).subarray(990, 1010));
  const listed: string[] = [];
  for await (const { name, metadata } of container().listBlobsFlat({ prefix: "obj", includeMetadata: true }))
    listed.push(`${name} ${metadata?.kind}`);
  assert.deepEqual(listed, ["object test"]);
  assert.deepEqual(lab.complaints, []);
});
