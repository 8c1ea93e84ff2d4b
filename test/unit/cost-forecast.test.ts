import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, forecastCosts } from "../../src/domain/cost-forecast.ts";

const first = "2026-09-01";
function daily(count: number, cost: (day: number, weekday: number) => number): Map<string, number> {
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const day = addDays(first, index);
      return [day, cost(index, new Date(day).getUTCDay())] as const;
    }),
  );
}

test("weekends go on, and the newest day, whose costs are still coming in, is no example", () => {
  const costs = daily(60, (index, weekday) => (index === 59 ? 1 : weekday === 0 || weekday === 6 ? 20 : 100));
  const newest = addDays(first, 59);
  const made = forecastCosts(costs, newest, addDays(newest, 14));
  assert.ok(made);
  assert.deepEqual([made.days.length, made.days[0]?.day], [14, newest]);
  assert.equal(made.total.expected, 10 * 100 + 4 * 20);
  assert.deepEqual([made.total.low, made.total.high], [1_080, 1_080]);
  assert.equal(made.backtest.error, 0);
});

test("it tells how far it would have been off, beside who takes the week before, and a sum's interval holds the truth", () => {
  // A level with noise that no week repeats: the middle of several weeks is nearer to it than the last one.
  let seed = 7;
  const noise = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647 - 0.5;
  };
  const costs = daily(120, () => Math.round(1_000 + 400 * noise()));
  const newest = addDays(first, 119);
  const made = forecastCosts(costs, newest, addDays(newest, 30));
  assert.ok(made);
  assert.ok(made.backtest.error < made.backtest.naiveError, JSON.stringify(made.backtest));
  assert.ok(made.total.low < 30_000 && made.total.high > 30_000, JSON.stringify(made.total));
  assert.ok(made.days.every(({ low, expected, high }) => low <= expected && expected <= high));
});

test("two weeks are the least that tells anything, and what was never refunded is not expected to be", () => {
  const newest = addDays(first, 13);
  assert.equal(
    forecastCosts(
      daily(14, () => 5),
      newest,
      addDays(newest, 7),
    ),
    undefined,
  );
  const sinking = forecastCosts(
    daily(40, (index) => 40 - index),
    addDays(first, 39),
    addDays(first, 100),
  );
  assert.ok(sinking?.days.every(({ low, expected }) => low >= 0 && expected >= 0));
  assert.equal(forecastCosts(new Map(), newest, addDays(newest, 7)), undefined);
});
