import assert from "node:assert/strict";
import { test } from "node:test";
import { type BurstDecision, decideBurst, type PoolState } from "../../src/domain/burst-decision.ts";
import { type BurstSizing, burstDefaults, usualSignals } from "../../src/domain/burst-pool.ts";
import type { BurstSample } from "../../src/domain/burst-signal.ts";

const [cpu, memory] = usualSignals();
assert.ok(cpu && memory);
const pool: BurstSizing = {
  ...{ enabled: true, ownVms: 4, signals: [cpu], maxVms: burstDefaults.maxVms },
  ...{ sampleSeconds: burstDefaults.sampleSeconds, cooldownSeconds: burstDefaults.cooldownSeconds },
};
const nowMs = Date.UTC(2026, 5, 1, 12);
/** Samples each 30 s up to now. */
const lasting = (value: number, seconds = 360): BurstSample[] =>
  Array.from({ length: seconds / 30 + 1 }, (_, index) => ({ atMs: nowMs - index * 30_000, value }));
const decide = (
  samples: readonly BurstSample[],
  state: Partial<PoolState> = {},
  of: BurstSizing = pool,
): BurstDecision => decideBurst(of, [samples], { nowMs, serving: 0, coming: 0, ...state });

test("bursts after five minutes above the threshold, by as many VMs as bring the pool under its target", () => {
  const { action, reason, wanted, detail } = decide(lasting(0.95));
  assert.deepEqual({ action, reason, wanted }, { action: "burst", reason: "load", wanted: 2 });
  // 0.95 of 4 VMs' worth is 3.8 at work; with 2 more that is 0.63 of 6.
  assert.match(detail, /0\.95 on 4 VMs' worth is 3\.8 at work; at 0\.75 that takes 5\.07/);
});

test("does not burst before it has lasted, says for how long it has, and not in a cooldown", () => {
  const soon = decide(lasting(0.95, 120));
  assert.deepEqual([soon.action, soon.reason], ["hold", "not-sustained"]);
  assert.match(soon.detail, /for 120 s of 300 s/);
  const cooling = decide(lasting(0.95), { serving: 1, lastBurstMs: nowMs - 540_000 });
  assert.deepEqual([cooling.action, cooling.reason], ["hold", "cooling-down"]);
  assert.match(cooling.detail, /another 60 s/);
  assert.equal(decide(lasting(0.95), { serving: 1, lastBurstMs: nowMs - 600_000 }).action, "burst");
});

test("takes missing samples for neither zero nor more of the same", () => {
  assert.deepEqual([decide([]).action, decide([]).reason], ["hold", "no-samples"]);
  const stale = lasting(0.1).map(({ atMs, value }) => ({ atMs: atMs - 120_000, value }));
  const held = decide(stale, { serving: 3 });
  assert.deepEqual([held.action, held.reason, held.wanted], ["hold", "no-samples", 3]);
  const hole = lasting(0.95).filter(({ atMs }) => atMs > nowMs - 100_000 || atMs < nowMs - 240_000);
  assert.equal(decide(hole).reason, "not-sustained");
  // The ones that came late fill it, in whatever order they came.
  const late = [...hole, ...lasting(0.95).filter((sample) => !hole.includes(sample))];
  assert.equal(decide(late).action, "burst");
  // One of two signals is not known: what is spare is not known either.
  const both = { ...pool, signals: [cpu, memory] };
  const state = { nowMs, serving: 2, coming: 0 };
  assert.equal(decideBurst(both, [lasting(0.1), []], state).reason, "no-samples");
  assert.equal(decideBurst(both, [lasting(0.1), lasting(0.1)], state).action, "release");
  // But what is known to be too much is acted on.
  assert.equal(decideBurst(both, [lasting(0.95), []], { ...state, serving: 0 }).action, "burst");
});

test("stays within its limit and its budget, and says which one it was", () => {
  const full = { ...pool, maxVms: 2 };
  assert.equal(decide(lasting(0.99), { serving: 2 }, full).reason, "at-limit");
  const partly = decide(lasting(0.99), { serving: 1 }, full);
  assert.deepEqual([partly.action, partly.wanted], ["burst", 2]);
  assert.match(partly.detail, /more are not allowed/);
  assert.equal(decide(lasting(0.99), { affordable: 0 }).reason, "no-budget");
  assert.equal(decide(lasting(0.99), { affordable: 1 }).wanted, 1);
  assert.equal(decide(lasting(0.99), {}, { ...pool, enabled: false }).reason, "disabled");
});

test("releases under 0.60 after a cooldown, down to what keeps the rest under its target", () => {
  const { action, wanted } = decide(lasting(0.5), { serving: 4 });
  // 4 of 8 at work; at 0.75 that takes 5.3, of which the site is 4.
  assert.deepEqual([action, wanted], ["release", 2]);
  assert.equal(decide(lasting(0.5), { serving: 4, lastReleaseMs: nowMs - 60_000 }).reason, "cooling-down");
  assert.equal(decide(lasting(0.7), { serving: 4 }).reason, "under-threshold");
  assert.equal(decide(lasting(0.1), { serving: 4, ordered: 3 }).wanted, 3);
});

test("bursts at one sample of a queue that is too long", () => {
  const queue = { metric: "queue.depth", measures: "backlog", threshold: 100, target: 100, releaseUnder: 60 } as const;
  const ofQueue = { ...pool, ownVms: 1, signals: [{ ...queue, sustainSeconds: burstDefaults.queueSustainSeconds }] };
  const { action, wanted } = decide([{ atMs: nowMs, value: 250 }], {}, ofQueue);
  assert.deepEqual([action, wanted], ["burst", 2]);
});

test("with a forecast, bursts before the breach, and says when it is not worth it", () => {
  const advice = { expected: 4.5, wanted: 1, kept: 1, danger: 0.01 };
  const early = decide(lasting(0.8), { advice });
  assert.deepEqual([early.action, early.reason, early.wanted], ["burst", "forecast", 1]);
  assert.equal(decide(lasting(0.99), { serving: 1, advice }).reason, "not-worth");
  // Nobody knows the load now: what was forecast before is not acted on by releasing.
  assert.equal(decide([], { serving: 5, advice }).reason, "no-samples");
});
