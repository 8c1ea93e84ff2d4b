/** A pool of VMs that comes and goes with the load of a site, and what decides how many of them there are. */

/** What one figure says of the load. `utilisation`: the part of the pool's capacity that is at work, 0 to 1. `backlog`:
 *  how much waits to be worked off. */
export interface BurstSignal {
  readonly metric: string;
  readonly measures: "utilisation" | "backlog";
  /** The resource at the site whose metric it is; absent for the site's own. */
  readonly resourceId?: string;
  /** Above it the pool is too small. */
  readonly threshold: number;
  /** What the pool is sized to: below the threshold, so that the next sample isn't above it again. */
  readonly target: number;
  /** Under it there may be too many. */
  readonly releaseUnder: number;
  /** How long it has to be above the threshold. 0: one sample will do. */
  readonly sustainSeconds: number;
}

export const burstDefaults = {
  sampleSeconds: 30,
  cooldownSeconds: 600,
  maxVms: 50,
  sustainSeconds: 300,
  queueSustainSeconds: 0,
  cpu: { threshold: 0.9, target: 0.75, releaseUnder: 0.6 },
  memory: { threshold: 0.85, target: 0.75, releaseUnder: 0.6 },
  /** VM-hours that a minute above the threshold is worth, where the forecast weighs one against the other. */
  overMinuteWorth: 0.1,
} as const;

/** Samples further apart than so many intervals leave a hole: what was in between is not known. */
export const toleratedIntervals = 3;

/** The part of a pool's settings that says how many VMs it has. */
export interface BurstSizing {
  readonly enabled: boolean;
  /** How many of the pool's VMs the site itself is worth. */
  readonly ownVms: number;
  readonly signals: readonly BurstSignal[];
  readonly sampleSeconds: number;
  readonly cooldownSeconds: number;
  readonly maxVms: number;
  /** Absent: no forecast, the thresholds alone decide. */
  readonly forecast?: ForecastTerms;
}

export interface ForecastTerms {
  /** From the order of a VM until it serves. */
  readonly leadSeconds: number;
  /** VM-hours that a minute above the threshold is worth. */
  readonly overMinuteWorth: number;
}

/** Signals as users know them from the defaults: CPU at 0.90 and memory at 0.85, for five minutes. */
export function usualSignals(): readonly BurstSignal[] {
  const { cpu, memory, sustainSeconds } = burstDefaults;
  return [
    { metric: "cpu.utilisation", measures: "utilisation", ...cpu, sustainSeconds },
    { metric: "memory.used", measures: "utilisation", ...memory, sustainSeconds },
  ];
}
