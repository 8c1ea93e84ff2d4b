import assert from "node:assert/strict";
import { test } from "node:test";
import { affordableVms, type BurstLease, leaseCostMicros } from "../../src/domain/burst.ts";
import { type BackOff, backOffAfter, rankOffers, spotRoom } from "../../src/domain/burst-offers.ts";
import { burstFault, resolveBurst } from "../../src/domain/burst-request.ts";
import { leasesToRelease } from "../../src/domain/burst-scale-back.ts";
import type { SeenSite, SiteOffer } from "../../src/domain/create-observations.ts";
import type { Price } from "../../src/domain/prices.ts";

const nowMs = Date.UTC(2026, 5, 10, 12);
const usd = (micros: number) => ({ micros, currency: "USD" });
const settings = resolveBurst(
  {
    ...{ name: "web", site: "onprem-a", sites: ["dear", "cheap", "unpriced", "far"], ownVms: 2 },
    template: { cpus: 2, memoryBytes: 4 * 2 ** 30, image: "golden", port: 8080 },
    residency: "eu",
  },
  "user/ada",
);

function price(item: string, micros: number, terms: Price["terms"], band?: number): Price {
  const size = { cpus: 2, memoryBytes: 4 * 2 ** 30, architecture: "x86_64" as const, gpus: 0, burstable: false };
  return {
    ...{ provider: "p", region: "r", kind: "instance", item, terms, above: 0, price: usd(micros), unit: "hour" },
    ...{ pricedOn: "2026-06-01", source: "a test" },
    size: band === undefined ? size : { ...size, interruptionBand: band },
  };
}

function site(name: string, prices: readonly Price[], residency = "eu"): SeenSite {
  const there = {
    ...{ kind: "p", capabilityGaps: {}, networks: [], vmNames: [], addresses: {}, ceilings: [], quotas: [] },
    ...{ diskBytes: [2 ** 30], image: { imageId: "i", name: "golden", firmware: "bios", architecture: "x86_64" } },
    instanceTypes: [
      {
        ...{ name: "two", family: "two", cpus: 2, memoryBytes: 4 * 2 ** 30, architecture: "x86_64", gpus: 0 },
        ...{ firmwares: ["bios"], diskBus: "nvme", nicModel: "ena", burstable: false, bareMetal: false },
      },
    ],
    prices: { provider: "p", region: "r", prices },
  } as unknown as SiteOffer;
  return { site: name, provider: "aws", residency: [residency], there };
}

const seen = [
  site("dear", [price("two", 100_000, "on-demand"), price("two", 30_000, "spot", 4)]),
  site("cheap", [price("two", 80_000, "on-demand")]),
  site("unpriced", []),
  site("far", [price("two", 1_000, "on-demand")], "us"),
];
const rank = (change: { spot?: boolean; backOffs?: readonly BackOff[]; of?: typeof settings } = {}) =>
  rankOffers(change.of ?? settings, seen, {
    name: "web-1",
    spot: change.spot ?? false,
    backOffs: change.backOffs ?? [],
    nowMs,
  });
const order = (ranked: ReturnType<typeof rank>) => ranked.offers.map((offer) => `${offer.site} ${offer.capacityType}`);

test("takes the cheapest site that is allowed, and what has no price last", () => {
  const ranked = rank();
  assert.deepEqual(order(ranked), ["cheap on-demand", "dear on-demand", "unpriced on-demand"]);
  const far = ranked.candidates.find((candidate) => candidate.site === "far");
  assert.match(far?.detail ?? "", /not eu/);
  assert.deepEqual(order(rank({ spot: true }))[0], "dear spot");
  assert.match(rank({ spot: true }).offers[0]?.detail ?? "", /taken back up to 30 % a month/);
});

test("counts what a VM sends, and leaves out what has no price where there is a budget", () => {
  const egress: Price = { ...price("internet", 90_000, "on-demand"), kind: "egress", unit: "gib" };
  const sending = { ...settings, egressGibPerHour: 1 };
  const [dear, cheap] = seen;
  assert.ok(dear?.there && cheap?.there);
  const costly: SeenSite = {
    ...cheap,
    there: {
      ...cheap.there,
      prices: { provider: "p", region: "r", prices: [...(cheap.there.prices?.prices ?? []), egress] },
    },
  };
  const ranked = rankOffers(sending, [dear, costly], { name: "web-1", spot: false, backOffs: [], nowMs });
  assert.deepEqual(order(ranked), ["dear on-demand", "cheap on-demand"]);
  assert.equal(ranked.offers[1]?.hourlyMicros, 170_000);
  const bounded = { ...settings, monthlyBudget: usd(1_000_000) };
  assert.deepEqual(order(rank({ of: bounded })), ["cheap on-demand", "dear on-demand"]);
});

