import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CostBook } from "../../src/costs/index.ts";
import { nextMonth } from "../../src/domain/cost.ts";
import type { CostModel } from "../../src/domain/cost-model.ts";
import { LibvirtCosts } from "../../src/providers/libvirt/costs.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { connectClient } from "../../src/temporal/connection.ts";
import { ensureCostSchedules } from "../../src/temporal/schedules.ts";
import { registryOf, smallDeps, startSmallWorker } from "../support/small-worker.ts";
import { keepVms, sampleVm } from "./support/activities.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after }, { worker: false });
const costs = new CostBook({ costs: api.store.costs });
const model: CostModel = {
  ...{ currency: "EUR", hardwarePrice: 7_300, lifeMonths: 10, cpus: 16, memoryBytes: 16 * 2 ** 30 },
  ...{ powerWatts: 0, powerPrice: 0, powerOverhead: 1, licencesMonth: 0 },
};
const metered = (month: string) => api.store.resources.metered("onprem-a", `${month}-01`, nextMonth(month));
const host = { kind: "libvirt", capabilities: {}, costs: new LibvirtCosts("onprem-a", model, metered) };
const registry = registryOf(new Map([["onprem-a", host as unknown as Provider]]));
const stop = await startSmallWorker(api.temporalAddress, smallDeps({ registry, store: api.store, costs }));
after(async () => {
  await stop();
  await costs.close();
});

interface Import {
  readonly import_id: string;
  readonly state: string;
  readonly message?: string;
  readonly months: readonly string[];
  readonly rows: number;
}

const head =
  "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargeFrequency,ChargePeriodStart,ChargePeriodEnd,ServiceCategory,ServiceName,ResourceId,Tags";
const row = (cost: string, vm: string, project: string) =>
  `${cost},${cost},${cost},${cost},acme,USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,Usage,Usage-Based,2026-10-02T00:00:00Z,2026-10-03T00:00:00Z,Compute,Machines,${vm},"{""project"":""${project}""}"`;

async function upload(text: string, source = "acme"): Promise<Import> {
  const path = `/v1/costs/uploads?source=${source}&provider=libvirt&site=onprem-a&file_name=costs.csv`;
  const headers = { "content-type": "application/octet-stream" };
  const begun = await api.call("POST", path, { text, headers });
  assert.equal(begun.status, 202, JSON.stringify(begun.body));
  let now = begun.body as unknown as Import;
  while (now.state === "waiting" || now.state === "running") {
    await sleep(50);
    now = (await api.call("GET", `/v1/costs/imports/${now.import_id}`)).body as unknown as Import;
  }
  return now;
}

test("a file is imported by a run, once, and what it cost is shown to whom it concerns", async () => {
  const text = [head, row("1.5", "vm-1", "web"), row("2", "vm-2", "db")].join("\n");
  const taken = await upload(text);
  assert.deepEqual([taken.state, taken.months, taken.rows], ["imported", ["2026-10"], 2]);
  assert.equal((await upload(text)).state, "unchanged");
  const asked = "/v1/costs?from=2026-10-01&to=2026-11-01&group_by=tag:project&where=source=acme";
  const { body } = await api.call("GET", asked);
  const { groups, totals } = body as unknown as {
    groups: readonly { key: object; effective: number }[];
    totals: readonly { effective: number }[];
  };
  assert.deepEqual(
    groups.map(({ key, effective }) => [key, effective]),
    [
      [{ "tag:project": "db" }, 2_000_000],
      [{ "tag:project": "web" }, 1_500_000],
    ],
  );
  assert.equal(totals[0]?.effective, 3_500_000);
  // The upload is gone once it was taken.
  assert.deepEqual(await api.sql("select 1 from cost_uploads"), []);
});

