import type { BurstSignal } from "./burst-pool.ts";
import { figureOf } from "./burst-signal.ts";

export interface SizedPool {
  /** VMs beside the site itself. */
  readonly wanted: number;
  readonly detail: string;
}

/** Figures of floating point: a pool that is exactly at its target needs no VM more. */
const tolerance = 1e-9;

/**
 * How many VMs bring the pool under its target. The work there is, counted in VMs, is `utilisation · (own + serving)`, as the
 * load is spread over the site and the VMs; of a backlog, each VM's worth takes `target` of it.
 */
export function sizePool(
  signal: BurstSignal,
  value: number,
  { ownVms, serving }: { readonly ownVms: number; readonly serving: number },
): SizedPool {
  const { metric, target, measures } = signal;
  const capacity = ownVms + serving;
  const work = measures === "utilisation" ? value * capacity : value;
  const worth = work / target;
  const wanted = Math.max(0, Math.ceil(worth - ownVms - tolerance));
  const sum =
    measures === "utilisation"
      ? `${metric} of ${figureOf(value)} on ${figureOf(capacity)} VMs' worth is ${figureOf(work)} at work; at ${target} that takes ${figureOf(worth)}`
      : `a ${metric} of ${figureOf(value)} at ${target} a VM takes ${figureOf(worth)}`;
  return { wanted, detail: `${sum}, of which the site is ${figureOf(ownVms)}: ${wanted} VMs` };
}
