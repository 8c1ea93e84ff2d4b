export interface Weighted {
  readonly id: string;
  readonly weight: number;
}

/**
 * Divides turns by weight, evenly mixed: of any so many turns each has its part, give or take one. The clouds draw lots;
 * here the parts can be told after few turns.
 */
export class Turns {
  #credit = new Map<string, number>();

  /** Undefined when none has any weight. */
  next<T extends Weighted>(all: readonly T[]): T | undefined {
    const running = all.filter(({ weight }) => weight > 0);
    const total = running.reduce((sum, { weight }) => sum + weight, 0);
    const credit = new Map(running.map(({ id, weight }) => [id, (this.#credit.get(id) ?? 0) + weight]));
    const ahead = running.reduce<T | undefined>((best, one) => {
      return best === undefined || (credit.get(one.id) ?? 0) > (credit.get(best.id) ?? 0) ? one : best;
    }, undefined);
    if (ahead) credit.set(ahead.id, (credit.get(ahead.id) ?? 0) - total);
    this.#credit = credit;
    return ahead;
  }
}
