import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Alternative, alternatives, GrowthLearner } from "../../src/domain/savings/alternatives.ts";
import { bestCommitment } from "../../src/domain/savings/commitments.ts";
import { burstRule, shareAbove } from "../../src/domain/savings/credits.ts";
import { growthCurve, peakChange } from "../../src/domain/savings/growth.ts";
import { chooseWithin } from "../../src/domain/savings/harm-limit.ts";
import { longestOff, peaksByHour, shareOff } from "../../src/domain/savings/off-hours.ts";
import { hasLocalDisks, worthwhile } from "../../src/domain/savings/offers.ts";
import { defaultSavingsSettings } from "../../src/domain/savings/settings.ts";
import { heldPeak, measuredDays, quantile, type UsageSeries } from "../../src/domain/savings/usage.ts";
import { offer } from "./support/savings-offer.ts";

const gib = 2 ** 30;
const perDay = 288;
/** A Monday. */
const startMs = Date.UTC(2026, 5, 1);

function used(days: number, cpu: (step: number) => number, more: Partial<UsageSeries> = {}): UsageSeries {
  return {
    startMs,
    stepSeconds: 300,
    cpu: Float64Array.from({ length: days * perDay }, (_, step) => cpu(step)),
    ...more,
  };
}

function even(days: number, value: number): Float64Array {
  return new Float64Array(days * perDay).fill(value);
}

const small = offer("m.large", 2, 8, 100_000);
const big = offer("m.xlarge", 4, 16, 200_000);
const huge = offer("m.2xlarge", 8, 32, 400_000);

/** An estate of which none ever grew. */
const calm = (() => {
  const learner = new GrowthLearner(defaultSavingsSettings);
  for (let vm = 0; vm < 30; vm++) {
    const usage = used(28, (step) => 0.2 + 0.01 * (step % 2), {
      memoryBytes: even(28, 2 * gib),
      networkBytesPerSecond: even(28, 1e6),
    });
    learner.add({ cpus: 8, memoryBytes: 32 * gib, usage });
  }
  return learner.learnt(defaultSavingsSettings);
})();

const kindsOf = (all: readonly Alternative[]) =>
  all.map(({ kind, offer: { instanceType } }) => `${kind} ${instanceType}`);

describe("use over time", () => {
  test("gaps are not measured, and one reading alone is no peak", () => {
    const gappy = used(2, (step) => (step < perDay ? Number.NaN : 0.5));
    assert.equal(measuredDays(gappy.cpu, gappy.stepSeconds), 1);
    assert.equal(heldPeak(Float64Array.of(1, 9, 1, 4, Number.NaN, 5, 1)), 4);
    assert.equal(quantile(Float64Array.of(4, 1, Number.NaN, 3, 2), 0.5), 2);
    assert.equal(quantile(new Float64Array(0), 0.5), 0);
  });

  test("a schedule is found where every week is quiet at that time, and only there", () => {
    const office = used(28, (step) => {
      const [hour, day] = [Math.floor(step / 12) % 24, Math.floor(step / perDay) % 7];
      return day < 5 && hour >= 8 && hour < 18 ? 1 : 0.01;
    });
    const off = longestOff(peaksByHour(office), 0.1);
    assert.deepEqual([off?.nights, off?.weekends], [{ from: 18, hours: 14 }, true]);
    assert.equal(off && shareOff(off), (5 * 14 + 48) / 168);
    const once = used(28, (step) => (step === 20 * 12 ? 1 : (office.cpu[step] ?? 0)));
    assert.notDeepEqual(longestOff(peaksByHour(once), 0.1)?.nights, { from: 18, hours: 14 });
    assert.equal(longestOff(peaksByHour(used(28, () => 1)), 0.1), undefined);
  });
});

describe("sizes", () => {
  test("a burstable one holds while its credits last", () => {
    const burst = burstRule("t3.medium");
    assert.ok(burst);
    const size = { cpus: 2, burst };
    assert.equal(
      shareAbove(
        used(7, () => 0.3),
        size,
      ),
      0,
      "below its baseline of 0.4 for ever",
    );
    assert.ok(
      shareAbove(
        used(7, () => 1.5),
        size,
      ) > 0.9,
      "above it the credits end",
    );
    assert.equal(
      shareAbove(
        used(7, (step) => (step % perDay < 6 ? 2 : 0.1)),
        size,
      ),
      0,
      "half an hour a day is saved up for",
    );
    assert.equal(burstRule("t9.medium"), undefined);
  });

  test("what another has more of for no more is not considered, nor what is not known to hold", () => {
    const dearer = offer("old.large", 2, 8, 120_000);
    const unknown = offer("odd.small", 2, 8, 10_000, { burst: undefined, burstable: true });
    assert.deepEqual(worthwhile([small, dearer, unknown, big]), [small, big]);
  });

  test("memory is kept where it is not measured, and a limit of the network holds", () => {
    const growth = calm;
    const network = { networkBytesPerSecond: even(28, 1e6) };
    const vm = { cpus: 8, memoryBytes: 32 * gib, offer: huge };
    const blind = { ...vm, usage: used(28, () => 0.5, network) };
    assert.deepEqual(kindsOf(alternatives(blind, [small, big], growth, defaultSavingsSettings)), ["keep m.2xlarge"]);
    const seen = { ...vm, usage: used(28, () => 0.5, { ...network, memoryBytes: even(28, 4 * gib) }) };
    const found = alternatives(seen, [small, big], growth, defaultSavingsSettings);
    assert.deepEqual(kindsOf(found), ["keep m.2xlarge", "rightsize m.large", "rightsize m.xlarge"]);
    const slow = { ...small, networkBytesPerSecond: 1e6 };
    assert.deepEqual(kindsOf(alternatives(seen, [slow], growth, defaultSavingsSettings)), ["keep m.2xlarge"]);
    const arm = offer("g.large", 2, 8, 80_000, { architecture: "aarch64" });
    assert.equal(alternatives(seen, [arm], growth, defaultSavingsSettings).length, 1);
    const wanted = { ...defaultSavingsSettings, architectures: true };
    assert.deepEqual(kindsOf(alternatives(seen, [arm], growth, wanted)), ["keep m.2xlarge", "architecture g.large"]);
  });

  test("nobody is taken for idle on CPU alone", () => {
    const growth = calm;
    const vm = { cpus: 8, memoryBytes: 32 * gib, offer: huge };
    const quiet = used(28, () => 0.01, { memoryBytes: even(28, gib) });
    const kinds = (usage: UsageSeries) =>
      alternatives({ ...vm, usage }, [], growth, defaultSavingsSettings).map(({ kind }) => kind);
    assert.deepEqual(kinds(quiet), ["keep"]);
    assert.deepEqual(kinds({ ...quiet, networkBytesPerSecond: even(28, 1e7) }), ["keep"]);
    assert.deepEqual(kinds({ ...quiet, networkBytesPerSecond: even(28, 10) }), ["keep", "stop"]);
  });
});

