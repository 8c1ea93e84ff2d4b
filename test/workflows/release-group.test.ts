import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { GroupLeases } from "../../src/activities/group-leases.ts";
import { firstLease } from "../../src/domain/lease.ts";
import { resolvePolicy } from "../../src/domain/protection-policy.ts";
import { tagKeys } from "../../src/domain/vm.ts";
import { createFolderProvider } from "../../src/providers/folder/index.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { temporaryDir } from "../support/servers.ts";
import { registryOf, smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const dir = temporaryDir();
const vmIds = ["orders", "ledger"];
const providers = new Map(
  ["primary", "recovery"].map((site) => {
    const storagePath = join(dir, site);
    mkdirSync(join(storagePath, "vms"), { recursive: true });
    const budget = () => ({ take: async () => undefined });
    return [site, createFolderProvider({ storagePath, context: { site, budget, log: () => undefined } })];
  }),
);
for (const vmId of vmIds) {
  const record = { format: 1, name: vmId, disks: [], nics: [] };
  writeFileSync(join(dir, "primary/vms", `${vmId}.json`), JSON.stringify(record));
}
const { store, client, temporalAddress } = await startServers();
const deps = smallDeps({
  registry: registryOf(providers),
  store,
});
const end = await startSmallWorker(temporalAddress, deps);
after(async () => {
  await end();
  await client.connection.close();
  await store.close();
});
const signal = () => AbortSignal.timeout(60_000);
const held = "group/shop/0";

async function hold(): Promise<void> {
  const compute = providers.get("primary")?.compute;
  for (const vmId of vmIds) await compute?.setTags(vmId, { [tagKeys.fencedBy]: held }, signal());
}

async function holds(): Promise<readonly (string | undefined)[]> {
  const compute = providers.get("primary")?.compute;
  assert.ok(compute);
  return Promise.all(vmIds.map(async (vmId) => (await compute.getVm(vmId, signal())).tags[tagKeys.fencedBy]));
}

function release(key: string): Promise<unknown> {
  const args = [{ groupId: "shop", key, by: "user/eve", madeSureOf: "the link is back" }];
  return client.workflow.execute("releaseGroup", { taskQueue, workflowId: `protection-release/shop/${key}`, args });
}

const policy = resolvePolicy({ primarySite: "primary", recoverySite: "recovery", watchdog: true }, {});
assert.ok(policy);
await store.protection.create({
  ...{ groupId: "shop", name: "shop", workflowId: "protection/shop", policy, createdBy: "user/test" },
  members: vmIds.map((vmId, position) => ({ position, name: vmId, vmId, tags: {} })),
});

test("what was cut off is released on a person's word, which is kept", async () => {
  await hold();
  assert.deepEqual(await release("first"), { site: "primary", vmIds });
  assert.deepEqual(await holds(), [undefined, undefined]);
  const { items } = await store.protection.events("shop", { limit: 10, type: "lease" });
  assert.match(items[0]?.message ?? "", /user\/eve released .* made sure of this: the link is back/);
});

test("nothing is released while a failover has the group", async () => {
  await hold();
  await store.takeovers.claim({ groupId: "shop", failoverId: "f", epoch: 0, message: "a test" });
  await store.takeovers.closeWritable({ groupId: "shop", failoverId: "f" });
  await assert.rejects(release("second"));
  assert.deepEqual(await holds(), [held, held]);
  await store.takeovers.abandon({ groupId: "shop", failoverId: "f", message: "a test" });
});

test("nothing is released where another site holds the lease", async () => {
  const leases = new GroupLeases(deps);
  const terms = { durationMs: 60_000, marginMs: 15_000 };
  const taken = firstLease({ groupId: "shop", holder: "recovery", epoch: 1, at: new Date().toISOString(), ...terms });
  await leases.change({ at: "recovery", groupId: "shop", key: "taken" }, () => taken, signal());
  await assert.rejects(release("third"));
  assert.deepEqual(await holds(), [held, held]);
});
