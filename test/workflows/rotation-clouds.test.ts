import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { createAzureProvider } from "../../src/providers/azure/index.ts";
import type { KeysFacet } from "../../src/providers/cloud-facets.ts";
import { createGcpProvider } from "../../src/providers/gcp/index.ts";
import { createOciProvider } from "../../src/providers/oci/index.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import type { RotateSecretResult } from "../../src/workflows/rotate-secret/types.ts";
import { startAzureLab } from "../sandbox/azure/support.ts";
import { startGcpLab } from "../sandbox/gcp/support.ts";
import { startOciLab } from "../sandbox/oci/support.ts";
import { smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

type Values = Readonly<Record<string, string>>;

interface Site {
  readonly site: string;
  readonly kind: string;
  readonly provider: Provider;
  readonly file: string;
  readonly first: { readonly id: string; readonly secret: string };
  secretOf(values: Values): string;
  /** The ids of all keys that the cloud knows now. */
  known(): readonly string[];
  /** The next key is made, and nobody is told. */
  loseOne(): void;
}

const { store, client, temporalAddress } = await startServers();
const dir = await mkdtemp(join(tmpdir(), "nvc-rot-"));
const graceMs = 5_000;
/** As quick as the grace of this test wants it; one attempt a call, so that no failure is hidden by a repeat. */
const patience = { pollMs: { first: 5, most: 50 }, credentialsKeptMs: 500, attempts: 1 };
const lost = { fault: "timeout-after-act", times: 1, delayMs: 0 } as const;
const context = (site: string) => ({ site, budget: () => ({ take: async () => {} }), log: () => {} });
const [azureLab, gcpLab, ociLab] = await Promise.all([
  // Its lists don't show the lost key yet when the next one is made.
  startAzureLab({ consistencyMs: 2_000 }),
  startGcpLab({ emptyFirstPage: true, newKeyMs: 1_000 }),
  startOciLab(),
]);

async function kept(
  site: string,
  values: object,
): Promise<{ file: string; credentials: () => Promise<{ values: Values }> }> {
  const file = join(dir, `${site}.json`);
  await writeFile(file, JSON.stringify(values), { mode: 0o600 });
  return { file, credentials: async () => ({ values: JSON.parse(await readFile(file, "utf8")) as Values }) };
}

async function azureSite(): Promise<Site> {
  const { azure } = azureLab;
  const { location: region, endpoint, subscriptionId, resourceGroup, tenantId, clientId, clientSecret } = azure;
  const first = { id: azure.clientSecretId, secret: clientSecret };
  const values = { tenant_id: tenantId, client_id: clientId, client_secret: first.secret, client_secret_id: first.id };
  const { file, credentials } = await kept("azure", values);
  const storageAccount = azure.storageAccount.name;
  const entry = { region, endpoint, subscriptionId, resourceGroup, storageAccount, simulated: true, credentials };
  return {
    ...{ site: "azure", kind: "azure", file, first },
    provider: createAzureProvider({ entry, context: context("azure"), patience }),
    secretOf: ({ client_secret: secret = "" }) => secret,
    known: () => azure.cloud.tables.secrets.where((secret) => secret.clientId === clientId).map(({ id }) => id),
    loseOne: () => azure.cloud.faults.add({ ...lost, service: "graph", operation: "addPassword" }),
  };
}

/** `whole`: Google's file as one value; else its members are the values. */
async function gcpSite(site: string, whole: boolean): Promise<Site> {
  const { project, zone, endpoint, cloud } = gcpLab.gcp;
  const key = cloud.identity.createKey(endpoint);
  const { file, credentials } = await kept(site, whole ? { service_account: JSON.stringify(key) } : key);
  const entry = { project, zone, endpoint, simulated: true, credentials };
  return {
    ...{ site, kind: "gcp", file, first: { id: key.private_key_id, secret: key.private_key } },
    provider: createGcpProvider({ entry, context: context(site), patience }),
    secretOf: ({ private_key: secret, service_account: text = "{}" }) =>
      secret ?? (JSON.parse(text) as { private_key: string }).private_key,
    known: () => cloud.identity.keys.map(({ id }) => id),
    loseOne: () => cloud.faults.add({ ...lost, service: "iam", operation: "serviceAccountKeys.create" }),
  };
}

async function ociSite(): Promise<Site> {
  const { oci } = ociLab;
  const { tenancy, user, fingerprint, privateKey, region } = oci.credentials;
  const { file, credentials } = await kept("oci", { tenancy, user, fingerprint, private_key: privateKey });
  const entry = { region, endpoint: oci.endpoint, compartment: oci.compartment, simulated: true, credentials };
  return {
    ...{ site: "oci", kind: "oci", file, first: { id: fingerprint, secret: privateKey } },
    provider: createOciProvider({ entry, context: context("oci"), patience }),
    secretOf: ({ private_key: secret = "" }) => secret,
    known: () => [...oci.cloud.tables.apiKeys.values()].map(({ id }) => id),
    loseOne: () => oci.cloud.faults.add({ ...lost, service: "identity", operation: "UploadApiKey" }),
  };
}

const sites = [await azureSite(), await gcpSite("gcp", true), await gcpSite("gcp-members", false), await ociSite()];
const siteNamed = (name: string): Site => sites.find(({ site }) => site === name) as Site;
/** Sites that are given up on sooner, for a while. */
const impatient = new Map<string, Provider>();
const deps = smallDeps({
  registry: {
    sites: sites.map(({ site, kind }) => ({ site, provider: kind, simulated: true })),
    provider: async (site) => impatient.get(site) ?? siteNamed(site).provider,
  },
  store,
  credentialFile: (site) => siteNamed(site).file,
});
const endWorker = await startSmallWorker(temporalAddress, deps);
after(async () => {
  await endWorker();
  await client.connection.close();
  await store.close();
  for (const { provider } of sites) await provider.close();
  await Promise.all([azureLab.close(), gcpLab.close(), ociLab.close()]);
  await rm(dir, { recursive: true, force: true });
});

for (const { site, provider, file, first, secretOf, known, loseOne } of sites) {
  test(`${site}: its key is exchanged while it is in use, nobody gets an error, and none that got lost is left`, async () => {
    let over = false;
    let asked = 0;
    const working = Promise.all(
      Array.from({ length: 3 }, async () => {
        for (; !over; asked++) {
          await Array.fromAsync(provider.network.listNetworks(AbortSignal.timeout(20_000)));
          await sleep(5);
        }
      }),
    );
    const before = new Set(known());
    assert.ok(before.has(first.id));
    loseOne();
    const workflowId = `rotation/${site}`;
    const secret = { kind: "site", site } as const;
    const rotated = client.workflow.execute("rotateSecret", {
      ...{ taskQueue, workflowId },
      args: [{ scheduleId: `rotation-of-site-${site}`, secret, graceMs }],
    }) as Promise<RotateSecretResult>;
    try {
      const result = (await Promise.race([rotated, working])) as RotateSecretResult;
      assert.equal(result.before, first.id);
      // The one before is gone and one is new; others' are as they were.
      before.delete(first.id);
      assert.deepEqual(new Set(known()), before.add(result.after));
      // Still in use, now with the new one only.
      const sofar = asked;
      while (asked < sofar + 10) await Promise.race([sleep(20), working]);
    } finally {
      over = true;
    }
    await working;

    const now = JSON.parse(await readFile(file, "utf8")) as Values;
    assert.notEqual(secretOf(now), first.secret);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    for (const note of [".next", ".making"]) await assert.rejects(stat(`${file}${note}`));
    const text = historyToJSON(await client.workflow.getHandle(workflowId).fetchHistory());
    const recorded = text.replaceAll(/"data":\s*"([^"]*)"/g, (_all, data: string) =>
      Buffer.from(data, "base64").toString(),
    );
    const trail = JSON.stringify((await store.audit.list({ limit: 100 })).items);
    const line = (pem: string) => pem.split("\n").at(-3) ?? pem;
    for (const value of [first.secret, secretOf(now)]) {
      for (const kept of [recorded, trail]) assert.ok(!kept.includes(line(value)), "a secret is on record");
    }
  });
}

