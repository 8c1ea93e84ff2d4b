import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DefaultRequestSigner, SimpleAuthenticationDetailsProvider } from "oci-common";
import type { models } from "oci-core";
import { type OciLab, startOciLab, whyNoGuests } from "./support.ts";
import { createVolume, place, until } from "./support-calls.ts";

describe("real guests behind instances", { skip: whyNoGuests() ?? false, timeout: 240_000 }, () => {
  let lab: OciLab;
  let instanceId = "";
  before(async () => {
    lab = await startOciLab();
  });
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });

  const launch = async (imageId: string): Promise<string> => {
    const { subnetId } = lab.oci.network;
    const launchInstanceDetails = {
      ...place(lab),
      shape: "VM.Standard.E4.Flex",
      shapeConfig: { ocpus: 1, memoryInGBs: 1 },
      sourceDetails: { sourceType: "image", imageId } as models.InstanceSourceViaImageDetails,
      createVnicDetails: { subnetId, nsgIds: [lab.oci.demoGroupId] },
    };
    return (await lab.compute().launchInstance({ launchInstanceDetails })).instance.id;
  };
  const reach = (id: string, state: string) =>
    until(
      async () => (await lab.compute().getInstance({ instanceId: id })).instance,
      ({ lifecycleState }) => lifecycleState === state,
    );
  /** Read with a request of our own: the SDK's client takes the text for JSON. */
  const content = async (id: string, offset: number) => {
    const { tenancy, user, fingerprint, privateKey } = lab.oci.credentials;
    const provider = new SimpleAuthenticationDetailsProvider(tenancy, user, fingerprint, privateKey, null);
    const uri = `${lab.oci.endpoint}/20160918/instanceConsoleHistories/${id}/data?offset=${offset}&length=10240`;
    const headers = new Headers();
    await new DefaultRequestSigner(provider).signHttpRequest({ method: "GET", uri, headers, body: undefined } as never);
    const answer = await fetch(uri, { headers });
    assert.equal(answer.status, 200);
    return { text: await answer.text(), remaining: Number(answer.headers.get("opc-bytes-remaining")) };
  };
  const consoleOf = async (id: string): Promise<string> => {
    const { consoleHistory } = await lab
      .compute()
      .captureConsoleHistory({ captureConsoleHistoryDetails: { instanceId: id } });
    let text = "";
    for (let remaining = 1; remaining > 0; ) {
      const piece = await content(consoleHistory.id, text.length);
      text += piece.text;
      remaining = piece.remaining;
    }
    await lab.compute().deleteConsoleHistory({ instanceConsoleHistoryId: consoleHistory.id });
    return text;
  };
  const booted = (id: string) =>
    until(
      () => consoleOf(id),
      (text) => /NOVACRON-GUEST-READY .*root=\/dev\/vda1/.test(text),
      120_000,
    );

  test("a guest of the platform image boots from its paravirtualized disk and answers at its public address", async () => {
    const { items } = await lab.compute().listImages({ compartmentId: lab.oci.compartment, operatingSystem: "Debian" });
    instanceId = await launch(items[0]?.id ?? "");
    await booted(instanceId);
    const vnics = await lab.compute().listVnicAttachments({ compartmentId: lab.oci.compartment, instanceId });
    const { vnic } = await lab.network().getVnic({ vnicId: vnics.items[0]?.vnicId ?? "" });
    const answer = await fetch(`http://${vnic.publicIp}:8080/cgi-bin/state`, { signal: AbortSignal.timeout(20_000) });
    assert.match(await answer.text(), /"host":"demo-app"/);
  });

  test("a volume is plugged into the running guest and let go of again", async () => {
    const volume = await createVolume(lab);
    const attachVolumeDetails = { type: "paravirtualized", instanceId, volumeId: volume.id };
    const { volumeAttachment } = await lab.compute().attachVolume({ attachVolumeDetails });
    const volumeAttachmentId = volumeAttachment.id;
    const state = async () =>
      (await lab.compute().getVolumeAttachment({ volumeAttachmentId })).volumeAttachment.lifecycleState;
    await until(state, (now) => now === "ATTACHED");
    await lab.compute().detachVolume({ volumeAttachmentId });
    await until(state, (now) => now === "DETACHED");
    await lab.blockstorage().deleteVolume({ volumeId: volume.id });
  });

  test("an image of the running instance starts a second one", async () => {
    const createImageDetails = { compartmentId: lab.oci.compartment, instanceId };
    const { image, opcWorkRequestId } = await lab.compute().createImage({ createImageDetails });
    await until(
      async () => (await lab.workRequests().getWorkRequest({ workRequestId: opcWorkRequestId })).workRequest.status,
      (status) => status === "SUCCEEDED",
    );
    await reach(instanceId, "RUNNING");
    await lab.compute().terminateInstance({ instanceId });
    const copy = await launch(image.id);
    await booted(copy);
    await lab.compute().instanceAction({ instanceId: copy, action: "SOFTSTOP" });
    await reach(copy, "STOPPED");
  });
});
