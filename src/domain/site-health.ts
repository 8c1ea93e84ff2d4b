/** How a site's health is judged: pure, from what vantage points in other failure domains saw of it. */

export const probeKinds = ["api", "network", "application"] as const;
export type ProbeKind = (typeof probeKinds)[number];

/** One look at one thing of a site. */
export interface Probe {
  readonly kind: ProbeKind;
  /** What was looked at, as a person would: `tcp://10.0.0.5:443`. */
  readonly target: string;
  /** `slow`: it is reached, and did not answer in time. `ok`: it answered, whatever it said. */
  readonly result: "ok" | "slow" | "failed";
  readonly tookMs: number;
  readonly reason?: string;
}

/** `blind`: nothing else was seen either, so that the observer may be the one who is cut off. */
export const sights = ["up", "down", "blind"] as const;
export type Sight = (typeof sights)[number];

/** What one vantage point saw of a site in one round. */
export interface HealthSample {
  readonly site: string;
  /** A worker: its own id, or `control-plane`. */
  readonly vantage: string;
  readonly failureDomain: string;
  /** When, by the store's clock. */
  readonly at: string;
  readonly sees: Sight;
  readonly probes: readonly Probe[];
}

/**
 * What a round of probes comes to. A site is down to an observer only when nothing of it is reached by any probe, and
 * something else is: that an API is slow, or that one application is broken, is no outage of the site.
 */
export function sightOf(probes: readonly Probe[], seesElse: boolean): Sight {
  if (probes.some(({ result }) => result !== "failed")) return "up";
  return seesElse && probes.length > 0 ? "down" : "blind";
}

export interface JudgeTerms {
  readonly intervalMs: number;
  /** Rounds in a row that have to fail. */
  readonly threshold: number;
}

/** `unknown`: too few see it. `flapping`: it comes and goes. */
export const verdicts = ["up", "suspect", "flapping", "unknown", "down"] as const;
export type Verdict = (typeof verdicts)[number];

export interface Judgement {
  readonly verdict: Verdict;
  /** Distinct failure domains other than the site's own, from which somebody has looked lately. */
  readonly domains: readonly string[];
  /** Those of them that say it is down. */
  readonly down: readonly string[];
  readonly blind: readonly string[];
  /** For a person; the first one tells why the verdict is what it is. */
  readonly reasons: readonly string[];
}

/** So many failure domains have to look before anything happens without a person. */
export const leastDomains = 3;
/** A sample counts for so many intervals: one round may be late. */
const freshIntervals = 2.5;
/** A site that changed so often within the last {@link flappingRounds} thresholds comes and goes. */
const flappingChanges = 3;
const flappingRounds = 10;

/** For how long samples are looked at. */
export function judgedMs({ intervalMs, threshold }: JudgeTerms): number {
  return intervalMs * threshold * flappingRounds;
}

/**
 * The site is down when a majority of the failure domains that look at it say so, each by the last `threshold` rounds of all of
 * its vantage points. Domains that are blind count as there, and not as votes; the site's own domain is not asked.
 */
