import { type Kysely, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type { ResourceKind } from "../domain/resource.ts";
import type { Expression } from "../domain/search/query.ts";
import { isAboutPlace } from "../domain/search/reach.ts";
import type { ResourceSums } from "../domain/unified-view.ts";
import { asOfRows, reachable } from "./resource-rows.ts";
import type { Database } from "./schema.ts";
import { conditionOf } from "./search-sql.ts";

/** The sums of what matches, by site and kind. */
export async function sumResources(
  db: Kysely<Database>,
  request: { readonly where: Expression; readonly scopes?: readonly Scope[]; readonly asOf?: string },
): Promise<readonly ResourceSums[]> {
  const where = reachable(request.where, request.scopes);
  const sums = sql`count(*)::bigint as resources, coalesce(sum(cpus), 0)::bigint as cpus,
    coalesce(sum(memory_bytes), 0)::bigint as memory_bytes, coalesce(sum(monthly_cost_micros), 0)::bigint as cost_micros,
    count(*) filter (where monthly_cost_micros is null)::bigint as cost_unknown`;
  const unused = sql`terms @> array['is' || chr(31) || 'unused']`;
  const from =
    isAboutPlace(where) && request.asOf === undefined
      ? sql`select site, kind, coalesce(provider, '') as provider, resources, cpus, memory_bytes, cost_micros, cost_unknown,
          unused, unused_cost_micros, unused_cost_unknown from inventory_reads as r where resources > 0 and ${conditionOf(where)} order by site, kind`
      : sql`select site, kind, provider, ${sums}, count(*) filter (where ${unused})::bigint as unused,
          coalesce(sum(monthly_cost_micros) filter (where ${unused}), 0)::bigint as unused_cost_micros,
          count(*) filter (where ${unused} and monthly_cost_micros is null)::bigint as unused_cost_unknown
        from ${request.asOf === undefined ? sql`resources as r` : asOfRows(request.asOf)}
        where ${conditionOf(where)} group by site, kind, provider order by site, kind`;
  const { rows } = await sql<Record<string, string | number>>`${from}`.execute(db);
  return rows.map((row) => ({
    site: String(row.site),
    kind: row.kind as ResourceKind,
    provider: String(row.provider),
    resources: Number(row.resources),
    cpus: Number(row.cpus),
    memoryBytes: Number(row.memory_bytes),
    costMicros: Number(row.cost_micros),
    costUnknown: Number(row.cost_unknown),
    unused: Number(row.unused),
    unusedCostMicros: Number(row.unused_cost_micros),
    unusedCostUnknown: Number(row.unused_cost_unknown),
  }));
}
