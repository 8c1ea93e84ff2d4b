import { type Kysely, type Selectable, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type {
  Connection,
  ConnectionDrill,
  ConnectionPlan,
  ConnectionProblem,
  ConnectionSight,
  ConnectionState,
} from "../domain/connection.ts";
import { ProviderError } from "../domain/errors.ts";
import type { ConnectionTable } from "./connection-schema.ts";
import { toJson } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

/** Members left out stay as they are; `problem: false` takes it away. */
export interface ConnectionPatch {
  readonly state?: ConnectionState;
  readonly generation?: number;
  readonly plan?: ConnectionPlan;
  readonly problem?: ConnectionProblem | false;
  readonly seen?: ConnectionSight;
  readonly drill?: ConnectionDrill;
  readonly keysAt?: string;
  readonly endedAt?: string;
}

export class ConnectionRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. @throws ProviderError Conflict where the two sites have a connection. */
  async create(connection: Pick<Connection, "connectionId" | "near" | "far" | "device" | "createdBy">): Promise<void> {
    const { connectionId, near, far, device, createdBy } = connection;
    await this.#db
      .insertInto("connections")
      .values({
        ...{ connection_id: connectionId, near_site: near, far_site: far, created_by: createdBy },
        state: "connecting",
        ...(device === undefined ? {} : { device: toJson(device) }),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if (await this.get(connectionId)) return;
    throw new ProviderError("Conflict", {
      operation: "connect sites",
      resource: `${near} ↔ ${far}`,
      reason: "they have a connection",
      action: "See novacron connections list; disconnect it first where another one is wanted.",
    });
  }

  async get(connectionId: string): Promise<Connection | undefined> {
    const row = await this.#db
      .selectFrom("connections")
      .selectAll()
      .where("connection_id", "=", connectionId)
      .executeTakeFirst();
    return row && toConnection(row);
  }

  /** All that stand, for those who look after them. */
  async connected(): Promise<readonly Connection[]> {
    const rows = await this.#db
      .selectFrom("connections")
      .selectAll()
      .where("state", "in", ["connected", "waiting"])
      .orderBy("connection_id")
      .execute();
    return rows.map(toConnection);
  }

  /** Those that a run works on, or should, as nothing changed for so long. */
  async underWay(olderThanMs: number): Promise<readonly Connection[]> {
    const rows = await this.#db
      .selectFrom("connections")
      .selectAll()
      .where("state", "in", ["connecting", "disconnecting", "rotating", "drilling"])
      .where(sql<boolean>`changed_at < now() - make_interval(secs => ${olderThanMs / 1000})`)
      .execute();
    return rows.map(toConnection);
  }

  /** The newest first; only those of which the scopes reach both sites. */
  async list(query: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly scopes?: readonly Scope[];
  }): Promise<Page<Connection>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("connections").selectAll();
    if (!seesAll(query.scopes)) {
      const sites = [sql.ref("near_site"), sql`case when device is null then far_site else near_site end`];
      select = select.where(withinScopes(query.scopes, { sites, tags: sql`'{}'::jsonb` }));
    }
    if (query.cursor !== undefined) {
      const [createdAt, id] = decodeCursor(query.cursor, "string", "string");
      select = select.where(sql<boolean>`(created_at, connection_id) < (${createdAt}::timestamptz, ${id})`);
    }
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("connection_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toConnection, (row) => [row.created_at, row.connection_id]);
  }

  /** Goes to a state out of one of those that are named; one at a time does. Returns whether it was in one of them. */
  async move(connectionId: string, from: readonly ConnectionState[], to: ConnectionState): Promise<boolean> {
    const moved = await this.#db
      .updateTable("connections")
      .set({ state: to, changed_at: sql<string>`now()` })
      .where("connection_id", "=", connectionId)
      .where("state", "in", from)
      .returning("connection_id")
      .executeTakeFirst();
    return moved !== undefined;
  }

  async update(connectionId: string, patch: ConnectionPatch): Promise<void> {
    const { state, generation, plan, problem, seen, drill, keysAt, endedAt } = patch;
    await this.#db
      .updateTable("connections")
      .set({
        changed_at: sql<string>`now()`,
        ...(state === undefined ? {} : { state }),
        ...(generation === undefined ? {} : { generation }),
        ...(plan === undefined ? {} : { plan: toJson(plan) }),
        ...(problem === undefined ? {} : { problem: problem === false ? null : toJson(problem) }),
        ...(seen === undefined ? {} : { seen: toJson(seen) }),
        ...(drill === undefined ? {} : { drill: toJson(drill) }),
        ...(keysAt === undefined ? {} : { keys_at: keysAt }),
        ...(endedAt === undefined ? {} : { ended_at: endedAt }),
      })
      .where("connection_id", "=", connectionId)
      .execute();
  }
}

function toConnection(row: Selectable<ConnectionTable>): Connection {
  return {
    connectionId: row.connection_id,
    near: row.near_site,
    far: row.far_site,
    state: row.state as ConnectionState,
    generation: row.generation,
    ...present({
      device: row.device,
      plan: row.plan,
      problem: row.problem,
      seen: row.seen,
      drill: row.drill,
      keysAt: row.keys_at,
      endedAt: row.ended_at,
    }),
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}
