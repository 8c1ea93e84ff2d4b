import type { HealthTarget } from "./health-probe.ts";
import { type JudgeTerms, leastDomains } from "./site-health.ts";

/** What the configuration says of a site that matters to its health. */
export interface HealthSite {
  readonly site: string;
  readonly failureDomain: string;
  readonly targets: readonly HealthTarget[];
  /** Where its API takes connections. */
  readonly api?: HealthTarget;
}

export interface HealthSettings {
  readonly sites: readonly HealthSite[];
  /** Of the control plane; absent where the configuration doesn't say. */
  readonly controlDomain?: string;
  /** Where workers of sites reach the control plane. */
  readonly control?: HealthTarget;
}

/** A place that a site is looked at from. */
export interface Vantage {
  readonly vantage: string;
  readonly failureDomain: string;
  /** The site whose worker looks; absent of the control plane. */
  readonly site?: string;
  readonly targets: readonly HealthTarget[];
  readonly api?: HealthTarget;
  readonly asksApi: boolean;
  readonly elsewhere: readonly HealthTarget[];
  readonly elsewhereSites: readonly string[];
}

export const controlPlane = "control-plane";

/**
 * From where a site can be looked at now: the control plane, and sites with a live worker of their own. What fails together
 * with the site is no vantage point of it. `elsewhere` is what tells one that is cut off itself: it lies in other failure
 * domains than the observer and the observed.
 */
export function vantagesOf(site: string, settings: HealthSettings, liveSites: readonly string[]): readonly Vantage[] {
  const of = settings.sites.find((each) => each.site === site);
  if (!of) return [];
  const control = { vantage: controlPlane, failureDomain: settings.controlDomain ?? controlPlane };
  const workers = settings.sites
    .filter((each) => liveSites.includes(each.site))
    .map((each) => ({ vantage: each.site, failureDomain: each.failureDomain, site: each.site }));
  return [control, ...workers]
    .filter(({ failureDomain }) => failureDomain !== of.failureDomain)
    .map((vantage) => {
      const own = [of.failureDomain, vantage.failureDomain];
      const others = settings.sites.filter(({ failureDomain }) => !own.includes(failureDomain));
      const controlTarget =
        settings.control && !own.includes(settings.controlDomain ?? controlPlane) ? [settings.control] : [];
      const isControl = !("site" in vantage);
      return {
        ...vantage,
        targets: of.targets,
        ...(of.api ? { api: of.api } : {}),
        asksApi: isControl,
        elsewhere: [...controlTarget, ...others.flatMap(({ targets, api }) => [...targets, ...(api ? [api] : [])])],
        elsewhereSites: isControl ? others.map((each) => each.site) : [],
      };
    });
}

/** What a person should know of how a site is looked at, before it matters. */
export function lookoutNotes(site: string, vantages: readonly Vantage[]): string[] {
  const domains = new Set(vantages.map(({ failureDomain }) => failureDomain));
  const notes: string[] = [];
  if (domains.size < leastDomains) {
    notes.push(
      `automatic failover is off for ${site}: it is looked at from ${domains.size} failure domains, and ${leastDomains} have to`,
    );
  }
  for (const { vantage, targets, api, asksApi, elsewhere, elsewhereSites } of vantages) {
    if (targets.length === 0 && !api && !asksApi) {
      notes.push(`${vantage} has nothing of ${site} to look at: name some as its health_probes`);
    }
    if (elsewhere.length === 0 && elsewhereSites.length === 0) {
      notes.push(`${vantage} has nothing else to look at, so it can't tell an outage of ${site} from one of its own`);
    }
  }
  return notes;
}

/** One lookout serves all groups of a site: as often as the most impatient asks, and as patiently as the most careful. */
export function lookoutTerms(
  policies: readonly { readonly healthCheckIntervalSeconds: number; readonly failoverThreshold: number }[],
): JudgeTerms {
  return {
    intervalMs: Math.min(...policies.map((policy) => policy.healthCheckIntervalSeconds)) * 1_000,
    threshold: Math.max(...policies.map((policy) => policy.failoverThreshold)),
  };
}
