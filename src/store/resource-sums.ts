import { type Kysely, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type { ResourceKind } from "../domain/resource.ts";
import type { Expression } from "../domain/search/query.ts";
import { isAboutPlace } from "../domain/search/reach.ts";
import { flagTerm } from "../domain/search/terms.ts";
import type { ResourceSums } from "../domain/unified-view.ts";
import { asOfRows, reachable } from "./resource-rows.ts";
import type { Database } from "./schema.ts";
import { conditionOf } from "./search-sql.ts";

interface SumsRequest {
  readonly where: Expression;
  readonly scopes?: readonly Scope[];
  readonly asOf?: string;
}

/** The sums of what matches, by site and kind. */
export async function sumResources(db: Kysely<Database>, request: SumsRequest): Promise<readonly ResourceSums[]> {
  const where = reachable(request.where, request.scopes);
  return isAboutPlace(where) && request.asOf === undefined ? keptSums(db, where) : addedUp(db, where, request.asOf);
}

/** Where places and kinds alone decide, the sums are kept. */
async function keptSums(db: Kysely<Database>, where: Expression): Promise<ResourceSums[]> {
  const { rows } = await sql<Record<string, string | number>>`
    select site, kind, coalesce(provider, '') as provider, resources, cpus, memory_bytes, cost_micros, cost_unknown, unused,
        unused_cost_micros, unused_cost_unknown
      from inventory_reads as r where resources > 0 and ${conditionOf(where)} order by site, kind`.execute(db);
  return rows.map((row) => ({
    ...placeOf(row),
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

async function addedUp(db: Kysely<Database>, where: Expression, asOf: string | undefined): Promise<ResourceSums[]> {
  // What is unused makes groups of its own: as a filter of three sums it would be looked at three times a row.
  const unused = asOf === undefined ? sql`r.unused` : sql`r.terms @> ${[flagTerm("unused")]}::text[]`;
  const { rows } = await sql<Record<string, string | number | boolean>>`
    select site, kind, provider, ${unused} as unused, count(*)::bigint as resources,
        coalesce(sum(cpus), 0)::bigint as cpus, coalesce(sum(memory_bytes), 0)::bigint as memory_bytes,
        coalesce(sum(monthly_cost_micros), 0)::bigint as cost_micros,
        (count(*) - count(monthly_cost_micros))::bigint as cost_unknown
      from ${asOf === undefined ? sql`resources as r` : asOfRows(asOf)}
      where ${conditionOf(where)} group by 1, 2, 3, 4 order by 1, 2, 3, 4`.execute(db);
  const sums: ResourceSums[] = [];
  for (const row of rows) {
    const [place, last] = [placeOf(row), sums.at(-1)];
    const same =
      last?.site === place.site && last.kind === place.kind && last.provider === place.provider ? last : undefined;
    if (same) sums.pop();
    sums.push(withGroup(same ?? { ...place, ...none }, row));
  }
  return sums;
}

const none = {
  ...{ resources: 0, cpus: 0, memoryBytes: 0, costMicros: 0, costUnknown: 0 },
  ...{ unused: 0, unusedCostMicros: 0, unusedCostUnknown: 0 },
};

function withGroup(sums: ResourceSums, row: Readonly<Record<string, string | number | boolean>>): ResourceSums {
  const [resources, cost, unknown] = [Number(row.resources), Number(row.cost_micros), Number(row.cost_unknown)];
  return {
    ...sums,
    resources: sums.resources + resources,
    cpus: sums.cpus + Number(row.cpus),
    memoryBytes: sums.memoryBytes + Number(row.memory_bytes),
    costMicros: sums.costMicros + cost,
    costUnknown: sums.costUnknown + unknown,
    ...(row.unused === true ? { unused: resources, unusedCostMicros: cost, unusedCostUnknown: unknown } : {}),
  };
}

function placeOf(row: Readonly<Record<string, string | number | boolean>>) {
  return { site: String(row.site), kind: row.kind as ResourceKind, provider: String(row.provider) };
}
