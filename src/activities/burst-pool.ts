// Long because one look at a pool, from its samples to its orders, is one thing.
import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { affordableVms, type BurstPoolView, isLeaseOpen, leaseTag, lookBackMs, monthStart } from "../domain/burst.ts";
import { type BurstDecision, decideBurst, type PoolState } from "../domain/burst-decision.ts";
import { type BurstOffer, burstRequest, type RankedOffers, rankOffers, spotRoom } from "../domain/burst-offers.ts";
import type { BurstSignal } from "../domain/burst-pool.ts";
import { leasesToRelease } from "../domain/burst-scale-back.ts";
import type { BurstSample } from "../domain/burst-signal.ts";
import type { SeenSite } from "../domain/create-observations.ts";
import type { ForecastAdvice } from "../domain/load-forecast.ts";
import type { Money } from "../domain/money.ts";
import { tagKeys } from "../domain/vm.ts";
import type { KeptLease, NewBurstLease } from "../store/index.ts";
import { admissionNow } from "./admission.ts";
import { BurstOutlook } from "./burst-outlook.ts";
import { lookAtOffer } from "./create-plan.ts";
import type { ActivityDeps } from "./deps.ts";

/** What a person ordered is seen within this time. */
const askStoreMs = 1_000;
/** A sample is seen within this time, however rarely there is one. */
const mostBetweenLooksMs = 5_000;
/** Offers are looked at before they are needed; older ones are looked at again. */
const offersLastMs = 300_000;
/** A lease keeps so many ways to get its VM. */
const offersKept = 12;

export interface PoolNews {
  /** Nothing is left of it. */
  readonly gone: boolean;
  /** Leases that want a run. */
  readonly begin: readonly string[];
}

