import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import type { models } from "oci-core";
import { type OciLab, startOciLab, whyNoGuests } from "./support.ts";
import { blocks, createVolume, letters, place, qcow2, refused, until } from "./support-calls.ts";

describe("instances", { skip: whyNoGuests() ?? false }, () => {
  let lab: OciLab;
  let imageId = "";
  before(async () => {
    lab = await startOciLab({ stopGraceMs: 0, guestMemoryMib: 64 });
  });
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });

  const shapeConfig = { ocpus: 1, memoryInGBs: 4 };
  const launch = async (fields: Partial<models.LaunchInstanceDetails> = {}) => {
    const { subnetId } = lab.oci.network;
    const launchInstanceDetails = {
      ...place(lab),
      shape: "VM.Standard.E4.Flex",
      shapeConfig,
      sourceDetails: { sourceType: "image", imageId } as models.InstanceSourceViaImageDetails,
      createVnicDetails: { subnetId },
      ...fields,
    };
    return lab.compute().launchInstance({ launchInstanceDetails });
  };
  const get = async (instanceId: string) => (await lab.compute().getInstance({ instanceId })).instance;
  const reach = (instanceId: string, state: string) =>
    until(
      () => get(instanceId),
      ({ lifecycleState }) => lifecycleState === state,
    );
  const act = (instanceId: string, action: string) => lab.compute().instanceAction({ instanceId, action });
  const bootVolumeOf = async (instanceId: string) => {
    const { items } = await lab.compute().listBootVolumeAttachments({ ...place(lab), instanceId });
    return items.find(({ lifecycleState }) => lifecycleState === "ATTACHED");
  };
  const succeeded = (workRequestId: string) =>
    until(
      async () => (await lab.workRequests().getWorkRequest({ workRequestId })).workRequest,
      ({ status }) => status !== "IN_PROGRESS",
    );

  test("an image is made of an object in QCOW2, and what is none makes none", async () => {
    const { namespace: namespaceName, compartment: compartmentId } = lab.oci;
    const bucketName = "images";
    await lab.storage().createBucket({ namespaceName, createBucketDetails: { name: bucketName, compartmentId } });
    const content = await qcow2(lab, blocks("ab c    "));
    const make = async (objectName: string, putObjectBody: Buffer) => {
      const contentLength = putObjectBody.length;
      await lab.storage().putObject({ namespaceName, bucketName, objectName, putObjectBody, contentLength });
      const imageSourceDetails = {
        sourceType: "objectStorageTuple",
        sourceImageType: "QCOW2",
        namespaceName,
        bucketName,
        objectName,
      };
      const createImageDetails = {
        compartmentId,
        displayName: "made",
        imageSourceDetails: imageSourceDetails as never,
      };
      return lab.compute().createImage({ createImageDetails });
    };
    const { image, opcWorkRequestId } = await make("disk.qcow2", content);
    assert.equal(image.lifecycleState, "IMPORTING");
    assert.equal((await succeeded(opcWorkRequestId)).status, "SUCCEEDED");
    imageId = image.id;
    assert.equal((await lab.compute().getImage({ imageId })).image.lifecycleState, "AVAILABLE");
    assert.equal(await letters(lab, lab.oci.cloud.tables.images.get(imageId)?.layerId ?? "", 5), "ab c ");

    const bad = await make("text", Buffer.from("no disk"));
    assert.equal((await succeeded(bad.opcWorkRequestId)).status, "FAILED");
    const errors = await lab.workRequests().listWorkRequestErrors({ workRequestId: bad.opcWorkRequestId });
    assert.equal(errors.items[0]?.code, "InvalidParameter");

    const exportImageDetails = {
      destinationType: "objectStorageTuple",
      exportFormat: "QCOW2",
      namespaceName,
      bucketName,
      objectName: "out",
    };
    const exported = await lab.compute().exportImage({ imageId, exportImageDetails: exportImageDetails as never });
    assert.equal((await succeeded(exported.opcWorkRequestId)).status, "SUCCEEDED");
    const { value } = await lab.storage().getObject({ namespaceName, bucketName, objectName: "out" });
    assert.equal((await buffer(value as never)).subarray(0, 3).toString(), "QFI");
    const { items } = await lab.compute().listImages({ compartmentId, operatingSystem: "Debian" });
    const [platform] = items;
    await assert.rejects(
      lab.compute().exportImage({ imageId: platform?.id ?? "", exportImageDetails: exportImageDetails as never }),
      refused(404, "NotAuthorizedOrNotFound"),
    );
  });

  test("an instance is launched, stopped, resized, started, reset and terminated, and its boot volume stays if asked for", async () => {
    const { instance, opcWorkRequestId } = await launch({ displayName: "app", metadata: { role: "web" } });
    assert.equal(instance.lifecycleState, "PROVISIONING");
    assert.equal((await succeeded(opcWorkRequestId)).status, "SUCCEEDED");
    assert.equal((await get(instance.id)).lifecycleState, "RUNNING");
    await assert.rejects(act(instance.id, "START"), refused(409, "IncorrectState"));
    await act(instance.id, "SOFTSTOP");
    await reach(instance.id, "STOPPED");
    const updateInstanceDetails = { shapeConfig: { ocpus: 2, memoryInGBs: 8 }, displayName: "larger" };
    await lab.compute().updateInstance({ instanceId: instance.id, updateInstanceDetails });
    await act(instance.id, "START");
    const larger = await reach(instance.id, "RUNNING");
    assert.deepEqual([larger.shapeConfig?.ocpus, larger.displayName], [2, "larger"]);
    await act(instance.id, "RESET");
    await reach(instance.id, "RUNNING");
    const { bootVolumeId = "" } = (await bootVolumeOf(instance.id)) ?? {};
    await lab.compute().terminateInstance({ instanceId: instance.id, preserveBootVolume: true });
    await reach(instance.id, "TERMINATED");
    const { bootVolume } = await lab.blockstorage().getBootVolume({ bootVolumeId });
    assert.equal(bootVolume.lifecycleState, "AVAILABLE");
    await lab.blockstorage().deleteBootVolume({ bootVolumeId });
  });

  test("its card has an address of the subnet and a public one, which go with it", async () => {
    const { instance } = await launch({
      createVnicDetails: { subnetId: lab.oci.network.subnetId, nsgIds: [lab.oci.demoGroupId] },
    });
    await reach(instance.id, "RUNNING");
    const { items } = await lab
      .compute()
      .listVnicAttachments({ compartmentId: lab.oci.compartment, instanceId: instance.id });
    const { vnic } = await lab.network().getVnic({ vnicId: items[0]?.vnicId ?? "" });
    assert.match(vnic.privateIp ?? "", /^10\.0\.0\./);
    assert.match(vnic.publicIp ?? "", /^127\.82\./);
    const { forwards } =
      lab.oci.cloud.guests.spec(lab.oci.cloud.tables.instances.get(instance.id)?.guestId ?? "")?.nic ?? {};
    assert.ok(forwards?.some(({ guestPort }) => guestPort === 8080));
    await assert.rejects(
      lab.network().deleteNetworkSecurityGroup({ networkSecurityGroupId: lab.oci.demoGroupId }),
      refused(409, "Conflict"),
    );
    await lab.compute().terminateInstance({ instanceId: instance.id });
    await reach(instance.id, "TERMINATED");
    await assert.rejects(lab.network().getVnic({ vnicId: vnic.id }), refused(404, "NotAuthorizedOrNotFound"));
    assert.equal(await bootVolumeOf(instance.id), undefined);
  });

  test("data volumes and others' boot volumes are attached, stay when the instance goes, and are in one place at a time", async () => {
    const [one, other] = [(await launch()).instance, (await launch()).instance];
    await reach(one.id, "RUNNING");
    await reach(other.id, "RUNNING");
    const volume = await createVolume(lab);
    const attach = (instanceId: string, volumeId: string, fields: object = {}) =>
      lab.compute().attachVolume({
        attachVolumeDetails: { type: "paravirtualized", instanceId, volumeId, ...fields },
      });
    const device = "/dev/oracleoci/oraclevdb";
    const { volumeAttachment, opcWorkRequestId } = await attach(one.id, volume.id, { device });
    assert.equal((await succeeded(opcWorkRequestId)).status, "SUCCEEDED");
    await assert.rejects(attach(other.id, volume.id), refused(409, "Conflict"));
    await assert.rejects(lab.blockstorage().deleteVolume({ volumeId: volume.id }), refused(409, "IncorrectState"));

    await act(other.id, "STOP");
    await reach(other.id, "STOPPED");
    const boot = await bootVolumeOf(other.id);
    await assert.rejects(attach(one.id, boot?.bootVolumeId ?? ""), refused(409, "Conflict"));
    await lab.compute().detachBootVolume({ bootVolumeAttachmentId: boot?.id ?? "" });
    const second = await attach(one.id, boot?.bootVolumeId ?? "", { isReadOnly: true });
    assert.equal((await succeeded(second.opcWorkRequestId)).status, "SUCCEEDED");
    await lab.compute().terminateInstance({ instanceId: one.id });
    await reach(one.id, "TERMINATED");
    const { lifecycleState } = (await lab.compute().getVolumeAttachment({ volumeAttachmentId: volumeAttachment.id }))
      .volumeAttachment;
    assert.equal(lifecycleState, "DETACHED");
    await lab.blockstorage().deleteVolume({ volumeId: volume.id });
    const attachBootVolumeDetails = { instanceId: other.id, bootVolumeId: boot?.bootVolumeId ?? "" };
    await lab.compute().attachBootVolume({ attachBootVolumeDetails });
    await act(other.id, "START");
    await reach(other.id, "RUNNING");
    await lab.compute().terminateInstance({ instanceId: other.id });
    await reach(other.id, "TERMINATED");
  });

  test("a boot volume's backup becomes another boot volume, from which an instance starts by UEFI", async () => {
    const { instance } = await launch();
    await reach(instance.id, "RUNNING");
    const { bootVolumeId = "" } = (await bootVolumeOf(instance.id)) ?? {};
    const { bootVolumeBackup } = await lab
      .blockstorage()
      .createBootVolumeBackup({ createBootVolumeBackupDetails: { bootVolumeId } });
    assert.equal(await letters(lab, lab.oci.cloud.tables.backups.get(bootVolumeBackup.id)?.layerId ?? "", 5), "ab c ");
    const createBootVolumeDetails = {
      ...place(lab),
      sizeInGBs: 2,
      sourceDetails: {
        type: "bootVolumeBackup",
        id: bootVolumeBackup.id,
      },
    };
    const { bootVolume } = await lab.blockstorage().createBootVolume({ createBootVolumeDetails });
    const again = await launch({
      sourceDetails: {
        sourceType: "bootVolume",
        bootVolumeId: bootVolume.id,
      },
      launchOptions: { firmware: "UEFI_64" as never },
    });
    await reach(again.instance.id, "RUNNING");
    for (const instanceId of [instance.id, again.instance.id]) {
      await lab.compute().terminateInstance({ instanceId });
      await reach(instanceId, "TERMINATED");
    }
  });

  test("where there is no capacity, the report says so, and launches fail as at Oracle", async () => {
    const { compartmentId, availabilityDomain } = place(lab);
    lab.oci.admin.changeSettings({ noCapacity: [`${availabilityDomain}/VM.Standard.E4.Flex`] });
    await assert.rejects(launch(), (error: Error & { statusCode?: number; serviceCode?: string }) => {
      assert.deepEqual(
        [error.statusCode, error.serviceCode, error.message],
        [500, "InternalError", "Out of host capacity."],
      );
      return true;
    });
    const { computeCapacityReport } = await lab.compute().createComputeCapacityReport({
      createComputeCapacityReportDetails: {
        compartmentId: lab.oci.credentials.tenancy,
        availabilityDomain,
        shapeAvailabilities: [
          { instanceShape: "VM.Standard.E4.Flex", instanceShapeConfig: shapeConfig },
          { instanceShape: "VM.Standard.E5.Flex", instanceShapeConfig: shapeConfig },
          { instanceShape: "VM.Nowhere" },
        ],
      },
    });
    assert.deepEqual(
      computeCapacityReport.shapeAvailabilities.map(({ availabilityStatus }) => availabilityStatus),
      ["OUT_OF_HOST_CAPACITY", "AVAILABLE", "HARDWARE_NOT_SUPPORTED"],
    );
    lab.oci.admin.changeSettings({ noCapacity: [], limits: { "standard-e4-core-count": 0 } });
    await assert.rejects(launch(), refused(400, "LimitExceeded"));
    lab.oci.admin.changeSettings({ limits: {} });
    await assert.rejects(launch({ shape: "VM.Nowhere" }), refused(400, "InvalidParameter"));
    assert.ok((await lab.compute().listShapes({ compartmentId })).items.length > 5);
  });

  test("a guest runs on while the server ends and starts; one that crashes is stopped", async () => {
    const { instance } = await launch();
    await reach(instance.id, "RUNNING");
    await lab.restart();
    assert.equal((await get(instance.id)).lifecycleState, "RUNNING");
    assert.equal(lab.oci.admin.crash(instance.id), true);
    await reach(instance.id, "STOPPED");
    await lab.compute().terminateInstance({ instanceId: instance.id });
    await reach(instance.id, "TERMINATED");
    const left = lab.oci.admin
      .census()
      .filter(({ builtIn, state }) => !builtIn && state !== "TERMINATED" && state !== "DETACHED");
    assert.deepEqual(
      left.map(({ kind }) => kind).filter((kind) => kind === "instance" || kind === "bootvolume"),
      [],
    );
  });
});
