import type { CostStatement } from "./cost.ts";
import type { Money } from "./money.ts";

/** What the rows of a source and billing month add up to, in one currency. */
export interface BilledMonth {
  readonly sourceId: string;
  readonly month: string;
  readonly currency: string;
  readonly billedMicros: number;
  /** Of `billedMicros`, by ChargeCategory. */
  readonly byCategory: Readonly<Record<string, number>>;
  /** Of `billedMicros`: corrections of earlier months. */
  readonly correctionMicros: number;
  readonly rows: number;
  /** Days of the month that have use, and the newest of them. */
  readonly days: number;
  readonly lastDay: string;
  readonly importedAt: string;
}

export interface Reconciliation {
  readonly sourceId: string;
  readonly month: string;
  readonly currency: string;
  /** What the provider says. */
  readonly stated?: Money;
  readonly saidBy?: string;
  /** What we add up. */
  readonly billed?: Money;
  /** `stated` less `billed`. */
  readonly difference?: Money;
  /** `unexplained`: nothing known makes up for the difference. `open`: one of the two isn't there. */
  readonly state: "agrees" | "explained" | "unexplained" | "open";
  readonly explanation: readonly string[];
}

/** Amounts are kept with nine decimals, invoices with two: each row may be off by half a millionth. */
function tolerance(rows: number): number {
  return Math.max(5_000, Math.ceil(rows / 2));
}

/** Holds what a provider says of a month against what its rows add up to, and says what makes up for the difference. */
export function reconcile(
  months: readonly BilledMonth[],
  statements: readonly CostStatement[],
  daysInMonth: number,
): readonly Reconciliation[] {
  const keyOf = (sourceId: string, currency: string) => `${sourceId} ${currency}`;
  const stated = new Map(statements.map((said) => [keyOf(said.sourceId, said.amount.currency), said]));
  const both = months.map((month) => {
    const said = stated.get(keyOf(month.sourceId, month.currency));
    return said ? compare(month, said, daysInMonth) : withoutStatement(month, statements);
  });
  const known = new Set(months.map(({ sourceId, currency }) => keyOf(sourceId, currency)));
  const without = statements
    .filter(({ sourceId, amount }) => !known.has(keyOf(sourceId, amount.currency)))
    .map((said): Reconciliation => {
      const other = months.find(({ sourceId }) => sourceId === said.sourceId);
      const why = other
        ? `its rows are in ${other.currency}, the statement is in ${said.amount.currency}`
        : "no rows of that month have been imported";
      return { ...headOf(said), stated: said.amount, saidBy: said.saidBy, state: "open", explanation: [why] };
    });
  return [...both, ...without];
}

function headOf({ sourceId, month, amount }: CostStatement) {
  return { sourceId, month, currency: amount.currency };
}

function withoutStatement(
  { sourceId, month, currency, billedMicros }: BilledMonth,
  statements: readonly CostStatement[],
): Reconciliation {
  const others = statements.filter((said) => said.sourceId === sourceId).map(({ amount }) => amount.currency);
  const why =
    others.length > 0
      ? `the provider's statement is in ${others.join(", ")}`
      : "the provider has not said what the month cost: novacron cost statement tells it from an invoice";
  return {
    ...{ sourceId, month, currency, state: "open", explanation: [why] },
    billed: { micros: billedMicros, currency },
  };
}

function compare(month: BilledMonth, { amount, saidBy, saidAt }: CostStatement, daysInMonth: number): Reconciliation {
  const { sourceId, currency, billedMicros, rows } = month;
  const micros = amount.micros - billedMicros;
  const slack = tolerance(rows);
  const base = {
    ...{ sourceId, month: month.month, currency, stated: amount, saidBy },
    billed: { micros: billedMicros, currency },
    difference: { micros, currency },
  };
  if (micros === 0) return { ...base, state: "agrees", explanation: [] };
  if (Math.abs(micros) <= slack) return { ...base, state: "agrees", explanation: ["within what rounding makes"] };
  const parts = [
    ...["Tax", "Credit", "Purchase", "Adjustment"].map((category) => ({
      micros: -(month.byCategory[category] ?? 0),
      why: `the statement leaves out ${words[category] ?? category}`,
    })),
    { micros: -month.correctionMicros, why: "the statement leaves out corrections of earlier months" },
  ].filter(({ micros: part }) => part !== 0);
  const found = sumUpTo(parts, micros, slack);
  if (found) return { ...base, state: "explained", explanation: found.map(({ why }) => why) };
  const hints: string[] = [];
  if (month.days < daysInMonth) {
    hints.push(
      `rows of ${daysInMonth - month.days} of its ${daysInMonth} days are missing (the newest is ${month.lastDay})`,
    );
  }
  if (Date.parse(saidAt) > Date.parse(month.importedAt)) {
    hints.push(`the statement is of ${saidAt}, the rows of ${month.importedAt}: import the month again`);
  }
  // Days that are not there yet account for what is missing, and for nothing that is too much.
  const explained = micros > 0 && month.days < daysInMonth;
  return {
    ...base,
    state: explained ? "explained" : "unexplained",
    explanation:
      hints.length > 0 ? hints : ["neither taxes, credits, purchases, corrections nor missing days account for it"],
  };
}

const words: Readonly<Record<string, string>> = {
  Tax: "taxes",
  Credit: "credits",
  Purchase: "purchases of commitments",
  Adjustment: "adjustments",
};

/** The fewest parts that make the sum up. */
function sumUpTo<Part extends { readonly micros: number }>(
  parts: readonly Part[],
  micros: number,
  slack: number,
): readonly Part[] | undefined {
  const choices = Array.from({ length: 2 ** parts.length - 1 }, (_, index) =>
    parts.filter((_part, bit) => ((index + 1) >> bit) & 1),
  ).sort((a, b) => a.length - b.length);
  return choices.find((choice) => Math.abs(choice.reduce((sum, part) => sum + part.micros, 0) - micros) <= slack);
}
