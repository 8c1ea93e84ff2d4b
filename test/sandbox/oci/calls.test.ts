import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { type OciLab, startOciLab } from "./support.ts";
import { createVolume, place, refused } from "./support-calls.ts";

let lab: OciLab;
before(async () => {
  lab = await startOciLab();
});
afterEach(() => lab.oci.cloud.faults.clear());
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});

const list = () => lab.blockstorage().listVolumes({ compartmentId: lab.oci.compartment });

test("a request is held to its signature", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const foreign = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  const listDomains = (credentials: object) =>
    lab.identity(credentials).listAvailabilityDomains({ compartmentId: lab.oci.compartment });
  assert.equal((await listDomains({})).items.length, 3);
  await assert.rejects(listDomains({ privateKey: foreign }), refused(401, "NotAuthenticated"));
  await assert.rejects(listDomains({ user: "ocid1.user.oc1..nobody" }), refused(401, "NotAuthenticated"));
  const unsigned = await fetch(`${lab.oci.endpoint}/20160918/regions`);
  assert.equal(unsigned.status, 401);
});

test("a call with a retry token happens once, however often it is made", async () => {
  const blockstorage = lab.blockstorage();
  const createVolumeDetails = { ...place(lab), sizeInGBs: 1 };
  const ask = (opcRetryToken: string, fields: object = {}) =>
    blockstorage.createVolume({ createVolumeDetails: { ...createVolumeDetails, ...fields }, opcRetryToken });
  const both = await Promise.all([ask("one"), ask("one")]);
  const [id = ""] = both.map(({ volume }) => volume.id);
  assert.deepEqual(
    both.map(({ volume }) => volume.id),
    [id, id],
  );
  assert.notEqual((await ask("two")).volume.id, id);
  await assert.rejects(ask("one", { sizeInGBs: 2 }), refused(400, "InvalidParameter"));
  await blockstorage.deleteVolume({ volumeId: id });
  await assert.rejects(ask("one"), refused(409, "InvalidatedRetryToken"));
});

test("what was done before the connection broke is not done again under the same token", async () => {
  lab.oci.cloud.faults.add({ fault: "timeout-after-act", operation: "CreateVolume", times: 1, delayMs: 0 });
  const createVolumeDetails = { ...place(lab), sizeInGBs: 1, displayName: "torn" };
  const ask = () => lab.blockstorage().createVolume({ createVolumeDetails, opcRetryToken: "torn" });
  await assert.rejects(ask());
  const { volume } = await ask();
  const { items } = await lab.blockstorage().listVolumes({ compartmentId: lab.oci.compartment, displayName: "torn" });
  assert.deepEqual(
    items.map(({ id }) => id),
    [volume.id],
  );
});

test("faults are told in Oracle's words", async () => {
  const words = [
    ["throttled", 429, "TooManyRequests"],
    ["5xx", 500, "InternalServerError"],
    ["capacity", 500, "InternalError"],
    ["quota", 400, "LimitExceeded"],
    ["unauthorised", 404, "NotAuthorizedOrNotFound"],
    ["not-found", 404, "NotAuthorizedOrNotFound"],
  ] as const;
  for (const [fault, status, code] of words) {
    lab.oci.cloud.faults.add({ fault, service: "core", operation: "ListVolumes", times: 1 });
    await assert.rejects(list(), refused(status, code));
  }
  lab.oci.cloud.faults.add({ fault: "reset", times: 1 });
  await assert.rejects(list());
  lab.oci.cloud.faults.add({ fault: "slow", times: 1, delayMs: 1 });
  await list();
});

test("what the policies don't allow looks as if it were not there", async () => {
  lab.oci.admin.changeSettings({ denied: ["core:ListVolumes"] });
  await assert.rejects(list(), refused(404, "NotAuthorizedOrNotFound"));
  lab.oci.admin.changeSettings({ denied: [] });
  await list();
});

test("calls over the rate are refused", async () => {
  lab.oci.admin.changeSettings({ throttling: true, readRate: { capacity: 1, perSecond: 0 } });
  await list();
  await assert.rejects(list(), refused(429, "TooManyRequests"));
  lab.oci.admin.changeSettings({ throttling: false });
});

test("a resource that was changed since is not changed by who read it before", async () => {
  const blockstorage = lab.blockstorage();
  const { id: volumeId } = await createVolume(lab);
  const { etag } = await blockstorage.getVolume({ volumeId });
  await blockstorage.updateVolume({ volumeId, updateVolumeDetails: { displayName: "newer" } });
  await assert.rejects(blockstorage.deleteVolume({ volumeId, ifMatch: etag }), refused(412, "NoEtagMatch"));
  const now = await blockstorage.getVolume({ volumeId });
  await blockstorage.deleteVolume({ volumeId, ifMatch: now.etag });
});

test("identity and limits say what there is", async () => {
  const { compartment, credentials, availabilityDomains } = lab.oci;
  const identity = lab.identity();
  const { tenancy } = await identity.getTenancy({ tenancyId: credentials.tenancy });
  assert.equal(tenancy.homeRegionKey, "IAD");
  const compartments = await identity.listCompartments({ compartmentId: credentials.tenancy });
  assert.deepEqual(
    compartments.items.map(({ id }) => id),
    [compartment],
  );
  assert.equal((await identity.listRegionSubscriptions({ tenancyId: credentials.tenancy })).items.length, 1);
  assert.equal((await identity.getUser({ userId: credentials.user })).user.lifecycleState, "ACTIVE");
  const [availabilityDomain] = availabilityDomains;
  assert.equal((await identity.listFaultDomains({ compartmentId: compartment, availabilityDomain })).items.length, 3);
  const limits = lab.limits();
  const values = await limits.listLimitValues({ compartmentId: credentials.tenancy, serviceName: "block-storage" });
  assert.equal(values.items.find(({ name }) => name === "total-storage-gb")?.value, 30_720);
  const available = () =>
    limits.getResourceAvailability({
      compartmentId: credentials.tenancy,
      serviceName: "block-storage",
      limitName: "total-storage-gb",
      availabilityDomain,
    });
  const before = (await available()).resourceAvailability;
  await createVolume(lab, { sizeInGBs: 7 });
  const now = (await available()).resourceAvailability;
  assert.deepEqual([(now.used ?? 0) - (before.used ?? 0), (before.available ?? 0) - (now.available ?? 0)], [7, 7]);
});

test("a site that is down resets every connection", async () => {
  lab.oci.front.change({ up: false });
  await assert.rejects(list());
  lab.oci.front.change({ up: true });
  await list();
});
