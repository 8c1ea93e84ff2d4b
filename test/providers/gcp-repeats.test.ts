import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { UploadedPart } from "../../src/providers/cloud-facets.ts";
import { Gcp } from "../../src/providers/gcp/client.ts";
import { GcpHelpers } from "../../src/providers/gcp/helper-instances.ts";
import { digest } from "../../src/providers/gcp/names.ts";
import { GcpObjects } from "../../src/providers/gcp/objects.ts";
import { patience } from "../../src/providers/gcp/settings.ts";
import { Snapshots } from "../../src/providers/gcp/snapshots.ts";
import { type DiskMade, Volumes } from "../../src/providers/gcp/volumes.ts";
import { Helpers } from "../../src/providers/helpers.ts";
import { type GcpLab, startGcpLab } from "../sandbox/gcp/support.ts";
import { refuses } from "./support/refuses.ts";

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const signal = AbortSignal.timeout(120_000);
const subject = { operation: "test", resource: "gcp" };
const kmsKey = "projects/p/locations/us/keyRings/r/cryptoKeys/k";

describe("what the GCP adapter does again after it was stopped", () => {
  let lab: GcpLab;
  let gcp: Gcp;
  let snapshots: Snapshots;
  let parts: { snapshots: Snapshots; helpers: Helpers };

  before(async () => {
    lab = await startGcpLab();
    const { project, zone, endpoint, serviceAccountKey } = lab.gcp;
    const values = { service_account: JSON.stringify(serviceAccountKey) };
    const credentials = async () => ({ type: "service_account", values });
    const context = { site: "gcp", budget: () => ({ take: async () => {} }), log: () => {} };
    const pollMs = { first: 10, most: 100 };
    const quick = { ...patience, pollMs, smallestDiskGb: 1 };
    gcp = new Gcp({ project, zone, endpoint, simulated: true, credentials }, context, quick);
    snapshots = new Snapshots(gcp);
    const options = { site: "gcp", pollMs, startWithinMs: 30_000, log: () => {} };
    parts = { snapshots, helpers: new Helpers(new GcpHelpers(gcp), options) };
  });
  after(async () => {
    await gcp.close();
    await lab.close();
  });

  test("a disk is made again from what it holds now, as what it was", async () => {
    const volumes = new Volumes(gcp, parts);
    const made = { sizeBytes: GiB, type: "pd-ssd", encryptionKey: kmsKey, key: "uefi", tags: { app: "shop" } };
    const { volumeId } = await volumes.create(made, signal);
    const name = `novacron-f-${digest(24, volumeId)}`;
    const stale = await snapshots.take({ disk: volumeId, name, description: "", labels: {} }, subject, signal);

    class Stopped extends Volumes {
      override async make(_: DiskMade): Promise<never> {
        throw new Error("stopped");
      }
    }
    await assert.rejects(new Stopped(gcp, parts).letBootByUefi(volumeId, subject, signal), /stopped/);
    assert.equal(await volumes.find(volumeId, subject, signal), undefined);
    const kept = await snapshots.byName(name, subject, signal);
    assert.notEqual(kept?.number, stale.number);

    for (let repeat = 0; repeat < 2; repeat++) await volumes.letBootByUefi(volumeId, subject, signal);
    const disk = await volumes.find(volumeId, subject, signal);
    assert.deepEqual(
      [disk?.sourceSnapshotId, disk?.type?.split("/").at(-1), disk?.diskEncryptionKey?.kmsKeyName],
      [kept?.number, "pd-ssd", `${kmsKey}/cryptoKeyVersions/1`],
    );
    assert.deepEqual(disk?.guestOsFeatures, [{ type: "UEFI_COMPATIBLE" }]);
    assert.equal(await snapshots.byName(name, subject, signal), undefined);
    await volumes.delete(volumeId, signal);
  });

  test("a deleted volume leaves no snapshot that a later one of its name would become", async () => {
    const volumes = new Volumes(gcp, parts);
    const { volumeId } = await volumes.create({ sizeBytes: GiB, key: "gone", tags: {} }, signal);
    const name = `novacron-f-${digest(24, volumeId)}`;
    await snapshots.take({ disk: volumeId, name, description: "", labels: {} }, subject, signal);
    await volumes.delete(volumeId, signal);
    assert.equal(await snapshots.byName(name, subject, signal), undefined);
    await refuses("NotFound", volumes.letBootByUefi(volumeId, subject, signal));
  });

  test("a clone is encrypted by the key of its point", async () => {
    const volumes = new Volumes(gcp, parts);
    const made = { sizeBytes: GiB, encryptionKey: kmsKey, tags: {} };
    const { volumeId } = await volumes.create({ ...made, key: "keyed" }, signal);
    const snapshot = await snapshots.take(
      { disk: volumeId, name: "keyed", description: "", labels: {} },
      subject,
      signal,
    );
    const clone = await volumes.clone({ snapshot, pointId: "p", key: "clone", tags: {} }, signal);
    const disk = await volumes.find(clone.volumeId, subject, signal);
    assert.equal(disk?.diskEncryptionKey?.kmsKeyName, `${kmsKey}/cryptoKeyVersions/1`);
  });

  test("a completed upload stays whole, however far its end came", async () => {
    let deletions = 0;
    class Stopped extends GcpObjects {
      override async deleteObject(bucket: string, objectKey: string, by: AbortSignal): Promise<void> {
        if (++deletions > 1) throw new Error("stopped");
        await super.deleteObject(bucket, objectKey, by);
      }
    }
    const objects = new GcpObjects(gcp);
    const { bucket } = lab.gcp;
    const upload = await objects.beginUpload({ bucket, objectKey: "whole", sizeBytes: 17 * MiB, tags: {} }, signal);
    await objects.uploadPart(upload, 1, Buffer.alloc(16 * MiB, 1), signal);
    await refuses("InvalidInput", objects.completeUpload(upload, signal));
    await objects.uploadPart(upload, 2, Buffer.alloc(MiB, 2), signal);
    await assert.rejects(new Stopped(gcp).completeUpload(upload, signal), /stopped/);
    const { etag } = await objects.headObject(bucket, "whole", signal);
    for (let repeat = 0; repeat < 2; repeat++) {
      const object = await objects.completeUpload(upload, signal);
      assert.deepEqual([object.sizeBytes, object.etag], [17 * MiB, etag]);
    }
    const [left] = await lab.storage().bucket(bucket).getFiles({ prefix: ".novacron-uploads/" });
    assert.deepEqual(left, []);
    await refuses("NotFound", Array.fromAsync<UploadedPart>(objects.uploadedParts(upload, signal)));
  });
});
