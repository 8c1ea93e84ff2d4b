import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import pg from "pg";
import { ProviderError } from "../domain/errors.ts";
import { toStoreError } from "./errors.ts";

/** Any fixed number: whoever migrates this product's schema holds it. */
const migrationLock = 7_238_114_501;
const folder = new URL("./migrations/", import.meta.url);

interface SchemaMigration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Applies what is missing of `migrations/NNNN-name.sql`, each in a transaction of its own; processes that start together
 * wait for each other. Returns the names applied. With `upTo` none of a later version, for rows that are of that time.
 * @throws ProviderError Conflict when an applied file was changed afterwards.
 */
export async function migrateDatabase(config: pg.ClientConfig, upTo = Number.POSITIVE_INFINITY): Promise<string[]> {
  const client = new pg.Client(config);
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select pg_advisory_lock($1)", [migrationLock]);
    return await applyMissing(client, upTo);
  } catch (error) {
    throw toStoreError(error, "migrate the store's schema");
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function applyMissing(client: pg.Client, upTo: number): Promise<string[]> {
  await client.query(`create table if not exists schema_migrations (
    version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
  const { rows } = await client.query<{ version: number; checksum: string }>(
    "select version, checksum from schema_migrations",
  );
  const applied = new Map(rows.map((row) => [row.version, row.checksum]));
  const names: string[] = [];
  for (const migration of await readMigrations()) {
    if (migration.version > upTo) break;
    const checksum = applied.get(migration.version);
    if (checksum === migration.checksum) continue;
    if (checksum !== undefined) throw changedAfterwards(migration.name);
    await client.query("begin");
    try {
      await client.query(migration.sql);
      await client.query("insert into schema_migrations (version, name, checksum) values ($1, $2, $3)", [
        migration.version,
        migration.name,
        migration.checksum,
      ]);
      await client.query("commit");
    } catch (error) {
      await client.query("rollback").catch(() => undefined);
      throw error;
    }
    names.push(migration.name);
  }
  return names;
}

/** The version of the newest migration that this product has. */
export async function newestMigration(): Promise<number> {
  return (await readMigrations()).at(-1)?.version ?? 0;
}

async function readMigrations(): Promise<SchemaMigration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(new URL(file, folder), "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      return { version: Number(file.slice(0, 4)), name: file.slice(0, -".sql".length), sql, checksum };
    }),
  );
}

function changedAfterwards(name: string): ProviderError {
  return new ProviderError("Conflict", {
    operation: "migrate the store's schema",
    resource: `store/migrations/${name}`,
    reason: "this database applied another version of the file",
    action: "Use the version of the product that made this database, or start with an empty one.",
  });
}
