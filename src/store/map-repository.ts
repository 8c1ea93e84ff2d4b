import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { Scope } from "../domain/access.ts";
import { contentOf, type MigrationMap } from "../domain/migration-map.ts";
import { canonicalJson } from "../domain/plan.ts";
import { toJson } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import type { Database, MigrationMapTable } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

type Row = Selectable<MigrationMapTable>;

/** Maps from one site to another, with all their versions. */
export class MapRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The newest version, or the one that is named; undefined where there is none, or where the newest is a removal. */
  async get(name: string, version?: number): Promise<MigrationMap | undefined> {
    const row = await newest(this.#db, name, version);
    return row && toMap(row);
  }

  /** A new version; what says the same as the newest is no change. */
  async set(map: Omit<MigrationMap, "version" | "createdAt">): Promise<MigrationMap> {
    const { name, from, to, createdBy } = map;
    const row = await this.#db.transaction().execute(async (tx) => {
      const before = await locked(tx, name);
      const same =
        before?.from_site === from &&
        before.to_site === to &&
        canonicalJson(before.content) === canonicalJson(contentOf(map));
      if (before && same) return before;
      return tx
        .insertInto("migration_maps")
        .values({
          name,
          version: (before?.version ?? 0) + 1,
          from_site: from,
          to_site: to,
          content: toJson(contentOf(map)),
          created_by: createdBy,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
    return toMap(row) as MigrationMap;
  }

  /** Its versions stay. Removing what is not there changes nothing. */
  async remove(name: string, removedBy: string): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const before = await locked(tx, name);
      if (!before?.content) return;
      const { from_site, to_site, version } = before;
      await tx
        .insertInto("migration_maps")
        .values({ name, version: version + 1, from_site, to_site, content: null, created_by: removedBy })
        .execute();
    });
  }

  /** The newest version of each, in the order of their names; only those of which the scopes reach both sites. */
  async list(query: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly scopes?: readonly Scope[];
  }): Promise<Page<MigrationMap>> {
    const { cursor, scopes } = query;
    const limit = clampLimit(query.limit);
    let select = this.#db
      .selectFrom((from) =>
        from
          .selectFrom("migration_maps")
          .selectAll()
          .distinctOn("name")
          .orderBy("name")
          .orderBy("version", "desc")
          .as("newest"),
      )
      .selectAll()
      .where("content", "is not", null);
    if (!seesAll(scopes)) {
      const sites = [sql.ref("newest.from_site"), sql.ref("newest.to_site")];
      select = select.where(withinScopes(scopes, { sites, tags: sql`'{}'::jsonb` }));
    }
    if (cursor !== undefined) select = select.where("name", ">", decodeCursor(cursor, "string")[0]);
    const rows = await select
      .orderBy("name")
      .limit(limit + 1)
      .execute();
    return toPage(
      rows,
      limit,
      (row) => toMap(row) as MigrationMap,
      ({ name }) => [name],
    );
  }
}

/** The newest version, which nobody else follows up until the transaction ends. */
async function locked(tx: Transaction<Database>, name: string): Promise<Row | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`map/${name}`}, 0))`.execute(tx);
  return newest(tx, name);
}

function newest(db: Kysely<Database>, name: string, version?: number): Promise<Row | undefined> {
  let select = db.selectFrom("migration_maps").selectAll().where("name", "=", name);
  if (version !== undefined) select = select.where("version", "=", version);
  return select.orderBy("version", "desc").limit(1).executeTakeFirst();
}

function toMap({ name, version, from_site, to_site, content, created_by, created_at }: Row): MigrationMap | undefined {
  if (!content) return undefined;
  return { name, version, from: from_site, to: to_site, ...content, createdBy: created_by, createdAt: created_at };
}
