import { type RawBuilder, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type { ResourceKind } from "../domain/resource.ts";
import { allOf, type Expression } from "../domain/search/query.ts";
import { scopesExpression } from "../domain/search/scope.ts";
import { present } from "./present.ts";
import { seesAll } from "./scopes.ts";

/** A row of the inventory with all that its site says of it. */
export interface InventoryResource {
  readonly site: string;
  readonly kind: ResourceKind;
  readonly resourceId: string;
  readonly provider: string;
  readonly region?: string;
  readonly name: string;
  readonly state?: string;
  readonly stateSince?: string;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly sizeBytes?: number;
  readonly monthlyCostMicros?: number;
  readonly createdAt?: string;
  readonly firstSeenAt: string;
  /** When it was first seen as it is (or, in a view of the past, as it was). */
  readonly changedAt: string;
  /** When it was last seen. In a view of the past, the moment that was asked for. */
  readonly observedAt: string;
  /** In snake_case, with its tags. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** The one place where what a caller may see is joined with what they look for. */
export function reachable(where: Expression, scopes: readonly Scope[] | undefined): Expression {
  return seesAll(scopes) ? where : allOf(scopesExpression(scopes), where);
}

/** The rows as they were at the moment: what hasn't changed since, and what the history has. */
export function asOfRows(asOf: string): RawBuilder<unknown> {
  const columns = sql.raw(
    `resource_no, site, kind, resource_id, provider, region, name, state, state_since, cpus, memory_bytes, size_bytes,
      monthly_cost_micros, terms, search_text, created_at, first_seen_at`,
  );
  return sql`(
    select ${columns}, changed_at, null::timestamptz as valid_to from resources where changed_at <= ${asOf}::timestamptz
    union all
    select ${columns}, valid_from, valid_to from resource_history
      where valid_to > ${asOf}::timestamptz and valid_from <= ${asOf}::timestamptz
  ) as r`;
}

export interface ResourceRow {
  readonly resource_no: number;
  readonly site: string;
  readonly kind: string;
  readonly resource_id: string;
  readonly provider: string;
  readonly region: string | null;
  readonly name: string;
  readonly state: string | null;
  readonly state_since: string | null;
  readonly cpus: number | null;
  readonly memory_bytes: number | null;
  readonly size_bytes: number | null;
  readonly monthly_cost_micros: number | null;
  readonly created_at: string | null;
  readonly first_seen_at: string;
  readonly changed_at: string;
  readonly observed_at: string;
  readonly document: string;
}

export function toResource(row: ResourceRow): InventoryResource {
  return {
    site: row.site,
    kind: row.kind as ResourceKind,
    resourceId: row.resource_id,
    provider: row.provider,
    name: row.name,
    ...present({
      region: row.region,
      state: row.state,
      stateSince: row.state_since,
      cpus: row.cpus,
      memoryBytes: row.memory_bytes,
      sizeBytes: row.size_bytes,
      monthlyCostMicros: row.monthly_cost_micros,
      createdAt: row.created_at,
    }),
    firstSeenAt: row.first_seen_at,
    changedAt: row.changed_at,
    observedAt: row.observed_at,
    document: JSON.parse(row.document) as Record<string, unknown>,
  };
}
