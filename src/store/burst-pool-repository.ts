import { type Kysely, type Selectable, sql } from "kysely";
import type { Scope, ScopedResource } from "../domain/access.ts";
import type { BurstCandidate, BurstDecisionRecord, BurstPoolView, BurstSettings } from "../domain/burst.ts";
import type { BurstDecision, BurstReason } from "../domain/burst-decision.ts";
import { ProviderError } from "../domain/errors.ts";
import type { BurstDecisionTable, BurstPoolTable } from "./burst-schema.ts";
import { toJson } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

export interface NewBurstPool {
  readonly poolId: string;
  readonly settings: BurstSettings;
  readonly createdBy: string;
}

/** Pools, and what they decided. */
export class BurstPoolRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. @throws ProviderError Conflict for a name that another one has. */
  async create({ poolId, settings, createdBy }: NewBurstPool): Promise<void> {
    await this.#db
      .insertInto("burst_pools")
      .values({
        ...{ pool_id: poolId, name: settings.name, site: settings.site, created_by: createdBy },
        settings: toJson(settings),
        tags: toJson(settings.tags),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if (await this.get(poolId)) return;
    throw new ProviderError("Conflict", {
      operation: "make a pool",
      resource: `burst-pool/${settings.name}`,
      reason: "there is one of that name",
      action: "Take another name, or change that one.",
    });
  }

  async get(poolId: string): Promise<BurstPoolView | undefined> {
    const row = await this.#db.selectFrom("burst_pools").selectAll().where("pool_id", "=", poolId).executeTakeFirst();
    return row && toPool(row);
  }

  /** By its id, or by the name of one that is not deleted. */
  async find(nameOrId: string): Promise<BurstPoolView | undefined> {
    const row = await this.#db
      .selectFrom("burst_pools")
      .selectAll()
      .where((e) => e.or([e("pool_id", "=", nameOrId), e.and([e("name", "=", nameOrId), e("state", "<>", "deleted")])]))
      .orderBy(sql`pool_id = ${nameOrId}`, "desc")
      .executeTakeFirst();
    return row && toPool(row);
  }

  /** All that are not deleted, by name. */
  async list(scopes?: readonly Scope[]): Promise<readonly BurstPoolView[]> {
    let select = this.#db.selectFrom("burst_pools").selectAll().where("state", "<>", "deleted");
    if (!seesAll(scopes)) {
      const columns = { sites: [sql.ref("burst_pools.site")], tags: sql.ref("burst_pools.tags") };
      select = select.where(withinScopes(scopes, columns));
    }
    return (await select.orderBy("name").execute()).map(toPool);
  }

  async change(poolId: string, settings: BurstSettings): Promise<void> {
    await this.#db
      .updateTable("burst_pools")
      .set({ settings: toJson(settings), tags: toJson(settings.tags) })
      .where("pool_id", "=", poolId)
      .execute();
  }

  async order(poolId: string, vms: number): Promise<void> {
    await this.#db.updateTable("burst_pools").set({ ordered: vms }).where("pool_id", "=", poolId).execute();
  }

  /** It orders nothing any more, and what it has goes; with `deleted` nothing is left. */
  async end(poolId: string, state: "deleting" | "deleted"): Promise<void> {
    await this.#db
      .updateTable("burst_pools")
      .set({ state, ordered: 0, ...(state === "deleted" ? { deleted_at: new Date().toISOString() } : {}) })
      .where("pool_id", "=", poolId)
      .where("state", "<>", "deleted")
      .execute();
  }

  /** What is decided again makes its row last longer. Returns the row's id. */
  async note(
    poolId: string,
    at: string,
    decision: BurstDecision,
    candidates: readonly BurstCandidate[] = [],
  ): Promise<number> {
    const { action, reason, wanted, have, detail } = decision;
    const readings = toJson(decision.readings);
    const last = await this.#db
      .selectFrom("burst_decisions")
      .select(["decision_id", "action", "reason", "wanted", "have"])
      .where("pool_id", "=", poolId)
      .orderBy("decision_id", "desc")
      .limit(1)
      .executeTakeFirst();
    const same = last && action === "hold" && last.action === action && last.reason === reason && last.have === have;
    if (same) {
      await this.#db
        .updateTable("burst_decisions")
        .set({ ended_at: at, looks: sql`looks + 1`, detail, readings })
        .where("decision_id", "=", last.decision_id)
        .execute();
      return last.decision_id;
    }
    const { decision_id } = await this.#db
      .insertInto("burst_decisions")
      .values({
        ...{ pool_id: poolId, began_at: at, ended_at: at, action, reason, wanted, have, detail, readings },
        candidates: toJson(candidates),
      })
      .returning("decision_id")
      .executeTakeFirstOrThrow();
    return decision_id;
  }

  /** The newest first. */
  async decisions(
    poolId: string,
    { limit: wanted, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<BurstDecisionRecord>> {
    const limit = clampLimit(wanted);
    let select = this.#db.selectFrom("burst_decisions").selectAll().where("pool_id", "=", poolId);
    if (cursor !== undefined) select = select.where("decision_id", "<", decodeCursor(cursor, "number")[0]);
    const rows = await select
      .orderBy("decision_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toDecision, (row) => [row.decision_id]);
  }

  /** When a pool last burst, and last gave back. */
  async lastChanges(poolId: string): Promise<{ burstAt?: string; releaseAt?: string }> {
    const rows = await this.#db
      .selectFrom("burst_decisions")
      .select(["action", sql<string>`max(began_at)`.as("at")])
      .where("pool_id", "=", poolId)
      .where("action", "in", ["burst", "release"])
      .groupBy("action")
      .execute();
    const at = (action: string) => rows.find((row) => row.action === action)?.at;
    const [burstAt, releaseAt] = [at("burst"), at("release")];
    return { ...(burstAt === undefined ? {} : { burstAt }), ...(releaseAt === undefined ? {} : { releaseAt }) };
  }

  /** How often each pool burst, ever. */
  async bursts(): Promise<readonly { pool: string; bursts: number }[]> {
    const rows = await this.#db
      .selectFrom("burst_decisions")
      .innerJoin("burst_pools", "burst_pools.pool_id", "burst_decisions.pool_id")
      .select(["burst_pools.name", sql<number>`count(*)::integer`.as("bursts")])
      .where("action", "=", "burst")
      .groupBy("burst_pools.name")
      .execute();
    return rows.map(({ name, bursts }) => ({ pool: name, bursts }));
  }
}

/** Everything that a pool is about: who reaches it reaches its site; its VMs' sites are asked for when it is made. */
export function poolSubject({ site, tags }: Pick<BurstSettings, "site" | "tags">): ScopedResource {
  return { site, tags };
}

function toPool(row: Selectable<BurstPoolTable>): BurstPoolView {
  return {
    ...row.settings,
    poolId: row.pool_id,
    state: row.state as BurstPoolView["state"],
    ordered: row.ordered,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}

function toDecision(row: Selectable<BurstDecisionTable>): BurstDecisionRecord {
  const { action, reason, wanted, have, detail, readings, candidates, looks } = row;
  return {
    ...{ decisionId: row.decision_id, poolId: row.pool_id, from: row.began_at, until: row.ended_at, looks },
    ...{ wanted, have, detail, readings, candidates },
    action: action as BurstDecision["action"],
    reason: reason as BurstReason,
  };
}