export function judgeSite(input: {
  readonly site: string;
  /** The site's own. */
  readonly failureDomain: string;
  readonly samples: readonly HealthSample[];
  readonly terms: JudgeTerms;
  readonly nowMs: number;
}): Judgement {
  const { site, failureDomain, terms, nowMs } = input;
  const since = nowMs - judgedMs(terms);
  const samples = input.samples.filter(
    (sample) => sample.site === site && sample.failureDomain !== failureDomain && timeOf(sample) > since,
  );
  const byVantage = [...Map.groupBy(samples, ({ vantage }) => vantage).values()].map((of) =>
    of.toSorted((a, b) => timeOf(a) - timeOf(b)),
  );
  const fresh = byVantage.filter((of) => nowMs - timeOf(of.at(-1)) <= terms.intervalMs * freshIntervals);
  const votes = [...Map.groupBy(fresh, (of) => of.at(-1)?.failureDomain ?? "")].map(([domain, vantages]) => ({
    domain,
    vote: voteOf(vantages, terms),
  }));
  const domains = votes.map(({ domain }) => domain).sort();
  const of = (vote: Vote) => votes.flatMap((each) => (each.vote === vote ? [each.domain] : [])).sort();
  const [down, blind, failing] = [of("down"), of("blind"), of("failing")];
  const told = { domains, down, blind };
  const count = `${down.length} of ${domains.length} failure domains`;
  if (domains.length === 0) return { ...told, verdict: "unknown", reasons: ["nobody looks at it now"] };
  if (down.length * 2 > domains.length) {
    const changes = Math.max(0, ...byVantage.map(changesOf));
    if (changes >= flappingChanges) {
      return {
        ...told,
        verdict: "flapping",
        reasons: [`it went and came ${changes} times lately`, `${count} see it down`],
      };
    }
    return { ...told, verdict: "down", reasons: [`${count} saw nothing of it ${terms.threshold} times in a row`] };
  }
  const blindness = blind.length > 0 ? [`${blind.join(", ")} saw nothing else either, and may be cut off`] : [];
  if (blind.length === domains.length) return { ...told, verdict: "unknown", reasons: blindness };
  if (down.length > 0) {
    return { ...told, verdict: "suspect", reasons: [`only ${count} see it down: no majority`, ...blindness] };
  }
  if (failing.length > 0) {
    const reason = `probes fail from ${failing.join(", ")}, and not yet ${terms.threshold} times in a row`;
    return { ...told, verdict: "suspect", reasons: [reason, ...blindness] };
  }
  return { ...told, verdict: "up", reasons: ["it is seen", ...blindness] };
}

type Vote = "up" | "failing" | "down" | "blind";

/** Of one failure domain: who sees the site there wins over who doesn't. */
function voteOf(vantages: readonly (readonly HealthSample[])[], { threshold }: JudgeTerms): Vote {
  const each = vantages.map((of): Vote => {
    const last = of.at(-1)?.sees;
    if (last === "blind") return "blind";
    if (last === "up") return "up";
    const rounds = of.slice(-threshold);
    return rounds.length === threshold && rounds.every(({ sees }) => sees === "down") ? "down" : "failing";
  });
  for (const vote of ["up", "failing", "down"] as const) if (each.includes(vote)) return vote;
  return "blind";
}

/** How often what a vantage point saw turned from down to up: rounds that were blind say nothing. */
function changesOf(samples: readonly HealthSample[]): number {
  const seen = samples.filter(({ sees }) => sees !== "blind").map(({ sees }) => sees);
  return seen.filter((sees, index) => sees === "up" && seen[index - 1] === "down").length;
}

function timeOf(sample: HealthSample | undefined): number {
  return sample === undefined ? Number.NEGATIVE_INFINITY : Date.parse(sample.at);
}

export const healthActions = ["none", "asked", "failover", "refused"] as const;
/** `refused`: without a person nothing is done, and a person is asked. */
export type HealthAction = (typeof healthActions)[number];

/** Whether a failover may begin without a person; why not, if not. */
export function automaticFailover(input: {
  readonly judgement: Judgement;
  /** The group has opted into it. */
  readonly optedIn: boolean;
  readonly primaryDomain: string;
  readonly recoveryDomain: string;
  /** Of the control plane itself; absent where the configuration doesn't say. */
  readonly controlDomain?: string | undefined;
  /** Whether there is something that can be begun. */
  readonly canBegin: boolean;
}): { readonly allowed: boolean; readonly reasons: readonly string[] } {
  const { judgement, optedIn, primaryDomain, recoveryDomain, controlDomain, canBegin } = input;
  const reasons: string[] = [];
  if (!canBegin) reasons.push("this version begins no failover by itself");
  if (!optedIn) reasons.push("the group has not opted into automatic failover");
  if (judgement.verdict !== "down") reasons.push(`the site is ${judgement.verdict}: ${judgement.reasons[0]}`);
  if (judgement.domains.length < leastDomains) {
    reasons.push(
      `automatic failover is off: ${judgement.domains.length} failure domains look at it, and ${leastDomains} have to`,
    );
  }
  if (!judgement.down.includes(recoveryDomain)) {
    reasons.push(`the recovery site's failure domain (${recoveryDomain}) does not say that it is down`);
  }
  if (controlDomain === undefined) {
    reasons.push("the configuration does not say which failure domain the control plane is in (failure_domain)");
  } else if (controlDomain === primaryDomain) {
    reasons.push(`the control plane is in the primary site's own failure domain (${primaryDomain})`);
  }
  return { allowed: reasons.length === 0, reasons };
}
