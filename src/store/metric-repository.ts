import { type Kysely, type RawBuilder, sql } from "kysely";
import {
  type MetricPoint,
  type MetricSample,
  type MetricSeries,
  metricTiers,
  vmMetricNames,
} from "../domain/metric.ts";
import {
  ensurePartitions,
  lockPartitions,
  partitionOf,
  partitionsBefore,
  type TierTable,
  tiers,
} from "./metric-partitions.ts";
import { mostPoints, refuseStrange, tooMany } from "./metric-refusals.ts";
import {
  ofResource,
  ofSite,
  type SilentQuery,
  type SilentSeries,
  type Suspect,
  type SuspectQuery,
  silentSeries,
  suspectsOf,
} from "./metric-suspects.ts";
import { ownFigures, slowFigures } from "./own-figures.ts";
import type { Database } from "./schema.ts";

export interface MetricRange {
  readonly site: string;
  /** Absent: all that have the metric. */
  readonly resourceId?: string;
  readonly metric: string;
  /** ISO 8601 UTC; from this moment on, and before that one. */
  readonly from: string;
  readonly to: string;
  /** Points of so long a span each; absent gives the rows as they are kept. */
  readonly stepSeconds?: number;
}

export interface LatestQuery {
  /** Absent: of all sites. */
  readonly site?: string;
  readonly resourceId?: string;
  readonly metric: string;
  /** Older ones don't count. */
  readonly since: string;
}

const dayMs = 86_400_000;
const seriesKnown = 200_000;
const samplesAtOnce = 10_000;

/** Figures over time, thinned by age (`metricTiers`). */
export class MetricRepository {
  readonly #db: Kysely<Database>;
  readonly #series = new Map<string, number>();
  readonly #partitions = new Set<string>();

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /**
   * Keeps samples; one that is there already takes the newer value, so that a repeat does no harm. Those that are older than
   * samples are kept as they came are summed up at once, and what is known of such a span stays.
   * @throws ProviderError InvalidInput for one of the future, or older than anything is kept; then none is written.
   */
  async write(samples: readonly MetricSample[]): Promise<void> {
    const now = Date.now();
    for (const sample of samples) refuseStrange(sample, now);
    for (let at = 0; at < samples.length; at += samplesAtOnce) {
      await this.#writePart(samples.slice(at, at + samplesAtOnce), now);
    }
  }

