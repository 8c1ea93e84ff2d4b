import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ModifyInstanceAttributeCommand } from "@aws-sdk/client-ec2";
import { whyNoGuests } from "../../sandbox/aws/support.ts";
import { refuses } from "../support/refuses.ts";
import { AwsFaultSite } from "./support/aws-site.ts";
import { difference } from "./support/fault-site.ts";
import { makeVm } from "./support/make.ts";

describe("an instance that AWS shows and does not know when it is to be terminated", {
  skip: whyNoGuests() ?? false,
}, () => {
  let site: AwsFaultSite;
  before(async () => {
    site = await AwsFaultSite.open();
    await site.point();
  });
  after(() => site?.close());

  for (const operation of ["TerminateInstances", "ModifyInstanceAttribute"]) {
    test(`is terminated when ${operation} knows it a moment later`, async () => {
      const before = site.census();
      const { compute, disks } = site.provider;
      const { vmId, volumeId } = await makeVm(site);
      const [device] = (await compute.getVm(vmId, site.signal())).disks;
      const going = { DeviceName: `/dev/${device?.diskId}`, Ebs: { DeleteOnTermination: true } };
      const lose = new ModifyInstanceAttributeCommand({ InstanceId: vmId, BlockDeviceMappings: [going] });
      await site.lab.ec2().send(lose);
      site.order({ fault: "not-found", service: "ec2", operation, times: 2 });
      await compute.deleteVm(vmId, site.signal());
      assert.equal(site.hits(), 2);
      site.calm();
      await refuses("NotFound", compute.getVm(vmId, site.signal()));
      assert.deepEqual(difference(before, site.census()), { volume: 1 }, "its volume outlives it");
      await disks.deleteVolume(volumeId, site.signal());
      assert.deepEqual(difference(before, site.census()), {});
    });
  }

  test("is not said to be gone as long as it is there", async () => {
    const { compute, disks } = site.provider;
    const { vmId, volumeId } = await makeVm(site);
    site.order({ fault: "not-found", service: "ec2", operation: "TerminateInstances" });
    const hurried = site.under({});
    await refuses("Unavailable", hurried.compute.deleteVm(vmId, site.signal()));
    await hurried.close();
    site.calm();
    assert.equal((await compute.getVm(vmId, site.signal())).vmId, vmId);
    await compute.deleteVm(vmId, site.signal());
    await disks.deleteVolume(volumeId, site.signal());
  });
});
