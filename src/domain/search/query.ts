import type { Flag } from "./terms.ts";

/** A search as the parser leaves it: what matches, and in which order. Times are absolute, units are read. */

export const textFields = [
  "name",
  "id",
  "site",
  "provider",
  "region",
  "kind",
  "state",
  "owner",
  "project",
  "type",
] as const;
export type TextField = (typeof textFields)[number];

export const numberFields = ["cpus", "memory", "size", "cost"] as const;
export type NumberField = (typeof numberFields)[number];

export const timeFields = ["created", "changed", "first_seen"] as const;
export type TimeField = (typeof timeFields)[number];

/** How a text is compared: literally, by a pattern whose pieces any text lies between (`web-*` is `["web-", ""]`), or by
 *  something that it contains in any case. */
export type Pattern =
  | { readonly type: "exact"; readonly value: string }
  | { readonly type: "glob"; readonly pieces: readonly string[] }
  | { readonly type: "contains"; readonly text: string };

export interface Bound {
  readonly value: number;
  readonly inclusive: boolean;
}

export type Expression =
  | { readonly type: "everything" }
  | { readonly type: "and" | "or"; readonly items: readonly Expression[] }
  | { readonly type: "not"; readonly item: Expression }
  /** Lower case. */
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "flag"; readonly flag: Flag }
  | { readonly type: "match"; readonly field: TextField; readonly pattern: Pattern }
  /** Without a pattern: has the tag at all. */
  | { readonly type: "tag"; readonly key: string; readonly pattern?: Pattern }
  | { readonly type: "unknown"; readonly field: TextField | NumberField | TimeField }
  /** CPUs, bytes, micro-dollars a month, milliseconds since 1970. Never holds for what is unknown. */
  | {
      readonly type: "range";
      readonly field: NumberField | TimeField | "state-since";
      readonly from?: Bound;
      readonly to?: Bound;
    };

export const sortFields = [
  "name",
  "id",
  "site",
  "provider",
  "region",
  "kind",
  "state",
  "cpus",
  "memory",
  "size",
  "cost",
  "created",
  "changed",
  "first_seen",
] as const;
export type SortField = (typeof sortFields)[number];

export interface SortKey {
  readonly field: SortField;
  readonly descending: boolean;
}

export interface SearchQuery {
  readonly where: Expression;
  /** What is unknown comes last, in both directions; what is equal in all of these comes in the order of first sight. */
  readonly sort: readonly SortKey[];
}

export const everything: Expression = { type: "everything" };
export const defaultSort: readonly SortKey[] = [{ field: "name", descending: false }];

/** All of them must hold. */
export function allOf(...items: readonly Expression[]): Expression {
  const parts = items.flatMap((item) => (item.type === "everything" ? [] : item.type === "and" ? item.items : [item]));
  const [only] = parts;
  if (only === undefined) return everything;
  return parts.length === 1 ? only : { type: "and", items: parts };
}
