import type { Suspicion } from "./group-point.ts";

/** What is known of one round. */
export interface RoundFacts {
  readonly takenAt: string;
  readonly bytesCopied: number;
  /** In bits a byte; absent where nothing was copied. */
  readonly entropy?: number;
}

/** Fewer earlier rounds say nothing of what is usual. */
const leastRounds = 4;
/** A change of less of the disks than this is too little to be an attack on them. */
const leastShare = 0.01;
/** Text has 4 to 5 bits a byte, programs about 6; what is encrypted, or well compressed, has nearly 8. */
const highEntropy = 7.5;
const entropyJump = 1;
/** So many times what usually changes a second, of at least so much of the disks. */
const rateJump = 10;
const rateShare = 0.05;

/**
 * Whether a round looks as an attacker's encryption would: what changed has become noise, or far more changed than usual. It is
 * a sign, no proof; a person decides. `earlier`: the rounds before it, the newest first; full copies tell nothing and are not
 * among them.
 */
export function suspect(round: RoundFacts, earlier: readonly RoundFacts[], totalBytes: number): Suspicion | undefined {
  if (earlier.length < leastRounds || totalBytes === 0) return undefined;
  const share = round.bytesCopied / totalBytes;
  const { entropy } = round;
  const usualEntropy = median(earlier.flatMap((each) => each.entropy ?? []));
  const isNoise =
    entropy !== undefined &&
    entropy >= highEntropy &&
    share >= leastShare &&
    usualEntropy !== undefined &&
    entropy - usualEntropy >= entropyJump;
  const rates = earlier.flatMap((each, index) => rateSince(each, earlier[index + 1]) ?? []);
  const usualRate = median(rates);
  const rate = rateSince(round, earlier[0]);
  const ratio = rate === undefined || usualRate === undefined ? undefined : rate / Math.max(1, usualRate);
  const isMuch = ratio !== undefined && ratio >= rateJump && share >= rateShare;
  if (!isNoise && !isMuch) return undefined;
  const reasons = [
    ...(isNoise
      ? [
          `what changed has ${entropy.toFixed(1)} bits a byte and usually ${usualEntropy.toFixed(1)}: it may be encrypted`,
        ]
      : []),
    ...(isMuch
      ? [`${Math.round(ratio)} times as much changed as usual, ${Math.round(100 * share)} % of all disks`]
      : []),
  ];
  return {
    reason: reasons.join("; "),
    ...(ratio === undefined ? {} : { changeRatio: ratio }),
    ...(entropy === undefined ? {} : { entropy }),
    ...(usualEntropy === undefined ? {} : { usualEntropy }),
  };
}

function rateSince(round: RoundFacts, before: RoundFacts | undefined): number | undefined {
  if (!before) return undefined;
  const seconds = (Date.parse(round.takenAt) - Date.parse(before.takenAt)) / 1000;
  return seconds > 0 ? round.bytesCopied / seconds : undefined;
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
