import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BurstSite } from "../../bench/lib/burst-site.ts";
import type { BurstLeaseState } from "../../src/domain/burst.ts";
import { type BurstRequest, resolveBurst } from "../../src/domain/burst-request.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { ensureBurstPools } from "../../src/temporal/burst-pools.ts";
import { startApplication, startHaproxy } from "../providers/support/haproxy.ts";
import { smallDeps, startServers, startSmallListener, startSmallWorker } from "../support/small-worker.ts";

/** Far more than is needed: the machine may be at something else. */
const patienceMs = 90_000;
const own = await startApplication("own");
const haproxy = await startHaproxy(own.port);
const gcp = new BurstSite("gcp-us-central1", ["e2-standard-2"]);
const aws = new BurstSite("aws-us-east-1", ["m6i.large"]);
const markets = {
  "gcp-us-central1": { provider: "gcp", region: "us-central1" },
  "aws-us-east-1": { provider: "aws", region: "us-east-1" },
} as const;
const balancing = typeof haproxy === "string" ? undefined : haproxy.balancing;
const onPremise = { site: "onprem-a", capabilities: {}, loadBalancing: balancing } as unknown as Provider;
const providers = new Map<string, Provider>([
  ["onprem-a", onPremise],
  [gcp.site, gcp.provider],
  [aws.site, aws.provider],
]);

const { store, client, temporalAddress } = await startServers();
await store.seedPrices();
const open = new Map<string, boolean>();
const deps = smallDeps({
  registry: {
    sites: [...providers.keys()].map((site) => ({ site, provider: "made-up", simulated: true })),
    async provider(site) {
      const found = providers.get(site);
      assert.ok(found, site);
      return found;
    },
  },
  store,
  runIsOpen: async (workflowId) => open.get(workflowId) ?? true,
  settings: (site) => ({ ceilings: {}, market: markets[site as keyof typeof markets] }),
});
let ends = [await startSmallWorker(temporalAddress, deps), await startSmallListener(temporalAddress, deps)];
after(async () => {
  await Promise.all(ends.map((end) => end()));
  await Promise.all([gcp.close(), aws.close(), own.close()]);
  if (typeof haproxy !== "string") await haproxy.close();
});

const wanted: BurstRequest = {
  ...{ name: "web", site: "onprem-a", sites: [gcp.site, aws.site], ownVms: 1, owner: "team-web", cooldownSeconds: 2 },
  template: { cpus: 2, memoryBytes: 8 * 2 ** 30, image: "golden", port: 8080 },
  signals: [{ metric: "cpu.utilisation", sustainSeconds: 3 }],
  ...{ sampleSeconds: 1, maxVms: 4, leastBilledSeconds: 1 },
  ...(balancing ? { balancer: { site: "onprem-a", poolId: "web" } } : {}),
};
let load = 0.3;
/** What an on-premise site's agents would say, each second. */
const feeding = new AbortController();
const feed = (async () => {
  while (!feeding.signal.aborted) {
    const at = new Date().toISOString();
    const sample = { site: "onprem-a", resourceId: "app", metric: "cpu.utilisation", at, value: load };
    // The store goes with the file's end, maybe before this.
    await store.metrics.write([sample]).catch(() => feeding.abort());
    await sleep(500, undefined, { signal: feeding.signal }).catch(() => undefined);
  }
})();
after(async () => {
  feeding.abort();
  await feed;
});

async function makePool(poolId: string, change: Partial<BurstRequest> = {}): Promise<void> {
  const settings = resolveBurst({ ...wanted, ...change, name: poolId }, "user/ada");
  await store.burstPools.create({ poolId, settings, createdBy: "user/ada" });
  await ensureBurstPools(client, [{ poolId, name: poolId }]);
}

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ; await sleep(100)) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < deadline, `${what} within ${patienceMs} ms`);
  }
}

const leasesOf = async (poolId: string, state: BurstLeaseState) =>
  (await store.burstLeases.of(poolId, "2000-01-01T00:00:00Z")).filter((lease) => lease.state === state);
const reasons = async (poolId: string) => (await store.burstPools.decisions(poolId, { limit: 100 })).items;
const left = () => [gcp, aws].map(({ vms, volumes }) => vms.size + volumes.size);

async function endPool(poolId: string): Promise<void> {
  load = 0.3;
  await store.burstPools.end(poolId, "deleting");
  await until("the pool's end", async () => (await store.burstPools.get(poolId))?.state === "deleted");
  assert.deepEqual(left(), [0, 0]);
}

