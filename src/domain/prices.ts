import { type Money, timesMoney } from "./money.ts";

export const priceKinds = [
  "instance",
  "disk",
  "snapshot",
  "egress",
  "address",
  "cpu",
  "memory",
  "load-balancer",
] as const;
export type PriceKind = (typeof priceKinds)[number];
/** How it is bought; what is not capacity is `on-demand`. */
export const priceTerms = ["on-demand", "spot", "reserved-1y", "reserved-3y"] as const;
export type PriceTerms = (typeof priceTerms)[number];
/** What one price is for. A month has {@link hoursPerMonth}; `ocpu-hour` and `gib-hour` are of shapes of free size,
 *  `mbps-hour` of bandwidth that is kept ready. */
export const priceUnits = ["hour", "gib-month", "gib", "ocpu-hour", "gib-hour", "mbps-hour"] as const;
export type PriceUnit = (typeof priceUnits)[number];

/** As all four clouds count. */
export const hoursPerMonth = 730;

/** A line of a price list. */
export interface Price {
  /** The kind of site it is a price of: `aws`. */
  readonly provider: string;
  readonly region: string;
  readonly kind: PriceKind;
  /** An instance type, a disk type, or where traffic goes (`internet`). */
  readonly item: string;
  readonly terms: PriceTerms;
  /** From how many units a month on it holds; 0 for the first of them. */
  readonly above: number;
  readonly price: Money;
  readonly unit: PriceUnit;
  /** The day of the list, `2026-07-20`. */
  readonly pricedOn: string;
  readonly source: string;
  /** How it was made from the source, where it isn't the list's own figure. */
  readonly derived?: string;
  /** What an instance type has. */
  readonly size?: PricedSize;
}

export interface PricedSize {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly architecture: "x86_64" | "aarch64";
  readonly gpus: number;
  readonly burstable: boolean;
  /** How often spot capacity of it is taken back: 0 below 5 % a month, then in steps of five, 4 above 20 %. */
  readonly interruptionBand?: number;
}

/** A line of a cost: so much of something at a price, or why the price is not known. */
export interface CostItem {
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  readonly amount?: Money;
  /** The first unit's price; further ones may cost less. */
  readonly unitPrice?: Money;
  readonly pricedOn?: string;
  readonly source?: string;
  readonly derived?: string;
  /** Present instead of an amount: what it would take to know it. */
  readonly unknown?: string;
}

export interface Cost {
  /** What is known of it, added up; absent when nothing is. */
  readonly total?: Money;
  /** False when a line is unknown: it costs more than `total`. */
  readonly complete: boolean;
  readonly items: readonly CostItem[];
}

/** The prices of one provider in one region. */
export interface PriceBook {
  readonly provider: string;
  readonly region: string;
  readonly prices: readonly Price[];
}

/** Of a site whose provider has no list. */
export const noPrices: PriceBook = { provider: "", region: "", prices: [] };

/** Whole days since the day of its list. */
export function priceAgeDays({ pricedOn }: Pick<Price, "pricedOn">, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - Date.parse(pricedOn)) / 86_400_000));
}

/** The price of an hour of an instance type; undefined when it is not known. */
export function instancePrice(book: PriceBook, instanceType: string, terms: PriceTerms): Price | undefined {
  return find(book, "instance", instanceType, terms)[0];
}

export function instanceMonth(book: PriceBook, instanceType: string, terms: PriceTerms): CostItem {
  return charge(book, { kind: "instance", item: instanceType, terms, quantity: hoursPerMonth, unit: "hour" });
}

/** So many hours of it, by the second. */
export function instanceHours(book: PriceBook, instanceType: string, hours: number): CostItem {
  return charge(book, { kind: "instance", item: instanceType, terms: "on-demand", quantity: hours, unit: "hour" });
}

export function diskMonth(book: PriceBook, diskType: string, sizeBytes: number): CostItem {
  return charge(book, { kind: "disk", item: diskType, quantity: sizeBytes / 2 ** 30, unit: "gib-month" });
}

