import { hash } from "node:crypto";
import { type CompiledQuery, type Kysely, type RawBuilder, sql } from "kysely";
import type { Database } from "./schema.ts";

/** Names of the statements that are prepared, by their text. */
const names = new Map<string, string>();

/**
 * Runs a statement that PostgreSQL reads and plans once a connection instead of with every call. For what is asked again
 * and again and is read off one index whatever the values are: those come as {@link unseen}, or a plan is made for them all
 * the same. Texts must be few, as every connection keeps each of them.
 */
export async function runPrepared<Row>(
  db: Kysely<Database>,
  query: { compile(): CompiledQuery<Row> },
): Promise<readonly Row[]> {
  const compiled = query.compile();
  // PostgreSQL takes 63 characters for a name.
  if (!names.has(compiled.sql)) names.set(compiled.sql, hash("sha256", compiled.sql, "base64url"));
  return (await db.executeQuery(compiled)).rows;
}

/** What a connection calls the statement; undefined for one that is planned anew each time. */
export function nameOfPrepared(statement: string): string | undefined {
  return names.get(statement);
}

/** A text that the planner doesn't look at. Where it does, it finds a plan for the value cheaper than one for all, and
 *  plans each time, which costs as much as a page of rows. */
export function unseen(value: string): RawBuilder<string> {
  return sql<string>`(select ${value}::text)`;
}

/** How many rows to ask for at least: one of a few numbers, as a limit is a part of the text. */
export function limitOf(rows: number): RawBuilder<number> {
  const asked = limits.find((limit) => limit >= rows) ?? rows;
  return sql<number>`${sql.raw(String(asked))}`;
}

const limits = [11, 51, 101, 201, 501, 1_001];