const rotate = (site: string, workflowId: string): Promise<unknown> => {
  const args = [{ scheduleId: "s", secret: { kind: "site", site }, graceMs: 100 }];
  return client.workflow.execute("rotateSecret", { taskQueue, workflowId, args });
};
const saying = (words: string) => (error: Error) => String((error.cause as Error).cause).includes(words);

test("no more keys are removed than attempts that broke off can have made", async () => {
  const { file, known } = siteNamed("gcp");
  const { identity } = gcpLab.gcp.cloud;
  const before = known();
  const now = new Date().toISOString();
  const note = { mark: "NovaCron of this test", known: before, since: now, until: now, calls: 1 };
  const keep = (more: object) => writeFile(`${file}.making`, JSON.stringify({ ...note, ...more }), { mode: 0o600 });
  const others = [identity.createKey(gcpLab.gcp.endpoint), identity.createKey(gcpLab.gcp.endpoint)];
  const ids = others.map(({ private_key_id: id }) => id);
  await keep({});
  await assert.rejects(rotate("gcp", "rotation/too-many"), saying(ids.join(", ")));
  assert.deepEqual(new Set(known()), new Set([...before, ...ids]));

  // Of attempts of long ago they can't be.
  const longAgo = new Date(Date.now() - 3_600_000).toISOString();
  await keep({ since: longAgo, until: longAgo });
  const { before: old, after: inUse } = (await rotate("gcp", "rotation/long-ago")) as RotateSecretResult;
  assert.deepEqual(new Set(known()), new Set([...before, ...ids, inUse].filter((id) => id !== old)));
  await assert.rejects(stat(`${file}.making`));
});

test("a key that the site goes on refusing is removed again, and the one before stays in use", async () => {
  const { file, known, provider } = siteNamed("gcp");
  const there = new Set(known());
  const content = await readFile(file, "utf8");
  gcpLab.gcp.cloud.changeSettings({ ...gcpLab.gcp.cloud.settings, newKeyMs: 600_000 });
  const keys = provider.keys as KeysFacet;
  const hasty: KeysFacet = {
    acceptedWithinMs: 200,
    listKeys: (signal) => keys.listKeys(signal),
    createKey: (mark, signal) => keys.createKey(mark, signal),
    tryKey: (values, signal) => keys.tryKey(values, signal),
    retireKey: (keyId, signal) => keys.retireKey(keyId, signal),
  };
  impatient.set("gcp", { ...provider, keys: hasty });
  await assert.rejects(rotate("gcp", "rotation/refused"), saying("invalid authentication credentials"));
  impatient.clear();
  assert.deepEqual(new Set(known()), there);
  assert.equal(await readFile(file, "utf8"), content);
  for (const note of [".next", ".making"]) await assert.rejects(stat(`${file}${note}`));
});

test("no key is made where it is not said which one is in use", async () => {
  const { file, known } = siteNamed("azure");
  const { client_secret_id: _, ...values } = JSON.parse(await readFile(file, "utf8")) as Values;
  await writeFile(file, JSON.stringify(values));
  const there = known();
  await assert.rejects(rotate("azure", "rotation/unsaid"), saying("doesn't say which key"));
  assert.deepEqual(known(), there);
});
