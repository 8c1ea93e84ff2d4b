import assert from "node:assert/strict";
import { test } from "node:test";
import type { Price, PriceBook } from "../../src/domain/prices.ts";
import { type EstateVm, priceEstate } from "../../src/domain/what-if.ts";

const gib = 2 ** 30;
const size = (item: string, cpus: number, memoryGib: number, micros: number, more: Partial<Price> = {}): Price => ({
  ...{ provider: "gcp", region: "r", kind: "instance", item, terms: "on-demand", above: 0, unit: "hour" },
  ...{ price: { micros, currency: "USD" }, pricedOn: "2026-11-01", source: "list" },
  size: { cpus, memoryBytes: memoryGib * gib, architecture: "x86_64", gpus: 0, burstable: false },
  ...more,
});
const disk: Price = {
  ...{ provider: "gcp", region: "r", kind: "disk", item: "pd-balanced", terms: "on-demand", above: 0 },
  ...{ unit: "gib-month", price: { micros: 100_000, currency: "USD" }, pricedOn: "2026-11-01", source: "list" },
};
const book = (...prices: Price[]): PriceBook => ({ provider: "gcp", region: "r", prices });
const vm = (changes: Partial<EstateVm> = {}): EstateVm => ({
  ...{ site: "a", vmId: "v", name: "v", running: true, cpus: 2, memoryBytes: 4 * gib, architecture: "x86_64" },
  diskBytes: 10 * gib,
  ...changes,
});
const now = Date.parse("2026-11-20");
const lent = { size: { cpus: 2, memoryBytes: 4 * gib, architecture: "x86_64", gpus: 0, burstable: true } } as const;
const sizes = [size("small", 2, 4, 10), size("large", 8, 32, 50), size("lent", 2, 4, 1, lent)];

test("each VM is on the cheapest size that has what it has, none on one whose CPUs are lent", () => {
  const row = priceEstate([vm(), vm({ cpus: 4 })], { book: book(...sizes, disk), terms: "on-demand" }, now);
  assert.deepEqual([row.machinesMicros, row.disksMicros], [60 * 730, 2_000_000]);
  assert.deepEqual([row.priced, row.unpriced, row.confidence], [2, [], "high"]);
});

test("a stopped VM pays for its disks", () => {
  const stopped = priceEstate([vm({ running: false }), vm()], { book: book(...sizes, disk), terms: "on-demand" }, now);
  assert.deepEqual([stopped.machinesMicros, stopped.disksMicros], [10 * 730, 2_000_000]);
});

test("what is not known is left out and named, and makes the row less sure", () => {
  const none = priceEstate([vm()], { book: book(...sizes), terms: "spot" }, now);
  assert.deepEqual([none.machinesMicros, none.confidence], [undefined, "low"]);
  assert.deepEqual(none.unpriced, [{ reason: "no price of spot capacity there is known", vms: 1 }]);
  const noDisks = priceEstate([vm()], { book: book(...sizes), terms: "on-demand" }, now);
  assert.deepEqual([noDisks.disksMicros, noDisks.confidence], [undefined, "medium"]);
  const huge = priceEstate([vm({ cpus: 64 })], { book: book(...sizes, disk), terms: "on-demand" }, now);
  assert.equal(huge.unpriced[0]?.reason, "no size there is large enough");
});

test("old prices, and such as were derived, lower the confidence", () => {
  const derived = sizes.map((price) => ({ ...price, derived: "by a ratio" }));
  const sure = (prices: readonly Price[], at: string) =>
    priceEstate([vm()], { book: book(...prices, disk), terms: "on-demand" }, Date.parse(at)).confidence;
  assert.deepEqual([sure(sizes, "2026-11-20"), sure(derived, "2026-11-20")], ["high", "medium"]);
  assert.deepEqual([sure(sizes, "2027-02-01"), sure(sizes, "2027-11-20")], ["medium", "low"]);
});
