import type { CostGroup } from "../domain/cost.ts";
import { type MetricSample, ownSite } from "../domain/metric.ts";
import type { ActivityDeps } from "./deps.ts";

/** What VMs cost, savings, findings and spending change with analyses, scans and deliveries. */
const slowEveryMs = 300_000;
/** Deliveries of costs come some times a day. */
const spendingEveryMs = 900_000;
/** So old a newest day still is one: deliveries come late, and not at all of what was given up. */
const newestWithinDays = 7;
const dayMs = 86_400_000;
const groupsAtMost = 10_000;

type Spending = Pick<MetricSample, "site" | "metric" | "value">;

/** Measures our own work, as far as the store knows it. */
export class OwnFigures {
  readonly #store: ActivityDeps["store"];
  readonly #costs: ActivityDeps["costs"];
  readonly #log: ActivityDeps["log"];
  #slowAt = 0;
  #spendingAt = 0;
  #spending: readonly Spending[] = [];

  constructor({ store, costs, log }: Pick<ActivityDeps, "store" | "costs" | "log">) {
    this.#store = store;
    this.#costs = costs;
    this.#log = log;
  }

  async measure(now: number): Promise<void> {
    const slow = now - this.#slowAt >= slowEveryMs;
    await this.#store.metrics.writeOwn({ slow });
    if (!slow) return;
    this.#slowAt = now;
    const at = new Date(now).toISOString();
    const spending = await this.#readSpending(now);
    await this.#store.metrics.write(spending.map((each) => ({ ...each, resourceId: "spend", at })));
  }

  /** Sums that fail keep no rule from being looked at; what is not known has no sample. */
  async #readSpending(now: number): Promise<readonly Spending[]> {
    if (now - this.#spendingAt < spendingEveryMs) return this.#spending;
    this.#spendingAt = now;
    this.#spending = await spendingOf(this.#costs, now).catch((error: unknown) => {
      this.#log.warn(`What was spent is not measured: ${String(error)}`, error);
      return [];
    });
    return this.#spending;
  }
}

/** By site: of the newest day before today, and of this month. */
async function spendingOf(costs: ActivityDeps["costs"], now: number): Promise<readonly Spending[]> {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const [today, month] = [day(now), `${day(now).slice(0, 7)}-01`];
  const oldest = day(now - newestWithinDays * dayMs);
  const { groups } = await costs.sum({
    ...{ from: oldest < month ? oldest : month, to: day(now + dayMs), currency: "USD", limit: groupsAtMost },
    groupBy: ["site", "day"],
  });
  const usd = groups.filter(({ currency }) => currency === "USD");
  return [...Map.groupBy(usd, ({ key }) => key.site ?? ownSite)].flatMap(([site, of]) => {
    const before = of.map(dayOf).filter((each) => each >= oldest && each < today);
    const newest = before.toSorted().at(-1);
    const ofMonth = of.filter((group) => dayOf(group) >= month);
    return [
      ...(newest === undefined ? [] : [{ site, metric: "spend.day", value: billed(of, (each) => each === newest) }]),
      ...(ofMonth.length === 0 ? [] : [{ site, metric: "spend.month", value: billed(ofMonth, () => true) }]),
    ];
  });
}

function dayOf({ key }: CostGroup): string {
  return (key.day ?? "").slice(0, 10);
}

function billed(groups: readonly CostGroup[], isIn: (day: string) => boolean): number {
  return groups.reduce((sum, group) => (isIn(dayOf(group)) ? sum + group.billed / 1e6 : sum), 0);
}
