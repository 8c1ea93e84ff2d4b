import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { analyse } from "../../src/domain/savings/analyse.ts";
import type { SiteFacts, UnusedFacts, VmFacts } from "../../src/domain/savings/facts.ts";
import type { Finding, Recommendation } from "../../src/domain/savings/recommendation.ts";
import { defaultSavingsSettings } from "../../src/domain/savings/settings.ts";
import type { UsageSeries } from "../../src/domain/savings/usage.ts";
import { offer } from "./support/savings-offer.ts";

const gib = 2 ** 30;
const site = "aws-us-east-1";
const nowMs = Date.UTC(2026, 6, 21);
const days = 28;

const offers = [
  offer("m.large", 2, 8, 100_000, { reserved1yMicros: 60_000 }),
  offer("m.2xlarge", 8, 32, 400_000),
  offer("m5d.large", 2, 8, 120_000),
];

function usage(
  cpu: (hour: number) => number,
  memoryGib: number | undefined,
  network = 1e6,
  measured = days,
): UsageSeries {
  const even = (value: number) => new Float64Array(days * 24).fill(value);
  const hours = Float64Array.from({ length: days * 24 }, (_, hour) => (hour < measured * 24 ? cpu(hour) : Number.NaN));
  return {
    ...{ startMs: Date.UTC(2026, 5, 22), stepSeconds: 3_600, cpu: hours, networkBytesPerSecond: even(network) },
    ...(memoryGib === undefined ? {} : { memoryBytes: even(memoryGib * gib) }),
  };
}

function vm(name: string, more: Partial<VmFacts> = {}): VmFacts {
  const subject = { site, resourceKind: "vm", resourceId: `i-${name}`, name, tags: {} };
  return {
    subject,
    running: true,
    cpus: 8,
    memoryBytes: 32 * gib,
    instanceType: "m.2xlarge",
    spot: false,
    interruptible: false,
    ...more,
  };
}

/** Enough of them that the estate knows itself. */
const calm = Array.from({ length: 100 }, (_, index) =>
  vm(`calm-${index}`, {
    cpus: 2,
    memoryBytes: 8 * gib,
    instanceType: "m.large",
    usage: usage((hour) => 0.9 + (hour % 2) / 10, 4),
  }),
);

function found(vms: readonly VmFacts[], more: Partial<SiteFacts> = {}) {
  const { findings, totals } = analyse(
    [{ site, offers, vms: [...calm, ...vms], unused: [], ...more }],
    defaultSavingsSettings,
    nowMs,
  );
  const of = (name: string) => findings.find((finding) => finding.name === name) as Finding;
  return { findings, totals, of };
}

function reason(finding: Finding): string {
  assert.equal(finding.recommended, false, JSON.stringify(finding));
  return finding.recommended ? "" : finding.reason;
}

function recommended(finding: Finding): Recommendation {
  assert.equal(finding.recommended, true, JSON.stringify(finding));
  return finding;
}

