import assert from "node:assert/strict";
import { test } from "node:test";
import { madeUpTrace } from "../../bench/lib/load-trace.ts";
import { type BurstSizing, usualSignals } from "../../src/domain/burst-pool.ts";
import { allKnowingScore, type ReplayTerms, replayPool } from "../../src/domain/burst-replay.ts";

const [cpu] = usualSignals();
assert.ok(cpu);
const terms: ReplayTerms = {
  ...{ leadMinutes: 2, overMinuteWorth: 0.1, threshold: 0.9, cooldownMinutes: 10, ownVms: 4, maxVms: 20 },
};
const rule: BurstSizing = {
  ...{ enabled: true, ownVms: 4, maxVms: 20, sampleSeconds: 60, cooldownSeconds: 600, signals: [cpu] },
};
const pool: BurstSizing = { ...rule, forecast: { leadSeconds: 120, overMinuteWorth: 0.1 } };
const loadOf = (perMinute: readonly (number | undefined)[]) => ({ startMs: Date.UTC(2026, 0, 5), perMinute });

test("on days of a made-up load, is better than thresholds alone and near the best there is", () => {
  const trace = madeUpTrace(7);
  const load = loadOf(trace.perMinute.slice(0, 4 * 1_440).map((requests) => requests / 28));
  const ours = replayPool(pool, load, terms);
  const best = allKnowingScore(load, terms);
  assert.ok(ours.score < replayPool(rule, load, terms).score);
  assert.ok(ours.score <= 1.3 * best, `${ours.score} beside ${best}`);
  assert.ok(ours.score >= best);
});

test("does not go up and down under a load that only trembles around the threshold", () => {
  const load = loadOf(Array.from({ length: 2_880 }, (_, minute) => 3.6 + 0.15 * (minute % 2 === 0 ? 1 : -1)));
  for (const each of [rule, pool]) assert.ok(replayPool(each, load, terms).directionChanges <= 2);
});

test("the schedule that knows all orders in time, keeps through a cooldown, and does not order what costs more", () => {
  const quiet = Array.from({ length: 30 }, () => 1);
  // One VM too few for an hour: 60 minutes at 0.1, or one VM for 62 minutes and its way.
  const hour = loadOf([...quiet, ...Array.from({ length: 60 }, () => 4), ...quiet]);
  assert.ok(Math.abs(allKnowingScore(hour, terms) - (60 + 2) / 60) < 1e-9);
  // For one minute, it would have to be kept for ten: the minute over is cheaper.
  const minute = loadOf([...quiet, 4, ...quiet]);
  assert.ok(Math.abs(allKnowingScore(minute, terms) - 0.1) < 1e-9);
});

test("what nobody knows of a load is neither above the threshold nor idle", () => {
  const known = Array.from({ length: 30 }, () => 6);
  const hole = Array.from({ length: 60 }, () => undefined);
  const { minutesOver, mostVms } = replayPool(rule, loadOf([...known, ...hole, ...known]), terms);
  assert.equal(mostVms, 4);
  // The breach at its begin only: VMs that came are kept through the hole.
  assert.ok(minutesOver <= 8, String(minutesOver));
});
