import type { Alternative } from "./alternatives.ts";
import type { SavingsSettings } from "./settings.ts";

/**
 * One alternative each, so that together they cost the least while no more VMs than the limit are expected to be harmed. Harm
 * gets a price, the same for all; the lowest at which the limit holds is sought by halving.
 */
export function chooseWithin(
  choices: readonly (readonly Alternative[])[],
  { harmLimit, harmAim }: Pick<SavingsSettings, "harmLimit" | "harmAim">,
): readonly Alternative[] {
  const allowed = harmAim * harmLimit * choices.length;
  const mostExpensive = choices.reduce((most, [first]) => Math.max(most, first?.hourMicros ?? 0), 1);
  let low = 0;
  let high = mostExpensive * 1e4;
  for (let step = 0; step < 60; step++) {
    const price = (low + high) / 2;
    if (expected(choices, price) <= allowed) high = price;
    else low = price;
  }
  return choices.flatMap((alternatives) => best(alternatives, high) ?? []);
}

function expected(choices: readonly (readonly Alternative[])[], price: number): number {
  return choices.reduce((sum, alternatives) => sum + (best(alternatives, price)?.chanceOfHarm ?? 0), 0);
}

function best(alternatives: readonly Alternative[], price: number): Alternative | undefined {
  let least = Number.POSITIVE_INFINITY;
  let chosen: Alternative | undefined;
  for (const alternative of alternatives) {
    const cost = alternative.hourMicros + price * alternative.chanceOfHarm;
    if (cost < least) [least, chosen] = [cost, alternative];
  }
  return chosen;
}
