import type { BurstBalancer, BurstSettings, BurstTemplate } from "./burst.ts";
import { type BurstSignal, burstDefaults, usualSignals } from "./burst-pool.ts";
import type { Money } from "./money.ts";

/** A signal as somebody asks for it: what is left out has the defaults of its metric. */
export type BurstSignalRequest = Pick<BurstSignal, "metric"> & Partial<BurstSignal>;

/** A pool as somebody asks for it. */
export interface BurstRequest {
  readonly name: string;
  readonly site: string;
  readonly sites: readonly string[];
  readonly template: BurstTemplate;
  /** How many of the pool's VMs the site itself is worth. */
  readonly ownVms: number;
  readonly enabled?: boolean;
  readonly signals?: readonly BurstSignalRequest[];
  readonly sampleSeconds?: number;
  readonly cooldownSeconds?: number;
  readonly maxVms?: number;
  readonly forecast?: { readonly leadSeconds?: number; readonly overMinuteWorth?: number };
  readonly regions?: readonly string[];
  readonly residency?: string;
  readonly onDemandShare?: number;
  readonly leaseSeconds?: number;
  readonly leastBilledSeconds?: number;
  readonly monthlyBudget?: Money;
  readonly egressGibPerHour?: number;
  readonly balancer?: BurstBalancer;
  readonly owner?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

const day = 86_400;
const minute = 60;
const lead = 120;
const queue = { threshold: 100, target: 100, releaseUnder: 60 } as const;
const sharedOut = 0.85;
const givenBack = 0.65;

export function resolveBurst(request: BurstRequest, caller: string): BurstSettings {
  const { signals, forecast, ...rest } = request;
  const { sampleSeconds, cooldownSeconds, maxVms, overMinuteWorth } = burstDefaults;
  return {
    ...{
      enabled: true,
      sampleSeconds,
      cooldownSeconds,
      maxVms,
      onDemandShare: 1,
      leaseSeconds: day,
      leastBilledSeconds: minute,
    },
    ...rest,
    owner: request.owner ?? caller,
    tags: request.tags ?? {},
    signals: signals ? signals.map(resolveSignal) : usualSignals(),
    ...(forecast
      ? {
          forecast: {
            leadSeconds: forecast.leadSeconds ?? lead,
            overMinuteWorth: forecast.overMinuteWorth ?? overMinuteWorth,
          },
        }
      : {}),
  };
}

function resolveSignal(asked: BurstSignalRequest): BurstSignal {
  const usual = usualSignals().find(({ metric }) => metric === asked.metric);
  const measures = asked.measures ?? usual?.measures ?? "backlog";
  const known =
    usual ??
    (measures === "backlog"
      ? { ...queue, sustainSeconds: burstDefaults.queueSustainSeconds }
      : { ...burstDefaults.cpu, sustainSeconds: burstDefaults.sustainSeconds });
  const { threshold = known.threshold } = asked;
  // Another threshold alone keeps the order of the three.
  const moved = threshold !== known.threshold;
  const target = measures === "backlog" ? threshold : threshold * sharedOut;
  return {
    metric: asked.metric,
    measures,
    ...(asked.resourceId === undefined ? {} : { resourceId: asked.resourceId }),
    threshold,
    target: asked.target ?? (moved ? target : known.target),
    releaseUnder: asked.releaseUnder ?? (moved ? threshold * givenBack : known.releaseUnder),
    sustainSeconds: asked.sustainSeconds ?? known.sustainSeconds,
  };
}

/** What of it can't be; undefined when all of it can. */
export function burstFault(settings: BurstSettings): string | undefined {
  const { signals, sites, template, balancer } = settings;
  if (signals.length === 0) return "a pool without signals would never burst";
  for (const { metric, measures, threshold, target, releaseUnder } of signals) {
    if (measures === "utilisation" && threshold > 1) return `${metric}: a utilisation is never above 1`;
    if (target > threshold) return `${metric}: its target ${target} is above its threshold ${threshold}`;
    if (releaseUnder > target)
      return `${metric}: it would give back under ${releaseUnder}, which is above its target ${target}`;
  }
  if (sites.length === 0) return "it has no site for its VMs";
  if (balancer && template.port === undefined) return "a balancer wants the port that its VMs serve on";
  return undefined;
}
