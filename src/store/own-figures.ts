import { type Kysely, type RawBuilder, sql } from "kysely";
import { type MetricSample, ownSite } from "../domain/metric.ts";
import type { OwnMetric } from "../domain/own-metric.ts";
import type { Database } from "./schema.ts";

interface Row {
  readonly site: string | null;
  readonly resource: string;
  readonly metric: OwnMetric;
  readonly value: number | null;
}

/** What the store knows of our own work, as samples of now. What is not known has none. */
export async function ownFigures(db: Kysely<Database>): Promise<readonly MetricSample[]> {
  return measured(db, [inventory, sites, migrations, failovers, bursts, protection, controlPlane, trail, alerts]);
}

/** What changes seldom, or takes a look at many rows. */
export async function slowFigures(db: Kysely<Database>): Promise<readonly MetricSample[]> {
  return measured(db, [vmCosts, savings, violations]);
}

async function measured(db: Kysely<Database>, parts: readonly RawBuilder<Row>[]): Promise<readonly MetricSample[]> {
  const rows = await Promise.all(parts.map((part) => part.execute(db)));
  const at = new Date().toISOString();
  return rows.flatMap((part) =>
    part.rows.flatMap(({ site, resource, metric, value }) =>
      value === null ? [] : [{ site: site ?? ownSite, resourceId: resource, metric, at, value }],
    ),
  );
}

const vmCosts = sql<Row>`
  select site, resource_id as resource, 'cost.vm_monthly' as metric,
    monthly_cost_micros::double precision / 1e6 as value
  from resources where kind = 'vm' and monthly_cost_micros is not null`;

/** Of each resource there is one recommendation, so that nothing counts twice. */
const savings = sql<Row>`
  select f.site, 'site' as resource, 'savings.potential' as metric, sum(f.saving_micros)::double precision / 1e6 as value
  from savings_findings f where f.analysis_id = (
    select analysis_id from savings_analyses where state = 'completed' order by started_at desc, analysis_id desc limit 1)
  group by f.site`;

/** With a 0 where there are none: a rule is resolved by it. */
const violations = sql<Row>`
  with open as (select policy_id, site, count(*) as found from policy_findings where state = 'open' group by 1, 2)
  select null as site, p.name as resource, 'policy.violations' as metric,
    coalesce((select sum(found) from open where open.policy_id = p.policy_id), 0)::double precision as value
  from policies p where p.enabled
  union all select s.site, 'policies', 'policy.violations',
    coalesce((select sum(found) from open join policies p using (policy_id) where p.enabled and open.site = s.site), 0)::double precision
  from (select distinct site from inventory_reads) s`;

const inventory = sql<Row>`
  with at_site as (
    select site, sum(monthly_cost_micros)::double precision / 1e6 as cost,
      count(*) filter (where kind = 'vm' and state = 'running')::double precision as running,
      count(*) filter (where kind = 'vm' and state = 'crashed')::double precision as crashed
    from resources group by site)
  select site, 'site' as resource, 'cost.monthly' as metric, cost as value from at_site
  union all select site, 'site', 'vms.running', running from at_site
  union all select site, 'site', 'vms.crashed', crashed from at_site
  union all select site, 'site', 'inventory.age', extract(epoch from now() - observed_at)::double precision
    from inventory_reads where kind = 'vm'
  union all select site, 'site', 'inventory.failed', (error is not null)::integer::double precision
    from inventory_reads where kind = 'vm'`;

/** The newest judgement of each site; an unknown verdict is no figure. */
const sites = sql<Row>`
  select distinct on (site) site, 'site' as resource, 'site.down' as metric,
    case verdict when 'down' then 1 when 'up' then 0 end::double precision as value
  from health_decisions where group_id is null order by site, at desc, decision_id desc`;

const migrations = sql<Row>`
  select from_site as site, 'migrations' as resource, 'migrations.running' as metric,
    count(*) filter (where ended_at is null)::double precision as value from migrations group by 1
  union all select from_site, 'migrations', 'migrations.failed', count(*) filter (where ended_at > now() - interval '1 hour'
    and (state = 'failed' or (state = 'rolled-back' and problem is not null)))::double precision from migrations group by 1
  union all select from_site, 'migrations', 'migration.seconds',
    max(extract(epoch from ended_at - created_at)) filter (where ended_at > now() - interval '1 hour')::double precision
    from migrations group by 1`;

const failovers = sql<Row>`
  select null as site, 'failovers' as resource, 'failovers.running' as metric,
    count(*) filter (where ended_at is null)::double precision as value from recovery_runs
  union all select null, 'failovers', 'failovers.failed',
    count(*) filter (where ended_at > now() - interval '1 hour' and problem is not null)::double precision from recovery_runs
  union all select null, 'failovers', 'failover.seconds',
    max(extract(epoch from ended_at - created_at)) filter (where ended_at > now() - interval '1 hour')::double precision
    from recovery_runs`;

const bursts = sql<Row>`
  with leases as (select p.site, l.state, l.ordered_at, l.serving_at, l.ended_at
    from burst_leases l join burst_pools p using (pool_id))
  select site, 'bursts' as resource, 'bursts.running' as metric,
    count(*) filter (where state not in ('removed', 'failed'))::double precision as value from leases group by 1
  union all select site, 'bursts', 'bursts.failed',
    count(*) filter (where state = 'failed' and ended_at > now() - interval '1 hour')::double precision from leases group by 1
  union all select site, 'bursts', 'burst.seconds',
    max(extract(epoch from serving_at - ordered_at)) filter (where serving_at > now() - interval '1 hour')::double precision
    from leases group by 1`;

const protection = sql<Row>`
  with newest as (
    select g.name, g.current_site as site, (g.policy ->> 'rpoSeconds')::double precision as rpo,
      extract(epoch from now() - g.created_at)::double precision as age,
      (select extract(epoch from now() - max(p.taken_at))::double precision from group_points p
        where p.group_id = g.group_id and p.state = 'complete') as lag
    from protection_groups g where g.state not in ('deleted', 'paused'))
  select site, name as resource, 'replication.lag' as metric, lag as value from newest
  union all select site, name, 'replication.breached', (coalesce(lag, age) > rpo)::integer::double precision from newest`;

const controlPlane = sql<Row>`
  select site, 'control-plane' as resource, 'backup.age' as metric,
    extract(epoch from now() - taken_at)::double precision as value from control_plane_places
  union all select site, 'control-plane', 'backup.failed', (problem is not null)::integer::double precision
    from control_plane_places`;

/** Times in the trail are texts of one form, which sort as the moments do. */
const lately = sql`at > to_char(now() at time zone 'UTC' - interval '5 minutes', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const trail = sql<Row>`
  select null as site, 'api' as resource, 'sign_ins.failed' as metric,
    coalesce(sum(case when action in ('auth.refused', 'auth.lock-out') then greatest(1, coalesce((entry::jsonb #>> '{after,refused}')::integer, 1))
      when action in ('auth.sign-in', 'auth.step-up') and outcome = 'Forbidden' then 1 else 0 end), 0)::double precision as value
    from audit where ${lately}
  union all select null, 'api', 'requests.refused',
    count(*) filter (where outcome in ('Forbidden', 'PolicyBlocked') and action not like 'auth.%')::double precision
    from audit where ${lately}`;

const alerts = sql<Row>`
  select null as site, 'alerts' as resource, 'alerts.undelivered' as metric, count(*)::double precision as value
  from alert_deliveries where state = 'failed' and ended_at > now() - interval '1 day'`;
