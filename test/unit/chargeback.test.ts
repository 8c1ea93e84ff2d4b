import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Budget, judgeBudget, periodOf } from "../../src/domain/budget.ts";
import { chargeBack, type SplitRule } from "../../src/domain/chargeback.ts";

const rule = (changes: Partial<SplitRule>): SplitRule => ({
  ...{ ruleId: "r", name: "network", where: "account=shared", method: "use" },
  ...changes,
});
const direct = [{ owner: "web", micros: 300 }, { owner: "db", micros: 100 }, { micros: 50 }];
const shares = (of: SplitRule, micros: number) =>
  Object.fromEntries(
    chargeBack("USD", direct, [{ rule: of, micros }]).lines.map((line) => [line.owner ?? "", line.totalMicros]),
  );

test("a shared cost is divided evenly, by weight or by use, and what carries no tag is shown and takes none", () => {
  assert.deepEqual(shares(rule({}), 40), { web: 330, db: 110, "": 50 });
  assert.deepEqual(shares(rule({ method: "even" }), 40), { web: 320, db: 120, "": 50 });
  assert.deepEqual(shares(rule({ method: "weight", weights: { db: 3, ops: 1 } }), 40), {
    web: 300,
    db: 130,
    ops: 10,
    "": 50,
  });
  assert.deepEqual(shares(rule({ among: ["db"] }), 40), { web: 300, db: 140, "": 50 });
});

test("what nobody can be charged with is told", () => {
  const charged = chargeBack("USD", [{ micros: 5 }], [{ rule: rule({}), micros: 40 }]);
  assert.deepEqual(charged.undivided, [{ rule: "network", micros: 40, reason: "nobody has used anything" }]);
  assert.equal(charged.totalMicros, 45);
});

test("no millionth is lost or made, whatever the amounts", () => {
  const owner = fc.record({ micros: fc.integer({ min: -1_000, max: 1_000_000 }) });
  const pool = fc.record({
    micros: fc.integer({ min: -1_000_000, max: 1_000_000_000 }),
    method: fc.constantFrom("even" as const, "use" as const),
  });
  fc.assert(
    fc.property(fc.array(owner, { maxLength: 9 }), fc.array(pool, { maxLength: 4 }), (owners, pools) => {
      const own = owners.map(({ micros }, index) => ({ owner: `o${index}`, micros }));
      const charged = chargeBack(
        "USD",
        own,
        pools.map(({ micros, method }) => ({ rule: rule({ method }), micros })),
      );
      const all = [...own, ...pools].reduce((sum, { micros }) => sum + micros, 0);
      assert.equal(charged.totalMicros, all);
      const named = charged.lines.reduce((sum, line) => sum + line.totalMicros, 0);
      assert.equal(named + charged.undivided.reduce((sum, { micros }) => sum + micros, 0), all);
    }),
  );
});

const budget = (changes: Partial<Budget> = {}): Budget => ({
  ...{ budgetId: "b", name: "all", where: "", period: "month", cost: "effective", warnAt: [0.5, 0.8], createdBy: "t" },
  amount: { micros: 1_000, currency: "USD" },
  ...changes,
});
/** Each day from the first on, by its weekday. */
const daily = (from: string, to: string, micros: (weekday: number) => number) => {
  const days = new Map<string, number>();
  for (let at = Date.parse(from); at < Date.parse(to); at += 86_400_000) {
    days.set(new Date(at).toISOString().slice(0, 10), micros(new Date(at).getUTCDay()));
  }
  return days;
};

test("a period is the day, month or quarter that holds today", () => {
  assert.deepEqual(periodOf("month", "2026-12-31"), { from: "2026-12-01", to: "2027-01-01" });
  assert.deepEqual(periodOf("quarter", "2026-11-29"), { from: "2026-10-01", to: "2027-01-01" });
  assert.deepEqual(periodOf("day", "2026-02-28"), { from: "2026-02-28", to: "2026-03-01" });
});

test("a forecast knows weekends: what is left costs as days of its name did", () => {
  const days = daily("2026-10-01", "2026-11-16", (weekday) => (weekday === 0 || weekday === 6 ? 0 : 10));
  const { forecast, spent, state } = judgeBudget(budget(), days, "2026-11-16");
  // November 2026 has 21 days that are no weekend, ten of them until the 15th.
  assert.equal(spent.micros, 100);
  assert.equal(forecast?.expected.micros, 210);
  assert.deepEqual([forecast.low.micros, forecast.high.micros], [210, 210]);
  assert.equal(state, "within");
});

test("a budget warns at its shares, tells what is going to be over, and what is", () => {
  const days = daily("2026-10-01", "2026-11-16", () => 10);
  const at = (micros: number) => judgeBudget(budget({ amount: { micros, currency: "USD" } }), days, "2026-11-16");
  assert.equal(at(1_000).state, "within");
  assert.equal(at(300).state, "warning");
  assert.deepEqual([at(299).state, at(299).reason], ["forecast-over", "at this rate the month comes to 100 % of it"]);
  assert.equal(at(149).state, "over");
  // Who goes by the past falls short of a rise: the interval shows it.
  const rising = new Map([...days].map(([day], index) => [day, index] as const));
  const { forecast } = judgeBudget(budget(), rising, "2026-11-16");
  assert.ok(forecast && forecast.low.micros <= forecast.expected.micros);
  assert.ok(forecast.expected.micros < forecast.high.micros);
});

test("nothing is made of nothing: without costs a budget is unknown, with few it has no forecast", () => {
  assert.equal(judgeBudget(budget(), new Map(), "2026-11-16").state, "unknown");
  const few = daily("2026-11-10", "2026-11-16", () => 10);
  const status = judgeBudget(budget(), few, "2026-11-16");
  assert.deepEqual([status.forecast, status.spent.micros], [undefined, 60]);
});
