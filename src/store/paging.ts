import { type RawBuilder, sql } from "kysely";
import { ProviderError } from "../domain/errors.ts";

export interface Page<T> {
  readonly items: readonly T[];
  /** Passed as `cursor` to get the next page; absent on the last one. */
  readonly nextCursor?: string;
}

const maxPageSize = 1_000;

/** Cuts the one row too many that was asked for to see whether there is more. */
export function toPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => T,
  key: (row: Row) => readonly (string | number)[],
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const items = shown.map(item);
  return rows.length > limit && last !== undefined ? { items, nextCursor: encodeCursor(key(last)) } : { items };
}

export function encodeCursor(key: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/** @throws ProviderError InvalidInput for anything that {@link encodeCursor} did not make. */
export function decodeCursor<const K extends readonly ("string" | "number")[]>(
  cursor: string,
  ...shape: K
): { [I in keyof K]: K[I] extends "string" ? string : number } {
  const key = parseCursor(cursor);
  if (key?.length !== shape.length || !shape.every((type, i) => typeof key[i] === type)) throw notOurs();
  return key as { [I in keyof K]: K[I] extends "string" ? string : number };
}

export type KeyKind = "text" | "number" | "time";

/** The cursor of a list with an order of the caller's: a value (or null, for what is unknown) for each of its keys, and a
 *  number. @throws ProviderError InvalidInput for anything that {@link encodeCursor} did not make. */
export function decodeSortCursor(
  cursor: string,
  kinds: readonly KeyKind[],
): { values: readonly (string | number | null)[]; no: number } {
  const key = parseCursor(cursor) ?? [];
  const values = key.slice(0, -1);
  const no = key.at(-1);
  const fits = values.every((value, index) => value === null || isOfKind(value, kinds[index]));
  if (values.length !== kinds.length || !fits || typeof no !== "number" || !Number.isSafeInteger(no)) throw notOurs();
  return { values: values as (string | number | null)[], no };
}

function isOfKind(value: unknown, kind: KeyKind | undefined): boolean {
  if (kind === "number") return Number.isSafeInteger(value);
  return typeof value === "string" && (kind === "text" || !Number.isNaN(Date.parse(value)));
}

function parseCursor(cursor: string): unknown[] | undefined {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

function notOurs(): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "read the next page",
    resource: "cursor",
    reason: "the cursor is not one that this list gave",
    action: "Use next_cursor as it came, or leave it out to begin at the start.",
  });
}

export function clampLimit(limit: number): number {
  return Math.max(1, Math.min(maxPageSize, Math.trunc(limit)));
}

/** What comes after a page, the newest first; `id` is the column that sets two of one moment apart. */
export function behind(cursor: string, id: string): RawBuilder<boolean> {
  const [createdAt, last] = decodeCursor(cursor, "string", "string");
  return sql<boolean>`(created_at, ${sql.ref(id)}) < (${createdAt}::timestamptz, ${last})`;
}
