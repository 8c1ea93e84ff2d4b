import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type OciLab, startOciLab } from "./support.ts";
import { blocks, createVolume, letters, place, refused, writeVolume } from "./support-calls.ts";

let lab: OciLab;
before(async () => {
  lab = await startOciLab();
});
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});

const layerOf = (backupId: string) => lab.oci.cloud.tables.backups.get(backupId)?.layerId ?? "";

test("a volume is made, found, listed, changed and deleted", async () => {
  const blockstorage = lab.blockstorage();
  const volume = await createVolume(lab, { displayName: "data", freeformTags: { env: "test" } });
  assert.equal(volume.lifecycleState, "AVAILABLE");
  const { items } = await blockstorage.listVolumes({ compartmentId: lab.oci.compartment, displayName: "data" });
  assert.deepEqual(
    items.map(({ id }) => id),
    [volume.id],
  );
  const updateVolumeDetails = { sizeInGBs: 2, displayName: "more data" };
  const changed = await blockstorage.updateVolume({ volumeId: volume.id, updateVolumeDetails });
  assert.deepEqual([changed.volume.sizeInGBs, changed.volume.displayName], [2, "more data"]);
  await assert.rejects(
    blockstorage.updateVolume({ volumeId: volume.id, updateVolumeDetails: { sizeInGBs: 1 } }),
    refused(400, "InvalidParameter"),
  );
  await blockstorage.deleteVolume({ volumeId: volume.id });
  const gone = await blockstorage.getVolume({ volumeId: volume.id });
  assert.equal(gone.volume.lifecycleState, "TERMINATED");
  await assert.rejects(blockstorage.deleteVolume({ volumeId: volume.id }), refused(404, "NotAuthorizedOrNotFound"));
});

test("a backup keeps what a volume held when it was taken, and a volume made of it holds that", async () => {
  const blockstorage = lab.blockstorage();
  const volume = await createVolume(lab);
  await writeVolume(lab, volume.id, blocks("ab c"));
  const first = await blockstorage.createVolumeBackup({ createVolumeBackupDetails: { volumeId: volume.id } });
  await writeVolume(lab, volume.id, blocks("aXbc"));
  const second = await blockstorage.createVolumeBackup({ createVolumeBackupDetails: { volumeId: volume.id } });
  assert.deepEqual([first.volumeBackup.type, second.volumeBackup.type], ["FULL", "INCREMENTAL"]);
  assert.equal(await letters(lab, layerOf(first.volumeBackup.id), 5), "ab c ");
  assert.equal(await letters(lab, layerOf(second.volumeBackup.id), 5), "aXbc ");

  const sourceDetails = { type: "volumeBackup", id: first.volumeBackup.id };
  const restored = await createVolume(lab, { sourceDetails, sizeInGBs: 2 });
  const clone = await createVolume(lab, { sourceDetails: { type: "volume", id: restored.id }, sizeInGBs: 2 });
  await blockstorage.deleteVolume({ volumeId: volume.id });
  await blockstorage.deleteVolumeBackup({ volumeBackupId: first.volumeBackup.id });
  const proof = await blockstorage.createVolumeBackup({ createVolumeBackupDetails: { volumeId: clone.id } });
  assert.equal(await letters(lab, layerOf(proof.volumeBackup.id), 5), "ab c ");
  await assert.rejects(
    createVolume(lab, { sourceDetails, sizeInGBs: 2 }),
    refused(400, "RelatedResourceNotAuthorizedOrNotFound"),
  );
});

test("a group's volumes are backed up together, and their backups go with the group's", async () => {
  const blockstorage = lab.blockstorage();
  const volumes = [await createVolume(lab), await createVolume(lab)];
  const volumeIds = volumes.map(({ id }) => id);
  const createVolumeGroupDetails = { ...place(lab), sourceDetails: { type: "volumeIds", volumeIds } };
  const { volumeGroup } = await blockstorage.createVolumeGroup({ createVolumeGroupDetails });
  const { volumeGroupBackup } = await blockstorage.createVolumeGroupBackup({
    createVolumeGroupBackupDetails: { volumeGroupId: volumeGroup.id, type: "FULL" as never },
  });
  assert.equal(volumeGroupBackup.volumeBackupIds.length, 2);
  const [volumeBackupId = ""] = volumeGroupBackup.volumeBackupIds;
  await assert.rejects(blockstorage.deleteVolumeBackup({ volumeBackupId }), refused(409, "Conflict"));
  await blockstorage.deleteVolumeGroupBackup({ volumeGroupBackupId: volumeGroupBackup.id });
  const { volumeBackup } = await blockstorage.getVolumeBackup({ volumeBackupId });
  assert.equal(volumeBackup.lifecycleState, "TERMINATED");
});

test("states take the time that the settings say", async () => {
  lab.oci.admin.changeSettings({ provisioningMs: 60_000, backupMs: 60_000 });
  try {
    const volume = await createVolume(lab);
    assert.equal(volume.lifecycleState, "PROVISIONING");
    await assert.rejects(
      lab.blockstorage().createVolumeBackup({ createVolumeBackupDetails: { volumeId: volume.id } }),
      refused(409, "IncorrectState"),
    );
  } finally {
    lab.oci.admin.changeSettings({ provisioningMs: 0, backupMs: 0 });
  }
});

test("a volume has at most ten free-form tags, and its size has bounds", async () => {
  const freeformTags = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`key${index}`, "value"]));
  await assert.rejects(createVolume(lab, { freeformTags }), refused(400, "InvalidParameter"));
  await assert.rejects(createVolume(lab, { freeformTags: { "with.dot": "value" } }), refused(400, "InvalidParameter"));
  await assert.rejects(createVolume(lab, { sizeInGBs: 32_769 }), refused(400, "InvalidParameter"));
  lab.oci.admin.changeSettings({ limits: { "total-storage-gb": 4_000 } });
  await assert.rejects(createVolume(lab, { sizeInGBs: 4_000 }), refused(400, "LimitExceeded"));
  lab.oci.admin.changeSettings({ limits: {} });
});

test("lists come in pages, and nothing is left out when one shrinks between them", async () => {
  const blockstorage = lab.blockstorage();
  const made: string[] = [];
  for (let index = 0; index < 5; index++) made.push((await createVolume(lab, { displayName: "paged" })).id);
  const list = (page?: string) =>
    blockstorage.listVolumes({
      compartmentId: lab.oci.compartment,
      displayName: "paged",
      lifecycleState: "AVAILABLE",
      sortOrder: "ASC" as never,
      limit: 2,
      ...(page === undefined ? {} : { page }),
    });
  const first = await list();
  await blockstorage.deleteVolume({ volumeId: made[0] ?? "" });
  const second = await list(first.opcNextPage);
  const third = await list(second.opcNextPage);
  assert.deepEqual(
    [first, second, third].map(({ items }) => items.map(({ id }) => made.indexOf(id))),
    [[0, 1], [2, 3], [4]],
  );
  assert.equal(third.opcNextPage, undefined);
});

test("what was acknowledged is there after the server ended without ceremony", async () => {
  const volume = await createVolume(lab, { displayName: "kept" });
  await writeVolume(lab, volume.id, blocks("k"));
  const { volumeBackup } = await lab
    .blockstorage()
    .createVolumeBackup({ createVolumeBackupDetails: { volumeId: volume.id } });
  await lab.restart();
  const found = await lab.blockstorage().getVolume({ volumeId: volume.id });
  assert.equal(found.volume.displayName, "kept");
  assert.equal(await letters(lab, layerOf(volumeBackup.id), 2), "k ");
});
