import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { Scope } from "../domain/access.ts";
import { type AddressAllocation, type AddressPool, nextOf } from "../domain/address-pool.ts";
import { overlap, readRange } from "../domain/address-range.ts";
import { ProviderError } from "../domain/errors.ts";
import type { AddressAllocationTable, AddressPoolTable } from "./address-schema.ts";
import { toJson } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

/** Pools of addresses, and what was given out of them. */
export class AddressRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** All of them, in the order of their names: there are few. */
  async pools(): Promise<readonly AddressPool[]> {
    const rows = await this.#db.selectFrom("address_pools").selectAll().orderBy("name").execute();
    return rows.map(toPool);
  }

  async pool(name: string): Promise<AddressPool | undefined> {
    return (await this.pools()).find((pool) => pool.name === name);
  }

  /** Makes it or changes it. @throws ProviderError Conflict where another pool overlaps it, or where what was given out of it
   *  would lie outside. */
  async setPool({ name, cidr, excluded, createdBy }: Omit<AddressPool, "createdAt">): Promise<AddressPool> {
    const row = await this.#db.transaction().execute(async (tx) => {
      await lock(tx);
      const others = (await tx.selectFrom("address_pools").selectAll().execute()).filter((pool) => pool.name !== name);
      const other = others.find((pool) => overlaps(pool.cidr, cidr));
      if (other)
        throw refused("set a pool of addresses", name, `${cidr} overlaps the pool ${other.name} (${other.cidr})`);
      const outside = (await held(tx, name)).find((each) => !contains(cidr, each.cidr));
      if (outside) throw refused("set a pool of addresses", name, `${outside.cidr} is given out to ${outside.site}`);
      return tx
        .insertInto("address_pools")
        .values({ name, cidr, excluded: toJson(excluded), created_by: createdBy })
        .onConflict((conflict) =>
          conflict.column("name").doUpdateSet({ cidr, excluded: toJson(excluded), created_by: createdBy }),
        )
        .returningAll()
        .executeTakeFirstOrThrow();
    });
    return toPool(row);
  }

  /** Removing what is not there changes nothing. @throws ProviderError Conflict while something is given out of it. */
  async removePool(name: string): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      await lock(tx);
      const [one] = await held(tx, name);
      if (one)
        throw refused("remove a pool of addresses", name, `${one.cidr} is given out to ${one.site} (${one.name})`);
      await tx.deleteFrom("address_pools").where("name", "=", name).execute();
    });
  }

  /**
   * Gives out the lowest range that nobody has. A repeat with a known id returns what that got. `taken` are the ranges that
   * networks of sites have.
   * @throws ProviderError NotFound without such a pool, QuotaExceeded where it has no room.
   */
  async allocate(
    wanted: Pick<AddressAllocation, "allocationId" | "pool" | "site" | "name" | "createdBy"> & { prefixLength: number },
    taken: readonly string[],
  ): Promise<AddressAllocation> {
    const { allocationId, pool: poolName, site, name, createdBy, prefixLength } = wanted;
    const row = await this.#db.transaction().execute(async (tx) => {
      await lock(tx);
      const known = await one(tx, allocationId);
      if (known) return known;
      const pool = await tx.selectFrom("address_pools").selectAll().where("name", "=", poolName).executeTakeFirst();
      if (!pool) {
        throw new ProviderError("NotFound", {
          operation: "allocate addresses",
          resource: `address-pool/${poolName}`,
          reason: "there is no such pool",
          action: "novacron addresses pools lists those that there are.",
        });
      }
      const given = (await held(tx, poolName)).map(({ cidr }) => cidr);
      const cidr = nextOf(pool, prefixLength, [...taken, ...given]);
      if (cidr === undefined) {
        throw new ProviderError("QuotaExceeded", {
          operation: "allocate addresses",
          resource: `address-pool/${poolName}`,
          reason: `${pool.cidr} has no free /${prefixLength}`,
          action: "Ask for a smaller range, release one, or widen the pool.",
        });
      }
      return tx
        .insertInto("address_allocations")
        .values({ allocation_id: allocationId, pool: poolName, cidr, site, name, created_by: createdBy })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
    return toAllocation(row);
  }

  /** Releasing what is not held changes nothing. */
  async release(allocationId: string): Promise<void> {
    await this.#db
      .updateTable("address_allocations")
      .set({ released_at: sql<string>`now()` })
      .where("allocation_id", "=", allocationId)
      .where("released_at", "is", null)
      .execute();
  }

  /** Undefined also for one that was released. */
  async allocation(allocationId: string): Promise<AddressAllocation | undefined> {
    const row = await one(this.#db, allocationId);
    return row && row.released_at === null ? toAllocation(row) : undefined;
  }

  /** What is given out now, pool by pool in the order of giving. */
  async allocations(query: {
    readonly pool?: string | undefined;
    readonly scopes?: readonly Scope[];
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<AddressAllocation>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("address_allocations").selectAll().where("released_at", "is", null);
    if (query.pool !== undefined) select = select.where("pool", "=", query.pool);
    if (!seesAll(query.scopes)) {
      select = select.where(withinScopes(query.scopes, { sites: [sql.ref("site")], tags: sql`'{}'::jsonb` }));
    }
    if (query.cursor !== undefined) {
      const [pool, id] = decodeCursor(query.cursor, "string", "string");
      select = select.where(sql<boolean>`(pool, allocation_id) > (${pool}, ${id})`);
    }
    const rows = await select
      .orderBy("pool")
      .orderBy("allocation_id")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toAllocation, (row) => [row.pool, row.allocation_id]);
  }

  /** Every range that is given out, for plans of all addresses. */
  async taken(): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom("address_allocations")
      .select("cidr")
      .where("released_at", "is", null)
      .execute();
    return rows.map(({ cidr }) => cidr);
  }
}

/** One change at a time: who looks for room must see what the one before got. */
async function lock(tx: Transaction<Database>): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('address-pools', 0))`.execute(tx);
}

function held(tx: Transaction<Database>, pool: string): Promise<readonly Selectable<AddressAllocationTable>[]> {
  return tx
    .selectFrom("address_allocations")
    .selectAll()
    .where("pool", "=", pool)
    .where("released_at", "is", null)
    .execute();
}

function one(db: Kysely<Database>, allocationId: string) {
  return db.selectFrom("address_allocations").selectAll().where("allocation_id", "=", allocationId).executeTakeFirst();
}

function overlaps(one: string, other: string): boolean {
  const [a, b] = [readRange(one), readRange(other)];
  return a !== undefined && b !== undefined && overlap(a, b) !== undefined;
}

function contains(outer: string, inner: string): boolean {
  const [a, b] = [readRange(outer), readRange(inner)];
  return a !== undefined && b !== undefined && a.family === b.family && a.first <= b.first && a.last >= b.last;
}

function refused(operation: string, pool: string, reason: string): ProviderError {
  return new ProviderError("Conflict", {
    operation,
    resource: `address-pool/${pool}`,
    reason,
    action: "Choose another range, or release what is given out first.",
  });
}

function toPool({ name, cidr, excluded, created_by, created_at }: Selectable<AddressPoolTable>): AddressPool {
  return { name, cidr, excluded, createdBy: created_by, createdAt: created_at };
}

function toAllocation(row: Selectable<AddressAllocationTable>): AddressAllocation {
  const { allocation_id, pool, cidr, site, name, created_by, created_at } = row;
  return { allocationId: allocation_id, pool, cidr, site, name, createdBy: created_by, createdAt: created_at };
}
