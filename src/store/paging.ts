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

export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/** @throws ProviderError InvalidInput for anything that {@link encodeCursor} did not make. */
export function decodeCursor<const K extends readonly ("string" | "number")[]>(
  cursor: string,
  ...shape: K
): { [I in keyof K]: K[I] extends "string" ? string : number } {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    key = undefined;
  }
  if (!Array.isArray(key) || key.length !== shape.length || !shape.every((type, i) => typeof key[i] === type)) {
    throw new ProviderError("InvalidInput", {
      operation: "read the next page",
      resource: "cursor",
      reason: "the cursor is not one that a list gave",
      action: "Use next_cursor as it came, or leave it out to begin at the start.",
    });
  }
  return key as { [I in keyof K]: K[I] extends "string" ? string : number };
}

export function clampLimit(limit: number): number {
  return Math.max(1, Math.min(maxPageSize, Math.trunc(limit)));
}
