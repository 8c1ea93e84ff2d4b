import type { Money } from "../money.ts";
import type { OffHours } from "./off-hours.ts";
import type { SavingsSettings } from "./settings.ts";

export const recommendationTypes = [
  "rightsize",
  "architecture",
  "stop",
  "schedule",
  "spot",
  "delete-disk",
  "release-address",
  "commit",
] as const;
export type RecommendationType = (typeof recommendationTypes)[number];

export const risks = ["low", "medium", "high"] as const;
export type Risk = (typeof risks)[number];

/** The resource that something is said of. */
export interface SavingsSubject {
  readonly site: string;
  /** `vm`, `disk`, `address`; `instance-type` of a commitment. */
  readonly resourceKind: string;
  readonly resourceId: string;
  readonly name: string;
  /** Of the resource: they decide who sees it. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Something that would cost less. Costs are of a month, at list prices, and potential: nothing was saved yet. */
export interface Recommendation extends SavingsSubject {
  readonly recommended: true;
  readonly type: RecommendationType;
  readonly currentCost: Money;
  readonly optimizedCost: Money;
  readonly potentialSavings: Money;
  /** 0 to 100. */
  readonly savingsPercent: number;
  /** What to do, a sentence. */
  readonly action: string;
  /** 0 to 1: that nobody is harmed by it, and less when the price is old. */
  readonly confidence: number;
  readonly risk: Risk;
  /** What it rests on, a sentence each. */
  readonly evidence: readonly string[];
  /** How it is taken back. */
  readonly reversal: string;
  /** The new size. */
  readonly instanceType?: string;
  readonly off?: OffHours;
  /** Units to commit to. */
  readonly count?: number;
}

/** A resource for which nothing is recommended, and why. */
export interface NoRecommendation extends SavingsSubject {
  readonly recommended: false;
  readonly reason: string;
}

/** What an analysis says of one resource. The id is the same for the same thing in every analysis. */
export type Finding = (Recommendation | NoRecommendation) & { readonly findingId: string };

export const analysisStates = ["running", "completed", "failed"] as const;

export interface SavingsAnalysis {
  readonly analysisId: string;
  readonly state: (typeof analysisStates)[number];
  /** Why it failed. */
  readonly reason?: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly settings: SavingsSettings;
  readonly totals?: SavingsTotals;
}

export interface SavingsTotals {
  readonly resources: number;
  readonly recommendations: number;
  /** Of all that has a price, a month. */
  readonly currentCost?: Money;
  /** What can be had together: no resource counts twice. */
  readonly potentialSavings?: Money;
  readonly savingsPercent?: number;
  /** VMs that may be expected to be harmed if everything was done. */
  readonly expectedHarm: number;
}

export interface SavingsReport {
  /** Of every resource one. */
  readonly findings: readonly Finding[];
  readonly totals: SavingsTotals;
}