  /** What is kept of a time, by resource. @throws ProviderError InvalidInput for more than `mostPoints`. */
  async range(query: MetricRange): Promise<readonly MetricSeries[]> {
    const { site, metric, stepSeconds } = query;
    const rows = await sql<MetricPoint & { resourceId: string }>`
      with series as (select series_id, resource_id from metric_series where site = ${site} and metric = ${metric} ${ofResource(query.resourceId)}),
      kept as (${keptRows(query)})
      select resource_id as "resourceId", ${startOf(stepSeconds)} as at, sum(total) / sum(samples) as value, min(low) as low,
        max(high) as high, sum(samples)::integer as samples
      from kept join series using (series_id) group by 1, 2 order by 1, 2 limit ${mostPoints + 1}`.execute(this.#db);
    if (rows.rows.length > mostPoints) throw tooMany(query);
    const found: { site: string; resourceId: string; metric: string; points: MetricPoint[] }[] = [];
    for (const { resourceId, ...point } of rows.rows) {
      if (found.at(-1)?.resourceId !== resourceId) found.push({ site, resourceId, metric, points: [] });
      found.at(-1)?.points.push(point);
    }
    return found;
  }

  /** The newest sample of each resource that has one since then. */
  async latest({ site, resourceId, metric, since }: LatestQuery): Promise<readonly MetricSample[]> {
    const { rows } =
      await sql<MetricSample>`select s.site, s.resource_id as "resourceId", s.metric, newest.at, newest.value
      from metric_series s cross join lateral (select at, value from metric_samples
        where series_id = s.series_id and at >= ${since}::timestamptz order by at desc limit 1) newest
      where s.metric = ${metric} ${ofSite(site)} ${ofResource(resourceId)} order by 1, 2`.execute(this.#db);
    return rows;
  }

  /** When the newest sample of any VM of the site was, if since then. */
  async newest(site: string, since: string): Promise<string | undefined> {
    const { rows } = await sql<{ at: string | null }>`select max(newest.at) as at
      from metric_series s cross join lateral (select at from metric_samples
        where series_id = s.series_id and at >= ${since}::timestamptz order by at desc limit 1) newest
      where s.site = ${site} and s.metric in (${sql.join(vmMetricNames)})`.execute(this.#db);
    return rows[0]?.at ?? undefined;
  }

  /** What metrics there are, and how many resources have them. */
  async names(site?: string): Promise<readonly { site: string; metric: string; resources: number }[]> {
    const where = site === undefined ? sql`` : sql`where site = ${site}`;
    const { rows } = await sql<{ site: string; metric: string; resources: number }>`
      select site, metric, count(*)::integer as resources from metric_series ${where} group by 1, 2 order by 1, 2`.execute(
      this.#db,
    );
    return rows;
  }

  /** Keeps what the store knows of our own work, as of now; with what each VM costs where that is asked for. */
  async writeOwn({ slow }: { slow: boolean }): Promise<void> {
    await this.write([...(await ownFigures(this.#db)), ...(slow ? await slowFigures(this.#db) : [])]);
  }

  /** Samples of the series that a rule is about since a moment, of those in which one breaches it, or that are named. */
  suspects(query: SuspectQuery): Promise<readonly Suspect[]> {
    return suspectsOf(this.#db, query);
  }

  /** Series that had samples within the time that samples are kept as they came, and none since a moment. */
  silent(query: SilentQuery): Promise<readonly SilentSeries[]> {
    return silentSeries(this.#db, query);
  }

  /** Hands what is old on to the coarser tiers, and drops what is older than anything is kept; returns how many partitions.
   *  One that was ended in the middle is taken up again. */
  async thin(now = Date.now()): Promise<number> {
    let thinned = 0;
    for (const tier of tiers) {
      for (const name of await partitionsBefore(this.#db, tier.table, now - tier.days * dayMs)) {
        if (tier.next) await this.#handOn(tier.table, name, tier.next);
        else await this.#drop(name);
        this.#partitions.delete(name);
        thinned += 1;
      }
    }
    if (thinned > 0) await this.#dropEmptySeries();
    return thinned;
  }

  async #handOn(table: TierTable, name: string, next: { table: TierTable; stepSeconds: number }): Promise<void> {
    const moments = Number.parseInt(name.slice(-8), 10);
    const day = Date.UTC(Math.floor(moments / 10_000), (Math.floor(moments / 100) % 100) - 1, moments % 100);
    await ensurePartitions(this.#db, next.table, [day]);
    const figures =
      table === "metric_samples"
        ? sql`count(*), sum(value), min(value), max(value)`
        : sql`sum(samples), sum(total), min(low), max(high)`;
    await this.#db.transaction().execute(async (tx) => {
      await lockPartitions(tx);
      // Nobody writes into it between the reading and the end.
      await sql`lock table ${sql.table(table)} in share row exclusive mode`.execute(tx);
      const there = await sql`select 1 from pg_class where relname = ${name}`.execute(tx);
      if (there.rows.length === 0) return;
      await sql`insert into ${sql.table(next.table)} (series_id, at, samples, total, low, high)
        select series_id, ${binned(next.stepSeconds)}, ${figures} from ${sql.table(name)} group by 1, 2
        on conflict (series_id, at) do nothing`.execute(tx);
      await sql`drop table ${sql.table(name)}`.execute(tx);
    });
  }

  async #drop(name: string): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      await lockPartitions(tx);
      await sql`drop table if exists ${sql.table(name)}`.execute(tx);
    });
  }

  async #dropEmptySeries(): Promise<void> {
    const inTable = (table: TierTable) =>
      sql`exists (select 1 from ${sql.table(table)} t where t.series_id = s.series_id)`;
    // A series that is a day old at most may be about to get its first sample.
    await sql`delete from metric_series s where created_at < now() - interval '1 day'
      and not ${inTable("metric_hours")} and not ${inTable("metric_minutes")} and not ${inTable("metric_samples")}`.execute(
      this.#db,
    );
    this.#series.clear();
  }

  async #writePart(samples: readonly MetricSample[], now: number): Promise<void> {
    const ids = await this.#idsOf(samples);
    const oldest = Date.parse(partitionOf("metric_samples", now - metricTiers.raw.days * dayMs).from);
    const rows = new Map<string, { id: number; at: string; value: number }>();
    for (const sample of samples) {
      const id = ids.get(keyOf(sample)) ?? 0;
      rows.set(`${id} ${Date.parse(sample.at)}`, { id, at: sample.at, value: sample.value });
    }
    const [old, young] = [[...rows.values()], [...rows.values()]].map((all, index) =>
      all.filter(({ at }) => Date.parse(at) < oldest === (index === 0)),
    );
    await this.#writeRaw(young ?? []);
    await this.#writeOld(old ?? [], now);
  }

  async #writeRaw(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#ensure("metric_samples", rows);
    await sql`insert into metric_samples (series_id, at, value) select * from ${unnested(rows)} as given (series_id, at, value)
      on conflict (series_id, at) do update set value = excluded.value where metric_samples.value <> excluded.value`.execute(
      this.#db,
    );
  }

  async #writeOld(rows: readonly Row[], now: number): Promise<void> {
    const oldestMinutes = Date.parse(partitionOf("metric_minutes", now - metricTiers.fiveMinutes.days * dayMs).from);
    for (const [table, stepSeconds] of [
      ["metric_minutes", metricTiers.fiveMinutes.stepSeconds],
      ["metric_hours", metricTiers.hours.stepSeconds],
    ] as const) {
      const part = rows.filter(({ at }) => Date.parse(at) >= oldestMinutes === (table === "metric_minutes"));
      if (part.length === 0) continue;
      await this.#ensure(table, part);
      await sql`insert into ${sql.table(table)} (series_id, at, samples, total, low, high)
        select series_id, ${binned(stepSeconds)}, count(*), sum(value), min(value), max(value)
        from ${unnested(part)} as given (series_id, at, value) group by 1, 2
        on conflict (series_id, at) do nothing`.execute(this.#db);
    }
  }

  async #ensure(table: TierTable, rows: readonly Row[]): Promise<void> {
    const moments = rows.map(({ at }) => Date.parse(at));
    const missing = moments.filter((at) => !this.#partitions.has(partitionOf(table, at).name));
    if (missing.length === 0) return;
    for (const name of await ensurePartitions(this.#db, table, missing)) this.#partitions.add(name);
  }

  async #idsOf(samples: readonly MetricSample[]): Promise<ReadonlyMap<string, number>> {
    if (this.#series.size > seriesKnown) this.#series.clear();
    const wanted = new Map(samples.map((sample) => [keyOf(sample), sample]));
    const unknown = [...wanted].flatMap(([key, sample]) => (this.#series.has(key) ? [] : [sample]));
    if (unknown.length > 0) {
      const given = sql`unnest(${unknown.map(({ site }) => site)}::text[], ${unknown.map(({ resourceId }) => resourceId)}::text[],
        ${unknown.map(({ metric }) => metric)}::text[]) as given (site, resource_id, metric)`;
      await sql`insert into metric_series (site, resource_id, metric) select * from ${given} on conflict do nothing`.execute(
        this.#db,
      );
      const { rows } = await sql<{ id: number; site: string; resourceId: string; metric: string }>`
        select s.series_id as id, s.site, s.resource_id as "resourceId", s.metric
        from metric_series s join ${given} using (site, resource_id, metric)`.execute(this.#db);
      for (const row of rows) this.#series.set(keyOf(row), row.id);
    }
    return new Map([...wanted.keys()].map((key) => [key, this.#series.get(key) ?? 0]));
  }
}

interface Row {
  readonly id: number;
  readonly at: string;
  readonly value: number;
}

function unnested(rows: readonly Row[]): RawBuilder<unknown> {
  return sql`unnest(${rows.map(({ id }) => id)}::integer[], ${rows.map(({ at }) => at)}::timestamptz[],
    ${rows.map(({ value }) => value)}::double precision[])`;
}

function keptRows({ from, to }: MetricRange): RawBuilder<unknown> {
  const within = sql`series_id in (select series_id from series) and at >= ${from}::timestamptz and at < ${to}::timestamptz`;
  return sql`select series_id, at, 1 as samples, value as total, value as low, value as high from metric_samples where ${within}
    union all select series_id, at, samples, total, low, high from metric_minutes where ${within}
    union all select series_id, at, samples, total, low, high from metric_hours where ${within}`;
}

function startOf(stepSeconds: number | undefined): RawBuilder<unknown> {
  return stepSeconds === undefined ? sql`at` : binned(stepSeconds);
}

function binned(stepSeconds: number): RawBuilder<unknown> {
  return sql`date_bin(make_interval(secs => ${sql.lit(stepSeconds)}), at, timestamptz '2000-01-01 00:00:00+00')`;
}

function keyOf({ site, resourceId, metric }: Pick<MetricSample, "site" | "resourceId" | "metric">): string {
  return JSON.stringify([site, resourceId, metric]);
}
