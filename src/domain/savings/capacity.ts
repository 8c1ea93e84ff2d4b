import { type CpuSize, shareAbove } from "./credits.ts";
import type { Offer } from "./offers.ts";
import { heldPeak, highest, part, quantile, type UsageSeries } from "./usage.ts";

/** Of the samples, so many may be above a size before it is too small: five minutes in three hours, roughly. */
export const toleratedShareAbove = 0.01;
/** What is looked back at must hold with less, because the time to come is never quite like it. */
const toleratedInLookback = 0.002;
const mostDoublings = 6;
/** Below these a change of use means nothing. */
export const floors = { cpus: 0.1, memoryBytes: 2 ** 28, cpuShare: 0.005 } as const;

/** The peaks that sizes are held to. */
export interface Peaks {
  /** CPUs that 99.8 % of the samples do not exceed. */
  readonly cpus: number;
  /** CPUs at the highest sample. */
  readonly highestCpus: number;
  /** In two samples running; undefined where memory is not measured. */
  readonly memoryBytes: number | undefined;
  /** Of 99 in a hundred samples; undefined where it is not measured. */
  readonly networkBytesPerSecond: number | undefined;
  readonly diskBytesPerSecond: number | undefined;
}

export function peaksOf(usage: UsageSeries): Peaks {
  const { cpu, memoryBytes, networkBytesPerSecond: network, diskBytesPerSecond: disk } = usage;
  return {
    cpus: quantile(cpu, 1 - toleratedInLookback),
    highestCpus: highest(cpu),
    memoryBytes: memoryBytes && heldPeak(memoryBytes),
    networkBytesPerSecond: network && quantile(network, 0.99),
    diskBytesPerSecond: disk && quantile(disk, 0.99),
  };
}

/** How many times the demand may grow before the size is too small; below 1 it is that already. */
export function cpuRoom(usage: UsageSeries, peaks: Peaks, offer: Offer): number {
  const { burst } = offer;
  if (burst === undefined) return 0;
  const { cpus } = floors;
  const grown = (scale: number) => (scale * peaks.cpus + cpus) / (peaks.cpus + cpus);
  if (burst.baselineShare >= 1) return offer.cpus < peaks.cpus ? 0 : grown(offer.cpus / Math.max(peaks.cpus, 1e-6));
  const size: CpuSize = { cpus: offer.cpus, burst };
  const holds = (scale: number) => shareAbove(usage, size, scale) <= toleratedInLookback;
  if (!holds(1)) return 0;
  let low = 0;
  let high = mostDoublings;
  for (let step = 0; step < 8; step++) {
    const middle = (low + high) / 2;
    if (holds(2 ** middle)) low = middle;
    else high = middle;
  }
  return grown(2 ** low);
}

/** The two halves of it, for what the one says of the other. */
export function halves(usage: UsageSeries): readonly [UsageSeries, UsageSeries] {
  const middle = usage.cpu.length >> 1;
  return [part(usage, 0, middle), part(usage, middle, usage.cpu.length)];
}
