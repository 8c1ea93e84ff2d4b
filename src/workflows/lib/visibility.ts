import { defineSearchAttributeKey } from "@temporalio/common";
import { setCurrentDetails, upsertSearchAttributes } from "@temporalio/workflow";

const phaseKey = defineSearchAttributeKey("NovacronPhase", "KEYWORD");
const progressKey = defineSearchAttributeKey("NovacronProgress", "INT");

export interface Standing {
  /** The line an operator reads first: what this is. */
  readonly headline: string;
  readonly phase: string;
  readonly percent: number;
  /** What comes next, in words. */
  readonly next?: string;
}

/** Puts where the run stands into the first lines of Temporal's UI and into its search attributes. */
export function show(standing: Standing): void {
  const next = standing.next ? `\n\nNext: ${standing.next}` : "";
  setCurrentDetails(`**${standing.phase} · ${standing.percent} %** — ${standing.headline}${next}`);
  upsertSearchAttributes([
    { key: phaseKey, value: standing.phase },
    { key: progressKey, value: standing.percent },
  ]);
}
