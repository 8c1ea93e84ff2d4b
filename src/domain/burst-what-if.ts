import type { BurstSettings } from "./burst.ts";
import type { BurstSignal } from "./burst-pool.ts";
import { type ReplayedLoad, type ReplayResult, type ReplayTerms, replayPool } from "./burst-replay.ts";
import { type Money, timesMoney } from "./money.ts";

/** Other settings, to see what they would have made of a load that was. */
export interface BurstChange {
  readonly threshold?: number;
  readonly target?: number;
  readonly releaseUnder?: number;
  readonly sustainSeconds?: number;
  readonly cooldownSeconds?: number;
  readonly maxVms?: number;
  readonly ownVms?: number;
  readonly forecast?: { readonly overMinuteWorth: number };
}

export interface BurstOutcome extends Omit<ReplayResult, "score"> {
  /** At the price of the pool's newest VM; absent where none is known. */
  readonly cost?: Money;
}

export interface BurstWhatIf {
  readonly metric: string;
  readonly from: string;
  readonly to: string;
  /** Of the minutes of that time, those whose load is known. */
  readonly minutesKnown: number;
  readonly asItIs: BurstOutcome;
  readonly asAsked: BurstOutcome;
}

const leadMinutes = 2;

/** The signal that is replayed; a queue's length says too little of the work there was. */
export function replayedSignal({ signals }: Pick<BurstSettings, "signals">): BurstSignal | undefined {
  return signals.find(({ measures }) => measures === "utilisation");
}

/** A pool's load as it was, through its own settings and through others: both are replayed, so that both know no more than
 *  a pool does at the time. */
export function whatIf(
  settings: BurstSettings,
  signal: BurstSignal,
  change: BurstChange,
  { load, hourly }: { readonly load: ReplayedLoad; readonly hourly: Money | undefined },
): Pick<BurstWhatIf, "asItIs" | "asAsked" | "minutesKnown"> {
  const { threshold, target, releaseUnder, sustainSeconds, forecast, ...sizing } = change;
  const changed: BurstSignal = {
    ...signal,
    ...(threshold === undefined ? {} : { threshold }),
    ...(target === undefined ? {} : { target }),
    ...(releaseUnder === undefined ? {} : { releaseUnder }),
    ...(sustainSeconds === undefined ? {} : { sustainSeconds }),
  };
  const asked: BurstSettings = {
    ...settings,
    ...sizing,
    ...(forecast ? { forecast: { leadSeconds: leadMinutes * 60, ...forecast } } : {}),
  };
  const outcome = (of: BurstSettings, by: BurstSignal): BurstOutcome => {
    const terms: ReplayTerms = {
      ...{ leadMinutes, threshold: by.threshold, ownVms: of.ownVms, maxVms: of.maxVms },
      overMinuteWorth: of.forecast?.overMinuteWorth ?? 0,
      cooldownMinutes: of.cooldownSeconds / 60,
    };
    const pool = { ...of, enabled: true, sampleSeconds: 60, signals: [by] };
    const { score: _score, ...result } = replayPool(pool, load, terms);
    return { ...result, ...(hourly ? { cost: timesMoney(hourly, result.vmHours) } : {}) };
  };
  return {
    minutesKnown: load.perMinute.filter((work) => work !== undefined).length,
    asItIs: outcome(settings, signal),
    asAsked: outcome(asked, changed),
  };
}
