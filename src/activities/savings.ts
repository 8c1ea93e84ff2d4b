import { Context } from "@temporalio/activity";
import type { MetricPoint } from "../domain/metric.ts";
import type { CostItem } from "../domain/prices.ts";
import { analyse } from "../domain/savings/analyse.ts";
import { interruptibleTag, type SiteFacts, type UnusedFacts, type VmFacts } from "../domain/savings/facts.ts";
import { offersOf } from "../domain/savings/offers.ts";
import type { SavingsSubject, SavingsTotals } from "../domain/savings/recommendation.ts";
import type { SavingsSettings } from "../domain/savings/settings.ts";
import { measuredDays, type UsageSeries } from "../domain/savings/usage.ts";
import type { Expression } from "../domain/search/query.ts";
import type { InventoryResource, Store } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";

const dayMs = 86_400_000;
/** Of an estate that large, hours are looked at instead of five minutes, each by its highest value. */
const fineUpTo = 1_500;
const [fineSeconds, coarseSeconds] = [300, 3_600];
/** VMs whose figures are read at the same time. */
const readers = 4;

type Deps = Pick<ActivityDeps, "registry" | "settings" | "savings"> & { readonly store: Store };

/** What could cost less, found out and filed. */
export function savingsActivities(deps: Deps) {
  const { store, savings } = deps;
  return {
    async beginSavingsAnalysis({ analysisId, startedAt }: { analysisId: string; startedAt: string }): Promise<void> {
      await store.savings.begin(analysisId, savings, startedAt);
    },

    /** All sites at once, as the limit of harm is one of the whole estate; replaces what an earlier attempt has filed. */
    async analyseSavings({ analysisId }: { analysisId: string }): Promise<SavingsTotals> {
      return findSavings(deps, analysisId, Context.current().cancellationSignal);
    },

    async failSavingsAnalysis({ analysisId, reason }: { analysisId: string; reason: string }): Promise<void> {
      await store.savings.fail(analysisId, reason);
    },
  };
}

/** Reads all sites, analyses them together, and files what was found. */
async function findSavings(
  { store, registry, settings, savings }: Deps,
  analysisId: string,
  signal: AbortSignal,
): Promise<SavingsTotals> {
  const nowMs = Date.now();
  const read = await Promise.all(registry.sites.map(({ site }) => readSite(store, site)));
  const running = read.reduce((count, { vms }) => count + vms.filter(isRunning).length, 0);
  const stepSeconds = running > fineUpTo ? coarseSeconds : fineSeconds;
  const facts: SiteFacts[] = [];
  for (const { site, vms, unused } of read) {
    const { market } = settings(site);
    const offers = market ? offersOf(await store.prices.book(market.provider, market.region)) : [];
    const known: VmFacts[] = [];
    const queue = [...vms];
    const work = Array.from({ length: readers }, async () => {
      for (let vm = queue.shift(); vm; vm = queue.shift()) {
        signal.throwIfAborted();
        const usage = isRunning(vm) ? await usageOf(store, vm, savings, stepSeconds, nowMs) : undefined;
        known.push(vmFacts(vm, usage));
      }
    });
    await Promise.all(work);
    known.sort((a, b) => (a.subject.resourceId < b.subject.resourceId ? -1 : 1));
    facts.push({ site, offers, vms: known, unused: unused.map((resource) => unusedFacts(resource, nowMs)) });
  }
  const { findings, totals } = analyse(facts, savings, nowMs);
  await store.savings.complete(analysisId, findings, totals);
  return totals;
}

interface ReadSite {
  readonly site: string;
  readonly vms: readonly InventoryResource[];
  readonly unused: readonly InventoryResource[];
}

async function readSite(store: Store, site: string): Promise<ReadSite> {
  const exactly = (field: "site" | "kind", value: string): Expression => ({
    type: "match",
    field,
    pattern: { type: "exact", value },
  });
  const all = async (...items: readonly Expression[]) => {
    const found: InventoryResource[] = [];
    const where: Expression = { type: "and", items: [exactly("site", site), ...items] };
    for await (const page of store.resources.all({ where, sort: [] })) found.push(...page);
    return found;
  };
  const kinds: Expression = { type: "or", items: [exactly("kind", "volume"), exactly("kind", "address")] };
  return { site, vms: await all(exactly("kind", "vm")), unused: await all(kinds, { type: "flag", flag: "unused" }) };
}

