/**
 * How likely use is to outgrow a limit in the time to come, learnt from the estate itself: each VM's one half of the
 * lookback against its other says how often a peak grows by how much. An estate of few VMs leans on a prior with a heavy
 * tail, so that it is cautious until it knows better.
 */
export interface PeakChange {
  /** Peak of the one half over that of the other. */
  readonly growth: number;
  /** How much the peak could have grown at most: what was provisioned over the earlier peak. */
  readonly room: number;
}

/** The chance that a peak which may grow `factor` times without harm grows beyond that. */
export type GrowthCurve = (factor: number) => number;

/** So many observations the prior weighs. */
const priorWeight = 4;
/** A peak doubles once in twelve times and grows fourfold once in fifty. */
const prior = (factor: number) => 0.33 * factor ** -2;
/** Factors 1 to 65 536 in steps of a sixteenth of a doubling. */
const stepsADoubling = 16;
const doublings = 16;

/** What the one half says of the other; `floor` is use so small that a change of it means nothing. */
export function peakChange(earlier: number, later: number, provisioned: number, floor: number): PeakChange {
  return { growth: (later + floor) / (earlier + floor), room: (provisioned + floor) / (earlier + floor) };
}

/**
 * @param exposure how many times as long the time to come is as that in which the changes were seen: what happens once in
 *   so many fortnights happens twice as often in four weeks.
 */
export function growthCurve(changes: readonly PeakChange[], exposure: number): GrowthCurve {
  const size = stepsADoubling * doublings;
  // Who had no room to grow so far says nothing about who has: counted are those that could.
  const able = new Float64Array(size + 1);
  const outgrown = new Float64Array(size + 1);
  for (const { growth, room } of changes) {
    const last = Math.min(size, Math.ceil(stepsADoubling * Math.log2(Math.max(room, 1))) - 1);
    const grown = Math.min(last, Math.ceil(stepsADoubling * Math.log2(Math.max(growth, 1e-6))) - 1);
    for (let index = 0; index <= last; index++) able[index] = (able[index] ?? 0) + 1;
    for (let index = 0; index <= grown; index++) outgrown[index] = (outgrown[index] ?? 0) + 1;
  }
  return (factor) => {
    if (!(factor >= 1)) return 1;
    const index = Math.min(size, Math.floor(stepsADoubling * Math.log2(factor)));
    const seen = (outgrown[index] ?? 0) + priorWeight * prior(factor);
    return Math.min(1, (exposure * seen) / ((able[index] ?? 0) + priorWeight));
  };
}
