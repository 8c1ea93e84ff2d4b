import type { Question } from "../../activities/site-health.ts";
import type { Verdict } from "../../domain/site-health.ts";

export interface SiteHealthInput {
  readonly site: string;
  /** How long vantage points look before it is asked anew which there are. */
  readonly roundMs: number;
  /** How long a person has to answer. */
  readonly askForMs: number;
  /** From the run before. */
  readonly wasDown?: boolean;
  readonly questions?: readonly Question[];
}

export interface SiteHealthView {
  readonly verdict: Verdict;
  /** Where it is looked at from. */
  readonly vantages: readonly { readonly vantage: string; readonly failureDomain: string }[];
  readonly notes: readonly string[];
  readonly questions: readonly string[];
}

export interface OutageAnswer {
  readonly decisionId: string;
  readonly by: string;
  readonly failover: boolean;
  readonly madeSureOf?: string;
}
