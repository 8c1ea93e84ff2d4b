import { type Place, type ResourceKind, resourceKinds } from "./resource.ts";
import type { Expression } from "./search/query.ts";
import { mayMatch } from "./search/reach.ts";

/** When a site's resources of a kind were read, and what came of it. */
export interface Reading extends Place {
  readonly kind: ResourceKind;
  /** The newest complete reading; absent when there never was one. */
  readonly observedAt?: string;
  /** Why the newest attempt failed; absent after a success. */
  readonly error?: string;
  readonly failedAt?: string;
}

/** A site of the configuration. */
export interface ConfiguredPlace extends Place {
  readonly enabled: boolean;
}

/** Why what is shown of a site is not what is there now. */
export interface ReadingProblem {
  readonly kinds: readonly ResourceKind[];
  readonly error: string;
  readonly failedAt?: string;
}

interface Age {
  /** The oldest of the readings that the answer comes from; absent when there was none. */
  readonly observedAt?: string;
  readonly ageSeconds?: number;
}

export interface SiteAge extends Place, Age {
  /** The newest attempt at each kind that is concerned was a complete reading. */
  readonly upToDate: boolean;
  readonly problems: readonly ReadingProblem[];
}

export interface ProviderAge extends Age {
  readonly provider: string;
  readonly sites: number;
  readonly sitesUpToDate: number;
  /** `aws: 4 of 5 regions, 12 min old`. */
  readonly summary: string;
}

/** How old an answer is, and what it lacks. Only what can be part of the answer counts. */
export interface Freshness extends Age {
  readonly complete: boolean;
  readonly summary: string;
  readonly providers: readonly ProviderAge[];
  readonly sites: readonly SiteAge[];
}

export interface FreshnessQuestion {
  readonly readings: readonly Reading[];
  readonly configured: readonly ConfiguredPlace[];
  /** What is looked for, within what the caller reaches: sites and kinds that can't match are left out. */
  readonly where: Expression;
  /** Default: all. */
  readonly kinds?: readonly ResourceKind[];
  /** The moment that the answer speaks of, in milliseconds since 1970. */
  readonly at: number;
}

export function freshnessOf(question: FreshnessQuestion): Freshness {
  const sites = placesOf(question).flatMap((place) => siteAge(place, question) ?? []);
  const providers = [...Map.groupBy(sites, ({ provider }) => provider)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([provider, members]) => providerAge(provider, members, question.at));
  return {
    complete: sites.every(({ upToDate }) => upToDate),
    summary: providers.map(({ summary }) => summary).join("; ") || "no site can have this",
    ...oldest(sites, question.at),
    providers,
    sites,
  };
}

/** Where something may be: sites of the configuration, and what earlier ones have left. */
function placesOf({ readings, configured }: FreshnessQuestion): (Place & { enabled: boolean | undefined })[] {
  const places = new Map<string, Place & { enabled: boolean | undefined }>();
  for (const { site, provider, region } of readings)
    places.set(site, { site, provider, ...(region === undefined ? {} : { region }), enabled: undefined });
  for (const { site, provider, region, enabled } of configured) {
    if (enabled || places.has(site))
      places.set(site, { site, provider, ...(region === undefined ? {} : { region }), enabled });
  }
  return [...places.values()].sort((a, b) => (a.site < b.site ? -1 : 1));
}

function siteAge(
  { enabled, ...place }: Place & { enabled: boolean | undefined },
  { readings, where, kinds = resourceKinds, at }: FreshnessQuestion,
): SiteAge | undefined {
  const concerned = kinds.filter((kind) => mayMatch(where, place, kind));
  if (concerned.length === 0) return undefined;
  const known = new Map(readings.filter(({ site }) => site === place.site).map((reading) => [reading.kind, reading]));
  const problems = concerned.flatMap((kind) => problemOf(kind, known.get(kind), enabled, at) ?? []);
  return {
    ...place,
    upToDate: problems.length === 0,
    ...oldest(
      concerned.flatMap((kind) => known.get(kind) ?? []),
      at,
    ),
    problems: joined(problems),
  };
}

function problemOf(
  kind: ResourceKind,
  reading: Reading | undefined,
  enabled: boolean | undefined,
  at: number,
): ReadingProblem | undefined {
  const kinds = [kind];
  // A reading after the moment that is asked about has seen what was there then, whatever failed later.
  if (reading?.observedAt !== undefined && Date.parse(reading.observedAt) > at) return undefined;
  if (enabled === undefined) return { kinds, error: "the site is no longer in the configuration" };
  if (!enabled) return { kinds, error: "the site is disabled in the configuration" };
  if (reading?.error !== undefined)
    return { kinds, error: reading.error, ...(reading.failedAt === undefined ? {} : { failedAt: reading.failedAt }) };
  return reading?.observedAt === undefined ? { kinds, error: "not read yet" } : undefined;
}

/** One problem for all kinds that have the same. */
function joined(problems: readonly ReadingProblem[]): ReadingProblem[] {
  return [...Map.groupBy(problems, ({ error }) => error).values()].flatMap((alike) => {
    const [first] = alike;
    if (!first) return [];
    const failedAt = alike
      .flatMap((problem) => problem.failedAt ?? [])
      .sort()
      .at(-1);
    return [{ ...first, kinds: alike.flatMap(({ kinds }) => kinds), ...(failedAt === undefined ? {} : { failedAt }) }];
  });
}

function providerAge(provider: string, sites: readonly SiteAge[], at: number): ProviderAge {
  const sitesUpToDate = sites.filter(({ upToDate }) => upToDate).length;
  const age = oldest(sites, at);
  const places = sites.every(({ region }) => region !== undefined) ? "region" : "site";
  const count = `${sitesUpToDate} of ${sites.length} ${places}${sites.length === 1 ? "" : "s"}`;
  const old = age.ageSeconds === undefined ? "never read" : `${describeAge(age.ageSeconds)} old`;
  return { provider, sites: sites.length, sitesUpToDate, ...age, summary: `${provider}: ${count}, ${old}` };
}

function oldest(readings: readonly { readonly observedAt?: string }[], at: number): Age {
  const times = readings.flatMap(({ observedAt }) => (observedAt === undefined ? [] : [Date.parse(observedAt)]));
  if (times.length === 0) return {};
  const observed = Math.min(...times);
  return {
    observedAt: new Date(observed).toISOString(),
    ageSeconds: Math.max(0, Math.round((at - observed) / 1_000)),
  };
}

/** `40 s`, `12 min`, `5 h`, `3 d`: rounded down. */
export function describeAge(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
