import type { PriceBook, PricedSize, PriceTerms } from "../prices.ts";
import { type BurstRule, burstRule, wholeCpus } from "./credits.ts";

/** A size that can be had in a region, with what an hour of it costs, in millionths. */
export interface Offer {
  readonly instanceType: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly architecture: "x86_64" | "aarch64";
  readonly burstable: boolean;
  /** Undefined where what it gives for good is not known. */
  readonly burst: BurstRule | undefined;
  readonly hourMicros: number;
  readonly spotMicros?: number;
  readonly reserved1yMicros?: number;
  readonly reserved3yMicros?: number;
  readonly interruptionBand?: number;
  readonly currency: string;
  /** The day of the list that has it. */
  readonly pricedOn: string;
  /** Limits of the size; absent where the site does not say. */
  readonly networkBytesPerSecond?: number;
  readonly diskBytesPerSecond?: number;
}

/** All sizes of the book without graphics processors, the cheapest first. */
export function offersOf(book: PriceBook): Offer[] {
  const byType = new Map<
    string,
    Map<PriceTerms, { micros: number; currency: string; pricedOn: string; size?: PricedSize }>
  >();
  for (const { kind, item, terms, price, pricedOn, size } of book.prices) {
    if (kind !== "instance") continue;
    const known = byType.get(item) ?? new Map();
    known.set(terms, { ...price, pricedOn, ...(size ? { size } : {}) });
    byType.set(item, known);
  }
  const offers: Offer[] = [];
  for (const [instanceType, terms] of byType) {
    const onDemand = terms.get("on-demand");
    if (!onDemand?.size || onDemand.size.gpus > 0) continue;
    const { cpus, memoryBytes, architecture, burstable } = onDemand.size;
    const spot = terms.get("spot");
    const band = spot?.size?.interruptionBand;
    const oneYear = terms.get("reserved-1y");
    const threeYears = terms.get("reserved-3y");
    offers.push({
      ...{ instanceType, cpus, memoryBytes, architecture, burstable },
      burst: burstable ? burstRule(instanceType) : wholeCpus,
      hourMicros: onDemand.micros,
      ...(spot ? { spotMicros: spot.micros } : {}),
      ...(oneYear ? { reserved1yMicros: oneYear.micros } : {}),
      ...(threeYears ? { reserved3yMicros: threeYears.micros } : {}),
      ...(band === undefined ? {} : { interruptionBand: band }),
      ...{ currency: onDemand.currency, pricedOn: onDemand.pricedOn },
    });
  }
  return offers.sort((a, b) => a.hourMicros - b.hourMicros);
}

/** Without those for which another costs no more and has at least as much of everything. */
export function worthwhile(offers: readonly Offer[]): Offer[] {
  return offers.filter(
    (offer, index) =>
      offer.burst !== undefined &&
      !offers.some(
        (other, at) =>
          offer.burst !== undefined &&
          other !== offer &&
          other.architecture === offer.architecture &&
          other.burst !== undefined &&
          (other.hourMicros < offer.hourMicros || (other.hourMicros === offer.hourMicros && at < index)) &&
          other.cpus >= offer.cpus &&
          other.memoryBytes >= offer.memoryBytes &&
          other.burst.baselineShare >= offer.burst.baselineShare &&
          noLess(other.networkBytesPerSecond, offer.networkBytesPerSecond) &&
          noLess(other.diskBytesPerSecond, offer.diskBytesPerSecond),
      ),
  );
}

function noLess(limit: number | undefined, other: number | undefined): boolean {
  return other === undefined ? limit === undefined : limit !== undefined && limit >= other;
}

/**
 * By its name. AWS: a `d` after the generation, and the families made for local disks (https://docs.aws.amazon.com/ec2/latest/
 * instancetypes/instance-type-names.html). Azure: a `d` among the features, and the L family (https://learn.microsoft.com/azure/
 * virtual-machines/vm-naming-conventions). Google: `-lssd`, and Z3.
 */
export function hasLocalDisks(instanceType: string): boolean {
  return (
    /^[a-z]+\d+[a-z]*d[a-z]*[.-]/.test(instanceType) ||
    /^(?:i|im|is|d|h)\d+[a-z]*\./.test(instanceType) ||
    /^Standard_[A-Z]+\d+[a-z-]*d[a-z]*_v\d/.test(instanceType) ||
    /^Standard_L\d/.test(instanceType) ||
    /-lssd$|^z3-/.test(instanceType)
  );
}
