/** An amount in integer millionths of a currency's unit. */
export interface Money {
  readonly micros: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** `factor` times the amount, rounded to the millionth. */
export function timesMoney(amount: Money, factor: number): Money {
  return { micros: Math.round(amount.micros * factor), currency: amount.currency };
}

/** A sum, to the cent: `70.08 USD`; below ten cents with the digits it has. */
export function formatMoney(amount: Money): string {
  const { micros, currency } = amount;
  return Math.abs(micros) >= 100_000 ? `${(micros / 1e6).toFixed(2)} ${currency}` : formatPrice(amount);
}

/** The price of one of something, with all its digits: `0.0085 USD`. */
export function formatPrice({ micros, currency }: Money): string {
  const digits = String(micros / 1e6).split(".")[1]?.length ?? 0;
  return `${(micros / 1e6).toFixed(Math.max(2, digits))} ${currency}`;
}
