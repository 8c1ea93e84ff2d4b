import assert from "node:assert/strict";
import { test } from "node:test";
import { type CostModel, hourlyCost, type MeteredVm, onPremiseMonth } from "../../src/domain/cost-model.ts";
import type { FocusRow } from "../../src/domain/focus.ts";

const model: CostModel = {
  ...{ currency: "EUR", hardwarePrice: 7_300, lifeMonths: 10, cpus: 10, memoryBytes: 1_000 },
  ...{ powerWatts: 500, powerPrice: 0.2, powerOverhead: 1.5, licencesMonth: 73 },
};
const vm = (changes: Partial<MeteredVm>): MeteredVm => ({
  ...{ vmId: "vm-1", name: "web-1", cpus: 2, memoryBytes: 400, running: true, tags: { project: "web" } },
  ...{ from: "2026-11-01T00:00:00.000Z", to: "2026-11-03T00:00:00.000Z" },
  ...changes,
});
const rows = (use: readonly MeteredVm[], until = "2026-11-03T00:00:00.000Z") => [
  ...onPremiseMonth({ site: "onprem-a", month: "2026-11", until: Date.parse(until) }, model, use),
];
const total = (some: readonly FocusRow[]) => some.reduce((sum, row) => sum + Number(row.EffectiveCost), 0);
const near = (value: number, wanted: number) => assert.ok(Math.abs(value - wanted) < 1e-6, `${value} is not ${wanted}`);

test("an hour of a host is its share of the price, its power with what is lost, and its licences", () => {
  const { hardware, power, licences } = hourlyCost(model);
  near(hardware, 1);
  near(power, 0.15);
  near(licences, 0.1);
});

test("a VM has the share of the cost that its CPUs and memory are, half by each; the rest is nobody's", () => {
  const all = rows([vm({})]);
  near(total(all), 1.25 * 48);
  const own = all.filter(({ ResourceId }) => ResourceId === "vm-1");
  near(total(own), 1.25 * 48 * ((0.2 + 0.4) / 2));
  assert.deepEqual(own[0]?.Tags, { project: "web" });
  assert.deepEqual([...new Set(own.map(({ SkuId }) => SkuId))], ["hardware", "power", "licences"]);
  const idle = all.filter(({ ResourceId }) => ResourceId === "onprem-a");
  near(total(idle), 1.25 * 48 * 0.7);
});

test("days add up to the host's cost whatever runs: too much, half a day, nothing", () => {
  const crowd = Array.from({ length: 9 }, (_, index) => vm({ vmId: `vm-${index}` }));
  const crowded = rows(crowd);
  near(total(crowded), 1.25 * 48);
  assert.ok(!crowded.some(({ ResourceId }) => ResourceId === "onprem-a"), "nothing of it is unused");
  near(total(rows([])), 1.25 * 48);
  const half = rows([vm({ to: "2026-11-01T12:00:00.000Z" }), vm({ vmId: "off", running: false })]);
  near(total(half), 1.25 * 48);
  near(total(half.filter(({ ResourceId }) => ResourceId === "vm-1")), 1.25 * 12 * 0.3);
  assert.ok(!half.some(({ ResourceId }) => ResourceId === "off"));
});

test("a month ends with it, and a month that is under way costs what has passed", () => {
  near(total(rows([], "2026-11-01T06:00:00.000Z")), 1.25 * 6);
  near(total(rows([], "2027-01-15T00:00:00.000Z")), 1.25 * 30 * 24);
});
