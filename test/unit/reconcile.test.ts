import assert from "node:assert/strict";
import { test } from "node:test";
import type { CostStatement } from "../../src/domain/cost.ts";
import { type BilledMonth, reconcile } from "../../src/domain/reconcile.ts";

const month = (changes: Partial<BilledMonth>): BilledMonth => ({
  ...{ sourceId: "acme", month: "2026-10", currency: "USD", billedMicros: 1_000_000_000 },
  byCategory: { Usage: 900_000_000, Tax: 100_000_000 },
  ...{ correctionMicros: 0, rows: 1_000, days: 31, lastDay: "2026-10-31", importedAt: "2026-11-05T00:00:00.000Z" },
  ...changes,
});
const said = (micros: number, changes: Partial<CostStatement> = {}): CostStatement => ({
  ...{ sourceId: "acme", month: "2026-10", saidBy: "invoice 7", saidAt: "2026-11-04T00:00:00.000Z" },
  amount: { micros, currency: "USD" },
  ...changes,
});
const only = (billed: readonly BilledMonth[], statements: readonly CostStatement[]) => {
  const [line, second] = reconcile(billed, statements, 31);
  assert.equal(second, undefined);
  assert.ok(line);
  return line;
};

test("a month agrees to the last digit, or within what rounding makes", () => {
  assert.deepEqual(only([month({})], [said(1_000_000_000)]).explanation, []);
  const rounded = only([month({})], [said(1_000_004_000)]);
  assert.deepEqual([rounded.state, rounded.explanation], ["agrees", ["within what rounding makes"]]);
  assert.equal(only([month({})], [said(1_000_006_000)]).state, "unexplained");
});

test("a difference is explained by the fewest parts that make it up", () => {
  const line = only([month({})], [said(900_000_000)]);
  assert.deepEqual([line.state, line.difference?.micros], ["explained", -100_000_000]);
  assert.deepEqual(line.explanation, ["the statement leaves out taxes"]);
  const byCategory = { Usage: 950_000_000, Tax: 100_000_000, Credit: -50_000_000 };
  const both = only([month({ byCategory })], [said(950_000_000)]);
  assert.deepEqual(both.explanation, ["the statement leaves out taxes", "the statement leaves out credits"]);
});

test("days that are missing explain what is too little, never what is too much", () => {
  const short = month({ days: 29, lastDay: "2026-10-29" });
  const less = only([short], [said(1_040_000_000)]);
  assert.equal(less.state, "explained");
  assert.match(less.explanation.join(), /2 of its 31 days are missing \(the newest is 2026-10-29\)/);
  assert.equal(only([short], [said(990_000_000)]).state, "unexplained");
});

test("what has no counterpart stays open, with the reason", () => {
  assert.match(only([month({})], []).explanation.join(), /has not said/);
  assert.match(only([], [said(5)]).explanation.join(), /no rows of that month/);
  const euros = said(5, { amount: { micros: 5, currency: "EUR" } });
  const lines = reconcile([month({})], [euros], 31);
  assert.deepEqual(
    lines.map(({ state, currency }) => [state, currency]),
    [
      ["open", "USD"],
      ["open", "EUR"],
    ],
  );
  assert.match(lines[0]?.explanation.join() ?? "", /statement is in EUR/);
});
