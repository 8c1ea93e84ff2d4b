import assert from "node:assert/strict";
import { test } from "node:test";
import { forecast } from "../../src/domain/forecast/forecast.ts";
import { seasonalNaive } from "../../src/domain/forecast/methods.ts";

const seasons = [24, 168];

/** Hours of weeks, busy on working days. */
function weeks(count: number, noise: (hour: number) => number = () => 0): Float64Array {
  return Float64Array.from({ length: count * 168 }, (_, hour) => {
    const busy = Math.floor(hour / 24) % 7 < 5 && hour % 24 >= 8 && hour % 24 < 18;
    return (busy ? 10 : 2) + noise(hour);
  });
}

/** Repeats, and never the same way within a season. */
const jitter = (hour: number) => ((hour * 7919) % 1013) / 1013 - 0.5;

test("a week that repeats is forecast as it was", () => {
  const { values, backtest } = forecast(weeks(4), 168, seasons);
  assert.deepEqual(
    [...values].map((value) => Math.round(value * 1e6) / 1e6),
    [...weeks(1)],
  );
  assert.ok((backtest?.error ?? 1) < 1e-6);
});

test("noise is averaged away, which the naive forecast repeats", () => {
  const { backtest, methods } = forecast(weeks(6, jitter), 168, seasons);
  assert.ok(backtest && backtest.error < 0.9 * backtest.naiveError, JSON.stringify(backtest));
  assert.ok(Math.abs(methods.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
});

test("intervals cover what they say, or somewhat more where the past grew longer meanwhile", () => {
  const known = weeks(7, jitter);
  const { intervals } = forecast(known.subarray(0, 6 * 168), 168, seasons);
  for (const { level, low, high } of intervals) {
    const held = [...known.subarray(6 * 168)];
    const within = held.filter((value, step) => value >= (low[step] ?? 0) && value <= (high[step] ?? 0)).length;
    const beyond = within / held.length - level;
    assert.ok(beyond > -0.05 && beyond < 0.2, `${level}: ${within / held.length}`);
  }
});

test("gaps don't spoil it, and what is too short has no backtest", () => {
  const gappy = weeks(4).map((value, hour) => (hour % 50 === 0 ? Number.NaN : value));
  const { values } = forecast(gappy, 24, seasons);
  assert.ok(
    values.every((value) => value === 2 || value === 10),
    [...values].join(),
  );
  const short = forecast(Float64Array.of(3, 3), 2, [7]);
  assert.deepEqual([[...short.values], short.backtest], [[3, 3], undefined]);
  assert.equal(seasonalNaive(7).predict(Float64Array.of(1), 2), undefined);
});
