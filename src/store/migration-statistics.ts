import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import { type MigrationState, migrationStates } from "../domain/migration.ts";
import type { MigrationStatistics, MigrationTotals } from "../domain/migration-statistics.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

export interface StatisticsQuery {
  readonly scopes?: readonly Scope[];
  /** Created then or later, and before then. */
  readonly since?: string;
  readonly until?: string;
}

interface TotalsRow {
  readonly from_site: string | null;
  readonly to_site: string | null;
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly copied: number;
  readonly resent: number;
  readonly on_wire: number;
  readonly rate: number | null;
  readonly seconds: number | null;
  readonly downtimes: number;
  readonly downtime_median: number | null;
  readonly downtime_p95: number | null;
  readonly downtime_max: number | null;
  readonly predictions: number;
  readonly predictions_kept: number;
  readonly prediction_ratio: number | null;
}

/** Adds up what the rows of migrations and their steps say: one pass for each route and all of them. */
export async function readStatistics(db: Kysely<Database>, query: StatisticsQuery): Promise<MigrationStatistics> {
  const where = conditionOf(query);
  const { rows: states } = await sql<{ state: MigrationState; migrations: number }>`
    select state, count(*)::integer as migrations from migrations m where ${where} group by state`.execute(db);
  const { rows } = await sql<TotalsRow>`
    with seen as (
      select m.*, m.state in ('awaiting-finalize', 'finalized') as is_completed,
        m.state = 'failed' or (m.state = 'rolled-back' and m.problem is not null) as is_failed,
        (select sum((disk ->> 'bytesOnWire')::bigint) from jsonb_array_elements(m.disks) disk) as on_wire
      from migrations m where ${where}),
    timed as (
      select seen.*, steps.seconds, copies.seconds as copy_seconds,
        steps.seconds / nullif(plan.seconds, 0) as ratio, abs(steps.seconds - plan.seconds) <= greatest(1, plan.seconds / 5) as kept
      from seen
      left join lateral (
        select extract(epoch from max(s.ended_at) - min(s.started_at))::double precision as seconds
        from migration_steps s where s.migration_id = seen.migration_id and s.step <> all('{finalize,rollback}')) steps
        on is_completed
      left join lateral (
        select extract(epoch from s.ended_at - s.started_at)::double precision as seconds
        from migration_steps s where s.migration_id = seen.migration_id and s.step = 'copy' and s.state = 'done') copies
        on is_completed
      left join lateral (
        select (p.body->'estimates'->>'seconds')::double precision as seconds
        from plans p where p.plan_id = seen.plan_id and (p.body->'estimates'->>'moves')::integer > 0
          and not exists (select from migration_steps s where s.migration_id = seen.migration_id and s.step = 'replicate')) plan
        on is_completed)
    select from_site, to_site, count(*)::integer as total,
      count(*) filter (where is_completed)::integer as completed,
      count(*) filter (where is_failed)::integer as failed,
      coalesce(sum(bytes_copied), 0)::bigint as copied,
      coalesce(sum(bytes_resent), 0)::bigint as resent,
      coalesce(sum(on_wire), 0)::bigint as on_wire,
      (sum(bytes_copied) filter (where copy_seconds is not null))::double precision
        / nullif(sum(copy_seconds), 0) as rate,
      percentile_cont(0.5) within group (order by seconds) as seconds,
      count(downtime_seconds)::integer as downtimes,
      percentile_cont(0.5) within group (order by downtime_seconds) as downtime_median,
      percentile_cont(0.95) within group (order by downtime_seconds) as downtime_p95,
      max(downtime_seconds) as downtime_max,
      count(ratio)::integer as predictions,
      count(*) filter (where kept)::integer as predictions_kept,
      percentile_cont(0.5) within group (order by ratio) as prediction_ratio
    from timed group by grouping sets ((), (from_site, to_site))
    order by total desc, from_site, to_site`.execute(db);
  const all = rows.find(({ from_site }) => from_site === null);
  const counts = new Map(states.map(({ state, migrations }) => [state, migrations]));
  return {
    ...totalsOf(all),
    states: migrationStates.map((state) => ({ state, migrations: counts.get(state) ?? 0 })),
    routes: rows.flatMap((row) =>
      row.from_site === null || row.to_site === null
        ? []
        : [{ from: row.from_site, to: row.to_site, ...totalsOf(row) }],
    ),
  };
}

function conditionOf({ scopes, since, until }: StatisticsQuery): RawBuilder<boolean> {
  const conditions: RawBuilder<boolean>[] = [sql<boolean>`true`];
  if (!seesAll(scopes)) {
    const sites = [sql.ref("m.from_site"), sql.ref("m.to_site")];
    conditions.push(withinScopes(scopes, { sites, tags: sql.ref("m.tags") }));
  }
  if (since !== undefined) conditions.push(sql<boolean>`m.created_at >= ${since}::timestamptz`);
  if (until !== undefined) conditions.push(sql<boolean>`m.created_at < ${until}::timestamptz`);
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

function totalsOf(row: TotalsRow | undefined): MigrationTotals {
  const { predictions = 0, predictions_kept: kept = 0, prediction_ratio: ratio } = row ?? {};
  const { downtimes = 0, downtime_median: median, downtime_p95: p95, downtime_max: max } = row ?? {};
  return {
    totalMigrations: row?.total ?? 0,
    completedMigrations: row?.completed ?? 0,
    failedMigrations: row?.failed ?? 0,
    bytesCopied: row?.copied ?? 0,
    bytesResent: row?.resent ?? 0,
    bytesOnWire: row?.on_wire ?? 0,
    ...present({ copyBytesPerSecond: row?.rate, medianSeconds: row?.seconds }),
    ...(downtimes > 0
      ? { downtime: { count: downtimes, medianSeconds: median ?? 0, p95Seconds: p95 ?? 0, maxSeconds: max ?? 0 } }
      : {}),
    ...(predictions > 0 ? { predictions: { count: predictions, kept, medianRatio: ratio ?? 0 } } : {}),
  };
}
