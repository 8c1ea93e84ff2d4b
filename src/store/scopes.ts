import { type RawBuilder, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import { toJson } from "./json.ts";

/** Where a row says which sites it belongs to and which tags (jsonb) it carries. */
export interface ScopedColumns {
  /** One expression a site; a row that spans several is reached only where all of them are. */
  readonly sites: readonly RawBuilder<unknown>[];
  readonly tags: RawBuilder<unknown>;
}

/** A condition that holds for exactly the rows that the scopes reach, as `authorise` of domain/access.ts has it. */
export function withinScopes(scopes: readonly Scope[], { sites, tags }: ScopedColumns): RawBuilder<boolean> {
  const everySite = sites.map((site) => {
    const anyScope = scopes.map((scope) => {
      const conditions: RawBuilder<boolean>[] = [];
      if (scope.site !== undefined) conditions.push(sql<boolean>`${site} = ${scope.site}`);
      if (scope.tags && Object.keys(scope.tags).length > 0) {
        conditions.push(sql<boolean>`${tags} @> ${toJson(scope.tags)}::jsonb`);
      }
      return conditions.length === 0 ? sql<boolean>`true` : sql<boolean>`(${sql.join(conditions, sql` and `)})`;
    });
    return anyScope.length === 0 ? sql<boolean>`false` : sql<boolean>`(${sql.join(anyScope, sql` or `)})`;
  });
  return sql<boolean>`(${sql.join(everySite, sql` and `)})`;
}

/** Leaves the statement as it is for callers who see everything, which most do. */
export function seesAll(scopes: readonly Scope[] | undefined): scopes is undefined {
  return (
    scopes === undefined || scopes.some(({ site, tags }) => site === undefined && Object.keys(tags ?? {}).length === 0)
  );
}
