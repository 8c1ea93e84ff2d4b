import { Kysely, PostgresDialect, type PostgresPool } from "kysely";
import pg from "pg";
import { breaksConnection, neverRan, toStoreError } from "./errors.ts";
import { nameOfPrepared } from "./prepared.ts";
import type { Database } from "./schema.ts";

export type StoreLog = (level: "debug" | "info" | "warn" | "error", message: string, facts?: object) => void;

export interface DatabaseOptions {
  readonly databaseUrl: string;
  readonly log: StoreLog;
  /** Connections that this process holds at most. Default 10. */
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  /** After how long without an answer a connection is given up. Default: 5 s more than a statement may take. */
  readonly silenceMs?: number;
}

const int8 = 20;
const timestamptz = 1184;

/** bigint as number and timestamps as ISO strings, for this pool alone. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (format === "binary") return pg.types.getTypeParser(oid, "binary");
    if (oid === int8) return Number;
    if (oid === timestamptz) return isoOf;
    return pg.types.getTypeParser(oid, "text");
  }) as pg.CustomTypesConfig["getTypeParser"],
};

let lastTime = { text: "", iso: "" };

const utc = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?\+00$/;

/** Rows that were read together carry the same moment. What is in UTC is rewritten, which costs a tenth of reading it as a date. */
function isoOf(text: string): string {
  if (text !== lastTime.text) {
    const [, day, time, fraction = ""] = utc.exec(text) ?? [];
    const iso = day ? `${day}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}Z` : new Date(text).toISOString();
    lastTime = { text, iso };
  }
  return lastTime.iso;
}

export function clientConfig(options: DatabaseOptions): pg.ClientConfig {
  return {
    connectionString: options.databaseUrl,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    application_name: "novacron",
    types,
  };
}

/**
 * A Kysely over a pool whose failures are `ProviderError`s and whose broken connections are thrown away. Nothing that
 * happens to a connection, idle or in use, ends the process.
 */
export function openDatabase(options: DatabaseOptions): Kysely<Database> {
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
  const pool = new pg.Pool({
    ...clientConfig(options),
    max: options.maxConnections ?? 10,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
  });
  pool.on("error", (error) => options.log("warn", "an idle database connection was lost", { reason: error.message }));
  // pg emits `error` on a client that is in use, too; without a listener that would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool: guard(pool, options.silenceMs ?? statementTimeoutMs + 5_000) }),
  });
}

function guard(pool: pg.Pool, silenceMs: number): PostgresPool {
  const acquire = () =>
    pool.connect().catch((error: unknown) => {
      throw toStoreError(error, "connect to the store");
    });
  // One for each connection, not for each statement: Kysely keeps what it is given in weak maps.
  const guarded = new WeakMap<pg.PoolClient, GuardedClient>();
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await acquire();
      const known = guarded.get(client) ?? new GuardedClient(acquire, pool.options.max, silenceMs);
      guarded.set(client, known);
      known.take(client);
      return known as unknown as Awaited<ReturnType<PostgresPool["connect"]>>;
    },
  };
}

/** One of the pool's connections while it is in use; replaced by another where it turns out to be lost before it was used. */
class GuardedClient {
  readonly #acquire: () => Promise<pg.PoolClient>;
  readonly #most: number;
  readonly #silenceMs: number;
  readonly #end: () => void;
  #client: pg.PoolClient = released;
  #used = false;
  #broken = false;
  #silent = false;
  #replacements = 0;

  constructor(acquire: () => Promise<pg.PoolClient>, most: number, silenceMs: number) {
    this.#acquire = acquire;
    this.#most = most;
    this.#silenceMs = silenceMs;
    this.#end = () => {
      this.#silent = true;
      (this.#client as unknown as pg.Client).end().catch(() => undefined);
    };
  }

  take(client: pg.PoolClient): void {
    this.#client = client;
    this.#used = false;
    this.#broken = false;
    // Every idle connection may be one that a restarted server has closed.
    this.#replacements = this.#most;
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    for (;;) {
      try {
        const result = await this.#ask(sql, parameters);
        this.#used = true;
        return result;
      } catch (error) {
        this.#broken ||= breaksConnection(error);
        if (this.#used || this.#replacements-- <= 0 || !neverRan(error, sql)) {
          throw toStoreError(error, "query the store");
        }
        this.#client.release(true);
        // Until there is another one, nothing is left to give back.
        this.#client = released;
        this.#client = await this.#acquire();
        this.#broken = false;
      }
    }
  }

  /** The server's own limit doesn't help when the server hangs or the link is cut. pg's `query_timeout` would do, but it
   *  replaces the callback of each statement (see `answered`). */
  async #ask(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    this.#silent = false;
    const timer = setTimeout(this.#end, this.#silenceMs);
    try {
      return await answered(this.#client, { name: nameOfPrepared(sql), text: sql, values: [...parameters] });
    } catch (error) {
      throw this.#silent ? new Error(`Query read timeout after ${this.#silenceMs} ms`, { cause: error }) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  release(destroy?: boolean): void {
    const client = this.#client;
    this.#client = released;
    client.release(destroy === true || this.#broken);
  }
}

/** By a callback that is given with the statement. Where pg sets one afterwards, for its promise or its `query_timeout`,
 *  answers outlive the collector's young generation: of 30 MB some 8 survived each run, which took 11 ms instead of 3. */
function answered(client: pg.PoolClient, statement: pg.QueryConfig): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    client.query(statement, (error: Error | undefined, result) => (error ? reject(error) : resolve(result)));
  });
}

const released = { release: () => undefined } as unknown as pg.PoolClient;
