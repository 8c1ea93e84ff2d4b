import { Gauge, type Registry } from "prom-client";
import type { Store } from "../store/index.ts";

/** What all workers share, as the store has it: slots for migrations, and the bandwidth of links. */
export function leaseGauges(registers: Registry[], store: Store): () => Promise<void> {
  const slots = new Gauge({
    name: "novacron_slots",
    help: "Runs that have a slot, and those that wait for one",
    ...{ labelNames: ["resource", "state"], registers },
  });
  const leases = new Gauge({
    name: "novacron_bandwidth_leases",
    help: "Copies that share the bandwidth of a link",
    ...{ labelNames: ["link"], registers },
  });
  const leased = new Gauge({
    name: "novacron_bandwidth_leased_bytes_per_second",
    help: "What their shares add up to",
    ...{ labelNames: ["link"], registers },
  });
  return async () => {
    const [counts, current] = await Promise.all([store.slots.counts(), store.leases.current()]);
    for (const gauge of [slots, leases, leased]) gauge.reset();
    for (const state of ["taken", "waiting"]) slots.set({ resource: "migrations", state }, 0);
    for (const { resource, granted, holders } of counts) {
      slots.set({ resource, state: granted ? "taken" : "waiting" }, holders);
    }
    for (const { resource, holders, perSecond } of current) {
      const link = resource.replace(/^link:/, "");
      leases.set({ link }, holders);
      leased.set({ link }, perSecond);
    }
  };
}
