import pg from "pg";
import { ProviderError } from "../domain/errors.ts";
import { type DumpedTable, type DumpLine, dumpedTables, quoted, refused } from "./dump.ts";
import { toStoreError } from "./errors.ts";
import { migrateDatabase, newestMigration } from "./migrate.ts";

/** Texts that are written at once stay below this. */
const mostBytes = 8 * 2 ** 20;
const mostRows = 500;

export interface LoadedStore {
  readonly takenAt: string;
  readonly schema: number;
  readonly tables: number;
  readonly rows: number;
}

/**
 * Makes an empty database what a dump shows: the schema of that time, its rows, all in one transaction, and then the migrations
 * that have come since. @throws ProviderError Conflict for a database that is in use, or a dump of a later version; IntegrityFailure
 * for a dump that is not whole.
 */
export async function loadStore(config: pg.ClientConfig, lines: AsyncIterable<string>): Promise<LoadedStore> {
  const reader = lines[Symbol.asyncIterator]();
  const first = await reader.next();
  const head = first.done ? undefined : readLine(first.value);
  if (head?.kind !== "store") throw broken("it does not begin as one");
  if (head.schema > (await newestMigration())) {
    const reason = `it was made by a later version (schema ${head.schema})`;
    throw refused(reason, "Use that version of the product.");
  }
  await refuseUsed(config);
  await migrateDatabase(config, head.schema);
  const counts = await loadRows(config, { [Symbol.asyncIterator]: () => reader });
  await migrateDatabase(config);
  return { takenAt: head.takenAt, schema: head.schema, ...counts };
}

async function loadRows(
  config: pg.ClientConfig,
  lines: AsyncIterable<string>,
): Promise<{ tables: number; rows: number }> {
  const client = new pg.Client(config);
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("begin");
    await client.query("set local timezone to 'UTC'");
    const tables = await dumpedTables(client);
    const names = tables.map(({ name }) => quoted(name));
    // They count what is written and refuse what is overwritten; what they counted is in the dump itself.
    for (const name of names) await client.query(`alter table ${name} disable trigger user`);
    await client.query(`truncate ${names.join(", ")} cascade`);
    const counts = await new Loading(client, tables).all(lines);
    // What is still to be checked has to be before the tables are changed again.
    await client.query("set constraints all immediate");
    for (const name of names) await client.query(`alter table ${name} enable trigger user`);
    await client.query("commit");
    return counts;
  } catch (error) {
    throw toStoreError(error, "load the store");
  } finally {
    await client.end().catch(() => undefined);
  }
}

class Loading {
  readonly #client: pg.Client;
  readonly #tables: ReadonlyMap<string, DumpedTable>;
  #table: DumpedTable | undefined;
  #insert = "";
  #waiting: string[] = [];
  #waitingBytes = 0;
  #written = 0;

  constructor(client: pg.Client, tables: readonly DumpedTable[]) {
    this.#client = client;
    this.#tables = new Map(tables.map((table) => [table.name, table]));
  }

  async all(lines: AsyncIterable<string>): Promise<{ tables: number; rows: number }> {
    const total = { tables: 0, rows: 0 };
    let ended = false;
    for await (const line of lines) {
      if (ended) throw broken("something stands behind its end");
      if (line.startsWith("[")) {
        await this.#add(line);
        continue;
      }
      const told = readLine(line);
      if (told?.kind === "table") this.#begin(told);
      else if (told?.kind === "rows") {
        await this.#flush();
        if (told.table !== this.#table?.name || told.rows !== this.#written)
          throw broken(`rows of ${told.table} are missing`);
        await this.#number(told.last);
        total.tables += 1;
        total.rows += told.rows;
      } else if (told?.kind === "end") {
        if (told.tables !== total.tables || told.rows !== total.rows) throw broken("tables are missing");
        ended = true;
      } else throw broken("there is something in it that is none of ours");
    }
    if (!ended) throw broken("its end is missing");
    return total;
  }

  #begin({ table, columns }: Extract<DumpLine, { kind: "table" }>): void {
    const known = this.#tables.get(table);
    const types = new Map(known?.columns.map(({ name, type }) => [name, type]));
    const missing = columns.find((name) => !types.has(name));
    if (!known || missing !== undefined) throw broken(`this version's schema has no ${table}.${missing ?? ""}`);
    const values = columns.map((name, index) => `(r->>${index})::${types.get(name)}`).join(", ");
    this.#table = known;
    this.#written = 0;
    this.#insert = `insert into ${quoted(table)} (${columns.map(quoted).join(", ")}) overriding system value
      select ${values} from json_array_elements($1::json) as r`;
  }

  async #add(line: string): Promise<void> {
    if (!this.#table) throw broken("a row stands in no table");
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (this.#waiting.length >= mostRows || this.#waitingBytes >= mostBytes) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await this.#client.query(this.#insert, [`[${this.#waiting.join(",")}]`]);
    this.#written += this.#waiting.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  async #number(last: Readonly<Record<string, string>>): Promise<void> {
    for (const [column, value] of Object.entries(last)) {
      await this.#client.query("select setval(pg_get_serial_sequence($1, $2), $3::bigint)", [
        quoted(this.#table?.name ?? ""),
        column,
        value,
      ]);
    }
  }
}

/** A schema that was only made, and a price list that was only shipped, are no use. */
async function refuseUsed(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(config);
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ there: boolean }>(
      "select to_regclass('audit_head') is not null or to_regclass('schema_migrations') is not null as there",
    );
    if (rows[0]?.there) throw refused("the database is in use", "Name an empty one, or remove what is in this one.");
  } catch (error) {
    throw toStoreError(error, "look at the database");
  } finally {
    await client.end().catch(() => undefined);
  }
}

function readLine(line: string): DumpLine | undefined {
  try {
    return JSON.parse(line) as DumpLine;
  } catch {
    return undefined;
  }
}

function broken(reason: string): ProviderError {
  return new ProviderError("IntegrityFailure", {
    operation: "load the store",
    resource: "store/dump",
    reason,
    action: "Choose another backup; this one is of no use.",
  });
}
