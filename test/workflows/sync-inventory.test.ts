import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@temporalio/client";
import { ProviderError } from "../../src/domain/errors.ts";
import type { SiteSync } from "../../src/domain/inventory.ts";
import { parseSearch } from "../../src/domain/search/parser.ts";
import type { MetricsFacet, MetricsQuery } from "../../src/providers/metrics-facet.ts";
import { ensureCollectors } from "../../src/temporal/collectors.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { ensureInventorySchedules } from "../../src/temporal/schedules.ts";
import { emptyRegion, type Region, regionProvider, vmIn } from "../support/small-cloud.ts";
import { smallDeps, startServers, startSmallListener, startSmallWorker } from "../support/small-worker.ts";

const names = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1"];
const places = names.map((region) => ({ site: `aws-${region}`, provider: "aws", region, simulated: true }));
const regions = new Map<string, Region>(places.map(({ site }) => [site, emptyRegion()]));

const { store, client, temporalAddress } = await startServers();
const asked: MetricsQuery[] = [];
/** As a cloud that keeps what it measured. */
const metricsOf = (site: string): MetricsFacet => ({
  ...{ metrics: ["cpu.utilisation"], stepSeconds: 1, delaySeconds: 0, keepsHistory: true },
  async *read(query) {
    asked.push(query);
    if (asked.length === 1) throw away("Unavailable");
    for (const { vmId } of query.vms) {
      yield { site, resourceId: vmId, metric: "cpu.utilisation", at: query.from, value: 0.5 };
    }
  },
});
const measured = "aws-eu-central-1";
const deps = smallDeps({
  registry: {
    sites: places,
    async provider(site) {
      const provider = regionProvider(site, "aws", regionOf(site));
      return site === measured ? { ...provider, metrics: metricsOf(site) } : provider;
    },
  },
  store,
});
const endWorker = await startSmallWorker(temporalAddress, deps);
after(async () => {
  await endWorker();
  await client.connection.close();
  await store.close();
});

function regionOf(site: string): Region {
  const region = regions.get(site);
  assert.ok(region, site);
  return region;
}

let runs = 0;
function sync(to: Client, site: string): Promise<SiteSync> {
  const workflowId = `inventory/${site}/${++runs}`;
  return to.workflow.execute("syncInventory", { taskQueue, workflowId, args: [{ site }] });
}

async function found(text: string): Promise<string[]> {
  const parsed = parseSearch(text, Date.now());
  assert.ok(parsed.ok);
  const page = await store.resources.search({ ...parsed.query, limit: 100 });
  return page.items.map(({ site, kind, name }) => `${site} ${kind} ${name}`);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds()) && Date.now() < deadline) await sleep(50);
}

const away = (code: "Unavailable" | "CloudPermissionDenied") =>
  new ProviderError(code, {
    operation: "list",
    resource: "aws/eu-west-1",
    reason: "the region does not answer",
    action: "Wait.",
  });

