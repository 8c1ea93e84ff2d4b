import { type Kysely, type Selectable, sql } from "kysely";
import type { Binding, Role, Scope } from "../domain/access.ts";
import type { RoleBindingTable } from "./access-schema.ts";
import { toJson } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

export interface BindingRecord extends Binding {
  readonly bindingId: string;
  /** `user/<id>`, `group/<name>` or `token/<id>`. */
  readonly holder: string;
  readonly createdBy: string;
  readonly createdAt: string;
}

export const bindingColumns = { sites: [sql.ref("role_bindings.site")], tags: sql.ref("role_bindings.tags") };

export class BindingRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Returns the binding: the one that says the same already, where there is one. */
  async add(binding: Omit<BindingRecord, "createdAt">): Promise<BindingRecord> {
    const { bindingId, holder, role, scope, createdBy } = binding;
    await this.#db
      .insertInto("role_bindings")
      .values({ binding_id: bindingId, holder, role, ...scopeColumns(scope), created_by: createdBy })
      .onConflict((conflict) => conflict.columns(["holder", "role", "site", "tags"]).doNothing())
      .execute();
    const row = await this.#db
      .selectFrom("role_bindings")
      .selectAll()
      .where("holder", "=", holder)
      .where("role", "=", role)
      .where(sql<boolean>`site is not distinct from ${scope.site ?? null}`)
      .where(sql<boolean>`tags = ${toJson(scope.tags ?? {})}::jsonb`)
      .executeTakeFirstOrThrow();
    return toBinding(row);
  }

  async get(bindingId: string): Promise<BindingRecord | undefined> {
    const row = await this.#db
      .selectFrom("role_bindings")
      .selectAll()
      .where("binding_id", "=", bindingId)
      .executeTakeFirst();
    return row && toBinding(row);
  }

  async remove(bindingId: string): Promise<void> {
    await this.#db.deleteFrom("role_bindings").where("binding_id", "=", bindingId).execute();
  }

  /** All that the holders have together. */
  async of(holders: readonly string[]): Promise<readonly BindingRecord[]> {
    if (holders.length === 0) return [];
    const rows = await this.#db
      .selectFrom("role_bindings")
      .selectAll()
      .where("holder", "in", [...holders])
      .execute();
    return rows.map(toBinding);
  }

  /** In the order of their ids, within `scopes`. */
  async list(query: {
    cursor?: string | undefined;
    limit: number;
    holder?: string | undefined;
    scopes?: readonly Scope[];
  }): Promise<Page<BindingRecord>> {
    const { cursor, holder, scopes } = query;
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("role_bindings").selectAll();
    if (holder !== undefined) select = select.where("holder", "=", holder);
    if (!seesAll(scopes)) select = select.where(withinScopes(scopes, bindingColumns));
    if (cursor !== undefined) select = select.where("binding_id", ">", decodeCursor(cursor, "string")[0]);
    const rows = await select
      .orderBy("binding_id")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toBinding, (row) => [row.binding_id]);
  }
}

export function scopeColumns({ site, tags = {} }: Scope): { site: string | null; tags: string } {
  return { site: site ?? null, tags: toJson(tags) };
}

function toBinding(row: Selectable<RoleBindingTable>): BindingRecord {
  return {
    bindingId: row.binding_id,
    holder: row.holder,
    role: row.role as Role,
    scope: toScope(row.site, row.tags),
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}

export function toScope(site: string | null, tags: Readonly<Record<string, string>>): Scope {
  return { ...(site === null ? {} : { site }), ...(Object.keys(tags).length > 0 ? { tags } : {}) };
}
