import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import type { ComputeManagementClient } from "@azure/arm-compute";
import { fixedFooter } from "../../../src/sandbox/azure/disks/vhd.ts";
import { type AzureLab, quickly, startAzureLab } from "./support.ts";

const MiB = 2 ** 20;
const dataBytes = 20 * MiB;
const group = "novacron";
let lab: AzureLab;
let compute: ComputeManagementClient;

before(async () => {
  lab = await startAzureLab();
  compute = lab.compute();
});
after(() => lab.close());

const footer = fixedFooter(dataBytes, "00000000-0000-0000-0000-000000000001");

async function upload(name: string, at: number, bytes: Buffer): Promise<void> {
  await compute.disks.createOrUpdate(
    group,
    name,
    {
      location: "eastus",
      osType: "Linux",
      hyperVGeneration: "V1",
      creationData: { createOption: "Upload", uploadSizeBytes: dataBytes + 512 },
    },
    quickly,
  );
  const { accessSAS = "" } = await compute.disks.grantAccess(
    group,
    name,
    { access: "Write", durationInSeconds: 600 },
    quickly,
  );
  const blob = lab.pageBlob(accessSAS);
  await blob.uploadPages(bytes, at, bytes.length);
  await blob.uploadPages(footer, dataBytes, 512);
  await compute.disks.revokeAccess(group, name, quickly);
}

test("what is uploaded to a disk is read from its snapshot, and only what changed from the next one", async () => {
  const first = randomBytes(MiB);
  await upload("up", 3 * MiB, first);
  const disk = await compute.disks.get(group, "up");
  assert.equal(disk.diskState, "Unattached");
  assert.equal(disk.diskSizeBytes, dataBytes);

  const snapshot = (name: string) =>
    compute.snapshots.createOrUpdate(
      group,
      name,
      {
        location: "eastus",
        incremental: true,
        creationData: { createOption: "Copy", sourceResourceId: disk.id },
      },
      quickly,
    );
  await snapshot("up-1");
  const read = { access: "Read", durationInSeconds: 600 } as const;
  const { accessSAS: sas1 = "" } = await compute.snapshots.grantAccess(group, "up-1", read, quickly);
  const blob = lab.pageBlob(sas1);
  const { contentLength } = await blob.getProperties();
  assert.equal(contentLength, dataBytes + 512);
  const ranges = await blob.getPageRanges();
  // The SDK's count is the last byte less the first.
  assert.deepEqual(ranges.pageRange, [
    { offset: 3 * MiB, count: MiB - 1 },
    { offset: dataBytes, count: 511 },
  ]);
  assert.deepEqual(await blob.downloadToBuffer(3 * MiB, MiB), first);
  const tail = await blob.downloadToBuffer(dataBytes, 512);
  assert.equal(tail.toString("latin1", 0, 8), "conectix");

  await snapshot("up-2");
  const { accessSAS: sas2 = "" } = await compute.snapshots.grantAccess(group, "up-2", read, quickly);
  const difference = await lab.pageBlob(sas2).getPageRangesDiffForManagedDisks(0, dataBytes, sas1);
  assert.deepEqual([difference.pageRange ?? [], difference.clearRange ?? []], [[], []]);
  assert.deepEqual(lab.complaints, []);
});