function isRunning({ state }: InventoryResource): boolean {
  return state === "running";
}

function subjectOf({ site, kind, resourceId, name, document }: InventoryResource): SavingsSubject {
  const tags = (document.tags ?? {}) as Readonly<Record<string, string>>;
  return { site, resourceKind: kind, resourceId, name, tags };
}

function vmFacts(vm: InventoryResource, usage: UsageSeries | undefined): VmFacts {
  const { document, cpus = 0, memoryBytes = 0 } = vm;
  const { instance_type: instanceType, capacity_type: capacity } = document;
  return {
    ...{ subject: subjectOf(vm), running: isRunning(vm), cpus, memoryBytes, spot: capacity === "spot" },
    interruptible: subjectOf(vm).tags[interruptibleTag] === "true",
    ...(typeof instanceType === "string" ? { instanceType } : {}),
    ...(usage ? { usage } : {}),
  };
}

function unusedFacts(resource: InventoryResource, nowMs: number): UnusedFacts {
  const { kind, monthlyCostMicros: micros, changedAt, site } = resource;
  const line = { what: `${kind} ${resource.name}`, quantity: 1, unit: "month" };
  const monthly: CostItem =
    micros === undefined
      ? { ...line, unknown: `${site}'s price list does not say what a month of it costs` }
      : { ...line, amount: { micros, currency: "USD" } };
  // Who took it off a VM changed it; nothing of it was changed since.
  const unusedDays = (nowMs - Date.parse(changedAt)) / dayMs;
  return {
    subject: subjectOf(resource),
    type: kind === "volume" ? "delete-disk" : "release-address",
    unusedDays,
    monthly,
  };
}

/** Undefined when CPU was never measured. */
async function usageOf(
  store: Store,
  { site, resourceId, cpus = 0, memoryBytes = 0 }: InventoryResource,
  { lookbackDays, leastDays }: SavingsSettings,
  stepSeconds: number,
  nowMs: number,
): Promise<UsageSeries | undefined> {
  const stepMs = stepSeconds * 1000;
  const endMs = Math.floor(nowMs / stepMs) * stepMs;
  const startMs = endMs - lookbackDays * dayMs;
  const [from, to] = [new Date(startMs).toISOString(), new Date(endMs).toISOString()];
  const read = async (metric: string): Promise<Float64Array | undefined> => {
    const [series] = await store.metrics.range({ site, resourceId, metric, from, to, stepSeconds });
    if (!series) return undefined;
    const values = new Float64Array((endMs - startMs) / stepMs).fill(Number.NaN);
    for (const point of series.points) {
      const index = Math.floor((Date.parse(point.at) - startMs) / stepMs);
      if (index >= 0 && index < values.length) values[index] = figureOf(point, stepSeconds);
    }
    return values;
  };
  const cpu = await read("cpu.utilisation");
  if (!cpu) return undefined;
  // What is only measured since lately says as little as what is not.
  const enough = (values: Float64Array | undefined) =>
    values && measuredDays(values, stepSeconds) >= leastDays ? values : undefined;
  const memory = enough(await read("memory.used"));
  const network = both(enough(await read("network.in")), enough(await read("network.out")));
  const disk = both(enough(await read("disk.read")), enough(await read("disk.write")));
  return {
    ...{ startMs, stepSeconds, cpu: cpu.map((share) => share * cpus) },
    ...(memory ? { memoryBytes: memory.map((share) => share * memoryBytes) } : {}),
    ...(network ? { networkBytesPerSecond: network } : {}),
    ...(disk ? { diskBytesPerSecond: disk } : {}),
  };
}

function figureOf({ value, high }: MetricPoint, stepSeconds: number): number {
  return stepSeconds > fineSeconds ? high : value;
}

function both(one: Float64Array | undefined, other: Float64Array | undefined): Float64Array | undefined {
  if (!one || !other) return one ?? other;
  return one.map((value, index) => value + (other[index] ?? Number.NaN));
}