test("a load above the threshold brings VMs of the cheapest site, which serve, drain and vanish with it", async (context) => {
  if (typeof haproxy === "string") context.diagnostic(`without a balancer: ${haproxy}`);
  await makePool("web");
  await until("a look", async () => (await reasons("web"))[0]?.reason === "under-threshold");
  load = 0.95;
  const burst = await until("a burst", async () => (await reasons("web")).find(({ action }) => action === "burst"));
  // As the load is spread over one more.
  load = 0.65;
  const [served] = await until("a VM that serves", async () => {
    const serving = await leasesOf("web", "serving");
    return serving.length > 0 && serving;
  });
  // 0.95 of one VM's worth takes 1.27 at 0.75: one more.
  assert.deepEqual([served?.site, served?.instanceType, served?.owner], [gcp.site, "e2-standard-2", "team-web"]);
  assert.deepEqual([burst?.reason, burst?.wanted], ["load", 1]);
  assert.deepEqual(
    burst?.candidates.map(({ site }) => site),
    [gcp.site, aws.site],
  );
  assert.ok((await reasons("web")).some(({ reason }) => reason === "not-sustained"));
  if (typeof haproxy !== "string") {
    const asked = new Set<string>();
    while (asked.size < 2) asked.add(await haproxy.ask());
    assert.deepEqual([...asked].sort(), [`${gcp.site}/${served?.vmName}`, "own"]);
  }
  load = 0.2;
  const [gone] = await until("its end", async () => {
    const removed = await leasesOf("web", "removed");
    return removed.length > 0 && removed;
  });
  assert.match(gone?.leaveReason ?? "", /does not need it/);
  assert.deepEqual(gone?.steps.map(({ step }) => step).slice(-4), ["serving", "leaving", "drained", "removed"]);
  assert.deepEqual(left(), [0, 0]);
  if (balancing)
    assert.equal((await Array.fromAsync(balancing.listTargets("web", AbortSignal.timeout(10_000)))).length, 1);
  await endPool("web");
});

test("where the cheapest has no room, or fails in a way nobody knows, the next is taken at once; that is remembered", async () => {
  gcp.refuses = "InsufficientCapacity";
  await makePool("full");
  await store.burstPools.order("full", 1);
  const [first] = await until("a VM", async () => {
    const serving = await leasesOf("full", "serving");
    return serving.length > 0 && serving;
  });
  assert.equal(first?.site, aws.site);
  assert.deepEqual(
    first?.problems.map(({ site, code }) => [site, code]),
    [[gcp.site, "InsufficientCapacity"]],
  );
  const tried = gcp.creates;
  // Its answer is lost: what it made must not stay.
  gcp.refuses = undefined;
  await store.burstPools.order("full", 2);
  await until("a second", async () => (await leasesOf("full", "serving")).length === 2);
  assert.equal(gcp.creates, tried, "it is not asked again so soon");
  const burst = (await reasons("full")).find(({ action }) => action === "burst");
  assert.match(
    burst?.candidates.find(({ site }) => site === gcp.site)?.detail ?? "",
    /InsufficientCapacity.*not asked again before/,
  );
  await store.burstLeases.forgetBackOff({ site: gcp.site, instanceType: "e2-standard-2", capacityType: "on-demand" });
  gcp.losesAnswers = true;
  await store.burstPools.order("full", 3);
  await until("a third", async () => (await leasesOf("full", "serving")).length === 3);
  assert.ok(gcp.creates > tried);
  assert.deepEqual(left(), [0, 6]);
  gcp.losesAnswers = false;
  await store.burstLeases.forgetBackOff({ site: gcp.site, instanceType: "e2-standard-2", capacityType: "on-demand" });
  await endPool("full");
});

test("a VM that its site takes back is replaced, and a budget bounds what is ordered", async () => {
  // A lease of an hour at gcp costs at least 0.067 USD: there is room for two.
  await makePool("spot", { leaseSeconds: 3_600, monthlyBudget: { micros: 140_000, currency: "USD" } });
  await store.burstPools.order("spot", 3);
  await until("two", async () => (await leasesOf("spot", "serving")).length === 2);
  await until("why no third", async () => (await reasons("spot"))[0]?.reason === "no-budget");
  await store.burstPools.order("spot", 1);
  const [lost] = await leasesOf("spot", "serving");
  await gcp.remove(lost?.vmId ?? "");
  const ended = await until("its end", async () => (await leasesOf("spot", "removed"))[0]);
  assert.match(ended.leaveReason ?? "", /does not have it any more|does not need it/);
  await endPool("spot");
});

test("whatever dies in between, a VM is looked after to its end, and what nobody looks after is swept", async () => {
  await makePool("dying");
  await store.burstPools.order("dying", 2);
  await until("two", async () => gcp.vms.size === 2);
  // The workers go in the middle of it, and others come.
  await Promise.all(ends.map((end) => end()));
  ends = [await startSmallWorker(temporalAddress, deps), await startSmallListener(temporalAddress, deps)];
  const serving = await until("both", async () => {
    const found = await leasesOf("dying", "serving");
    return found.length === 2 && found;
  });
  assert.equal(gcp.vms.size, 2);
  // Somebody ends a run by force: nobody is there to remove its VM.
  const [lost] = serving;
  assert.ok(lost);
  await client.workflow.getHandle(`burst-lease/${lost.leaseId}`).terminate("for the test");
  open.set(`burst-lease/${lost.leaseId}`, false);
  const sweep = await client.workflow.execute("sweepBursts", { taskQueue: "novacron", workflowId: "sweep-in-test" });
  assert.equal((sweep as { removed: string[] }).removed.length, 2);
  assert.equal(gcp.vms.has(lost.vmId ?? ""), false);
  await until("another one", async () => (await leasesOf("dying", "serving")).length === 2);
  await endPool("dying");
  const [totals] = (await store.burstLeases.totals()).filter(({ pool }) => pool === "dying");
  assert.ok(totals && totals.active === 0 && totals.costMicros > 0 && totals.currency === "USD");
});
