import type { Resource, ResourceStamps } from "../resource.ts";
import type { Bound, Expression, NumberField, Pattern, SortField, SortKey, TextField, TimeField } from "./query.ts";
import { cleanPart, flagTerm, foldAscii, searchTextOf, termFieldOf, termsOf } from "./terms.ts";

/** A resource as searches look at it. */
export type Searchable = Resource & ResourceStamps;

/** Whether the resource matches: what a search means, without a database. The store's SQL gives the same answers. */
export function matches(where: Expression, resource: Searchable): boolean {
  switch (where.type) {
    case "everything":
      return true;
    case "and":
      return where.items.every((item) => matches(item, resource));
    case "or":
      return where.items.some((item) => matches(item, resource));
    case "not":
      return !matches(where.item, resource);
    case "text":
      return searchTextOf(resource).includes(where.text);
    case "flag":
      return termsOf(resource).includes(flagTerm(where.flag));
    case "match":
      return fits(where.pattern, textOf(resource, where.field));
    case "tag": {
      const value = Object.hasOwn(resource.tags, where.key) ? resource.tags[where.key] : undefined;
      return where.pattern ? fits(where.pattern, value && cleanPart(value)) : value !== undefined;
    }
    case "unknown":
      return valueOf(resource, where.field) === undefined;
    case "range":
      return inRange(numberOf(resource, where.field), where.from, where.to);
  }
}

/** Which comes first; 0 where only the order of first sight decides. */
export function compare(sort: readonly SortKey[], a: Searchable, b: Searchable): number {
  for (const { field, descending } of sort) {
    const [one, other] = [valueOf(a, field), valueOf(b, field)];
    if (one === undefined || other === undefined) {
      if (one !== other) return one === undefined ? 1 : -1;
      continue;
    }
    const order =
      typeof one === "number" && typeof other === "number" ? one - other : byCodePoint(`${one}`, `${other}`);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

function textOf(resource: Searchable, field: TextField): string | undefined {
  switch (field) {
    case "id":
      return resource.resourceId;
    case "owner":
    case "project":
    case "type": {
      const value = termFieldOf(resource, field);
      return value && cleanPart(value);
    }
    default:
      return resource[field];
  }
}

function numberOf(resource: Searchable, field: NumberField | TimeField | "state-since"): number | undefined {
  const time = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  switch (field) {
    case "cpus":
      return resource.cpus;
    case "memory":
      return resource.memoryBytes;
    case "size":
      return resource.sizeBytes;
    case "cost":
      return resource.monthlyCostMicros;
    case "created":
      return time(resource.createdAt);
    case "changed":
      return time(resource.changedAt);
    case "first_seen":
      return time(resource.firstSeenAt);
    case "state-since":
      return time(resource.stateSince);
  }
}

function valueOf(
  resource: Searchable,
  field: TextField | NumberField | TimeField | SortField,
): string | number | undefined {
  switch (field) {
    case "cpus":
    case "memory":
    case "size":
    case "cost":
    case "created":
    case "changed":
    case "first_seen":
      return numberOf(resource, field);
    default:
      return textOf(resource, field);
  }
}

/** Whether a value (none at all fits nothing) is one that the pattern means. */
export function fits(pattern: Pattern, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (pattern.type === "exact") return value === pattern.value;
  if (pattern.type === "contains") return foldAscii(value).includes(pattern.text);
  return globFits(pattern.pieces, value);
}

function globFits(pieces: readonly string[], value: string): boolean {
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  const end = value.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return at <= end;
}

function inRange(value: number | undefined, from: Bound | undefined, to: Bound | undefined): boolean {
  if (value === undefined) return false;
  const above = !from || value > from.value || (from.inclusive && value === from.value);
  const below = !to || value < to.value || (to.inclusive && value === to.value);
  return above && below;
}

/** As databases compare bytes of UTF-8; UTF-16 would put some characters elsewhere. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
