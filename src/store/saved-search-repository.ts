import { type Kysely, type Selectable, sql } from "kysely";
import type { SavedSearchTable } from "./inventory-schema.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import type { Database } from "./schema.ts";

export interface SavedSearch {
  readonly searchId: string;
  /** One's own: two people may have one of the same name. */
  readonly name: string;
  /** In the search language, with its order. */
  readonly query: string;
  /** Who answers for it: `user/<id>` or `token/<id>`. */
  readonly owner: string;
  /** Whether others see it. What they find with it is what they reach. */
  readonly shared: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export class SavedSearchRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. @throws ProviderError Conflict when the owner has one of that name. */
  async create(search: Omit<SavedSearch, "createdAt" | "updatedAt">): Promise<void> {
    const { searchId, name, query, owner, shared } = search;
    await this.#db
      .insertInto("saved_searches")
      .values({ search_id: searchId, name, query, owner, shared })
      .onConflict((conflict) => conflict.column("search_id").doNothing())
      .execute();
  }

  /** @throws ProviderError Conflict when the owner has another one of that name. */
  async update(searchId: string, patch: Partial<Pick<SavedSearch, "name" | "query" | "shared">>): Promise<void> {
    await this.#db
      .updateTable("saved_searches")
      .set({ ...patch, updated_at: sql<string>`now()` })
      .where("search_id", "=", searchId)
      .execute();
  }

  async remove(searchId: string): Promise<void> {
    await this.#db.deleteFrom("saved_searches").where("search_id", "=", searchId).execute();
  }

  async get(searchId: string): Promise<SavedSearch | undefined> {
    const row = await this.#db
      .selectFrom("saved_searches")
      .selectAll()
      .where("search_id", "=", searchId)
      .executeTakeFirst();
    return row && toSearch(row);
  }

  /** The reader's own and the shared ones, in the order of their names; with `name`, those of exactly that. */
  async list(query: {
    readonly reader: string;
    readonly name?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<SavedSearch>> {
    const { reader, name, cursor } = query;
    const limit = clampLimit(query.limit);
    let select = this.#db
      .selectFrom("saved_searches")
      .selectAll()
      .where((e) => e.or([e("owner", "=", reader), e("shared", "=", true)]));
    if (name !== undefined) select = select.where("name", "=", name);
    if (cursor !== undefined) {
      const [lastName, lastId] = decodeCursor(cursor, "string", "string");
      select = select.where(sql<boolean>`(name, search_id) > (${lastName}, ${lastId})`);
    }
    const rows = await select
      .orderBy("name")
      .orderBy("search_id")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toSearch, (row) => [row.name, row.search_id]);
  }
}

function toSearch(row: Selectable<SavedSearchTable>): SavedSearch {
  return {
    searchId: row.search_id,
    name: row.name,
    query: row.query,
    owner: row.owner,
    shared: row.shared,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
