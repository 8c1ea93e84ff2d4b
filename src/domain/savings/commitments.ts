/** Use of one size (or family) that commitments could cover, hour by hour. */
export interface CommittableUse {
  /** What is bought: an instance type in a region. */
  readonly item: string;
  /** How many of it ran in each hour of the lookback. */
  readonly running: Float64Array;
  readonly onDemandMicros: number;
  readonly committedMicros: number;
  /** Months that it binds. */
  readonly months: number;
}

export interface CommitmentChoice {
  readonly item: string;
  readonly count: number;
  readonly months: number;
  /** A month's, against on-demand, if use stays as it was. */
  readonly savingMicros: number;
  /** The share of the committed hours that were in use. */
  readonly utilisation: number;
  /** Of all hours in use, so many are covered. */
  readonly coverage: number;
  /** It pays as long as at least this share of the committed hours is in use. */
  readonly breakEvenUse: number;
  /** Months of the term after which it has paid even if use ends then. */
  readonly breakEvenMonths: number;
  /** What is lost a month, against on-demand, if use falls by a third; 0 when it still pays. */
  readonly regretMicros: number;
}

const hoursAMonth = 730;
const fallOfUse = 1 / 3;

/**
 * As many as pay: one more is bought while it is in use for more hours than its break-even. With one price for all of a
 * kind that is the optimum, as each further one is in use less.
 */
export function bestCommitment(use: CommittableUse): CommitmentChoice | undefined {
  const { item, running, onDemandMicros, committedMicros, months } = use;
  const hours = running.length;
  if (hours === 0 || committedMicros >= onDemandMicros || onDemandMicros <= 0) return undefined;
  const breakEvenUse = committedMicros / onDemandMicros;
  const busy = (count: number, scale = 1) => {
    let sum = 0;
    for (const value of running) sum += Math.max(0, Math.min(1, value * scale - count));
    return sum / hours;
  };
  let count = 0;
  while (busy(count) > breakEvenUse) count += 1;
  if (count === 0) return undefined;
  const used = (scale: number) => {
    let sum = 0;
    for (const value of running) sum += Math.min(value * scale, count);
    return sum / hours;
  };
  const saved = (scale: number) => (used(scale) * onDemandMicros - count * committedMicros) * hoursAMonth;
  const inUse = used(1);
  const all = running.reduce((sum, value) => sum + value, 0) / hours;
  return {
    ...{ item, count, months, savingMicros: Math.round(saved(1)), utilisation: inUse / count },
    coverage: inUse / all,
    breakEvenUse,
    breakEvenMonths: (months * count * committedMicros) / (inUse * onDemandMicros),
    regretMicros: Math.round(Math.max(0, -saved(1 - fallOfUse))),
  };
}
