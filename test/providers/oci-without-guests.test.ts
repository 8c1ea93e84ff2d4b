import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { tagKeys } from "../../src/domain/vm.ts";
import { createdTags, vmToWire } from "../../src/providers/oci/tags.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { makeVolume } from "../../src/sandbox/oci/core/volumes.ts";
import type { Instance, Resource } from "../../src/sandbox/oci/state.ts";
import { newOcid } from "../../src/sandbox/oci/tenancy.ts";
import { type OciLab, startOciLab } from "../sandbox/oci/support.ts";
import { addressOf, connectOci } from "./support/oci.ts";
import { refuses } from "./support/refuses.ts";

const MiB = 2 ** 20;
let lab: OciLab;
let provider: Provider;
before(async () => {
  lab = await startOciLab();
  provider = connectOci(addressOf(lab), { consistencyMs: 100 });
});
after(async () => {
  await provider?.close();
  await lab?.close();
  assert.deepEqual(lab?.complaints, []);
});

const signal = AbortSignal.timeout(120_000);

function resource(type: string, freeformTags: Resource["freeformTags"] = {}): Resource {
  const { compartment: compartmentId } = lab.oci;
  const id = newOcid(type);
  return { id, compartmentId, displayName: type, freeformTags, definedTags: {}, createdAt: Date.now() };
}

/** An instance of ours with boot volumes, as the cloud knows it; no guest stands behind it. The first volume is what it boots. */
async function placeInstance(
  fields: Pick<Instance, "state"> & Partial<Instance>,
  disks = 1,
): Promise<{ vmId: string; volumeIds: readonly string[] }> {
  const { cloud, availabilityDomains } = lab.oci;
  const [availabilityDomain] = availabilityDomains;
  const { id: vmId } = cloud.tables.instances.put({
    ...resource("instance", vmToWire(createdTags({}, randomBytes(4).toString("hex")), [])),
    guestId: `oci-${randomBytes(8).toString("hex")}`,
    availabilityDomain,
    faultDomain: "FAULT-DOMAIN-1",
    shape: "VM.Standard.E4.Flex",
    ocpus: 1,
    memoryGib: 4,
    imageId: newOcid("image"),
    metadata: {},
    extendedMetadata: {},
    launchOptions: {},
    uefi: false,
    unforwarded: [],
    ...fields,
  });
  const volumeIds: string[] = [];
  for (let disk = 0; disk < disks; disk++) {
    const wish = { boot: true, resource: resource("bootvolume"), availabilityDomain, sizeGib: 1 };
    const { id: volumeId } = await makeVolume(cloud, wish);
    const boot = disk === 0;
    cloud.tables.attachments.put({
      ...resource(boot ? "bootvolumeattachment" : "volumeattachment"),
      boot,
      volumeId,
      instanceId: vmId,
      availabilityDomain,
      ...(!boot && { device: "/dev/oracleoci/oraclevdb" }),
      readOnly: false,
      shareable: false,
    });
    volumeIds.push(volumeId);
  }
  return { vmId, volumeIds };
}

async function bootVolumeStays(fields: Partial<Instance> = {}): Promise<boolean> {
  const { vmId, volumeIds } = await placeInstance({ state: "STOPPED", ...fields });
  await provider.compute.deleteVm(vmId, signal);
  await refuses("NotFound", provider.compute.getVm(vmId, signal));
  return lab.oci.cloud.tables.volumes.get(volumeIds[0] ?? "")?.deletedAt === undefined;
}

test("a VM's boot volume goes with it only when it certainly came with an image and has no key", async () => {
  assert.equal(await bootVolumeStays(), false);
  assert.equal(await bootVolumeStays({ sourceBootVolumeId: newOcid("bootvolume") }), true, "it was there before");
  assert.equal(await bootVolumeStays({ freeformTags: {} }), true, "the VM is somebody else's");
  const { faults } = lab.oci.cloud;
  const unseen = faults.add({ fault: "not-found", service: "core", operation: "GetBootVolume" });
  assert.equal(await bootVolumeStays(), true, "nobody could see its key");
  faults.clear(unseen);
});

test("disks that are backed up together are found again by a repeat, and can be taken again once released", async () => {
  const { vmId } = await placeInstance({ state: "RUNNING" }, 2);
  const { faults } = lab.oci.cloud;
  const take = () => provider.disks.createSourcePoint({ vmId, mode: "frozen", key: "together" }, signal);
  const groups = async () => {
    const { items } = await lab.blockstorage().listVolumeGroupBackups({ compartmentId: lab.oci.compartment });
    return items.filter(({ lifecycleState }) => (lifecycleState as string) === "AVAILABLE").map(({ id }) => id);
  };
  const denied = faults.add({ fault: "unauthorised", service: "core", operation: "UpdateBootVolumeBackup" });
  await assert.rejects(take());
  faults.clear(denied);
  const begun = await groups();
  assert.equal(begun.length, 1);
  const point = await take();
  assert.deepEqual(
    point.disks.map(({ diskId }) => diskId),
    ["oraclevda", "oraclevdb"],
  );
  assert.deepEqual(await groups(), begun);
  const seen = (await Array.fromAsync(provider.census(signal))).filter(({ kind }) => kind === "source-point");
  assert.deepEqual(
    seen.map(({ id, tags }) => [id, tags[tagKeys.key]]),
    [[point.sourcePointId, "together"]],
  );
  await provider.disks.releaseSourcePoint(point.sourcePointId, signal);
  assert.deepEqual(await groups(), []);
  const again = await take();
  assert.equal(again.sourcePointId, point.sourcePointId);
  assert.equal((await groups()).length, 1);
  await provider.disks.releaseSourcePoint(again.sourcePointId, signal);
  assert.deepEqual(await groups(), []);
  const left = await lab.blockstorage().listVolumeGroups({ compartmentId: lab.oci.compartment });
  assert.ok(left.items.every(({ lifecycleState }) => (lifecycleState as string) === "TERMINATED"));
});

test("an upload makes no shorter object than was said, and no other's object counts as its own", async () => {
  const { objects } = provider;
  assert.ok(objects);
  const bucket = "uploads";
  await objects.createBucket({ bucket, tags: {} }, signal);
  const sizeBytes = 16 * MiB + 10;
  const begin = () => objects.beginUpload({ bucket, objectKey: "one", sizeBytes, tags: {} }, signal);
  const upload = await begin();
  const complete = () => objects.completeUpload(upload, signal);
  await objects.uploadPart(upload, 1, Buffer.alloc(upload.partBytes), signal);
  await assert.rejects(complete(), /parts 2 are missing/);
  await refuses("InvalidInput", complete());
  await objects.uploadPart(upload, 2, Buffer.alloc(5), signal);
  await refuses("InvalidInput", complete());
  await objects.uploadPart(upload, 2, Buffer.alloc(10), signal);
  const object = await complete();
  assert.equal(object.sizeBytes, sizeBytes);
  assert.deepEqual(await complete(), object);
  const other = await begin();
  await objects.abortUpload(other, signal);
  await refuses("NotFound", objects.completeUpload(other, signal));
});
