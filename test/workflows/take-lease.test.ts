import assert from "node:assert/strict";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { GroupLeases } from "../../src/activities/group-leases.ts";
import { firstLease } from "../../src/domain/lease.ts";
import { tagKeys } from "../../src/domain/vm.ts";
import { createFolderProvider } from "../../src/providers/folder/index.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import type { TakeLeaseInput, TakeLeaseResult } from "../../src/workflows/take-lease/types.ts";
import { temporaryDir } from "../support/servers.ts";
import { registryOf, smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const dir = temporaryDir();
const pathOf = (site: string) => join(dir, site);
const providers = new Map(
  ["primary", "recovery"].map((site) => {
    mkdirSync(join(pathOf(site), "vms"), { recursive: true });
    const budget = () => ({ take: async () => undefined });
    const context = { site, budget, log: () => undefined };
    return [site, createFolderProvider({ storagePath: pathOf(site), context })];
  }),
);
for (const vmId of ["orders", "ledger"]) {
  const record = { format: 1, name: vmId, disks: [], nics: [] };
  writeFileSync(join(pathOf("primary"), "vms", `${vmId}.json`), JSON.stringify(record));
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

const leases = new GroupLeases(deps);
const signal = () => AbortSignal.timeout(60_000);
const vms = ["orders", "ledger"].map((vmId) => ({ vmId, name: vmId }));

async function leaseOf(groupId: string): Promise<void> {
  const terms = { durationMs: 60_000, marginMs: 15_000 };
  const first = firstLease({ groupId, holder: "primary", at: new Date().toISOString(), ...terms });
  await leases.change({ at: "recovery", groupId, key: `first ${groupId}` }, () => first, signal());
}

let runs = 0;
function take(groupId: string, more: Partial<TakeLeaseInput> = {}): Promise<TakeLeaseResult> {
  const place = { groupId, at: "recovery", from: "primary", to: "recovery", epoch: 1, vms, fenceWithinMs: 3_000 };
  const input: TakeLeaseInput = { ...place, key: `take-${groupId}`, ...more };
  const workflowId = `lease/${groupId}/${(runs += 1)}`;
  return client.workflow.execute("takeLease", { taskQueue, workflowId, args: [input] });
}

async function held(): Promise<readonly (string | undefined)[]> {
  const { compute } = await deps.registry.provider("primary");
  const seen = await Promise.all(vms.map(({ vmId }) => compute.getVm(vmId, signal())));
  return seen.map(({ tags }) => tags[tagKeys.fencedBy]);
}

test("a holder that has stopped hands its lease over, once, and nothing is turned off", async () => {
  await leaseOf("planned");
  const handed = { outcome: "taken", proof: "handed-over", epoch: 2 };
  assert.deepEqual(await take("planned", { planned: true }), handed);
  assert.deepEqual(await take("planned", { planned: true }), handed, "the same change of holder, repeated");
  assert.deepEqual(await held(), [undefined, undefined]);
  await assert.rejects(take("planned", { planned: true, key: "another" }), "primary holds it no more");
});

test("a site that answers turns the VMs off and holds them before its lease is taken", async () => {
  await leaseOf("answers");
  assert.deepEqual(await take("answers"), { outcome: "taken", proof: "fenced", epoch: 2 });
  assert.deepEqual(await held(), ["group/answers/1", "group/answers/1"]);
});

test("without an answer and without a watchdog a person decides, and is told what to make sure of", async () => {
  await leaseOf("silent");
  renameSync(pathOf("primary"), pathOf("away"));
  const asked = await take("silent");
  assert.equal(asked.outcome, "ask");
  assert.match(
    asked.outcome === "ask" ? asked.makeSureOf.join("\n") : "",
    /orders, ledger at primary are off[^]*API could not/,
  );
  const before = await leases.look("recovery", "silent", signal());
  assert.equal(before?.lease.holder, "primary", "nothing was taken yet");
  const confirmed = { by: "user/eve", text: "power is off" };
  assert.deepEqual(await take("silent", { confirmed }), { outcome: "taken", proof: "confirmed", epoch: 2 });
  const { lease } = (await leases.look("recovery", "silent", signal())) ?? {};
  assert.deepEqual([lease?.holder, lease?.confirmedBy], ["recovery", "user/eve: power is off"]);
  renameSync(pathOf("away"), pathOf("primary"));
});
