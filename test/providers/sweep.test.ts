import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNoGuests } from "../sandbox/aws/support.ts";
import { AwsFaultSite } from "./faults/support/aws-site.ts";
import { makePoint, makeVm } from "./faults/support/make.ts";
import { sweep } from "./support/sweep.ts";

test("a sweep removes one of everything that a test may leave in an account", {
  skip: whyNoGuests() ?? false,
}, async () => {
  const site = await AwsFaultSite.open();
  const { provider } = site;
  const signal = AbortSignal.timeout(60_000);
  const { compute, disks, images, snapshots, networkAdmin, objects } = provider;
  assert.ok(images && snapshots && networkAdmin && objects);
  const empty = site.census();
  try {
    const { vmId } = await makeVm(site);
    await compute.stopVm(vmId, { graceMs: 0 }, signal);
    await disks.createSourcePoint({ vmId, mode: "stopped", key: "point" }, signal);
    const pointId = await makePoint(site);
    await images.createImage(
      { name: "left", pointId, firmware: "bios", architecture: "x86_64", key: "image", tags: {} },
      signal,
    );
    const { volumeId } = await disks.createVolume({ sizeBytes: 1, key: "volume", tags: {} }, signal);
    await snapshots.createSnapshot({ volumeId, key: "snapshot", tags: {} }, signal);
    const replica = { replicaId: "left", sizeBytes: 2 ** 30, tags: {} };
    await disks.openGeneration({ replica, generationId: "unsealed", attempt: 1 }, signal);
    const network = { name: "left", cidr: "10.93.0.0/16", internet: true, key: "network", tags: {} };
    const { virtualNetworkId } = await networkAdmin.createVirtualNetwork(network, signal);
    const inner = { name: "left", virtualNetworkId, cidr: "10.93.1.0/24", key: "subnet", tags: {} };
    await networkAdmin.createSubnet(inner, signal);
    const group = { name: "left", description: "left", virtualNetworkId, rules: [], key: "group", tags: {} };
    await networkAdmin.createSecurityGroup(group, signal);
    await networkAdmin.allocateAddress({ name: "left", key: "address", tags: {} }, signal);
    const bucket = `left-${Date.now()}`;
    await objects.createBucket({ bucket, tags: {} }, signal);
    const begin = (objectKey: string) => objects.beginUpload({ bucket, objectKey, sizeBytes: 10, tags: {} }, signal);
    const whole = await begin("folder/whole");
    await objects.uploadPart(whole, 1, Buffer.alloc(10), signal);
    await objects.completeUpload(whole, signal);
    await begin("folder/begun");
    assert.deepEqual(await sweep(provider, signal), []);
    assert.deepEqual(await Array.fromAsync(provider.census(signal)), []);
    assert.deepEqual(site.census(), empty);
  } finally {
    await site.close();
  }
});