test("a file that breaks a rule is refused with the rule, and leaves what was there", async () => {
  const refused = await upload([head, row("much", "vm-1", "web")].join("\n"));
  assert.equal(refused.state, "refused");
  assert.match(refused.message ?? "", /BilledCost is missing, or can't be read in 1 row/);
  const { body } = await api.call("GET", "/v1/costs?from=2026-10-01&to=2026-11-01&where=source=acme");
  assert.equal((body as unknown as { totals: { billed: number }[] }).totals[0]?.billed, 3_500_000);
});

test("an invoice is held against the rows", async () => {
  const amount = { micros: 3_500_000, currency: "USD" };
  const said = { source: "acme", month: "2026-10", amount, said_by: "invoice 7" };
  const { status, body } = await api.call("POST", "/v1/costs/statements", { body: said });
  assert.equal(status, 200);
  assert.equal(body.items[0]?.state, "agrees");
});

test("what makes no sense is refused with what would", async () => {
  const wrong = await api.call("GET", "/v1/costs?group_by=colour");
  assert.equal(wrong.status, 400);
  assert.match(wrong.body.action, /service/);
  assert.equal((await api.call("GET", "/v1/costs?from=2026-11-02&to=2026-11-02")).status, 400);
});

test("shared costs are divided by a rule, and a budget says how it stands", async () => {
  const network = row("1", "lb-1", "").replace(",acme,", ",shared,");
  assert.equal((await upload([head, network].join("\n"), "shared")).state, "imported");
  const rule = { name: "network", where: "source=shared", method: "use" };
  assert.equal((await api.call("POST", "/v1/costs/split-rules", { body: rule })).status, 200);
  const { body } = await api.call("GET", "/v1/costs/chargeback?from=2026-10-01&to=2026-11-01");
  const charged = (body as unknown as { items: Charged[] }).items.find(({ currency }) => currency === "USD");
  assert.deepEqual(
    charged?.lines.map(({ owner, total_micros: micros }) => [owner, micros]),
    [
      ["db", 2_571_429],
      ["web", 1_928_571],
    ],
  );
  assert.equal(charged.total_micros, 4_500_000);
  const wished = { name: "all", amount: { micros: 1_000_000, currency: "USD" }, where: "source=nobody" };
  const budget = await api.call("POST", "/v1/budgets", { body: wished });
  assert.equal((budget.body as unknown as { status: { state: string } }).status.state, "unknown");
  assert.equal((await api.call("GET", "/v1/budgets")).body.items.length, 1);
});

interface Charged {
  readonly currency: string;
  readonly lines: readonly { readonly owner?: string; readonly total_micros: number }[];
  readonly total_micros: number;
}

test("days to come are forecast from days that were, by group, with the error on the past", async () => {
  const day = (at: number) => new Date(at).toISOString();
  const midnight = Date.parse(new Date().toISOString().slice(0, 10));
  const lines = Array.from({ length: 60 }, (_, index) => {
    const at = midnight - (60 - index) * 86_400_000;
    const month = day(at).slice(0, 7);
    const period = `${month}-01T00:00:00Z,${nextMonth(month)}T00:00:00Z`;
    return `3,3,3,3,daily,USD,${period},Usage,Usage-Based,${day(at)},${day(at + 86_400_000)},Compute,Machines,vm-1,"{""project"":""web""}"`;
  });
  assert.equal((await upload([head, ...lines].join("\n"), "daily")).state, "imported");
  const said = [{ day: "2000-01-01", micros: 7 }];
  await api.store.costs.setForecast("onprem-a", { saidBy: "a call", currency: "USD", days: said });
  const asked = "/v1/costs/forecast?days=10&group_by=tag:project&where=source=daily";
  const { status, body } = await api.call("GET", asked);
  assert.equal(status, 200, JSON.stringify(body));
  const { groups, providers } = body as unknown as Forecasts;
  const [group] = groups;
  assert.deepEqual([groups.length, group?.key["tag:project"]], [1, "web"]);
  // Yesterday is the newest day: it is forecast as well, as its costs may still be coming in.
  assert.deepEqual([group?.forecast?.total.expected, group?.forecast?.days.length], [33_000_000, 11]);
  assert.equal(group?.forecast?.backtest.error, 0);
  assert.deepEqual(
    providers.map(({ site, said_by: by, days }) => [site, by, days]),
    [["onprem-a", "a call", said]],
  );
  const tooMany = await api.call("GET", "/v1/costs/forecast?group_by=service,site,region");
  assert.equal(tooMany.status, 400);
});

interface Forecasts {
  readonly groups: readonly {
    readonly key: Readonly<Record<string, string>>;
    readonly forecast?: {
      readonly total: { readonly expected: number };
      readonly days: readonly unknown[];
      readonly backtest: { readonly error: number };
    };
  }[];
  readonly providers: readonly { readonly site: string; readonly said_by: string; readonly days: readonly unknown[] }[];
}

test("what a host of one's own costs is collected by a schedule that is seen and triggered", async () => {
  const vms = [{ ...sampleVm("onprem-a", "web-1"), tags: { project: "web" } }];
  await keepVms(api.store, "onprem-a", vms);
  // It runs since an hour ago, as the inventory has it.
  await api.sql("update resources set changed_at = now() - interval '1 hour' where resource_id = 'id-web-1'");
  const client = await connectClient({ address: api.temporalAddress, namespace: "default" });
  await ensureCostSchedules(client, ["onprem-a"]);
  await client.connection.close();
  const asked = `/v1/costs?from=2026-01-01&to=2099-01-01&group_by=resource,tag:project&where=source=site:onprem-a`;
  const sums = async () => ((await api.call("GET", asked)).body as unknown as Sums).groups;
  while ((await sums()).length === 0) await sleep(100);
  const { items } = (await api.call("GET", "/v1/schedules")).body;
  assert.ok(items.some((line) => line.schedule_id === "costs-of-onprem-a" && line.workflow === "collectCosts"));
  assert.equal((await api.call("POST", "/v1/schedules/costs-of-onprem-a/trigger")).status, 202);
  assert.equal((await api.call("POST", "/v1/schedules/none/trigger")).status, 404);
  const groups = await sums();
  const own = groups.find(({ key }) => key.resource === "id-web-1");
  assert.equal(own?.key["tag:project"], "web");
  // An hour costs one, of which it has an eighth of the CPUs and a sixteenth of the memory. The month may be younger.
  const now = new Date();
  const hours = Math.min(1, (Date.now() - Date.UTC(now.getUTCFullYear(), now.getUTCMonth())) / 3_600_000 - 0.1);
  const share = 1_000_000 * ((2 / 16 + 1 / 16) / 2);
  assert.ok(own.effective >= share * hours && own.effective < share * 1.3, String(own.effective));
  assert.ok(
    groups.some(({ key }) => key.resource === "onprem-a"),
    "what no VM has is shown",
  );
});

interface Sums {
  readonly groups: readonly { readonly key: Readonly<Record<string, string>>; readonly effective: number }[];
}
