import pg from "pg";
import { ProviderError } from "../domain/errors.ts";
import { toStoreError } from "./errors.ts";

/** Rows that are read or written at once. */
const together = 200;

/**
 * What is left out. Of a control plane that is brought up elsewhere nobody is signed in and nothing is at work yet, its sites
 * are looked at anew; and lines of logs and samples of metrics are many, and what was decided by them has its own record. `schema_migrations` is made by migrating.
 */
const leftOut = new Set([
  "schema_migrations",
  "log_lines",
  "sessions",
  "sign_ins",
  "sign_in_codes",
  "rate_leases",
  "call_budgets",
  "lease_asks",
  "health_samples",
  "metric_series",
  "inventory_watches",
  "file_pipe",
  "cost_uploads",
]);

/** A line of a dump that is no row. Rows are arrays of texts, in the order of their table's columns. */
export type DumpLine =
  | { readonly kind: "store"; readonly version: 1; readonly schema: number; readonly takenAt: string }
  | { readonly kind: "table"; readonly table: string; readonly columns: readonly string[] }
  | { readonly kind: "rows"; readonly table: string; readonly rows: number; readonly last: Sequences }
  | { readonly kind: "end"; readonly tables: number; readonly rows: number };

/** Of each column that numbers rows, the newest number that was given. */
type Sequences = Readonly<Record<string, string>>;

export interface DumpedTable {
  readonly name: string;
  /** Those that are not computed from others. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly numbered: boolean }[];
}

/**
 * Everything that the store keeps, as it is at one moment, one JSON text a line. Values are PostgreSQL's own texts of them, so
 * that they come back as they were; what is computed from others is computed again.
 */
export async function* dumpStore(config: pg.ClientConfig): AsyncGenerator<string> {
  const client = new pg.Client(config);
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("begin isolation level repeatable read read only");
    await client.query("set local timezone to 'UTC'");
    yield JSON.stringify(await beginning(client));
    let all = 0;
    const tables = await dumpedTables(client);
    for (const table of tables) {
      const columns = table.columns.map(({ name }) => name);
      yield JSON.stringify({ kind: "table", table: table.name, columns } satisfies DumpLine);
      let rows = 0;
      for await (const row of rowsOf(client, table)) {
        rows += 1;
        yield row;
      }
      all += rows;
      const last = await numbersOf(client, table);
      yield JSON.stringify({ kind: "rows", table: table.name, rows, last } satisfies DumpLine);
    }
    await client.query("commit");
    yield JSON.stringify({ kind: "end", tables: tables.length, rows: all } satisfies DumpLine);
  } catch (error) {
    throw toStoreError(error, "read the whole store");
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function beginning(client: pg.Client): Promise<DumpLine> {
  const { rows } = await client.query<{ schema: number; at: string }>(
    "select max(version) as schema, now() as at from schema_migrations",
  );
  const [found] = rows;
  if (!found) throw new Error("the store has no schema");
  return { kind: "store", version: 1, schema: found.schema, takenAt: new Date(found.at).toISOString() };
}

/** The tables that a dump has, those that others refer to first. */
export async function dumpedTables(client: pg.Client): Promise<readonly DumpedTable[]> {
  const { rows } = await client.query<{ table: string; column: string; type: string; numbered: boolean }>(`
    select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
        a.attidentity <> '' as numbered
      from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and not c.relispartition
        and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      order by c.relname, a.attnum`);
  const byName = Map.groupBy(
    rows.filter(({ table }) => !leftOut.has(table)),
    ({ table }) => table,
  );
  const tables = [...byName].map(([name, columns]) => ({
    name,
    columns: columns.map(({ column, type, numbered }) => ({ name: column, type, numbered })),
  }));
  return inOrder(tables, await references(client));
}

async function references(client: pg.Client): Promise<readonly { from: string; to: string }[]> {
  const { rows } = await client.query<{ from: string; to: string }>(`
    select f.relname as from, t.relname as to from pg_constraint k
      join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
      where k.contype = 'f' and k.conrelid <> k.confrelid and f.relnamespace = current_schema()::regnamespace`);
  return rows;
}

function inOrder(
  tables: readonly DumpedTable[],
  needs: readonly { from: string; to: string }[],
): readonly DumpedTable[] {
  const done = new Set<string>();
  const ordered: DumpedTable[] = [];
  const known = new Set(tables.map(({ name }) => name));
  while (ordered.length < tables.length) {
    const ready = tables.filter(
      ({ name }) => !done.has(name) && needs.every(({ from, to }) => from !== name || done.has(to) || !known.has(to)),
    );
    if (ready.length === 0) throw new Error("tables of the store refer to each other in a circle");
    for (const table of ready) {
      done.add(table.name);
      ordered.push(table);
    }
  }
  return ordered;
}

async function* rowsOf(client: pg.Client, { name, columns }: DumpedTable): AsyncGenerator<string> {
  const values = columns.map((column) => `${quoted(column.name)}::text`).join(", ");
  await client.query(
    `declare dumped no scroll cursor for select json_build_array(${values})::text as row from ${quoted(name)}`,
  );
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`fetch ${together} from dumped`);
    for (const { row } of rows) yield row;
    if (rows.length < together) break;
  }
  await client.query("close dumped");
}

async function numbersOf(client: pg.Client, { name, columns }: DumpedTable): Promise<Sequences> {
  const found: Record<string, string> = {};
  for (const column of columns.filter(({ numbered }) => numbered)) {
    const { rows } = await client.query<{ last: string | null }>(
      `select last_value::text as last from pg_sequences
        where format('%I.%I', schemaname, sequencename)::regclass = pg_get_serial_sequence($1, $2)::regclass`,
      [quoted(name), column.name],
    );
    const last = rows[0]?.last;
    if (typeof last === "string") found[column.name] = last;
  }
  return found;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function refused(reason: string, action: string): ProviderError {
  return new ProviderError("Conflict", { operation: "load the store", resource: "store/postgres", reason, action });
}
