import { type Kysely, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import { endedMigrationStates } from "../domain/migration.ts";
import type { Expression } from "../domain/search/query.ts";
import { asOfRows, reachable } from "./resource-rows.ts";
import type { Database } from "./schema.ts";
import { type ScopedColumns, seesAll, withinScopes } from "./scopes.ts";
import { conditionOf } from "./search-sql.ts";

export async function countActiveMigrations(
  db: Kysely<Database>,
  about: {
    readonly where: Expression;
    readonly scopes: readonly Scope[];
    readonly vmScopes: readonly Scope[];
    readonly asOf?: string | undefined;
    readonly columns: ScopedColumns;
  },
): Promise<number> {
  const { asOf, scopes, vmScopes, columns } = about;
  const where = reachable(about.where, vmScopes);
  const reached = seesAll(scopes) ? sql<boolean>`true` : withinScopes(scopes, columns);
  // Steps have states of their own; a migration's is in its other events.
  const state =
    asOf === undefined
      ? sql`migrations.state`
      : sql`coalesce((select e.data ->> 'state' from migration_events e
          where e.migration_id = migrations.migration_id and e.type <> 'step' and e.data ->> 'state' is not null
            and e.at <= ${asOf}::timestamptz order by e.sequence desc limit 1), 'running')`;
  const since = asOf === undefined ? sql<boolean>`true` : sql<boolean>`created_at <= ${asOf}::timestamptz`;
  const rows = asOf === undefined ? sql`resources as r` : asOfRows(asOf);
  // Alternatives, and so looked up for each migration: as a join, the planner would like to begin with all that matches.
  const isAt = (site: string, vmId: string) => sql<boolean>`exists (select from ${rows}
    where r.kind = 'vm' and r.site = m.${sql.ref(site)} and r.resource_id = m.${sql.ref(vmId)} and ${conditionOf(where)})`;
  const matching =
    where.type === "everything"
      ? sql<boolean>`true`
      : sql<boolean>`(${isAt("from_site", "source_vm_id")} or ${isAt("to_site", "target_vm_id")})`;
  const counted = await sql<{ active: number }>`
    with m as materialized (
      select from_site, source_vm_id, to_site, target_vm_id from migrations
        where ${since} and ${state} <> all(${[...endedMigrationStates]}::text[]) and ${reached})
    select count(*) as active from m where ${matching}`.execute(db);
  return counted.rows[0]?.active ?? 0;
}
