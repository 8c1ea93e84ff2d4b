export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError("The median of nothing.");
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** At least this many, so that one lucky or unlucky run decides nothing. */
export const fewestRounds = 3;

/**
 * Runs the contenders in turn, round after round and each time in the other order, so that a machine whose speed drifts
 * favours nobody. Returns what each of them measured, by round.
 */
export async function interleave<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, (round: number) => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < Math.max(fewestRounds, rounds); round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) measured[name].push(await contenders[name](round));
  }
  return measured;
}

export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
