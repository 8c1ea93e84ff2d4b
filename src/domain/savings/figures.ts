import { type Money, timesMoney } from "../money.ts";
import { hoursPerMonth, priceAgeDays } from "../prices.ts";
import type { Offer } from "./offers.ts";
import type { Risk } from "./recommendation.ts";

/** List prices older than this say less. */
const freshDays = 90;
const oldestConfidence = 0.6;

export function costs(currentCost: Money, optimizedCost: Money) {
  const potentialSavings = { micros: currentCost.micros - optimizedCost.micros, currency: currentCost.currency };
  return {
    currentCost,
    optimizedCost,
    potentialSavings,
    savingsPercent: percent(potentialSavings.micros, currentCost.micros),
  };
}

export function trust(confidence: number, offer: Offer, nowMs: number): { confidence: number; age: readonly string[] } {
  const days = priceAgeDays(offer, nowMs);
  const age = [`The price is of ${offer.pricedOn}, ${days} days old.`];
  const faded = days <= freshDays ? 1 : Math.max(oldestConfidence, freshDays / days);
  return { confidence: Math.round(confidence * faded * 1000) / 1000, age };
}

export function riskOf(chance: number, rebuilt: boolean): Risk {
  if (rebuilt || chance > 0.05) return "high";
  return chance > 0.01 ? "medium" : "low";
}

export function month(hourMicros: number, currency: string): Money {
  return timesMoney({ micros: 1, currency }, hourMicros * hoursPerMonth);
}

export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((1000 * part) / whole) / 10;
}

export function share(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** Amounts of the first one's currency; there is no rate of exchange. */
export function sum(amounts: readonly Money[]): Money | undefined {
  const [first] = amounts;
  if (!first) return undefined;
  const { currency } = first;
  const same = amounts.filter((amount) => amount.currency === currency);
  return { micros: same.reduce((total, { micros }) => total + micros, 0), currency };
}
