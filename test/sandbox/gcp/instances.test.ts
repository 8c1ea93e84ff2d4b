import { strict as assert } from "node:assert";
import { after, before, describe, it } from "node:test";
import {
  AddressesClient,
  DisksClient,
  FirewallsClient,
  InstancesClient,
  NetworksClient,
  RegionsClient,
  RoutesClient,
  SnapshotsClient,
  SubnetworksClient,
} from "@google-cloud/compute";
import { FailedOperation, type GcpLab, Status, startGcpLab, until, whyNoGuests } from "./support.ts";

describe("the simulated Google Cloud's instances", { skip: whyNoGuests() }, () => {
  let lab: GcpLab;
  let instances: InstancesClient;
  let disks: DisksClient;
  let place: { project: string; zone: string };

  before(async () => {
    // Nothing is on these disks that could react to a power button.
    lab = await startGcpLab({ stopGraceMs: 0 });
    instances = new InstancesClient(lab.compute());
    disks = new DisksClient(lab.compute());
    place = { project: lab.gcp.project, zone: lab.gcp.zone };
  });
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });

  const blank = async (name: string) => lab.done(await disks.insert({ ...place, diskResource: { name, sizeGb: 1 } }));
  const launch = async (name: string, more: object = {}) =>
    lab.done(
      await instances.insert({
        ...place,
        instanceResource: {
          name,
          machineType: `zones/${place.zone}/machineTypes/e2-small`,
          disks: [{ boot: true, autoDelete: true, initializeParams: { diskSizeGb: 1 } }],
          networkInterfaces: [{ network: "global/networks/default", accessConfigs: [{ type: "ONE_TO_ONE_NAT" }] }],
          ...more,
        },
      }),
    );

  it("runs an instance with its disk, and removes both", async () => {
    await launch("one", { labels: { app: "shop" }, metadata: { items: [{ key: "greeting", value: "hello" }] } });
    const [one] = await instances.get({ ...place, instance: "one" });
    assert.equal(one.status, "RUNNING");
    assert.equal(one.disks?.[0]?.interface, "SCSI");
    assert.match(one.networkInterfaces?.[0]?.networkIP ?? "", /^10\.128\./);
    assert.match(one.networkInterfaces?.[0]?.accessConfigs?.[0]?.natIP ?? "", /^127\.84\./);
    const [boot] = await disks.get({ ...place, disk: "one" });
    assert.deepEqual(boot.users, [one.selfLink]);
    await assert.rejects(disks.delete({ ...place, disk: "one" }), { code: Status.INVALID_ARGUMENT });
    await assert.rejects(launch("one"), { code: Status.ABORTED });
    await lab.done(await instances.delete({ ...place, instance: "one" }));
    await assert.rejects(instances.get({ ...place, instance: "one" }), { code: Status.NOT_FOUND });
    await assert.rejects(disks.get({ ...place, disk: "one" }), { code: Status.NOT_FOUND });
  });

  it("plugs a disk into a running instance, takes its snapshot, and pulls it out", async () => {
    await launch("host");
    await blank("data");
    const attachedDiskResource = { source: `zones/${place.zone}/disks/data`, deviceName: "data" };
    await lab.done(await instances.attachDisk({ ...place, instance: "host", attachedDiskResource }));
    const [{ disks: attached }] = await instances.get({ ...place, instance: "host" });
    assert.deepEqual(
      attached?.map(({ deviceName }) => deviceName),
      ["persistent-disk-0", "data"],
    );
    await assert.rejects(instances.attachDisk({ ...place, instance: "host", attachedDiskResource }), {
      code: Status.INVALID_ARGUMENT,
    });
    await lab.done(await disks.resize({ ...place, disk: "data", disksResizeRequestResource: { sizeGb: 2 } }));
    await lab.done(await disks.createSnapshot({ ...place, disk: "data", snapshotResource: { name: "while-running" } }));
    const [snapshot] = await new SnapshotsClient(lab.compute()).get({
      project: place.project,
      snapshot: "while-running",
    });
    assert.equal(snapshot.status, "READY");
    await lab.done(await instances.detachDisk({ ...place, instance: "host", deviceName: "data" }));
    await lab.done(await disks.delete({ ...place, disk: "data" }));
    await lab.done(await instances.delete({ ...place, instance: "host" }));
  });

  it("leaves nothing running of an instance that is deleted while it is made", async () => {
    lab.gcp.cloud.changeSettings({ operationMs: 200 });
    const machineType = `zones/${place.zone}/machineTypes/e2-small`;
    const [begun] = await instances.insert({
      ...place,
      instanceResource: {
        name: "early",
        machineType,
        disks: [{ boot: true, autoDelete: true, initializeParams: { diskSizeGb: 1 } }],
        networkInterfaces: [{ network: "global/networks/default" }],
      },
    });
    lab.gcp.cloud.changeSettings({ operationMs: 0 });
    await lab.done(await instances.delete({ ...place, instance: "early" }));
    await lab.done([begun]).catch((error: unknown) => assert.ok(error instanceof FailedOperation));
    await assert.rejects(instances.get({ ...place, instance: "early" }), { code: Status.NOT_FOUND });
    assert.deepEqual(lab.gcp.cloud.guests.running(), []);
  });

  it("changes the machine type of a stopped instance only, and keeps it over the restart of the sandbox", async () => {
    await launch("sized");
    const set = () =>
      instances.setMachineType({
        ...place,
        instance: "sized",
        instancesSetMachineTypeRequestResource: { machineType: `zones/${place.zone}/machineTypes/e2-custom-4-8192` },
      });
    await assert.rejects(set(), { code: Status.INVALID_ARGUMENT });
    await lab.restart();
    const [{ status }] = await until(() => instances.get({ ...place, instance: "sized" }));
    assert.equal(status, "RUNNING");
    await lab.done(await instances.stop({ ...place, instance: "sized" }));
    await lab.done(await set());
    const [stopped] = await instances.get({ ...place, instance: "sized" });
    assert.equal(stopped.status, "TERMINATED");
    assert.match(stopped.machineType ?? "", /e2-custom-4-8192$/);
    assert.equal(stopped.networkInterfaces?.[0]?.accessConfigs?.[0]?.natIP ?? "", "");
    await lab.done(await instances.start({ ...place, instance: "sized" }));
    await lab.done(await instances.delete({ ...place, instance: "sized" }));
  });

  it("keeps the reserved address of a stopped instance, and refuses to delete what is in use", async () => {
    const addresses = new AddressesClient(lab.compute());
    const region = { project: place.project, region: lab.gcp.region };
    await lab.done(await addresses.insert({ ...region, addressResource: { name: "front" } }));
    const [{ address }] = await addresses.get({ ...region, address: "front" });
    const networkInterfaces = [{ network: "global/networks/default", accessConfigs: [{ natIP: address ?? "" }] }];
    await launch("front", { networkInterfaces });
    await assert.rejects(addresses.delete({ ...region, address: "front" }), { code: Status.INVALID_ARGUMENT });
    await lab.done(await instances.stop({ ...place, instance: "front" }));
    const [stopped] = await instances.get({ ...place, instance: "front" });
    assert.equal(stopped.networkInterfaces?.[0]?.accessConfigs?.[0]?.natIP, address);
    await lab.done(await instances.delete({ ...place, instance: "front" }));
    await lab.done(await addresses.delete({ ...region, address: "front" }));
  });

  it("ends the operation when the zone is full or the quota is used up, and leaves nothing", async () => {
    lab.gcp.cloud.changeSettings({ noCapacity: [`${place.zone}/e2-small`] });
    const exhausted = (error: unknown) =>
      error instanceof FailedOperation && error.codes[0] === "ZONE_RESOURCE_POOL_EXHAUSTED";
    await assert.rejects(launch("full"), exhausted);
    lab.gcp.cloud.changeSettings({ noCapacity: [], quotas: { CPUS: 1 } });
    await assert.rejects(launch("full"), /QUOTA_EXCEEDED/);
    const [{ quotas }] = await new RegionsClient(lab.compute()).get({ project: place.project, region: lab.gcp.region });
    assert.equal(quotas?.find(({ metric }) => metric === "CPUS")?.limit, 1);
    lab.gcp.cloud.changeSettings({ quotas: {} });
    await assert.rejects(disks.get({ ...place, disk: "full" }), { code: Status.NOT_FOUND });
  });

  it("makes a network with a subnetwork and a firewall rule, and lets them go in their order", async () => {
    const project = { project: place.project };
    const networks = new NetworksClient(lab.compute());
    const subnetworks = new SubnetworksClient(lab.compute());
    const firewalls = new FirewallsClient(lab.compute());
    const region = { ...project, region: lab.gcp.region };
    await lab.done(
      await networks.insert({ ...project, networkResource: { name: "own", autoCreateSubnetworks: false } }),
    );
    const routes = new RoutesClient(lab.compute());
    const waysOut = async () =>
      (await routes.list({ ...project, filter: `network:*/own` }))[0].filter(({ nextHopGateway }) => nextHopGateway);
    const [wayOut] = await waysOut();
    assert.equal(wayOut?.destRange, "0.0.0.0/0");
    await lab.done(await routes.delete({ ...project, route: wayOut?.name ?? "" }));
    assert.deepEqual(await waysOut(), []);
    const subnetworkResource = { name: "own-a", network: "global/networks/own", ipCidrRange: "10.9.0.0/24" };
    await lab.done(await subnetworks.insert({ ...region, subnetworkResource }));
    await assert.rejects(
      subnetworks.insert({ ...region, subnetworkResource: { ...subnetworkResource, name: "own-b" } }),
      { code: Status.INVALID_ARGUMENT },
    );
    const firewallResource = {
      name: "own-web",
      network: "global/networks/own",
      allowed: [{ IPProtocol: "tcp", ports: ["8080"] }],
      sourceRanges: ["127.0.0.0/8"],
    };
    await lab.done(await firewalls.insert({ ...project, firewallResource }));
    await launch("inside", { networkInterfaces: [{ subnetwork: `regions/${lab.gcp.region}/subnetworks/own-a` }] });
    const [inside] = await instances.get({ ...place, instance: "inside" });
    assert.equal(inside.networkInterfaces?.[0]?.networkIP, "10.9.0.2");
    await assert.rejects(subnetworks.delete({ ...region, subnetwork: "own-a" }), { code: Status.INVALID_ARGUMENT });
    await lab.done(await instances.delete({ ...place, instance: "inside" }));
    await lab.done(await firewalls.delete({ ...project, firewall: "own-web" }));
    await lab.done(await subnetworks.delete({ ...region, subnetwork: "own-a" }));
    await lab.done(await networks.delete({ ...project, network: "own" }));
    await assert.rejects(networks.get({ ...project, network: "own" }), { code: Status.NOT_FOUND });
  });

  it("notices an instance whose machine failed", async () => {
    await launch("failing");
    assert.ok(lab.gcp.admin.crash(`zones/${place.zone}/instances/failing`));
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
      const [{ status }] = await instances.get({ ...place, instance: "failing" });
      if (status === "TERMINATED") break;
    }
    assert.equal((await instances.get({ ...place, instance: "failing" }))[0].status, "TERMINATED");
    await lab.done(await instances.delete({ ...place, instance: "failing" }));
  });

  it("counts everything there is", () => {
    const kinds = new Set(lab.gcp.admin.census().map(({ kind, builtIn }) => `${kind}${builtIn ? "" : " made"}`));
    for (const kind of ["image", "network", "subnetwork", "firewall", "bucket"]) assert.ok(kinds.has(kind), kind);
    for (const kind of ["instance made", "network made", "address made"]) assert.ok(!kinds.has(kind), kind);
  });
});
