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

/** Rows that were read together carry the same moment. */
function isoOf(text: string): string {
  if (text !== lastTime.text) lastTime = { text, iso: new Date(text).toISOString() };
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
    // The server's own limit doesn't help when the server hangs or the link is cut.
    query_timeout: statementTimeoutMs + 5_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
  });
  pool.on("error", (error) => options.log("warn", "an idle database connection was lost", { reason: error.message }));
  // pg emits `error` on a client that is in use, too; without a listener that would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: guard(pool) }) });
}

function guard(pool: pg.Pool): PostgresPool {
  const acquire = () =>
    pool.connect().catch((error: unknown) => {
      throw toStoreError(error, "connect to the store");
    });
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      let client = await acquire();
      let used = false;
      let broken = false;
      // Every idle connection may be one that a restarted server has closed.
      let replacements = pool.options.max;
      const query = async (sql: string, parameters: readonly unknown[]) => {
        for (;;) {
          try {
            const result = await client.query({ name: nameOfPrepared(sql), text: sql, values: [...parameters] });
            used = true;
            return result;
          } catch (error) {
            broken ||= breaksConnection(error);
            if (used || replacements-- <= 0 || !neverRan(error, sql)) throw toStoreError(error, "query the store");
            client.release(true);
            // Until there is another one, nothing is left to give back.
            client = released;
            client = await acquire();
            broken = false;
          }
        }
      };
      return {
        query,
        release: (destroy?: boolean) => client.release(destroy === true || broken),
      } as unknown as Awaited<ReturnType<PostgresPool["connect"]>>;
    },
  };
}

const released = { release: () => undefined } as unknown as pg.PoolClient;
