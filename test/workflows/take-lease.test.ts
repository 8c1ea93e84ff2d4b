import assert from "node:assert/strict";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { GroupLeases } from "../../src/activities/group-leases.ts";
import { firstLease, type LeaseTerms, renewed } from "../../src/domain/lease.ts";
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

const long = { durationMs: 60_000, marginMs: 15_000 };
const short = { durationMs: 800, marginMs: 200 };

async function leaseOf(groupId: string, terms: LeaseTerms = long): Promise<void> {
  const first = firstLease({ groupId, holder: "primary", at: new Date().toISOString(), ...terms });
  await leases.change({ at: "recovery", groupId, key: `first ${groupId}` }, () => first, signal());
}

/** As a watchdog of the primary does. */
async function renew(groupId: string, key: string): Promise<void> {
  const claim = () => ({ groupId, site: "primary", watched: true, at: new Date().toISOString() });
  await leases.change({ at: "recovery", groupId, key }, (lease) => renewed(lease, claim()), signal());
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

test("a lease runs out while its site is asked, and a site that answers is waited for no longer", async () => {
  await Promise.all([leaseOf("runs-out", short), leaseOf("answers-first")]);
  await Promise.all([renew("runs-out", "1"), renew("answers-first", "1")]);
  const first = performance.now();
  assert.deepEqual(await take("answers-first"), { outcome: "taken", proof: "fenced", epoch: 2 });
  renameSync(pathOf("primary"), pathOf("away"));
  const expired = { outcome: "taken", proof: "expired", epoch: 2 };
  assert.deepEqual(await take("runs-out", { fenceWithinMs: 60_000, lookEveryMs: 50 }), expired);
  assert.ok(performance.now() - first < 45_000, "neither waited for the other");
  renameSync(pathOf("away"), pathOf("primary"));
});

test("a lease that is renewed while its site is asked is counted anew, and kept where that goes on", async () => {
  await Promise.all([leaseOf("lives", short), leaseOf("dies", short)]);
  await Promise.all([renew("lives", "0"), renew("dies", "0")]);
  renameSync(pathOf("primary"), pathOf("away"));
  let isLiving = true;
  const renewing = (async () => {
    for (let count = 1; isLiving; count += 1) {
      await renew("lives", `${count}`);
      if (count < 7) await renew("dies", `${count}`);
      await sleep(200);
    }
  })();
  const quick = { lookEveryMs: 50 };
  const died = take("dies", { ...quick, fenceWithinMs: 60_000 });
  await assert.rejects(take("lives", { ...quick, fenceWithinMs: 3_000 }), (error: Error) =>
    /has just renewed it/.test((error.cause as Error).message),
  );
  assert.deepEqual(await died, { outcome: "taken", proof: "expired", epoch: 2 });
  isLiving = false;
  await renewing;
  assert.equal((await leases.look("recovery", "lives", signal()))?.lease.holder, "primary");
  renameSync(pathOf("away"), pathOf("primary"));
});
