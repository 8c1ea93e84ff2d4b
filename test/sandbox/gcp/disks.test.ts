import { strict as assert } from "node:assert";
import { after, before, describe, it } from "node:test";
import { DisksClient, SnapshotsClient, ZoneOperationsClient } from "@google-cloud/compute";
import { FailedOperation, type GcpLab, Status, startGcpLab, until } from "./support.ts";

describe("the simulated Google Cloud's disks and snapshots", () => {
  let lab: GcpLab;
  let disks: DisksClient;
  let snapshots: SnapshotsClient;
  let place: { project: string; zone: string };
  const project = () => ({ project: lab.gcp.project });

  before(async () => {
    lab = await startGcpLab();
    disks = new DisksClient(lab.compute());
    snapshots = new SnapshotsClient(lab.compute());
    place = { project: lab.gcp.project, zone: lab.gcp.zone };
  });
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });

  const create = async (name: string, more: object = {}) =>
    lab.done(await disks.insert({ ...place, diskResource: { name, sizeGb: 1, ...more } }));

  it("makes a disk by an operation, once for each request id, even when it is gone since", async () => {
    const requestId = "8e6d5a52-53f1-4c8e-b0a0-000000000001";
    const diskResource = { name: "once", sizeGb: 1, labels: { app: "shop" } };
    const first = await lab.done(await disks.insert({ ...place, diskResource, requestId }));
    const [disk] = await disks.get({ ...place, disk: "once" });
    assert.equal(disk.status, "READY");
    assert.equal(String(disk.sizeGb), "1");
    assert.deepEqual(disk.labels, { app: "shop" });
    await lab.done(await disks.delete({ ...place, disk: "once" }));
    const again = await lab.done(await disks.insert({ ...place, diskResource, requestId }));
    assert.equal(again.name, first.name);
    await assert.rejects(disks.get({ ...place, disk: "once" }), { code: Status.NOT_FOUND });
  });

  it("refuses a name that is taken, a name that is none, and a zone that there is not", async () => {
    await create("taken");
    await assert.rejects(create("taken"), { code: Status.ABORTED });
    await assert.rejects(create("Not-A-Name"), { code: Status.INVALID_ARGUMENT });
    await assert.rejects(disks.list({ ...place, zone: "us-central1-z" }), { code: Status.NOT_FOUND });
    await assert.rejects(
      lab
        .raw("/compute/v1/projects/novacron-sandbox/zones/us-central1-a/disks", { method: "POST", body: '{"nme":"x"}' })
        .then(async (answer) => {
          assert.equal(answer.status, 400);
          throw new Error(await answer.text());
        }),
      /nme is no member of Disk/,
    );
  });

  it("changes labels only for who has seen the newest, and holds them to the rules", async () => {
    await create("labelled");
    const [{ labelFingerprint }] = await disks.get({ ...place, disk: "labelled" });
    const set = (labels: Record<string, string>, fingerprint = labelFingerprint) =>
      disks.setLabels({
        ...place,
        resource: "labelled",
        zoneSetLabelsRequestResource: { labels, labelFingerprint: fingerprint ?? "" },
      });
    await lab.done(await set({ env: "prod" }));
    await assert.rejects(set({ env: "test" }), { code: Status.FAILED_PRECONDITION });
    const [{ labelFingerprint: now }] = await disks.get({ ...place, disk: "labelled" });
    await assert.rejects(set({ Env: "prod" }, now), { code: Status.INVALID_ARGUMENT });
    await assert.rejects(set(Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${at}`, "v"])), now), {
      code: Status.INVALID_ARGUMENT,
    });
  });

  it("grows a disk and never shrinks it", async () => {
    await create("growing");
    const resize = (sizeGb: number) =>
      disks.resize({ ...place, disk: "growing", disksResizeRequestResource: { sizeGb } });
    await lab.done(await resize(3));
    const [{ sizeGb }] = await disks.get({ ...place, disk: "growing" });
    assert.equal(String(sizeGb), "3");
    await assert.rejects(resize(2), { code: Status.INVALID_ARGUMENT });
  });

  it("takes a snapshot of a disk, makes a larger disk of it, and keeps the bytes when the disk goes", async () => {
    await create("source");
    await lab.done(
      await disks.createSnapshot({
        ...place,
        disk: "source",
        snapshotResource: { name: "point", labels: { at: "one" } },
      }),
    );
    const [snapshot] = await snapshots.get({ ...project(), snapshot: "point" });
    assert.equal(snapshot.status, "READY");
    assert.match(snapshot.sourceDisk ?? "", /\/zones\/us-central1-a\/disks\/source$/);
    await lab.done(await disks.delete({ ...place, disk: "source" }));
    await create("child", { sizeGb: 2, sourceSnapshot: "global/snapshots/point" });
    await assert.rejects(
      create("small", { sizeGb: 1, sourceSnapshot: "projects/novacron-sandbox/global/snapshots/missing" }),
      { code: Status.NOT_FOUND },
    );
    const [names] = await snapshots.list({ ...project(), filter: "labels.at=one AND name:po*" });
    assert.deepEqual(
      names.map(({ name }) => name),
      ["point"],
    );
    await lab.done(await snapshots.delete({ ...project(), snapshot: "point" }));
    await assert.rejects(snapshots.get({ ...project(), snapshot: "point" }), { code: Status.NOT_FOUND });
  });

  it("lists page by page, and by zone", async () => {
    for (const name of ["page-a", "page-b", "page-c"]) await create(name, { labels: { paged: "yes" } });
    const names: (string | null | undefined)[] = [];
    for await (const { name } of disks.listAsync({ ...place, filter: "labels.paged = yes", maxResults: 2 }))
      names.push(name);
    assert.deepEqual(names, ["page-a", "page-b", "page-c"]);
    const zones: string[] = [];
    for await (const [zone, { disks: found }] of disks.aggregatedListAsync({
      ...project(),
      filter: "labels.paged = yes",
    })) {
      if (found?.length) zones.push(zone);
    }
    assert.deepEqual(zones, ["zones/us-central1-a"]);
  });

  it("answers a wait before its operation is done, and later with its end", async () => {
    lab.gcp.cloud.changeSettings({ operationMs: 300, waitMs: 20 });
    try {
      const [begun] = await disks.insert({ ...place, diskResource: { name: "slowly", sizeGb: 1 } });
      const { name } = begun.latestResponse as { name: string };
      const [early] = await new ZoneOperationsClient(lab.compute()).wait({ ...place, operation: name });
      assert.equal(early.status, "RUNNING");
      const [disk] = await disks.get({ ...place, disk: "slowly" });
      assert.equal(disk.status, "CREATING");
      await assert.rejects(disks.delete({ ...place, disk: "slowly" }), { code: Status.INVALID_ARGUMENT });
      await lab.done([begun]);
    } finally {
      lab.gcp.cloud.changeSettings({ operationMs: 0, waitMs: 120_000 });
    }
  });

  it("answers success and ends the operation with the error: capacity, quota", async () => {
    const { faults } = lab.gcp.cloud;
    for (const [fault, code] of [
      ["capacity", "ZONE_RESOURCE_POOL_EXHAUSTED"],
      ["quota", "QUOTA_EXCEEDED"],
    ] as const) {
      faults.add({ fault, service: "compute", operation: "disks.insert", times: 1 });
      await assert.rejects(
        create(`no-${fault}`),
        (error: FailedOperation) => error instanceof FailedOperation && error.codes[0] === code,
      );
      await assert.rejects(disks.get({ ...place, disk: `no-${fault}` }), { code: Status.NOT_FOUND });
    }
    lab.gcp.cloud.changeSettings({ quotas: { SSD_TOTAL_GB: 1 } });
    await assert.rejects(
      create("much", { type: `zones/${place.zone}/diskTypes/pd-ssd`, sizeGb: 2 }),
      /QUOTA_EXCEEDED.*SSD_TOTAL_GB/,
    );
    lab.gcp.cloud.changeSettings({ quotas: {} });
  });

  it("refuses in Google's words what it was told to refuse, and who is nobody", async () => {
    const { faults, cloud } = { faults: lab.gcp.cloud.faults, cloud: lab.gcp.cloud };
    const path = `/compute/v1/projects/${place.project}/zones/${place.zone}/disks/taken`;
    for (const [fault, status, reason] of [
      ["throttled", 403, "rateLimitExceeded"],
      ["5xx", 503, "backendError"],
      ["unauthorised", 403, "forbidden"],
      ["not-found", 404, "notFound"],
    ] as const) {
      faults.add({ fault, operation: "disks.get", times: 1 });
      const answer = await lab.raw(path);
      const { error } = (await answer.json()) as { error: { errors: { reason: string }[] } };
      assert.deepEqual([answer.status, error.errors[0]?.reason], [status, reason]);
    }
    assert.equal((await lab.raw(path, { headers: { authorization: "Bearer nonsense" } })).status, 401);
    cloud.changeSettings({ deniedPermissions: ["compute.disks.get"] });
    assert.equal((await lab.raw(path)).status, 403);
    cloud.changeSettings({ deniedPermissions: [] });
    faults.add({ fault: "reset", operation: "disks.get", times: 1 });
    await assert.rejects(lab.raw(path));
  });

  it("keeps everything over a restart, and ends what was under way", async () => {
    lab.gcp.cloud.changeSettings({ operationMs: 2_000 });
    const [begun] = await disks.insert({ ...place, diskResource: { name: "lasting", sizeGb: 1 } });
    await lab.restart();
    await until(() => lab.done([begun]));
    const [{ status }] = await disks.get({ ...place, disk: "lasting" });
    assert.equal(status, "READY");
    lab.gcp.cloud.changeSettings({ operationMs: 0 });
  });
});