describe("an analysis of an estate", () => {
  test("recommends what costs less, with what it rests on and how it is taken back", () => {
    const big = recommended(found([vm("big", { usage: usage(() => 0.4, 3) })]).of("big"));
    assert.deepEqual([big.type, big.instanceType, big.savingsPercent], ["rightsize", "m.large", 75]);
    assert.deepEqual(big.potentialSavings, { micros: 300_000 * 730, currency: "USD" });
    assert.equal(big.currentCost.micros - big.optimizedCost.micros, big.potentialSavings.micros);
    assert.match(big.evidence.join(" "), /at most 0.40 of 8.*at most 3.00 of 32.00 GiB.*Chance of harm/);
    assert.match(big.reversal, /m.2xlarge/);
    assert.ok(big.confidence > 0.8 && big.confidence < 1);
  });

  test("says of every other resource why there is nothing", () => {
    const { of, findings, totals } = found([
      vm("off", { running: false }),
      vm("spot", { spot: true }),
      vm("sizeless", { instanceType: undefined }),
      vm("unpriced", { instanceType: "x.odd" }),
      vm("local", { instanceType: "m5d.large", usage: usage(() => 0.4, 3) }),
      vm("unmeasured"),
      vm("young", { usage: usage(() => 0.4, 3, 1e6, 3) }),
      vm("blind", { usage: usage(() => 0.4, undefined) }),
      vm("busy", { usage: usage(() => 7.9, 30) }),
    ]);
    const reasons = {
      off: /does not run/,
      spot: /spot capacity already/,
      sizeless: /no sizes with prices/,
      unpriced: /no price of x.odd/,
      local: /m5d.large has local disks/,
      unmeasured: /never measured/,
      young: /3\.0 days; at least 7/,
      blind: /no smaller size/,
      busy: /no smaller size/,
    };
    for (const [name, words] of Object.entries(reasons)) assert.match(reason(of(name)), words);
    const resources = findings.filter(({ resourceKind }) => resourceKind === "vm").map(({ resourceId }) => resourceId);
    assert.equal(new Set(resources).size, resources.length, "each resource once");
    assert.equal(resources.length, totals.resources);
  });

  test("counts no resource twice: who is stopped is not committed to", () => {
    const idle = vm("idle", {
      cpus: 2,
      memoryBytes: 8 * gib,
      instanceType: "m.large",
      usage: usage(() => 0.005, 1, 10),
    });
    const { of, findings, totals } = found([idle]);
    assert.equal(recommended(of("idle")).type, "stop");
    const commit = recommended(of("m.large"));
    assert.deepEqual([commit.type, commit.count], ["commit", calm.length]);
    const sum = findings.reduce((all, each) => all + (each.recommended ? each.potentialSavings.micros : 0), 0);
    assert.equal(totals.potentialSavings?.micros, sum);
    assert.ok(sum < (totals.currentCost?.micros ?? 0));
  });

  test("spot capacity is for what may be taken away, and is not committed to", () => {
    const onSpot = (band: number) =>
      offers.map((each) => ({ ...each, spotMicros: each.hourMicros / 4, interruptionBand: band }));
    const busy = { usage: usage(() => 7.9, 30) };
    const [calmly, often] = [1, 4].map((band) => {
      return found([vm("batch", { ...busy, interruptible: true }), vm("db", busy)], { offers: onSpot(band) });
    });
    const batch = recommended(calmly?.of("batch") as Finding);
    assert.deepEqual([batch.type, batch.savingsPercent, batch.instanceType], ["spot", 75, undefined]);
    assert.match(batch.evidence.join(" "), /novacron:interruptible.*from 5 to 10 in a hundred/);
    assert.match(reason(calmly?.of("db") as Finding), /no smaller size/);
    assert.match(reason(often?.of("batch") as Finding), /no smaller size/);
  });

  test("an old price makes it less sure", () => {
    const aged = offers.map((each) => ({ ...each, pricedOn: "2025-07-20" }));
    const big = vm("big", { usage: usage(() => 0.4, 3) });
    const [fresh, old] = [found([big]), found([big], { offers: aged })].map(({ of }) => recommended(of("big")));
    assert.ok(fresh && old && old.confidence < 0.7 * fresh.confidence);
    assert.match(old.evidence.join(" "), /366 days old/);
  });

  test("what is attached to nothing goes once it has been so for a while, and its price is known", () => {
    const disk = (name: string, unusedDays: number, micros?: number): UnusedFacts => ({
      subject: { site, resourceKind: "volume", resourceId: name, name, tags: {} },
      ...{ type: "delete-disk", unusedDays },
      monthly: {
        ...{ what: name, quantity: 1, unit: "month" },
        ...(micros ? { amount: { micros, currency: "USD" } } : { unknown: "a list" }),
      },
    });
    const { of } = found([], {
      unused: [disk("old", 30, 9e6), disk("new", 2, 9e6), disk("unknown", 30), disk("cheap", 30, 10)],
    });
    assert.deepEqual(recommended(of("old")).optimizedCost, { micros: 0, currency: "USD" });
    assert.match(reason(of("new")), /only since 2\.0 days/);
    assert.match(reason(of("unknown")), /price is not known: a list/);
    assert.match(reason(of("cheap")), /too little/);
  });
});
