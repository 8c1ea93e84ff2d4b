import type { Schemas } from "../client.ts";
import { type Finding, failing, ok, secondsSince, spanOf, warning } from "./finding.ts";
import { type KnownPrices, priceFindings } from "./installation.ts";

const weekSeconds = 7 * 86_400;
/** The analysis is weekly; one that is this old was missed. */
const missedSeconds = weekSeconds + 86_400;

export interface SavingsFacts {
  readonly savings: Schemas["Savings"];
  /** Why nothing is recommended for a resource, each resource once. */
  readonly unchanged: readonly Schemas["NoRecommendation"][];
  readonly metrics: Schemas["MetricNames"]["items"];
  /** One row of each provider whose prices should be known, or that there is none. */
  readonly prices: readonly KnownPrices[];
}

/** Why there are no savings, or as few as there are. */
export function savingsFindings({ savings, unchanged, metrics, prices }: SavingsFacts, now: Date): readonly Finding[] {
  const subject = "savings";
  const found: Finding[] = [];
  const { newest } = savings;
  if (newest === undefined) {
    found.push(failing(subject, "nothing was analysed yet", "Begin: ./novacron savings analyse."));
  } else if (newest.state === "failed") {
    found.push(
      failing(
        subject,
        `the analysis failed: ${newest.reason ?? "no reason is kept"}`,
        "Begin another: ./novacron savings analyse.",
      ),
    );
  } else {
    const old = secondsSince(newest.started_at, now);
    if (old > missedSeconds) {
      found.push(
        warning(
          subject,
          `the newest analysis is ${spanOf(old)} old`,
          "Look at ./novacron schedules list, or: ./novacron savings analyse.",
        ),
      );
    }
    const { least_days: days, least_saving_micros: micros } = newest.settings;
    const settings = `It takes ${days} days of samples, and a saving of ${micros / 1e6} a month (cost_optimization).`;
    for (const [reason, times] of count(unchanged.map((each) => each.reason))) {
      const what = `${times} ${times === 1 ? "resource" : "resources"}: ${reason}`;
      if (/price/.test(reason)) found.push(warning(subject, what, "Bring in a list that has it: docs/prices.md."));
      else if (/\bdays?\b|too little/.test(reason)) found.push(warning(subject, what, settings));
      else found.push(ok(subject, what));
    }
    const { totals } = newest;
    if (totals && totals.recommendations > 0) {
      found.push(ok(subject, `${totals.recommendations} recommendations for ${totals.resources} resources`));
    }
  }
  if (!metrics.some(({ metric }) => metric === "cpu.utilisation")) {
    found.push(
      failing("metrics", "no site measures what its VMs use", "See docs/metrics.md: without it nothing can be sized."),
    );
  }
  return [...found, ...priceFindings(prices)];
}

/** How often each is there, the most frequent first; reasons that differ in their figures only are one. */
function count(texts: readonly string[]): readonly (readonly [string, number])[] {
  const times = new Map<string, number>();
  const firsts = new Map<string, string>();
  for (const text of texts) {
    const shape = text.replaceAll(/\d[\d.,]*/g, "#");
    const first = firsts.get(shape) ?? text;
    firsts.set(shape, first);
    times.set(first, (times.get(first) ?? 0) + 1);
  }
  return [...times].toSorted(([, one], [, other]) => other - one);
}
