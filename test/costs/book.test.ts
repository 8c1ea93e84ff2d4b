import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { CostBook, type Delivery } from "../../src/costs/index.ts";
import type { CostQuery } from "../../src/domain/cost.ts";
import { isProviderError } from "../../src/domain/errors.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const dir = await mkdtemp(join(tmpdir(), "nvc-costs-test-"));
let opened: CostBook | undefined;
const book = () => (opened ??= new CostBook({ costs: lab.store.costs }));
let made = 0;

after(async () => {
  await opened?.close();
  await rm(dir, { recursive: true, force: true });
});

type Line = Readonly<Record<string, string | number>>;

const line = (changes: Line): Line => ({
  BilledCost: 1,
  EffectiveCost: 1,
  ListCost: 2,
  ContractedCost: 1,
  BillingAccountId: "acme",
  BillingCurrency: "USD",
  BillingPeriodStart: "2026-10-01T00:00:00Z",
  BillingPeriodEnd: "2026-11-01T00:00:00Z",
  ChargeCategory: "Usage",
  ChargeFrequency: "Usage-Based",
  ChargePeriodStart: "2026-10-05T00:00:00Z",
  ChargePeriodEnd: "2026-10-06T00:00:00Z",
  ServiceCategory: "Compute",
  ServiceName: "Machines",
  RegionId: "north",
  ResourceId: "vm-1",
  Tags: '{"project": "web"}',
  ...changes,
});

async function csv(lines: readonly Line[], name = `${(made += 1)}.csv`): Promise<string> {
  const columns = Object.keys(lines[0] ?? {});
  const cell = (value: string | number | undefined) => `"${String(value ?? "").replaceAll('"', '""')}"`;
  const text = [columns.join(","), ...lines.map((each) => columns.map((column) => cell(each[column])).join(","))];
  const file = join(dir, name);
  await writeFile(file, name.endsWith(".gz") ? gzipSync(text.join("\n")) : text.join("\n"));
  return file;
}

const deliver = (files: readonly string[], changes: Partial<Delivery> = {}) =>
  book().take({
    importId: `import-${(made += 1)}`,
    sourceId: "acme",
    provider: "aws",
    part: "",
    siteOfRegion: { north: "aws-north" },
    files,
    ...changes,
  });
const october = { from: "2026-10-01", to: "2026-11-01" } as const;
const sum = (query: Partial<CostQuery>) => book().sum({ ...october, groupBy: [], ...query });
const ofSource = (source: string) => [{ dimension: "source", values: [source] }] as const;

test("a delivery is taken once, a corrected one takes its place, and an incremental one adds to it", async () => {
  const first = await csv([line({}), line({ BilledCost: "0.1", EffectiveCost: "0.2", ResourceId: "vm-2" })]);
  assert.deepEqual((await deliver([first])).changed, true);
  assert.deepEqual((await deliver([first])).changed, false);
  const [before] = (await sum({ where: ofSource("acme") })).totals;
  assert.deepEqual(before, {
    currency: "USD",
    billed: 1_100_000,
    effective: 1_200_000,
    list: 4_000_000,
    contracted: 2_000_000,
  });

  // The month again, with a late row and another amount.
  const corrected = await csv([line({ BilledCost: 5 }), line({ ResourceId: "vm-3", ChargePeriodStart: "2026-10-06" })]);
  assert.deepEqual((await deliver([corrected])).months, ["2026-10"]);
  assert.equal((await sum({ where: ofSource("acme") })).totals[0]?.billed, 6_000_000);

  const more = await csv([line({ BilledCost: -2, ChargeClass: "Correction" })]);
  await deliver([more], { part: "0001.csv" });
  await deliver([more], { part: "0001.csv" });
  assert.equal((await sum({ where: ofSource("acme") })).totals[0]?.billed, 4_000_000);
});

