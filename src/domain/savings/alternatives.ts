import { cpuRoom, floors, halves, type Peaks, peaksOf } from "./capacity.ts";
import { type GrowthCurve, growthCurve, type PeakChange, peakChange } from "./growth.ts";
import { longestOff, type OffHours, peaksByHour, peakWhileOff, shareOff } from "./off-hours.ts";
import type { Offer } from "./offers.ts";
import type { SavingsSettings } from "./settings.ts";
import { quantile, type UsageSeries } from "./usage.ts";

/** A VM with what it has and what it used. */
export interface UsedVm {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly offer: Offer;
  /** It may be taken away at any time. */
  readonly interruptible?: boolean;
  readonly usage: UsageSeries;
}

export interface Alternative {
  readonly kind: "keep" | "rightsize" | "architecture" | "stop" | "schedule" | "spot";
  /** What it runs as; the present one where that stays. */
  readonly offer: Offer;
  readonly off?: OffHours;
  /** Of an hour, on average over a week. */
  readonly hourMicros: number;
  /** That the VM is harmed within the horizon. */
  readonly chanceOfHarm: number;
}

/** What was learnt from the estate's own past. */
export interface EstateGrowth {
  readonly cpu: GrowthCurve;
  readonly memory: GrowthCurve;
  readonly highestCpu: GrowthCurve;
  readonly whileOff: GrowthCurve;
}

/** Each VM's one half of the lookback against its other, both ways round. */
export class GrowthLearner {
  readonly #idleShare: number;
  readonly #changes: Record<keyof EstateGrowth, PeakChange[]> = { cpu: [], memory: [], highestCpu: [], whileOff: [] };

  constructor({ idle }: Pick<SavingsSettings, "idle">) {
    this.#idleShare = idle.cpuShare;
  }