export function addressMonth(book: PriceBook): CostItem {
  return charge(book, { kind: "address", item: "public-ipv4", quantity: hoursPerMonth, unit: "hour" });
}

/** A load balancer that is there, with the bandwidth that is paid for whether it is used or not; without what passes. */
export function loadBalancerMonth(book: PriceBook, type: string, leastMbps: number | undefined): CostItem {
  const base = charge(book, { kind: "load-balancer", item: type, quantity: hoursPerMonth, unit: "hour" });
  if (leastMbps === undefined || base.amount === undefined) return base;
  const quantity = leastMbps * hoursPerMonth;
  const ready = charge(book, { kind: "load-balancer", item: `${type}-bandwidth`, quantity, unit: "mbps-hour" });
  if (ready.amount === undefined) return ready;
  return { ...base, amount: { ...base.amount, micros: base.amount.micros + ready.amount.micros } };
}

/** What it costs to send so many bytes there, as if nothing else was sent that month. */
export function egressCost(book: PriceBook, destination: string, bytes: number): CostItem {
  return charge(book, { kind: "egress", item: destination, quantity: bytes / 2 ** 30, unit: "gib" });
}

export function addUp(items: readonly CostItem[]): Cost {
  const known = items.flatMap(({ amount }) => (amount ? [amount] : []));
  // A list in another currency would need a rate of exchange, which nobody gave us.
  const [first] = known;
  const same = known.filter(({ currency }) => currency === first?.currency);
  const total = first && { micros: same.reduce((sum, { micros }) => sum + micros, 0), currency: first.currency };
  return { ...(total ? { total } : {}), complete: same.length === items.length, items };
}

interface Charged {
  readonly kind: PriceKind;
  readonly item: string;
  readonly terms?: PriceTerms;
  readonly quantity: number;
  readonly unit: PriceUnit;
}

function charge(book: PriceBook, { kind, item, terms = "on-demand", quantity, unit }: Charged): CostItem {
  const what = kind === "instance" ? `${item}, ${terms}` : `${kind} ${item}`;
  const tiers = find(book, kind, item, terms).filter((price) => price.unit === unit);
  const [first] = tiers;
  // A list that only begins above some use says nothing about what is below.
  if (!first || first.above > 0) return { what, quantity, unit, unknown: whatIsNeeded(book, kind, item, terms) };
  let micros = 0;
  for (const [index, tier] of tiers.entries()) {
    const end = tiers[index + 1]?.above ?? Number.POSITIVE_INFINITY;
    const within = Math.max(0, Math.min(quantity, end) - tier.above);
    micros += timesMoney(tier.price, within).micros;
  }
  const { pricedOn, source, derived, price: unitPrice } = first;
  const amount = { micros, currency: unitPrice.currency };
  return { what, quantity, unit, amount, unitPrice, pricedOn, source, ...(derived ? { derived } : {}) };
}

function find(book: PriceBook, kind: PriceKind, item: string, terms: PriceTerms): Price[] {
  return book.prices
    .filter((price) => price.kind === kind && price.item === item && price.terms === terms)
    .sort((a, b) => a.above - b.above);
}

const words: Readonly<Record<PriceKind, string>> = {
  instance: "instance type",
  disk: "disk type",
  snapshot: "snapshots",
  egress: "traffic to",
  address: "address",
  cpu: "CPUs of",
  memory: "memory of",
  "load-balancer": "load balancers of type",
};

function whatIsNeeded(book: PriceBook, kind: PriceKind, item: string, terms: PriceTerms): string {
  const asked = `${book.provider}'s price list for ${book.region} with the ${words[kind]} ${item} (${terms})`;
  const newest = book.prices.reduce((latest, { pricedOn }) => (pricedOn > latest ? pricedOn : latest), "");
  return newest === ""
    ? `${asked}; no price of that region is known here`
    : `${asked}; the prices known of that region, the newest of ${newest}, don't have it`;
}
