import { strict as assert } from "node:assert";
import { after, before, describe, it } from "node:test";
import { FirewallsClient, ImagesClient, InstancesClient } from "@google-cloud/compute";
import { type GcpLab, startGcpLab, until, whyNoGuests } from "./support.ts";

const bootsWithinMs = 150_000;

describe("real guests behind the simulated Google Cloud's instances", {
  skip: whyNoGuests(),
  timeout: 400_000,
}, () => {
  let lab: GcpLab;
  let instances: InstancesClient;
  let place: { project: string; zone: string };

  before(async () => {
    lab = await startGcpLab();
    instances = new InstancesClient(lab.compute());
    place = { project: lab.gcp.project, zone: lab.gcp.zone };
  });
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });

  const launch = async (name: string, sourceImage: string) =>
    lab.done(
      await instances.insert({
        ...place,
        instanceResource: {
          name,
          machineType: `zones/${place.zone}/machineTypes/e2-small`,
          disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage } }],
          networkInterfaces: [{ network: "global/networks/default", accessConfigs: [{ type: "ONE_TO_ONE_NAT" }] }],
          tags: { items: ["novacron-demo"] },
        },
      }),
    );
  const booted = (instance: string) =>
    until(async () => {
      const [{ contents }] = await instances.getSerialPortOutput({ ...place, instance });
      assert.match(contents ?? "", /NOVACRON-GUEST-READY .*root=\/dev\/sda1/);
    }, bootsWithinMs);
  const stateOf = async (instance: string): Promise<string> => {
    const [{ networkInterfaces }] = await instances.get({ ...place, instance });
    const host = networkInterfaces?.[0]?.accessConfigs?.[0]?.natIP ?? "";
    const answer = await fetch(`http://${host}:8080/cgi-bin/state`, { signal: AbortSignal.timeout(15_000) });
    return answer.text();
  };

  it("boots the public image by BIOS from virtio-scsi, and lets in what firewall rules open", async () => {
    await launch("bios", "projects/debian-cloud/global/images/family/debian-12");
    await booted("bios");
    assert.match(await until(() => stateOf("bios")), /"host":"demo-app"/);
    const firewalls = new FirewallsClient(lab.compute());
    const rule = { project: place.project, firewall: "novacron-demo-8080" };
    await lab.done(await firewalls.patch({ ...rule, firewallResource: { disabled: true } }));
    await until(() => assert.rejects(stateOf("bios")));
    await lab.done(await firewalls.patch({ ...rule, firewallResource: { disabled: false } }));
    await lab.done(await instances.delete({ ...place, instance: "bios" }));
  });

  it("gives an image with the feature UEFI_COMPATIBLE to OVMF, which finds its disk on the SCSI bus", async () => {
    const sourceImage = "projects/debian-cloud/global/images/family/debian-12";
    const imageResource = { name: "uefi", sourceImage, guestOsFeatures: [{ type: "UEFI_COMPATIBLE" }] };
    await lab.done(await new ImagesClient(lab.compute()).insert({ project: place.project, imageResource }));
    await launch("uefi", "global/images/uefi");
    // The sandbox's guest image has no boot loader for UEFI: the firmware says so of the very disk.
    await until(async () => {
      const [{ contents }] = await instances.getSerialPortOutput({ ...place, instance: "uefi" });
      assert.match(contents ?? "", /BdsDxe: .*UEFI QEMU QEMU HARDDISK.*\/Scsi\(0x0,0x0\)/);
    }, bootsWithinMs);
    await lab.done(await instances.delete({ ...place, instance: "uefi" }));
  });
});
