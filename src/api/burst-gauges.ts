import { Counter, Gauge, type Registry } from "prom-client";
import type { Store } from "../store/index.ts";

/** Bursts, their VMs and what these have cost, by the names that users know. */
export function burstGauges(registers: Registry[], store: Store): () => Promise<void> {
  const events = new Counter({
    name: "total_burst_events",
    help: "How often a pool ordered VMs",
    ...{ labelNames: ["pool"], registers },
  });
  const active = new Gauge({
    name: "active_burst_workloads",
    help: "VMs of a pool that are there",
    ...{ labelNames: ["pool"], registers },
  });
  const cost = new Counter({
    name: "total_burst_cost",
    help: "What a pool's VMs have cost so far, at the prices that were known; what has none is not in it",
    ...{ labelNames: ["pool", "currency"], registers },
  });
  return async () => {
    const [bursts, totals] = await Promise.all([store.burstPools.bursts(), store.burstLeases.totals()]);
    for (const each of [events, active, cost]) each.reset();
    for (const { pool, active: there, costMicros, currency } of totals) {
      events.inc({ pool }, bursts.find((row) => row.pool === pool)?.bursts ?? 0);
      active.set({ pool }, there);
      if (currency !== undefined) cost.inc({ pool, currency }, costMicros / 1e6);
    }
  };
}