test("remembers what failed: the size for a shortage, the whole site where it would not talk, longer each time", () => {
  const offer = { site: "cheap", instanceType: "two", capacityType: "on-demand" } as const;
  const shortage = backOffAfter(offer, { code: "InsufficientCapacity" }, 0, nowMs);
  assert.deepEqual([shortage.instanceType, shortage.until], ["two", new Date(nowMs + 60_000).toISOString()]);
  assert.deepEqual(order(rank({ backOffs: [shortage] })), ["dear on-demand", "unpriced on-demand"]);
  const later = { ...shortage, until: new Date(nowMs - 1).toISOString() };
  assert.equal(order(rank({ backOffs: [later] }))[0], "cheap on-demand");
  const away = backOffAfter(offer, { code: "RateLimited", retryAfterMs: 90_000 }, 0, nowMs);
  assert.deepEqual([away.instanceType, away.capacityType], ["*", "*"]);
  assert.equal(away.until, new Date(nowMs + 90_000).toISOString());
  assert.equal(backOffAfter(offer, { code: "Unknown" }, 9, nowMs).until, new Date(nowMs + 3_600_000).toISOString());
});

test("keeps the share that must not be taken back", () => {
  assert.equal(spotRoom(1, { spot: 0, onDemand: 0 }, 4), 0);
  assert.equal(spotRoom(0.5, { spot: 0, onDemand: 0 }, 4), 2);
  assert.equal(spotRoom(0.5, { spot: 2, onDemand: 2 }, 1), 0);
  assert.equal(spotRoom(0, { spot: 3, onDemand: 0 }, 2), 2);
});

const lease = (leaseId: string, change: Partial<BurstLease>): BurstLease => ({
  ...{ leaseId, poolId: "web", owner: "a", state: "serving", vmName: leaseId, steps: [], problems: [] },
  ...{ deadline: "2026-06-10T13:00:00Z", orderedAt: "2026-06-10T11:00:00Z" },
  ...change,
});

test("gives back what does not serve yet, then the dearest, and not what is paid for anyway", () => {
  const leases = [
    lease("cheap", { hourly: usd(1) }),
    lease("dear", { hourly: usd(3) }),
    lease("coming", { state: "creating", hourly: usd(1) }),
    lease("paid", { hourly: usd(9), orderedAt: "2026-06-10T11:59:30Z" }),
    lease("going", { state: "leaving", hourly: usd(9) }),
    lease("gone", { state: "removed", hourly: usd(9) }),
  ];
  const ids = (count: number) =>
    leasesToRelease(leases, count, { nowMs, leastBilledSeconds: 60 }).map(({ leaseId }) => leaseId);
  assert.deepEqual(ids(2), ["coming", "dear"]);
  assert.deepEqual(ids(9), ["coming", "dear", "cheap"]);
});

test("promises to leases no more than the month's budget", () => {
  const month = { monthlyBudget: usd(1_000_000), leaseSeconds: 3_600 };
  assert.equal(affordableVms([], month, 100_000, nowMs), 10);
  // Two hours are promised to it.
  assert.equal(affordableVms([lease("one", { hourly: usd(100_000), budget: usd(200_000) })], month, 100_000, nowMs), 8);
  assert.equal(affordableVms([], month, undefined, nowMs), 0);
  assert.equal(affordableVms([], { leaseSeconds: 60 }, undefined, nowMs), undefined);
  const ended = lease("two", { hourly: usd(60_000), endedAt: "2026-06-10T11:30:00Z" });
  assert.equal(leaseCostMicros(ended, nowMs), 30_000);
});

test("fills in the defaults of signals, and refuses what would go up and down", () => {
  assert.deepEqual(
    settings.signals.map(({ metric, threshold, sustainSeconds }) => [metric, threshold, sustainSeconds]),
    [
      ["cpu.utilisation", 0.9, 300],
      ["memory.used", 0.85, 300],
    ],
  );
  const queue = resolveBurst({ ...settings, signals: [{ metric: "queue.depth" }] }, "user/ada").signals[0];
  assert.deepEqual([queue?.measures, queue?.threshold, queue?.sustainSeconds], ["backlog", 100, 0]);
  assert.equal(burstFault(settings), undefined);
  const odd = resolveBurst({ ...settings, signals: [{ metric: "cpu.utilisation", releaseUnder: 0.8 }] }, "user/ada");
  assert.match(burstFault(odd) ?? "", /above its target/);
});