describe("an inventory of five regions", () => {
  test("has everything of each, under one name for all kinds", async () => {
    for (const [index, { site }] of places.entries()) {
      const region = regionOf(site);
      region.vms = [vmIn(site, `web-${index}`), vmIn(site, `db-${index}`, { state: "stopped", tags: { env: "prod" } })];
    }
    const first = regionOf("aws-us-east-1");
    first.volumes = [
      { volumeId: "vol-1", sizeBytes: 2 ** 34, vmId: "i-web-0", type: "gp3", tags: { Name: "root" } },
      { volumeId: "vol-2", sizeBytes: 2 ** 35, type: "gp3", tags: {} },
    ];
    first.addresses = [{ addressId: "eip-1", address: "203.0.113.7", tags: {} }];
    first.groups = [{ securityGroupId: "sg-1", name: "web", virtualNetworkId: "vpc-1", rules: [], tags: {} }];
    first.networks = [{ networkId: "subnet-1", name: "a", kind: "subnet", active: true, virtualNetworkId: "vpc-1" }];
    await Promise.all(places.map(({ site }) => sync(client, site)));
    assert.equal((await found("vms")).length, 10);
    assert.deepEqual(await found("site:aws-us-east-1 -vms"), [
      "aws-us-east-1 address 203.0.113.7",
      "aws-us-east-1 subnet a",
      "aws-us-east-1 volume root",
      "aws-us-east-1 volume vol-2",
      "aws-us-east-1 security-group web",
    ]);
    assert.deepEqual(await found("unused"), ["aws-us-east-1 address 203.0.113.7", "aws-us-east-1 volume vol-2"]);
    assert.deepEqual(await found("vpc-1"), ["aws-us-east-1 subnet a", "aws-us-east-1 security-group web"]);
  });

  test("a reading that a newer one overtakes ends with that one, not before its rows are there", async () => {
    const site = "aws-ap-south-1";
    const region = regionOf(site);
    const [older, newer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    region.holds.push(older.promise, newer.promise);
    const read = () =>
      client.workflow.execute("syncInventory", {
        taskQueue,
        workflowId: `inventory/${site}/${++runs}`,
        args: [{ site, kinds: ["vm"] }],
      }) as Promise<SiteSync>;
    const overtaken = read();
    await until(async () => region.holds.length === 1);
    region.vms.push(vmIn(site, "just-made"));
    const overtaking = read();
    await until(async () => region.holds.length === 0);
    let ended = false;
    void overtaken.then(() => {
      ended = true;
    });
    older.resolve();
    await sleep(500);
    newer.resolve();
    assert.equal(ended, false, "its rows are not there yet");
    const [first, second] = await Promise.all([overtaken, overtaking]);
    assert.ok(first.startedAt < second.startedAt);
    assert.deepEqual(await found("name:just-made"), [`${site} vm just-made`]);
    region.vms.pop();
    await sync(client, site);
  });

  test("keeps the rows of a region that fails, with their age and the reason, and reads the others", async () => {
    const failing = regionOf("aws-eu-west-1");
    failing.vms = [];
    failing.failing = {
      vms: away("Unavailable"),
      networks: away("Unavailable"),
      groups: away("Unavailable"),
      volumes: away("Unavailable"),
      snapshots: away("Unavailable"),
      addresses: away("Unavailable"),
    };
    regionOf("aws-us-west-2").vms.push(vmIn("aws-us-west-2", "new"));
    const before = new Map((await store.resources.freshness()).map((row) => [`${row.site}/${row.kind}`, row]));
    const results = await Promise.allSettled(places.map(({ site }) => sync(client, site)));
    // The census of our own is not a call to the region in this test: recovery points can still be read.
    assert.deepEqual(
      results.map(({ status }) => status),
      places.map(() => "fulfilled"),
    );
    assert.deepEqual((await found("site:aws-eu-west-1")).length, 2);
    assert.deepEqual((await found("name:new")).length, 1);
    const after = new Map((await store.resources.freshness()).map((row) => [`${row.site}/${row.kind}`, row]));
    const row = after.get("aws-eu-west-1/vm");
    assert.match(row?.error ?? "", /the region does not answer/);
    assert.deepEqual([row?.observedAt, row?.resources], [before.get("aws-eu-west-1/vm")?.observedAt, 2]);
    const other = after.get("aws-us-west-2/vm");
    assert.equal(other?.error, undefined);
    assert.ok((other?.observedAt ?? "") > (before.get("aws-us-west-2/vm")?.observedAt ?? ""));
  });

  test("reads the other kinds where one is refused", async () => {
    const region = regionOf("aws-eu-west-1");
    region.failing = { snapshots: away("CloudPermissionDenied") };
    const { kinds } = await sync(client, "aws-eu-west-1");
    const errors = kinds.filter(({ error }) => error !== undefined).map(({ kind }) => kind);
    assert.deepEqual(errors, ["snapshot"]);
    assert.deepEqual(await found("site:aws-eu-west-1"), []);
  });

  test("reads a single VM again when it is told of a change, also of its end", async () => {
    const region = regionOf("aws-ap-south-1");
    const [web, db] = region.vms;
    assert.ok(web && db);
    region.vms = [{ ...web, state: "stopped" }];
    const resources = [web, db].map(({ vmId }) => ({ site: "aws-ap-south-1", kind: "vm", resourceId: vmId }));
    await client.workflow.execute("refreshResources", { taskQueue, workflowId: "refresh/1", args: [{ resources }] });
    assert.deepEqual(await found("site:aws-ap-south-1 vms"), ["aws-ap-south-1 vm web-4"]);
    assert.deepEqual(await found("site:aws-ap-south-1 state:stopped"), ["aws-ap-south-1 vm web-4"]);
  });

  test("is read by schedule, each region on its own; a region that is no longer configured is left alone", async () => {
    const intervals = { intervalMs: 3_600_000, fullIntervalMs: 7_200_000 };
    await ensureInventorySchedules(client, ["aws-us-east-1", "gone"], intervals);
    await ensureInventorySchedules(client, ["aws-us-east-1"], intervals);
    const left = async () => (await Array.fromAsync(client.schedule.list())).map(({ scheduleId }) => scheduleId).sort();
    const wanted = ["inventory-of-aws-us-east-1", "inventory-rest-of-aws-us-east-1"];
    // Temporal's lists follow with a delay.
    await until(async () => (await left()).join() === wanted.join());
    assert.deepEqual(await left(), wanted);
    // At once, and then at its interval.
    const actions = async () => (await client.schedule.getHandle("inventory-of-aws-us-east-1").describe()).info;
    await until(async () => (await actions()).recentActions.length > 0);
    assert.equal((await actions()).recentActions.length, 1);
    await until(async () => (await actions()).runningActions.length === 0);
    regionOf("aws-us-east-1").vms.push(vmIn("aws-us-east-1", "scheduled"));
    await client.schedule.getHandle("inventory-of-aws-us-east-1").trigger();
    await until(async () => (await found("name:scheduled")).length > 0);
    assert.equal((await found("name:scheduled")).length, 1);
  });
});

test("housekeeping drops lines that are older than they are kept, and says so in the trail", async () => {
  const line = (message: string, agoMs: number) => ({
    at: new Date(Date.now() - agoMs).toISOString(),
    ...{ level: "info" as const, process: "api", message, facts: {} },
  });
  await store.logs.append([line("long ago", 3 * 86_400_000), line("yesterday", 86_400_000)]);
  const keepHouse = (input: object): Promise<{ logLines: number }> =>
    client.workflow.execute("keepHouse", { taskQueue, workflowId: `housekeeping/${++runs}`, args: [input] });
  // As a schedule of an earlier version asks for it.
  assert.equal((await keepHouse({ historyMs: 86_400_000 })).logLines, 0);
  assert.equal((await keepHouse({ historyMs: 86_400_000, logsMs: 2 * 86_400_000 })).logLines, 1);
  assert.deepEqual(
    (await store.logs.list({ limit: 10 })).items.map(({ message }) => message),
    ["yesterday"],
  );
  const [entry] = (await store.audit.list({ action: "activity.dropOldRecords", limit: 1 })).items;
  assert.match(entry?.entry ?? "", /"log_lines":1/);
});

test("figures of a site are read for as long as it is configured: from long ago at first, then from the newest on", async () => {
  const endListener = await startSmallListener(temporalAddress, deps);
  await ensureCollectors(client, [measured, "aws-us-east-1"]);
  const running = regionOf(measured).vms.filter(({ state }) => state === "running");
  await until(async () => asked.length >= 5);
  // The first reading failed; it is made up for.
  const [, long, fine, next] = asked;
  const since = (query: MetricsQuery | undefined) => Date.now() - Date.parse(query?.from ?? "");
  assert.ok(since(long) > 13 * 86_400_000 && long?.stepSeconds === 3_600 && long.to === fine?.from);
  assert.deepEqual(
    fine?.vms.map(({ vmId }) => vmId),
    running.map(({ vmId }) => vmId),
  );
  assert.ok(Date.parse(next?.from ?? "") >= Date.parse(fine?.from ?? "") - 1_000_000);
  const at = (of: MetricsQuery | undefined) => ({
    from: of?.from ?? "",
    to: new Date(Date.parse(of?.from ?? "") + 1).toISOString(),
  });
  const kept = await store.metrics.range({ site: measured, metric: "cpu.utilisation", ...at(fine) });
  assert.deepEqual(
    kept.map(({ points }) => points[0]?.value),
    running.map(() => 0.5),
  );
  // A site that measures nothing has no run for it.
  const none = client.workflow.getHandle("metrics/aws-us-east-1");
  await until(async () => (await none.describe()).status.name === "COMPLETED");
  await ensureCollectors(client, []);
  const handle = client.workflow.getHandle(`metrics/${measured}`);
  await until(async () => (await handle.describe()).status.name === "CANCELLED");
  assert.equal((await handle.describe()).status.name, "CANCELLED");
  await endListener();
});