export function burstPoolActivities(deps: ActivityDeps) {
  const { store } = deps;
  return {
    /** Looks at the pool again and again; resolves when leases want runs, or nothing is left of it. What was decided is in
     *  the store. A repeat goes on from there. */
    async watchPool(input: { poolId: string; begun: readonly string[] }): Promise<PoolNews> {
      const signal = Context.current().cancellationSignal;
      const begun = new Set(input.begun);
      const offers = new Offers(deps, signal);
      const outlook = new BurstOutlook(store);
      let nextLookMs = 0;
      let ordered = -1;
      for (;;) {
        const pool = await store.burstPools.get(input.poolId);
        if (!pool || pool.state === "deleted") return { gone: true, begin: [] };
        const leases = await store.burstLeases.of(pool.poolId, new Date(monthStart(Date.now())).toISOString());
        const open = leases.filter(isLeaseOpen);
        const waiting = open.filter(({ state, leaseId }) => state === "ordered" && !begun.has(leaseId));
        if (waiting.length > 0) return { gone: false, begin: waiting.map(({ leaseId }) => leaseId) };
        if (pool.state === "deleting") {
          if (open.length === 0) {
            await store.burstPools.end(pool.poolId, "deleted");
            return { gone: true, begin: [] };
          }
          for (const { leaseId } of open) await letGo(leaseId, "its pool was deleted");
        } else if (Date.now() >= nextLookMs || pool.ordered !== ordered) {
          nextLookMs = Date.now() + Math.min(mostBetweenLooksMs, pool.sampleSeconds * 1000);
          ordered = pool.ordered;
          await look(pool, leases, { offers, outlook });
          continue;
        }
        await sleep(askStoreMs, undefined, { signal });
      }
    },
  };

  async function look(
    pool: BurstPoolView,
    leases: readonly KeptLease[],
    { offers, outlook }: { offers: Offers; outlook: BurstOutlook },
  ): Promise<void> {
    const nowMs = Date.now();
    const samples = await Promise.all(pool.signals.map((signal) => samplesOf(pool, signal, nowMs)));
    const advice = await outlook.advise(pool, leases, nowMs);
    const state = await stateOf(pool, leases, nowMs, advice);
    let decision = decideBurst(pool, samples, state);
    let ranked: RankedOffers | undefined;
    if (decision.action === "burst") {
      ranked = await offers.of(pool);
      if (await store.guard.frozen())
        decision = { ...decision, action: "hold", reason: "frozen", wanted: decision.have };
      else {
        const affordable = affordableVms(leases, pool, ranked.offers[0]?.hourlyMicros, nowMs);
        if (ranked.offers.length > 0 && affordable !== undefined) {
          decision = decideBurst(pool, samples, { ...state, affordable });
        }
      }
      if (decision.action === "burst" && ranked.offers.length === 0) {
        const detail = `${decision.detail}; no site offers one now`;
        decision = { ...decision, action: "hold", reason: "no-offer", wanted: decision.have, detail };
      }
    } else if (decision.readings.some(({ state: stands }) => stands === "over")) {
      // It may be needed in a moment.
      await offers.of(pool);
    }
    if (decision.action === "burst" && ranked) await order(pool, leases, decision, ranked.offers, nowMs);
    if (decision.action === "release") {
      const { leastBilledSeconds } = pool;
      const spare = leasesToRelease(leases, decision.have - decision.wanted, { nowMs, leastBilledSeconds });
      if (spare.length > 0) decision = { ...decision, wanted: decision.have - spare.length };
      else {
        const detail = `${decision.detail}; they are billed for their first ${leastBilledSeconds} s anyway`;
        decision = { ...decision, action: "hold", wanted: decision.have, detail };
      }
      for (const { leaseId } of spare) await letGo(leaseId, "its pool does not need it any more");
    }
    await store.burstPools.note(pool.poolId, new Date(nowMs).toISOString(), decision, ranked?.candidates);
  }

  async function letGo(leaseId: string, leaveReason: string): Promise<void> {
    await store.burstLeases.update(leaseId, { leaveReason });
  }

  async function samplesOf(pool: BurstPoolView, signal: BurstSignal, nowMs: number): Promise<readonly BurstSample[]> {
    const from = new Date(nowMs - lookBackMs(pool)).toISOString();
    const to = new Date(nowMs + 1_000).toISOString();
    const { metric, resourceId, measures } = signal;
    const of = { site: pool.site, metric, from, to };
    if (resourceId !== undefined) {
      const [series] = await store.metrics.range({ ...of, resourceId });
      return (series?.points ?? []).map(({ at, value }) => ({ atMs: Date.parse(at), value }));
    }
    const all = await store.metrics.range({ ...of, stepSeconds: pool.sampleSeconds });
    const points = Map.groupBy(
      all.flatMap((series) => series.points),
      ({ at }) => at,
    );
    return [...points].map(([at, each]) => {
      const sum = each.reduce((total, { value }) => total + value, 0);
      // The span's end: its samples were all taken before.
      const atMs = Math.min(nowMs, Date.parse(at) + pool.sampleSeconds * 1000);
      return { atMs, value: measures === "backlog" ? sum : sum / each.length };
    });
  }

  async function stateOf(
    pool: BurstPoolView,
    leases: readonly KeptLease[],
    nowMs: number,
    advice: ForecastAdvice | undefined,
  ): Promise<PoolState> {
    const staying = leases.filter((lease) => isLeaseOpen(lease) && lease.leaveReason === undefined);
    const serving = staying.filter(({ state }) => state === "serving").length;
    const { burstAt, releaseAt } = await store.burstPools.lastChanges(pool.poolId);
    return {
      ...{ nowMs, serving, coming: staying.length - serving, ordered: pool.ordered },
      ...(burstAt === undefined ? {} : { lastBurstMs: Date.parse(burstAt) }),
      ...(releaseAt === undefined ? {} : { lastReleaseMs: Date.parse(releaseAt) }),
      ...(advice ? { advice } : {}),
    };
  }

  async function order(
    pool: BurstPoolView,
    leases: readonly KeptLease[],
    { wanted, have }: BurstDecision,
    offers: readonly BurstOffer[],
    nowMs: number,
  ): Promise<void> {
    const open = leases.filter(isLeaseOpen);
    const spot = open.filter(({ capacityType }) => capacityType === "spot").length;
    const more = wanted - have;
    const mayBeSpot = spotRoom(pool.onDemandShare, { spot, onDemand: open.length - spot }, more);
    const steady = offers.filter(({ capacityType }) => capacityType === "on-demand");
    const hours = pool.leaseSeconds / 3600;
    const deadline = new Date(nowMs + pool.leaseSeconds * 1000).toISOString();
    const orders = Array.from({ length: more }, (_, index): NewBurstLease => {
      const leaseId = `${pool.poolId}-${nowMs.toString(36)}-${index + 1}`;
      const vmName = `${pool.name}-${nowMs.toString(36)}-${index + 1}`;
      const mine = index < mayBeSpot ? offers : steady;
      return {
        ...{ leaseId, poolId: pool.poolId, owner: pool.owner, vmName, deadline },
        ...(pool.monthlyBudget ? { budget: promised(mine[0], hours) } : {}),
        offers: mine.slice(0, offersKept).map((offer) => ({
          ...offer,
          create: {
            ...offer.create,
            name: vmName,
            tags: {
              ...pool.tags,
              ...{ owner: pool.owner, [tagKeys.managed]: "true", [leaseTag]: leaseId, [tagKeys.burst]: pool.name },
            },
          },
        })),
      };
    });
    await store.burstLeases.order(orders.filter(({ offers: ways }) => ways.length > 0));
  }
}

function promised({ hourlyMicros = 0, currency = "" }: Partial<BurstOffer> = {}, hours: number): Money {
  return { micros: Math.ceil(hourlyMicros * hours), currency };
}

/** What sites offer, looked at no more often than needed. */
class Offers {
  readonly #deps: ActivityDeps;
  readonly #signal: AbortSignal;
  #seen: { readonly of: string; readonly atMs: number; readonly sites: readonly SeenSite[] } | undefined;

  constructor(deps: ActivityDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  async of(pool: BurstPoolView): Promise<RankedOffers> {
    const name = pool.name;
    const request = burstRequest(pool, name, true);
    const of = JSON.stringify(request);
    if (this.#seen?.of !== of || Date.now() - this.#seen.atMs > offersLastMs) {
      const sites = await Promise.all(pool.sites.map((site) => lookAtOffer(this.#deps, site, request, this.#signal)));
      this.#seen = { of, atMs: Date.now(), sites };
    }
    const { store } = this.#deps;
    const [backOffs, admit] = await Promise.all([store.burstLeases.backOffs(), admissionNow(store)]);
    return rankOffers(pool, this.#seen.sites, {
      name,
      spot: pool.onDemandShare < 1,
      backOffs,
      nowMs: Date.now(),
      admit,
    });
  }
}
