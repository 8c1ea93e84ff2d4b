import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type AzureLab, codeOf, quickly, startAzureLab } from "./support.ts";

const group = "novacron";
const location = "eastus";
const empty = { location, diskSizeGB: 1, creationData: { createOption: "Empty" } };
const read = { access: "Read", durationInSeconds: 600 } as const;
let lab: AzureLab;

before(async () => {
  lab = await startAzureLab();
});
after(() => lab.close());

test("who may only read is refused the rest, by Azure's code", async () => {
  const reader = lab.compute(lab.credential(lab.azure.cloud.account.reader));
  for await (const _ of reader.disks.list()) continue;
  assert.equal(await codeOf(reader.disks.createOrUpdate(group, "no", empty, quickly)), "AuthorizationFailed");
});

test("a fault that was ordered strikes the call it names, as often as it was told", async () => {
  const compute = lab.compute();
  const order = (fault: "throttled" | "5xx" | "quota" | "not-found", operation: string) =>
    lab.azure.cloud.faults.add({ fault, operation, times: 1 });
  order("throttled", "disks.list");
  await assert.rejects(compute.disks.list().next(), (error: { statusCode?: number }) => error.statusCode === 429);
  order("quota", "disks.createOrUpdate");
  assert.equal(await codeOf(compute.disks.createOrUpdate(group, "q", empty, quickly)), "OperationNotAllowed");
  order("not-found", "disks.get");
  assert.equal(await codeOf(compute.disks.get(group, "q")), "ResourceNotFound");
  order("5xx", "GetContainerProperties");
  await assert.rejects(lab.blobs().getContainerClient("novacron").getProperties(), { statusCode: 500 });
  await compute.disks.createOrUpdate(group, "q", empty, quickly);
});

test("a timeout after the act leaves done what the client never heard of", async () => {
  const compute = lab.compute();
  lab.azure.cloud.faults.add({ fault: "timeout-after-act", operation: "disks.createOrUpdate", times: 1, delayMs: 10 });
  await assert.rejects(Promise.resolve(compute.disks.createOrUpdate(group, "late", empty, quickly)));
  await lab.azure.cloud.settled();
  assert.equal((await compute.disks.get(group, "late")).provisioningState, "Succeeded");
  await compute.disks.createOrUpdate(group, "late", empty, quickly);
});

test("published rates are enforced, and the answer says when to come again", async () => {
  const compute = lab.compute();
  lab.azure.cloud.changeSettings({ throttling: true, retryAfterSeconds: 1 });
  const refused = async () => {
    // Ten a second are let through: more calls are made here than any machine makes so slowly.
    for (let call = 0; call < 3_000; call++) {
      try {
        await compute.disks.delete(group, "never-was", quickly);
      } catch (error) {
        return error as { statusCode?: number; response?: { headers: { get(name: string): string | undefined } } };
      }
    }
    return {};
  };
  const { statusCode, response } = await refused();
  assert.equal(statusCode, 429);
  assert.equal(response?.headers.get("retry-after"), "1");
  lab.azure.cloud.changeSettings({ throttling: false });
});

test("a signature ends with its time or its revocation, and a family of snapshots has five at most", async () => {
  const compute = lab.compute();
  const { id } = await compute.disks.createOrUpdate(group, "family", empty, quickly);
  const creationData = { createOption: "Copy", sourceResourceId: id };
  for (const name of ["s1", "s2", "s3", "s4", "s5", "s6"])
    await compute.snapshots.createOrUpdate(group, name, { location, incremental: true, creationData }, quickly);
  const [first = ""] = await Promise.all(
    ["s1", "s2", "s3", "s4", "s5"].map(async (name) => {
      const { accessSAS } = await compute.snapshots.grantAccess(group, name, read, quickly);
      return accessSAS;
    }),
  );
  assert.equal(await codeOf(compute.snapshots.grantAccess(group, "s6", read, quickly)), "OperationNotAllowed");
  assert.equal(await codeOf(compute.snapshots.delete(group, "s1", quickly)), "OperationNotAllowed");
  await lab.pageBlob(first).getPageRanges();
  for (const grant of lab.azure.cloud.tables.grants.values())
    lab.azure.cloud.tables.grants.put({ ...grant, expiresAt: Date.now() - 1 });
  assert.equal(await codeOf(lab.pageBlob(first).getPageRanges()), "AuthenticationFailed");
  const { accessSAS = "" } = await compute.snapshots.grantAccess(group, "s6", read, quickly);
  await lab.pageBlob(accessSAS).getPageRanges();
  await compute.snapshots.revokeAccess(group, "s6", quickly);
  assert.equal(await codeOf(lab.pageBlob(accessSAS).getPageRanges()), "AuthenticationFailed");
});

test("tags keep Azure's rules", async () => {
  const compute = lab.compute();
  const tagged = (tags: Record<string, string>) =>
    compute.disks.createOrUpdate(group, "tags", { ...empty, tags }, quickly);
  assert.equal(await codeOf(tagged({ "a/b": "1" })), "InvalidTagNameCharacters");
  assert.equal(
    await codeOf(tagged(Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`t${at}`, ""])))),
    "TooManyTags",
  );
  await tagged({ Owner: "a" });
  assert.deepEqual((await tagged({ owner: "b" })).tags, { Owner: "b" });
});

test("a lost key is a clear refusal, and a disk that waits for its upload can't be attached", async () => {
  const compute = lab.compute();
  const keyUrl = "https://vault.example/keys/k/1";
  const set = await compute.diskEncryptionSets.createOrUpdate(
    group,
    "keys",
    { location, activeKey: { keyUrl } },
    quickly,
  );
  const encryption = { type: "EncryptionAtRestWithCustomerKey", diskEncryptionSetId: set.id };
  await compute.disks.createOrUpdate(group, "sealed", { ...empty, encryption }, quickly);
  lab.azure.cloud.changeSettings({ lostKeys: ["keys"] });
  const again = compute.disks.createOrUpdate(group, "sealed-2", { ...empty, encryption }, quickly);
  assert.equal(await codeOf(again), "KeyVaultAccessForbidden");
  const creationData = { createOption: "Upload", uploadSizeBytes: 20_972_032 };
  await compute.disks.createOrUpdate(group, "waits", { location, osType: "Linux", creationData }, quickly);
  assert.equal((await compute.disks.get(group, "waits")).diskState, "ReadyToUpload");
  const { id } = await compute.disks.get(group, "waits");
  const copy = { location, creationData: { createOption: "Copy", sourceResourceId: id } };
  assert.equal(
    await codeOf(compute.snapshots.createOrUpdate(group, "of-waiting", copy, quickly)),
    "OperationNotAllowed",
  );
  assert.deepEqual(lab.complaints, []);
});
