/** What decides how far savings go. Every figure can be set; these are the defaults of {@link defaultSavingsSettings}. */
export interface SavingsSettings {
  /** How far back use is looked at. */
  readonly lookbackDays: number;
  /** With fewer measured days nothing is recommended that rests on use. */
  readonly leastDays: number;
  /** What is recommended saves at least so much a month, in millionths. */
  readonly leastSavingMicros: number;
  /** The time to come for which the harm is reckoned. */
  readonly horizonDays: number;
  /** The share of all VMs that may be expected to be harmed within the horizon. */
  readonly harmLimit: number;
  /**
   * The part of the limit that is aimed at: VMs of one kind outgrow their sizes together, and a sum of chances knows nothing
   * of that.
   */
  readonly harmAim: number;
  /** A new size has at least so many times the peak that was seen. */
  readonly headroom: {
    readonly cpu: number;
    readonly memory: number;
    readonly network: number;
    readonly disk: number;
  };
  /** A VM is idle when nothing ever exceeds these. */
  readonly idle: {
    /** Of its CPUs, at the highest sample. */
    readonly cpuShare: number;
    /** Of 95 in a hundred samples. */
    readonly networkBytesPerSecond: number;
    readonly diskBytesPerSecond: number;
  };
  /** Whether VMs may be turned off in hours in which they were never in use. */
  readonly schedules: boolean;
  /** Whether a move to another CPU architecture is considered; the guest has to be built for it. */
  readonly architectures: boolean;
}

export const defaultSavingsSettings: SavingsSettings = {
  lookbackDays: 28,
  leastDays: 7,
  leastSavingMicros: 1_000_000,
  horizonDays: 28,
  harmLimit: 0.02,
  harmAim: 0.25,
  headroom: { cpu: 1.1, memory: 1.15, network: 1.2, disk: 1.2 },
  idle: { cpuShare: 0.05, networkBytesPerSecond: 50_000, diskBytesPerSecond: 200_000 },
  schedules: true,
  architectures: false,
};