test("local disks are seen in the name of a size", () => {
  const having = [
    "m5d.large",
    "c6gd.xlarge",
    "r5ad.large",
    "i4i.large",
    "Standard_D4ds_v5",
    "Standard_L8s_v3",
    "c3-standard-4-lssd",
  ];
  const without = ["m5.large", "c6gn.large", "t3a.micro", "Standard_D4s_v5", "c3-standard-4", "e2-medium"];
  assert.deepEqual([having.filter((name) => !hasLocalDisks(name)), without.filter(hasLocalDisks)], [[], []]);
});

describe("the limit of harm", () => {
  test("chances grow with what was seen, with the time to come, and are never 0", () => {
    const seen = [1, 1, 1, 4].map((growth) => peakChange(1, growth, 100, 0));
    const [short, long] = [growthCurve(seen, 1), growthCurve(seen, 2)];
    assert.ok(short(2) > short(5) && short(5) > 0);
    assert.equal(long(5), 2 * short(5));
    assert.equal(short(0.9), 1);
    const cramped = Array.from({ length: 100 }, () => peakChange(1, 1, 1.5, 0));
    assert.equal(growthCurve(cramped, 1)(2), growthCurve([], 1)(2), "who had no room to grow says nothing");
  });

  test("what saves most for its risk comes first, and the sum of chances stays below it", () => {
    const keep = (hourMicros: number): Alternative => ({ kind: "keep", offer: huge, hourMicros, chanceOfHarm: 0 });
    const cut = (hourMicros: number, chanceOfHarm: number): Alternative => ({
      kind: "rightsize",
      offer: small,
      hourMicros,
      chanceOfHarm,
    });
    const choices = [
      ...Array.from({ length: 98 }, () => [keep(10), cut(5, 0.5)]),
      [keep(1000), cut(10, 0.4)],
      [keep(1000), cut(500, 0)],
    ];
    const chosen = chooseWithin(choices, { harmLimit: 0.01, harmAim: 0.5 });
    assert.deepEqual(
      chosen.slice(97).map(({ hourMicros }) => hourMicros),
      [10, 10, 500],
    );
    assert.ok(chosen.reduce((sum, { chanceOfHarm }) => sum + chanceOfHarm, 0) <= 0.5);
    const none = chooseWithin(choices, { harmLimit: 0, harmAim: 1 });
    assert.ok(none.every(({ chanceOfHarm }) => chanceOfHarm === 0));
  });
});

describe("commitments", () => {
  const use = { item: "m.large", onDemandMicros: 100, committedMicros: 60, months: 12 };
  test("as many are bought as are in use for longer than their break-even", () => {
    const running = Float64Array.from({ length: 100 }, (_, hour) => (hour < 70 ? 3 : 1));
    const choice = bestCommitment({ ...use, running });
    assert.deepEqual([choice?.count, choice?.breakEvenUse], [3, 0.6]);
    assert.equal(choice?.savingMicros, (2.4 * 100 - 3 * 60) * 730);
    assert.equal(choice?.coverage, 1);
    assert.equal(choice?.breakEvenMonths, (12 * 3 * 60) / 240);
    assert.equal(
      bestCommitment({ ...use, running: running.map((count, hour) => (hour < 50 ? count : 0)) })?.count,
      undefined,
    );
  });

  test("say what is lost when use falls, and none is bought that saves nothing", () => {
    const steady = new Float64Array(100).fill(10);
    assert.equal(bestCommitment({ ...use, running: steady })?.regretMicros, 0);
    const dear = bestCommitment({ ...use, committedMicros: 90, running: steady });
    assert.equal(dear?.regretMicros, Math.round((10 * 90 - (10 * 100 * 2) / 3) * 730));
    assert.equal(bestCommitment({ ...use, committedMicros: 100, running: steady }), undefined);
    assert.equal(bestCommitment({ ...use, running: new Float64Array(0) }), undefined);
  });
});
