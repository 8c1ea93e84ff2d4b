import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Comparison } from "../domain/alert-rule.ts";
import type { Database } from "./schema.ts";

export interface SuspectQuery {
  readonly metric: string;
  readonly site?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly comparison: Comparison;
  readonly threshold: number;
  /** ISO 8601 UTC. */
  readonly since: string;
  readonly named: readonly { readonly site: string; readonly resourceId: string }[];
}

export interface Suspect {
  readonly site: string;
  readonly resourceId: string;
  /** The oldest first. */
  readonly readings: readonly { readonly at: string; readonly value: number }[];
}

export type SilentQuery = Pick<SuspectQuery, "metric" | "site" | "resourceId" | "since">;

export interface SilentSeries {
  readonly site: string;
  readonly resourceId: string;
  /** When its newest sample was. */
  readonly lastAt: string;
}

const operators = { gt: sql`>`, gte: sql`>=`, lt: sql`<`, lte: sql`<=`, eq: sql`=` } as const;

/** Samples of the series that a rule is about since a moment, of those in which one breaches it, or that are named. */
export async function suspectsOf(db: Kysely<Database>, query: SuspectQuery): Promise<readonly Suspect[]> {
  const { metric, comparison, threshold, since, named } = query;
  const { rows } = await sql<{ site: string; resourceId: string; at: string; value: number }>`
    with series as (select series_id, site, resource_id from metric_series
      where metric = ${metric} ${ofSite(query.site)} ${ofResource(query.resourceId)}),
    hot as (select series_id from series where exists (select 1 from metric_samples m where m.series_id = series.series_id
        and m.at >= ${since}::timestamptz and m.value ${operators[comparison]} ${threshold}::double precision)
      union select series_id from series join unnest(${named.map(({ site }) => site)}::text[],
        ${named.map(({ resourceId }) => resourceId)}::text[]) as given (site, resource_id) using (site, resource_id))
    select site, resource_id as "resourceId", at, value
    from metric_samples join series using (series_id) where series_id in (select series_id from hot)
      and at >= ${since}::timestamptz order by 1, 2, 3`.execute(db);
  const found: { site: string; resourceId: string; readings: { at: string; value: number }[] }[] = [];
  for (const { site, resourceId, at, value } of rows) {
    const last = found.at(-1);
    if (last?.site === site && last.resourceId === resourceId) last.readings.push({ at, value });
    else found.push({ site, resourceId, readings: [{ at, value }] });
  }
  return found;
}

/** Series that had samples within the time that samples are kept as they came, and none since a moment. */
export async function silentSeries(db: Kysely<Database>, query: SilentQuery): Promise<readonly SilentSeries[]> {
  const { rows } = await sql<SilentSeries>`
    select s.site, s.resource_id as "resourceId", newest.at as "lastAt"
    from metric_series s cross join lateral (select at from metric_samples
      where series_id = s.series_id order by at desc limit 1) newest
    where s.metric = ${query.metric} ${ofSite(query.site)} ${ofResource(query.resourceId)}
      and newest.at < ${query.since}::timestamptz order by 1, 2`.execute(db);
  return rows;
}

export function ofSite(site: string | undefined): RawBuilder<unknown> {
  return site === undefined ? sql`` : sql`and site = ${site}`;
}

export function ofResource(resourceId: string | undefined): RawBuilder<unknown> {
  return resourceId === undefined ? sql`` : sql`and resource_id = ${resourceId}`;
}
