import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ProviderError } from "../../src/domain/errors.ts";
import type { Resource } from "../../src/domain/resource.ts";
import { defaultSavingsSettings } from "../../src/domain/savings/settings.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import type { AnalyseSavingsResult } from "../../src/workflows/analyse-savings/types.ts";
import { registryOf, smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const { store, client, temporalAddress } = await startServers();
const savings = { ...defaultSavingsSettings, harmLimit: 1 };
const site = "aws-us-east-1";
const place = { site, provider: "aws", region: "us-east-1" };
const gib = 2 ** 30;
const hourMs = 3_600_000;

function vm(name: string, tags: Record<string, string>): Resource {
  const size = { cpus: 8, memoryBytes: 32 * gib };
  const document = { tags, instance_type: "m5.2xlarge", capacity_type: "on-demand" };
  return { ...place, kind: "vm", resourceId: `i-${name}`, name, state: "running", ...size, tags, document };
}

let market = "us-east-1";
const deps = smallDeps({
  store,
  registry: { ...registryOf(), sites: [{ ...place, simulated: true }] },
  savings,
  settings() {
    const where = { operation: "read the prices", resource: site, reason: "no such market", action: "Name another." };
    if (market === "away") throw new ProviderError("InvalidInput", where);
    return { ceilings: {}, market: { provider: "aws", region: market } };
  },
});
const endWorker = await startSmallWorker(temporalAddress, deps);
after(async () => {
  await endWorker();
  await client.connection.close();
  await store.close();
});

const analyse = (): Promise<AnalyseSavingsResult> =>
  client.workflow.execute("analyseSavings", { taskQueue, workflowId: "savings/analysis", args: [] });

test("what VMs used and what they cost becomes recommendations, which callers see as far as they reach", async () => {
  await store.seedPrices();
  const now = new Date().toISOString();
  const vms = [vm("small", { env: "test" }), vm("unmeasured", { env: "prod" })];
  await store.inventory.replace(place, "vm", vms, now);
  const disk: Resource = {
    ...place,
    kind: "volume",
    resourceId: "vol-1",
    name: "vol-1",
    inUse: false,
    tags: {},
    document: {},
  };
  await store.inventory.replace(place, "volume", [{ ...disk, monthlyCostMicros: 9_000_000 }], now);
  await store.inventory.replace(place, "address", [], now);
  const from = Date.now() - 20 * 24 * hourMs;
  const samples = Array.from({ length: 20 * 24 }, (_, hour) => hour).flatMap((hour) => {
    const of = { site, resourceId: "i-small", at: new Date(from + hour * hourMs).toISOString() };
    return [
      { ...of, metric: "cpu.utilisation", value: 0.03 + 0.02 * (hour % 2) },
      { ...of, metric: "memory.used", value: 0.02 },
      { ...of, metric: "network.in", value: 1e6 },
    ];
  });
  await store.metrics.write(samples);
  assert.equal(await store.savings.shown(), undefined);
  const { analysisId, recommendations } = await analyse();
  const shown = await store.savings.shown();
  const { totals } = shown ?? {};
  assert.deepEqual([shown?.state, shown?.analysisId, shown?.settings.harmLimit], ["completed", analysisId, 1]);
  assert.deepEqual([totals?.resources, totals?.recommendations], [3, recommendations]);

  const list = async (recommended: boolean, more = {}) =>
    (await store.savings.list(analysisId, { limit: 10, recommended, ...more })).items;
  const [first, ...others] = await list(true);
  assert.ok(first?.recommended && first.type === "rightsize" && first.name === "small", JSON.stringify(first));
  assert.ok(
    first.evidence.some((line) => line.startsWith("Memory: at most 0.64 of 32.00 GiB")),
    first.evidence.join(),
  );
  assert.ok(others.every((each) => each.recommended && each.type === "commit"));
  const reasons = (await list(false)).map((each) => [each.name, each.recommended ? "" : each.reason]);
  assert.deepEqual(
    reasons.map(([name]) => String(name)).sort((a, b) => a.localeCompare(b)),
    ["unmeasured", "vol-1"],
  );
  assert.match(reasons.find(([name]) => name === "vol-1")?.[1] ?? "", /only since 0\.0 days/);

  const onlyTest = { scopes: [{ site, tags: { env: "test" } }] };
  assert.deepEqual(
    (await list(true, onlyTest)).map(({ name }) => name),
    ["small"],
  );
  assert.deepEqual(await list(false, onlyTest), []);
  const sums = await store.savings.sums(analysisId, onlyTest.scopes);
  assert.deepEqual(sums, [{ type: "rightsize", count: 1, savingMicros: first.potentialSavings.micros }]);

  const page = await store.savings.list(analysisId, { limit: 1, recommended: true });
  const rest = await store.savings.list(analysisId, { limit: 10, recommended: true, cursor: page.nextCursor });
  assert.deepEqual(rest.items, others);

  market = "away";
  await assert.rejects(analyse());
  const [newest, still] = [await store.savings.newest(), await store.savings.shown()];
  assert.deepEqual([newest?.state, still?.analysisId], ["failed", analysisId], "what was known stays");
  assert.match(newest?.reason ?? "", /no such market/);
});
