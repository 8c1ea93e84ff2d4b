import { formatMoney } from "../money.ts";
import type { Alternative } from "./alternatives.ts";
import { bestCommitment } from "./commitments.ts";
import { costs, month, share, trust } from "./figures.ts";
import { isOff } from "./off-hours.ts";
import type { Offer } from "./offers.ts";
import type { Recommendation } from "./recommendation.ts";
import type { SavingsSettings } from "./settings.ts";

/** What a VM is to run as from now on. */
export interface KeptVm {
  readonly site: string;
  readonly alternative: Alternative;
}

/** For what is left running as it will run then, size by size; a year, as that regrets least. */
export function recommendCommitments(
  kept: readonly KeptVm[],
  { leastSavingMicros }: SavingsSettings,
  nowMs: number,
): Recommendation[] {
  const hoursOfWeek = 168;
  const byType = new Map<string, { site: string; offer: Offer; running: Float64Array }>();
  for (const { site, alternative } of kept) {
    const { kind, offer, off } = alternative;
    if (kind === "stop" || kind === "spot" || offer.reserved1yMicros === undefined) continue;
    const key = `${site}/${offer.instanceType}`;
    const type = byType.get(key) ?? { site, offer, running: new Float64Array(hoursOfWeek) };
    byType.set(key, type);
    for (let hour = 0; hour < hoursOfWeek; hour++) {
      if (!off || !isOff(off, hour)) type.running[hour] = (type.running[hour] ?? 0) + 1;
    }
  }
  return [...byType.values()].flatMap(({ site, offer, running }): Recommendation[] => {
    const { instanceType: item, hourMicros: onDemandMicros, reserved1yMicros: committedMicros = 0, currency } = offer;
    const choice = bestCommitment({ item, running, onDemandMicros, committedMicros, months: 12 });
    if (!choice || choice.savingMicros < leastSavingMicros) return [];
    const { count, savingMicros, utilisation, coverage, breakEvenUse, breakEvenMonths, regretMicros } = choice;
    const { confidence, age } = trust(0.8, offer, nowMs);
    const paid = month(committedMicros * count, currency);
    return [
      {
        ...{
          site,
          resourceKind: "instance-type",
          resourceId: item,
          name: item,
          tags: {},
          recommended: true,
          type: "commit",
          count,
        },
        ...costs({ ...paid, micros: paid.micros + savingMicros }, paid),
        action: `Commit to ${count} × ${item} for a year.`,
        ...{ confidence, risk: regretMicros > 0 ? "high" : "medium" },
        evidence: [
          `After what is recommended else, ${share(utilisation)} of the committed hours are in use, and they cover ${share(coverage)} of all.`,
          `It pays while more than ${share(breakEvenUse)} is in use, and has paid after ${breakEvenMonths.toFixed(1)} months.`,
          regretMicros > 0
            ? `If use falls by a third, ${formatMoney({ micros: regretMicros, currency })} a month are lost.`
            : "It still pays if use falls by a third.",
          ...age,
        ],
        reversal: "None before its term has ended.",
      },
    ];
  });
}
