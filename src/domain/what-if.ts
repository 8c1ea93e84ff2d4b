import { diskMonth, hoursPerMonth, instanceMonth, type Price, type PriceBook, type PriceTerms } from "./prices.ts";

/** A VM of the estate, as far as a price asks for it. */
export interface EstateVm {
  readonly site: string;
  readonly vmId: string;
  readonly name: string;
  readonly running: boolean;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly architecture: string;
  readonly diskBytes: number;
  /** At list price, in millionths of a dollar; absent is unknown. */
  readonly monthlyCostMicros?: number;
}

/** A market that the estate is priced on. */
export interface Market {
  readonly book: PriceBook;
  readonly terms: PriceTerms;
}

export interface WhatIfRow {
  readonly provider: string;
  readonly region: string;
  readonly terms: PriceTerms;
  /** Of machines and disks, for those VMs whose price is known; absent when there is none. */
  readonly machinesMicros?: number;
  readonly disksMicros?: number;
  readonly currency?: string;
  readonly priced: number;
  /** VMs that can't be priced, by why. */
  readonly unpriced: readonly { readonly reason: string; readonly vms: number }[];
  /** Of the oldest price that it rests on; commitments of derived prices are marked too. */
  readonly pricedOn?: string;
  readonly derived: boolean;
  /** Lower the older the prices are, the more of them are derived, and the more VMs have none. */
  readonly confidence: "high" | "medium" | "low";
}

/** General block storage of each cloud, in its own word. */
const usualDisks: Readonly<Record<string, string>> = {
  aws: "gp3",
  azure: "Premium_LRS",
  gcp: "pd-balanced",
  oci: "balanced",
};
const freshDays = 30;
const staleDays = 180;

/**
 * The estate's month on another market: each VM on the cheapest size that has its CPUs and memory, never a burstable one, whose
 * CPUs are only lent; and its disks on the usual type. Stopped VMs pay for their disks. An unknown price is left out and named,
 * never taken as nothing.
 */
export function priceEstate(vms: readonly EstateVm[], { book, terms }: Market, now: number): WhatIfRow {
  const sizes = book.prices
    .filter((price) => price.kind === "instance" && price.terms === terms && price.size && !price.size.burstable)
    .filter((price) => price.size?.gpus === 0)
    .sort((a, b) => a.price.micros - b.price.micros);
  const unpriced = new Map<string, number>();
  const used: Price[] = [];
  let machines = 0;
  let disks = 0;
  let disksKnown = true;
  let priced = 0;
  for (const vm of vms) {
    const fitting = sizes.find(({ size }) => fits(vm, size));
    if (!fitting) {
      const reason =
        sizes.length === 0 ? `no price of ${terms} capacity there is known` : "no size there is large enough";
      unpriced.set(reason, (unpriced.get(reason) ?? 0) + 1);
      continue;
    }
    priced += 1;
    if (vm.running) {
      machines += instanceMonth(book, fitting.item, terms).amount?.micros ?? fitting.price.micros * hoursPerMonth;
      used.push(fitting);
    }
    const disk = diskMonth(book, usualDisks[book.provider] ?? "", vm.diskBytes);
    if (disk.amount) disks += disk.amount.micros;
    else if (vm.diskBytes > 0) disksKnown = false;
  }
  const pricedOn = used.reduce((oldest, price) => (price.pricedOn < oldest ? price.pricedOn : oldest), "9999-12-31");
  const derived = used.some((price) => price.derived !== undefined);
  const currency = used[0]?.price.currency;
  const ageDays = used.length === 0 ? Number.POSITIVE_INFINITY : (now - Date.parse(pricedOn)) / 86_400_000;
  const all = priced === vms.length && disksKnown;
  return {
    ...{ provider: book.provider, region: book.region, terms, priced, derived },
    ...(currency === undefined ? {} : { machinesMicros: machines, currency, pricedOn }),
    ...(priced > 0 && disksKnown ? { disksMicros: disks } : {}),
    unpriced: [...unpriced].map(([reason, count]) => ({ reason, vms: count })),
    confidence:
      ageDays > staleDays || priced < vms.length * 0.9
        ? "low"
        : all && !derived && ageDays <= freshDays
          ? "high"
          : "medium",
  };
}

function fits(vm: EstateVm, size: Price["size"]): boolean {
  return (
    size !== undefined &&
    size.cpus >= vm.cpus &&
    size.memoryBytes >= vm.memoryBytes &&
    size.architecture === (vm.architecture === "aarch64" ? "aarch64" : "x86_64")
  );
}
