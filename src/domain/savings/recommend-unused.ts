import { formatMoney } from "../money.ts";
import type { UnusedFacts } from "./facts.ts";
import { costs } from "./figures.ts";
import type { NoRecommendation, Recommendation } from "./recommendation.ts";
import type { SavingsSettings } from "./settings.ts";

/** What is attached to nothing, and has been for long enough. */
export function recommendUnused(
  facts: UnusedFacts,
  { leastSavingMicros, leastDays }: SavingsSettings,
): Recommendation | NoRecommendation {
  const { subject, type, unusedDays, monthly } = facts;
  const { amount } = monthly;
  if (!amount)
    return {
      ...subject,
      recommended: false,
      reason: `it is used by nothing, but its price is not known: ${monthly.unknown ?? ""}`,
    };
  if (unusedDays !== undefined && unusedDays < leastDays) {
    return {
      ...subject,
      recommended: false,
      reason: `it is used by nothing, but only since ${unusedDays.toFixed(1)} days; ${leastDays} are waited for`,
    };
  }
  if (amount.micros < leastSavingMicros)
    return { ...subject, recommended: false, reason: `it costs ${formatMoney(amount)} a month, too little to count` };
  const disk = type === "delete-disk";
  return {
    ...subject,
    recommended: true,
    ...costs(amount, { ...amount, micros: 0 }),
    type,
    action: disk
      ? `Keep a snapshot of the disk ${subject.name} and delete it.`
      : `Release the address ${subject.name}.`,
    confidence: 0.9,
    risk: disk ? "medium" : "low",
    evidence: [
      disk ? "It is attached to no VM." : "It belongs to no VM.",
      unusedDays === undefined ? "Since when is not known." : `Unused for ${unusedDays.toFixed(1)} days.`,
    ],
    reversal: disk ? "Make a disk of the snapshot." : "None: another address is given out.",
  };
}
