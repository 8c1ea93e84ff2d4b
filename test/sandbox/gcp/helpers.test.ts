import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { DisksClient, InstancesClient } from "@google-cloud/compute";
import { joinBlockService, openServedSink, openServedSource } from "../../../src/transfer/block-service/client.ts";
import { type GcpLab, startGcpLab, until, whyNoGuests } from "./support.ts";

const port = 8790;

describe("helper instances of the simulated Google Cloud", { skip: whyNoGuests() }, () => {
  let lab: GcpLab;
  let instances: InstancesClient;
  let disks: DisksClient;
  let place: { project: string; zone: string };
  const signal = AbortSignal.timeout(120_000);

  before(async () => {
    lab = await startGcpLab();
    instances = new InstancesClient(lab.compute());
    disks = new DisksClient(lab.compute());
    place = { project: lab.gcp.project, zone: lab.gcp.zone };
  });
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });

  const makeDisk = async (name: string, more: object = {}) =>
    lab.done(await disks.insert({ ...place, diskResource: { name, sizeGb: 1, ...more } }));
  const takeSnapshot = async (disk: string, name: string) =>
    lab.done(await disks.createSnapshot({ ...place, disk, snapshotResource: { name } }));
  const launch = async (name: string, disk: string, write: boolean) => {
    const key = randomBytes(32);
    const settings = {
      name,
      key: key.toString("base64url"),
      port,
      device: "google-novacron",
      write,
      joinWithinMs: 60_000,
    };
    await lab.done(
      await instances.insert({
        ...place,
        instanceResource: {
          name,
          machineType: `zones/${place.zone}/machineTypes/e2-medium`,
          disks: [
            { boot: true, autoDelete: true, initializeParams: { diskSizeGb: 1 } },
            {
              source: `zones/${place.zone}/disks/${disk}`,
              deviceName: "novacron",
              mode: write ? "READ_WRITE" : "READ_ONLY",
            },
          ],
          networkInterfaces: [{ network: "global/networks/default", accessConfigs: [{ type: "ONE_TO_ONE_NAT" }] }],
          tags: { items: ["novacron-helper"] },
          metadata: { items: [{ key: "novacron-block-service", value: JSON.stringify(settings) }] },
        },
      }),
    );
    const [{ networkInterfaces }] = await instances.get({ ...place, instance: name });
    const host = networkInterfaces?.[0]?.accessConfigs?.[0]?.natIP ?? "";
    return until(() => joinBlockService({ host, port, name, key }, signal), 60_000);
  };
  const statusOf = async (instance: string) => (await instances.get({ ...place, instance }))[0].status;
  const remove = async (instance: string) => lab.done(await instances.delete({ ...place, instance }));

  it("writes a disk by the block service, and a snapshot holds what was flushed before it", async () => {
    await makeDisk("target");
    const socket = await launch("writer", "target", true);
    const sink = await openServedSink(socket, "writer", signal);
    assert.equal(sink.sizeBytes, 2 ** 30);
    await sink.write(4096, Buffer.alloc(4096, 1), signal);
    await sink.flush(signal);
    await takeSnapshot("target", "first");
    await sink.write(4096, Buffer.alloc(4096, 2), signal);
    await sink.flush(signal);
    await takeSnapshot("target", "second");
    await sink.close();
    // Its program has ended: the machine powers off.
    await until(async () => assert.equal(await statusOf("writer"), "TERMINATED"));
    await remove("writer");

    for (const [snapshot, wanted] of [
      ["first", 1],
      ["second", 2],
    ] as const) {
      const name = `from-${snapshot}`;
      await makeDisk(name, { sourceSnapshot: `global/snapshots/${snapshot}` });
      const source = await openServedSource(await launch(`reader-${snapshot}`, name, false), name, signal);
      const bytes = Buffer.alloc(12_288);
      await source.read(0, bytes, signal);
      assert.deepEqual([bytes[0], bytes[4096], bytes[8191], bytes[8192]], [0, wanted, wanted, 0]);
      await source.close();
      await remove(`reader-${snapshot}`);
      await lab.done(await disks.delete({ ...place, disk: name }));
    }
  });

  it("loses its connection when the instance is deleted, and the disk is free", async () => {
    await makeDisk("fenced");
    const sink = await openServedSink(await launch("early", "fenced", true), "early", signal);
    await sink.write(0, Buffer.alloc(4096, 7), signal);
    await sink.flush(signal);
    await remove("early");
    await assert.rejects(async () => {
      await sink.write(4096, Buffer.alloc(4096, 8), signal);
      await sink.flush(signal);
    });
    const [{ users }] = await disks.get({ ...place, disk: "fenced" });
    assert.deepEqual(users ?? [], []);
    const source = await openServedSource(await launch("later", "fenced", false), "later", signal);
    const bytes = Buffer.alloc(8192);
    await source.read(0, bytes, signal);
    assert.deepEqual([bytes[0], bytes[4096]], [7, 0]);
    await source.close();
    await remove("later");
  });

  it("shows what its program says on the serial port, runs on over a restart of the sandbox, and takes disks in and out", async () => {
    await makeDisk("kept");
    const sink = await openServedSink(await launch("lasting", "kept", true), "lasting", signal);
    const [{ contents }] = await instances.getSerialPortOutput({ ...place, instance: "lasting" });
    assert.match(contents ?? "", /novacron block service: listening on port 8790/);
    await lab.restart();
    await until(() => statusOf("lasting"));
    await sink.write(0, Buffer.alloc(4096, 9), signal);
    await sink.flush(signal);
    await takeSnapshot("kept", "after-restart");
    await makeDisk("more");
    const attachedDiskResource = { source: `zones/${place.zone}/disks/more`, deviceName: "more" };
    await lab.done(await instances.attachDisk({ ...place, instance: "lasting", attachedDiskResource }));
    await lab.done(await instances.detachDisk({ ...place, instance: "lasting", deviceName: "more" }));
    await lab.done(await disks.delete({ ...place, disk: "more" }));
    await sink.close();
    await remove("lasting");
  });
});