  add({ cpus, memoryBytes, usage }: Pick<UsedVm, "cpus" | "memoryBytes" | "usage">): void {
    const [first, second] = halves(usage);
    for (const [earlier, later] of [
      [first, second],
      [second, first],
    ] as const) {
      const [before, after] = [peaksOf(earlier), peaksOf(later)];
      this.#changes.cpu.push(peakChange(before.cpus, quantile(later.cpu, 0.99), cpus, floors.cpus));
      const [lowest, shares] = [floors.cpuShare, [before.highestCpus / cpus, after.highestCpus / cpus] as const];
      this.#changes.highestCpu.push(peakChange(...shares, 1, lowest));
      if (before.memoryBytes !== undefined && after.memoryBytes !== undefined) {
        const { memoryBytes: floor } = floors;
        this.#changes.memory.push(peakChange(before.memoryBytes, after.memoryBytes, memoryBytes, floor));
      }
      const peaks = peaksByHour(earlier);
      const off = longestOff(peaks, this.#idleShare * cpus);
      if (!off) continue;
      const quiet = [peakWhileOff(peaks, off) / cpus, peakWhileOff(peaksByHour(later), off) / cpus] as const;
      this.#changes.whileOff.push(peakChange(...quiet, 1, lowest));
    }
  }

  learnt({ horizonDays, lookbackDays }: Pick<SavingsSettings, "horizonDays" | "lookbackDays">): EstateGrowth {
    const exposure = horizonDays / (lookbackDays / 2);
    const { cpu, memory, highestCpu, whileOff } = this.#changes;
    return {
      cpu: growthCurve(cpu, exposure),
      memory: growthCurve(memory, exposure),
      highestCpu: growthCurve(highestCpu, exposure),
      whileOff: growthCurve(whileOff, exposure),
    };
  }
}

/**
 * All that could be done with a VM and costs less than what it is, with how likely each harms it. Without memory figures a
 * size keeps its memory: CPU alone decides nothing.
 */
export function alternatives(
  vm: UsedVm,
  offers: readonly Offer[],
  growth: EstateGrowth,
  settings: SavingsSettings,
): Alternative[] {
  const { offer: present, usage, cpus } = vm;
  const peaks = peaksOf(usage);
  const keep: Alternative = { kind: "keep", offer: present, hourMicros: present.hourMicros, chanceOfHarm: 0 };
  const sizes = [
    keep,
    ...offers.flatMap((offer): Alternative[] => {
      if (offer.hourMicros >= present.hourMicros || offer.currency !== present.currency) return [];
      const other = offer.architecture !== present.architecture;
      if (other && !settings.architectures) return [];
      const chanceOfHarm = chanceOf(vm, peaks, offer, growth, settings);
      if (chanceOfHarm === undefined) return [];
      return [{ kind: other ? "architecture" : "rightsize", offer, hourMicros: offer.hourMicros, chanceOfHarm }];
    }),
  ];
  if (vm.interruptible) {
    sizes.push(
      ...sizes.flatMap(({ kind, offer, chanceOfHarm }): Alternative[] => {
        const { spotMicros: hourMicros, interruptionBand: band = 0 } = offer;
        if (kind === "architecture" || hourMicros === undefined || hourMicros >= present.hourMicros) return [];
        return band > mostOftenTaken ? [] : [{ kind: "spot", offer, hourMicros, chanceOfHarm }];
      }),
    );
  }
  if (isIdle(vm, peaks, settings)) {
    const room = grown(settings.idle.cpuShare, peaks.highestCpus / cpus);
    sizes.push({ kind: "stop", offer: present, hourMicros: 0, chanceOfHarm: growth.highestCpu(room) });
    return sizes;
  }
  const byHour = settings.schedules ? peaksByHour(usage) : undefined;
  const off = byHour && longestOff(byHour, settings.idle.cpuShare * cpus);
  if (!byHour || !off || !isQuiet(usage, settings)) return sizes;
  const woken = growth.whileOff(grown(settings.idle.cpuShare, peakWhileOff(byHour, off) / cpus));
  const on = 1 - shareOff(off);
  return [
    ...sizes,
    ...sizes.flatMap(({ kind, offer, hourMicros, chanceOfHarm }): Alternative[] => {
      if (kind === "spot") return [];
      const either = 1 - (1 - chanceOfHarm) * (1 - woken);
      return [{ kind: "schedule", offer, off, hourMicros: hourMicros * on, chanceOfHarm: either }];
    }),
  ];
}

/** Capacity that is taken back from more than one in five a month starts again too often to be worth it. */
const mostOftenTaken = 3;

function grown(limit: number, peak: number): number {
  return (limit + floors.cpuShare) / (peak + floors.cpuShare);
}

/** Undefined when the size is too small for what was already used. */
function chanceOf(
  vm: UsedVm,
  peaks: Peaks,
  offer: Offer,
  growth: EstateGrowth,
  { headroom }: SavingsSettings,
): number | undefined {
  if (!holds(peaks.networkBytesPerSecond, headroom.network, offer.networkBytesPerSecond)) return undefined;
  if (!holds(peaks.diskBytesPerSecond, headroom.disk, offer.diskBytesPerSecond)) return undefined;
  const needed = peaks.memoryBytes ?? vm.memoryBytes;
  const keepsMemory = offer.memoryBytes >= vm.memoryBytes;
  if (!keepsMemory && offer.memoryBytes < needed * headroom.memory) return undefined;
  const { memoryBytes: floor } = floors;
  const short = keepsMemory ? 0 : growth.memory((offer.memoryBytes + floor) / (needed + floor));
  const keepsCpus = offer.burst?.baselineShare === 1 && offer.cpus >= vm.cpus;
  const room = keepsCpus ? Number.POSITIVE_INFINITY : cpuRoom(vm.usage, peaks, offer);
  if (room < headroom.cpu) return undefined;
  return 1 - (1 - short) * (1 - (keepsCpus ? 0 : growth.cpu(room)));
}

/** Where the site says no limit of a size, or nothing was measured, there is nothing to hold it to. */
function holds(peak: number | undefined, headroom: number, limit: number | undefined): boolean {
  return peak === undefined || limit === undefined || peak * headroom <= limit;
}

/** Nobody uses it: neither CPU nor network nor disk, at any time. */
function isIdle({ cpus, usage }: UsedVm, { highestCpus }: Peaks, settings: SavingsSettings): boolean {
  return highestCpus <= settings.idle.cpuShare * cpus && isQuiet(usage, settings);
}

function isQuiet({ networkBytesPerSecond, diskBytesPerSecond }: UsageSeries, { idle }: SavingsSettings): boolean {
  // CPU alone does not show that nobody uses it.
  if (!networkBytesPerSecond && !diskBytesPerSecond) return false;
  const usual = (values: Float64Array | undefined) => (values ? quantile(values, 0.95) : 0);
  return (
    usual(networkBytesPerSecond) <= idle.networkBytesPerSecond && usual(diskBytesPerSecond) <= idle.diskBytesPerSecond
  );
}