test("costs are grouped by what a row says, by its tags and by time, and the rest is told", async () => {
  const lines = ["web", "web", "db", ""].map((project, index) =>
    line({
      ChargePeriodStart: `2026-10-0${index + 1}T00:00:00Z`,
      EffectiveCost: index + 1,
      ResourceId: `vm-${index}`,
      Tags: project ? JSON.stringify({ project }) : "",
    }),
  );
  await deliver([await csv(lines, "grouped.csv.gz")], { sourceId: "grouped" });
  const where = ofSource("grouped");
  const { groups } = await sum({ groupBy: ["tag:project"], where });
  assert.deepEqual(
    groups.map(({ key, effective }) => [key, effective]),
    [
      [{}, 4_000_000],
      [{ "tag:project": "db" }, 3_000_000],
      [{ "tag:project": "web" }, 3_000_000],
    ],
  );
  const byDay = await sum({ groupBy: ["day"], where, limit: 2 });
  assert.deepEqual(
    byDay.groups.map(({ key }) => key.day),
    ["2026-10-01", "2026-10-02"],
  );
  assert.deepEqual(byDay.rest[0]?.groups, 2);
  assert.deepEqual(byDay.rest[0].effective, 7_000_000);
  const untagged = await sum({ where: [...where, { dimension: "tag:project", values: [""] }] });
  assert.equal(untagged.totals[0]?.effective, 4_000_000);
  // What a caller does not reach is not in a sum.
  const reached = await sum({ where, scopes: [{ site: "aws-north", tags: { project: "db" } }] });
  assert.equal(reached.totals[0]?.effective, 3_000_000);
  assert.deepEqual((await sum({ where, scopes: [{ site: "elsewhere" }] })).totals, []);
});

test("what one row does not say is unknown for all of them, and never nothing", async () => {
  await deliver([await csv([line({ ListCost: "" }), line({})])], { sourceId: "unpriced" });
  const [total] = (await sum({ where: ofSource("unpriced") })).totals;
  assert.equal(total?.list, undefined);
  assert.equal(total?.contracted, 2_000_000);
});

test("currencies are added up with a rate of their month only", async () => {
  const euros = line({ BillingCurrency: "EUR" });
  const francs = line({ BillingCurrency: "CHF", BilledCost: 7 });
  await deliver([await csv([line({}), euros, francs])], { sourceId: "abroad" });
  await lab.store.costs.setRate({ from: "EUR", to: "USD", month: "2026-10", rate: 1.25, source: "ECB" });
  const where = ofSource("abroad");
  assert.equal((await sum({ where })).totals.length, 3);
  const { totals, unconverted } = await sum({ where, currency: "USD" });
  assert.deepEqual(
    totals.map(({ currency, billed }) => [currency, billed]),
    [
      ["CHF", 7_000_000],
      ["USD", 2_250_000],
    ],
  );
  assert.deepEqual(unconverted, [{ currency: "CHF", months: ["2026-10"] }]);
});

