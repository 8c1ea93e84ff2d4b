import type { CostItem } from "../prices.ts";
import type { Offer } from "./offers.ts";
import type { SavingsSubject } from "./recommendation.ts";
import type { UsageSeries } from "./usage.ts";

/** With the value `true` it says that the VM keeps nothing that is lost with it, and starts anew quickly enough. */
export const interruptibleTag = "novacron:interruptible";

/** A VM with what is known of it; what is not known is absent. */
export interface VmFacts {
  readonly subject: SavingsSubject;
  readonly running: boolean;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly instanceType?: string;
  /** Spot capacity is paid otherwise. */
  readonly spot: boolean;
  /** Whoever answers for it says that it may be taken away at any time. */
  readonly interruptible: boolean;
  readonly usage?: UsageSeries;
}

/** Something that is paid for and attached to nothing. */
export interface UnusedFacts {
  readonly subject: SavingsSubject;
  readonly type: "delete-disk" | "release-address";
  /** Days since it was seen in use or made; undefined when that is not known. */
  readonly unusedDays?: number;
  readonly monthly: CostItem;
}

/** All that is looked at of one site. */
export interface SiteFacts {
  readonly site: string;
  readonly offers: readonly Offer[];
  readonly vms: readonly VmFacts[];
  readonly unused: readonly UnusedFacts[];
}
