import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { KeysFacet } from "../../src/providers/cloud-facets.ts";
import { createGcpProvider } from "../../src/providers/gcp/index.ts";
import { createOciProvider } from "../../src/providers/oci/index.ts";
import { startGcpLab } from "../sandbox/gcp/support.ts";
import { startOciLab } from "../sandbox/oci/support.ts";

const context = (site: string) => ({ site, budget: () => ({ take: async () => {} }), log: () => {} });
const signal = AbortSignal.timeout(120_000);
const [{ gcp, close: closeGcp }, { oci, close: closeOci }] = await Promise.all([startGcpLab(), startOciLab()]);
const googleKey = { values: { service_account: JSON.stringify(gcp.serviceAccountKey) } };
const google = createGcpProvider({
  entry: {
    ...{ project: gcp.project, zone: gcp.zone, endpoint: gcp.endpoint, simulated: true },
    credentials: async () => googleKey,
  },
  context: context("gcp"),
  patience: { attempts: 1 },
});
const { tenancy, user, fingerprint, privateKey, region } = oci.credentials;
const oracle = createOciProvider({
  entry: {
    ...{ region, endpoint: oci.endpoint, compartment: oci.compartment, simulated: true },
    credentials: async () => ({ values: { tenancy, user, fingerprint, private_key: privateKey } }),
  },
  context: context("oci"),
  patience: { firstRetryMs: 5 },
});
const keysOf = ({ keys }: { readonly keys?: KeysFacet }): KeysFacet => keys as KeysFacet;
after(async () => {
  await Promise.all([google.close(), oracle.close()]);
  await Promise.all([closeGcp(), closeOci()]);
});

test("gcp: one key too many is a quota, whichever way Google says it, and too many calls are not", async () => {
  const { identity, faults } = gcp.cloud;
  const throttled = { fault: "throttled", service: "iam", operation: "serviceAccountKeys.create", times: 1 } as const;
  const keys = keysOf(google);
  faults.add(throttled);
  await assert.rejects(keys.createKey("m", signal), { code: "RateLimited" });

  while (identity.keys.length < 10) identity.createKey(gcp.endpoint);
  await assert.rejects(keys.createKey("m", signal), { code: "QuotaExceeded", message: /has 10 keys/ });
  faults.add(throttled);
  await assert.rejects(keys.createKey("m", signal), { code: "QuotaExceeded" });
  assert.equal((await keys.listKeys(signal)).length, 10);
});

test("oci: a key whose first answer got lost is there, and a user that may not have one is no conflict", async () => {
  const { cloud } = oci;
  const keys = keysOf(oracle);
  const operation = { service: "identity", operation: "UploadApiKey", times: 1 } as const;
  cloud.faults.add({ ...operation, fault: "timeout-after-act", delayMs: 0 });
  const { keyId } = await keys.createKey("m", signal);
  const listed = await keys.listKeys(signal);
  assert.deepEqual(new Set(listed.map((key) => key.keyId)), new Set([fingerprint, keyId]));
  assert.ok(listed.every(({ createdAt }) => Math.abs(Date.parse(createdAt) - Date.now()) < 600_000));

  cloud.faults.add({ ...operation, fault: "unauthorised" });
  await assert.rejects(keys.createKey("m", signal), { code: "CloudPermissionDenied" });
  assert.equal(cloud.tables.apiKeys.size, 2);
});