test("a delivery that breaks a rule which sums depend on is refused whole; other breaches are counted", async () => {
  const wrong = await csv([line({}), line({ BilledCost: "much" }), line({ ChargeCategory: "Fee" })]);
  await assert.rejects(deliver([wrong], { sourceId: "wrong" }), (error: unknown) => {
    assert.ok(isProviderError(error, "InvalidInput"));
    assert.match(error.message, /BilledCost is missing, or can't be read in 1 row/);
    assert.match(error.message, /ChargeCategory is none of/);
    return true;
  });
  assert.deepEqual((await sum({ where: ofSource("wrong") })).totals, []);
  const odd = line({ ChargeFrequency: "Now and then", ListUnitPrice: 3, PricingQuantity: 2 });
  const { findings } = await deliver([await csv([odd])], { sourceId: "odd" });
  assert.deepEqual(
    findings.map(({ rule, rows }) => [rule, rows]),
    [
      ["ChargeFrequency-known", 1],
      ["ListCost-price", 1],
    ],
  );
  await assert.rejects(deliver([await csv([{ a: 1 }])]), /its columns are not those of/);
});

test("AWS's CUR 2.0 counts covered use at what it effectively cost, and its bill once", async () => {
  const cur = (changes: Line): Line => ({
    bill_payer_account_id: "111122223333",
    bill_billing_period_start_date: "2026-10-01T00:00:00Z",
    bill_billing_period_end_date: "2026-11-01T00:00:00Z",
    line_item_usage_account_id: "444455556666",
    line_item_usage_start_date: "2026-10-02T00:00:00Z",
    line_item_usage_end_date: "2026-10-02T01:00:00Z",
    line_item_line_item_type: "Usage",
    line_item_product_code: "AmazonEC2",
    line_item_usage_type: "BoxUsage:m6i.large",
    line_item_currency_code: "USD",
    line_item_usage_amount: 1,
    line_item_resource_id: "i-1",
    line_item_unblended_cost: "0.096",
    pricing_public_on_demand_cost: "0.096",
    pricing_unit: "Hrs",
    savings_plan_savings_plan_a_r_n: "",
    savings_plan_savings_plan_effective_cost: "",
    savings_plan_total_commitment_to_date: "",
    savings_plan_used_commitment: "",
    resource_tags: '{"user_project": "web"}',
    product_region_code: "us-east-1",
    ...changes,
  });
  const plan = { savings_plan_savings_plan_a_r_n: "arn:plan", line_item_resource_id: "i-2" };
  const covered = {
    line_item_line_item_type: "SavingsPlanCoveredUsage",
    savings_plan_savings_plan_effective_cost: "0.06",
  };
  const fee = { savings_plan_total_commitment_to_date: "0.10", savings_plan_used_commitment: "0.06" };
  const lines = [
    cur({}),
    cur({ ...plan, ...covered }),
    cur({ ...plan, line_item_line_item_type: "SavingsPlanNegation", line_item_unblended_cost: "-0.096" }),
    cur({ ...plan, ...fee, line_item_line_item_type: "SavingsPlanRecurringFee", line_item_unblended_cost: "0.10" }),
    cur({ line_item_line_item_type: "Tax", line_item_unblended_cost: "0.02", line_item_resource_id: "" }),
  ];
  const taken = await deliver([await csv(lines)], { sourceId: "cur", site: "aws-us-east-1" });
  assert.equal(taken.format, "aws-cur2");
  const where = ofSource("cur");
  const { groups, totals } = await sum({ groupBy: ["category", "commitment"], where });
  assert.deepEqual(
    groups.map(({ key, billed, effective }) => [key.category, key.commitment, billed, effective]),
    [
      ["Usage", undefined, 96_000, 96_000],
      ["Usage", "arn:plan", 0, 60_000],
      ["Purchase", "arn:plan", 100_000, 40_000],
      ["Tax", undefined, 20_000, 20_000],
    ],
  );
  // Both ways of counting give the same money, as the commitment was of that hour.
  assert.deepEqual([totals[0]?.billed, totals[0]?.effective], [216_000, 216_000]);
  const tagged = await sum({ groupBy: ["tag:project", "service-category"], where });
  assert.equal(tagged.groups[0]?.key["tag:project"], "web");
});

test("Google Cloud's export counts discounts within the use, and other credits by themselves", async () => {
  const row = {
    billing_account_id: "0000-1111",
    invoice: { month: "202610" },
    cost_type: "regular",
    service: { id: "6F81-5844-456A", description: "Compute Engine" },
    sku: { id: "AAAA", description: "N2 Instance Core running in Americas" },
    usage_start_time: "2026-10-03T00:00:00Z",
    usage_end_time: "2026-10-03T01:00:00Z",
    project: { id: "acme-web", name: "Web" },
    labels: [{ key: "project", value: "web" }],
    location: { location: "us-central1", region: "us-central1", zone: "us-central1-a" },
    resource: { name: "vm-1", global_name: "//compute/vm-1" },
    cost: 1,
    cost_at_list: 1.5,
    currency: "USD",
    usage: { amount: 3600, unit: "seconds", amount_in_pricing_units: 1, pricing_unit: "hour" },
    credits: [
      { name: "Sustained use", amount: -0.2, type: "SUSTAINED_USAGE_DISCOUNT" },
      { name: "Trial", amount: -0.3, type: "PROMOTION" },
    ],
  };
  const file = join(dir, "gcp.jsonl");
  await writeFile(file, `${JSON.stringify(row)}\n${JSON.stringify({ ...row, credits: [] })}\n`);
  const taken = await deliver([file], { sourceId: "google", provider: "gcp" });
  assert.deepEqual([taken.format, taken.rows], ["gcp-billing", 3]);
  const { groups } = await sum({ groupBy: ["category", "tag:project"], where: ofSource("google") });
  assert.deepEqual(
    groups.map(({ key, list, billed }) => [key, list, billed]),
    [
      [{ category: "Usage", "tag:project": "web" }, 3_000_000, 1_800_000],
      [{ category: "Credit", "tag:project": "web" }, -300_000, -300_000],
    ],
  );
});

test("JSON lines carry their tags as objects, each line its own", async () => {
  const file = join(dir, "tags.jsonl");
  const lines = [line({}), line({}), line({})].map((row, index) => {
    const tags = [{ project: "web", "cost-center": "7" }, { team: "red" }, undefined][index];
    return JSON.stringify({ ...row, Tags: tags });
  });
  await writeFile(file, lines.join("\n"));
  await deliver([file], { sourceId: "objects" });
  const { groups } = await sum({ groupBy: ["tag:project", "tag:cost-center", "tag:team"], where: ofSource("objects") });
  assert.deepEqual(
    groups.map(({ key }) => key).sort((a, b) => Object.keys(b).length - Object.keys(a).length),
    [{ "tag:project": "web", "tag:cost-center": "7" }, { "tag:team": "red" }, {}],
  );
});
