import type { CapacityType, InstanceType } from "./instance-type.ts";
import { formatPrice } from "./money.ts";
import { instancePrice, type Price, type PriceBook } from "./prices.ts";
import { describeQuota, type Quota, quotasOfType } from "./quota.ts";
import type { Firmware } from "./vm.ts";

/** What a VM needs of the size it runs in. */
export interface PlacementWish {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly architecture: InstanceType["architecture"];
  readonly firmware: Firmware;
  readonly disks: number;
  readonly nics: number;
  readonly gpus: number;
  readonly capacityType: CapacityType;
  /** Sizes whose CPU above a baseline is on credit count too. */
  readonly burstable: boolean;
  /** A size that was asked for by name: only that one. */
  readonly instanceType?: string;
  /** The zone of the network it goes into. */
  readonly zone?: string;
  /** Why a size won't do for this guest (a driver it lacks), in the words that follow "they"; undefined when it will. */
  readonly unusable?: (type: InstanceType) => string | undefined;
}

export interface Offering {
  readonly type: InstanceType;
  /** Of an hour; absent when it is not known. */
  readonly price?: Price;
}

export interface Placement {
  /** What may be taken, best first; empty when nothing will do. */
  readonly offerings: readonly Offering[];
  /** Why the first of them, or why nothing, with what was left out. */
  readonly why: string;
}

/** As many as a create tries one after the other when the site has no capacity. */
const pinnedOfferings = 5;
const shownNext = 2;
const shownReasons = 6;

/**
 * The cheapest size that fits, and the next ones in order: by price, then the smaller, then by name, so that equal lists give
 * equal answers. A size whose price is not known never counts as cheap: it comes after all others.
 */
export function place(
  wish: PlacementWish,
  types: readonly InstanceType[],
  book: PriceBook,
  quotas: readonly Quota[],
): Placement {
  if (wish.instanceType !== undefined) return placePinned(wish, wish.instanceType, types, book, quotas);
  const left = new Map<string, number>();
  const offerings: Offering[] = [];
  for (const type of types) {
    const reason = choiceReason(type, wish) ?? needReason(type, wish) ?? quotaReason(type, wish, quotas);
    if (reason === undefined) offerings.push(offer(type, wish, book));
    else left.set(reason, (left.get(reason) ?? 0) + 1);
  }
  offerings.sort(byWorth);
  const rest = describeLeft(left);
  const [best, ...next] = offerings;
  if (!best) return { offerings: [], why: `none of ${types.length} sizes will do: ${rest || "there are none"}` };
  const priced = offerings.filter(({ price }) => price !== undefined).length;
  const unpriced = offerings.length - priced;
  const among = `of ${offerings.length} that fit`;
  const parts = [
    best.price
      ? `it is the cheapest ${among}, ${describePrice(best.price)}`
      : `it is the smallest ${among}; no price is known of any of them`,
    next.length > 0 ? `next ${next.slice(0, shownNext).map(describeOffering).join(", ")}` : "",
    best.price && unpriced > 0 ? `${unpriced} of them have no known price` : "",
    rest ? `left out: ${rest}` : "",
  ];
  return { offerings: offerings.slice(0, pinnedOfferings), why: parts.filter(Boolean).join("; ") };
}

/** A person's word outweighs price, credit and bare metal, not what makes a start impossible. */
function placePinned(
  wish: PlacementWish,
  name: string,
  types: readonly InstanceType[],
  book: PriceBook,
  quotas: readonly Quota[],
): Placement {
  const type = types.find((candidate) => candidate.name === name);
  if (!type) {
    const alike = types
      .filter((candidate) => candidate.family === name.split(".")[0])
      .map((candidate) => candidate.name);
    const hint = alike.length > 0 ? `; there are ${alike.slice(0, 5).join(", ")}` : "";
    return { offerings: [], why: `the site has no size called ${name}${hint}` };
  }
  const reason = needReason(type, wish) ?? quotaReason(type, wish, quotas);
  if (reason !== undefined) return { offerings: [], why: `${name} was asked for; such sizes ${reason}` };
  const offering = offer(type, wish, book);
  const price = offering.price ? describePrice(offering.price) : "its price is not known";
  return { offerings: [offering], why: `it was asked for; ${price}` };
}

/** What we don't take by ourselves. */
function choiceReason(type: InstanceType, wish: PlacementWish): string | undefined {
  if (type.cpus < wish.cpus || type.memoryBytes < wish.memoryBytes) return "are too small";
  if (type.bareMetal) return "are bare metal";
  if (type.burstable && !wish.burstable) return "are burstable, which was not asked for";
  if (type.gpus > 0 && wish.gpus === 0) return "have GPUs, which nobody asked for";
  return undefined;
}

/** What can't be done. */
function needReason(type: InstanceType, wish: PlacementWish): string | undefined {
  if (type.architecture !== wish.architecture) return `are for ${type.architecture}`;
  if (type.gpus < wish.gpus) return `have fewer than ${wish.gpus} GPUs`;
  if (!type.firmwares.includes(wish.firmware)) return `don't start with ${wish.firmware === "uefi" ? "UEFI" : "BIOS"}`;
  if (type.maxDisks !== undefined && type.maxDisks < wish.disks) return `take fewer than ${wish.disks} disks`;
  if (type.maxNics !== undefined && type.maxNics < wish.nics) return `take fewer than ${wish.nics} network interfaces`;
  if (wish.zone !== undefined && type.zones && !type.zones.includes(wish.zone))
    return `are not offered in ${wish.zone}`;
  return wish.unusable?.(type);
}

function quotaReason(type: InstanceType, wish: PlacementWish, quotas: readonly Quota[]): string | undefined {
  const over = quotasOfType(quotas, type, wish.capacityType).find(({ fits }) => fits === false);
  return over && `exceed the quota ${describeQuota(over.quota)}`;
}

function offer(type: InstanceType, wish: PlacementWish, book: PriceBook): Offering {
  const price = instancePrice(book, type.name, wish.capacityType);
  return price ? { type, price } : { type };
}

function byWorth(a: Offering, b: Offering): number {
  const price = (offering: Offering) => offering.price?.price.micros ?? Number.POSITIVE_INFINITY;
  // Infinity minus itself is no number.
  if (price(a) !== price(b)) return price(a) < price(b) ? -1 : 1;
  return a.type.cpus - b.type.cpus || a.type.memoryBytes - b.type.memoryBytes || (a.type.name < b.type.name ? -1 : 1);
}

function describePrice({ price, pricedOn }: Price): string {
  return `${formatPrice(price)} an hour (list of ${pricedOn})`;
}

function describeOffering({ type, price }: Offering): string {
  return `${type.name} (${price ? formatPrice(price.price) : "price not known"})`;
}

function describeLeft(left: ReadonlyMap<string, number>): string {
  const reasons = [...left].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const shown = reasons.slice(0, shownReasons).map(([reason, count]) => `${count} ${reason}`);
  const more = reasons.slice(shownReasons).reduce((sum, [, count]) => sum + count, 0);
  return [...shown, ...(more > 0 ? [`${more} for other reasons`] : [])].join(", ");
}
