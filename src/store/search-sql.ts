import { type RawBuilder, sql } from "kysely";
import type { Expression, Pattern, SortField } from "../domain/search/query.ts";
import { fieldTerm, flagTerm, separator, type TermField, tagTerm } from "../domain/search/terms.ts";

/** Searches as conditions on rows called `r`, of `resources` or of its history. Every value is a parameter. */

type Match = Extract<Expression, { type: "match" }>;
type Range = Extract<Expression, { type: "range" }>;
type ColumnField = Exclude<Match["field"], TermField>;

const columns: Readonly<Record<ColumnField | Range["field"] | SortField, RawBuilder<unknown>>> = {
  name: sql.ref("r.name"),
  id: sql.ref("r.resource_id"),
  site: sql.ref("r.site"),
  provider: sql.ref("r.provider"),
  region: sql.ref("r.region"),
  kind: sql.ref("r.kind"),
  state: sql.ref("r.state"),
  cpus: sql.ref("r.cpus"),
  memory: sql.ref("r.memory_bytes"),
  size: sql.ref("r.size_bytes"),
  cost: sql.ref("r.monthly_cost_micros"),
  created: sql.ref("r.created_at"),
  changed: sql.ref("r.changed_at"),
  first_seen: sql.ref("r.first_seen_at"),
  "state-since": sql.ref("r.state_since"),
};

export function columnOf(field: SortField): RawBuilder<unknown> {
  return columns[field];
}

/**
 * The condition that holds for exactly the rows that `matches` of domain/search/evaluate.ts accepts. A comparison with
 * what is unknown is false there, and its negation true; SQL would say null to both, so negations are brought down to
 * the comparisons and say `is not true`.
 */
export function conditionOf(where: Expression, negated = false): RawBuilder<boolean> {
  switch (where.type) {
    case "everything":
      return negated ? sql<boolean>`false` : sql<boolean>`true`;
    case "not":
      return conditionOf(where.item, !negated);
    case "and":
    case "or": {
      const all = (where.type === "and") !== negated;
      if (where.items.length === 0) return all ? sql<boolean>`true` : sql<boolean>`false`;
      const items = where.items.map((item) => conditionOf(item, negated));
      return sql<boolean>`(${sql.join(items, all ? sql` and ` : sql` or `)})`;
    }
    default: {
      const condition = leafOf(where);
      return negated ? sql<boolean>`(${condition}) is not true` : condition;
    }
  }
}

function leafOf(where: Exclude<Expression, { type: "everything" | "not" | "and" | "or" }>): RawBuilder<boolean> {
  switch (where.type) {
    case "text":
      return sql<boolean>`r.search_text like ${`%${escapeLike(where.text)}%`}`;
    case "flag":
      return carries(flagTerm(where.flag));
    case "match":
      return matchOf(where);
    case "tag":
      return where.pattern ? termFits(tagTerm(where.key), where.pattern) : carries(tagTerm(where.key));
    case "unknown":
      return isTermField(where.field)
        ? sql<boolean>`not ${carries(fieldTerm(where.field))}`
        : sql<boolean>`${columns[where.field]} is null`;
    case "range":
      return rangeOf(where);
  }
}

function matchOf({ field, pattern }: Match): RawBuilder<boolean> {
  if (isTermField(field)) return termFits(field, pattern);
  const column = columns[field];
  switch (pattern.type) {
    case "exact":
      return sql<boolean>`${column} = ${pattern.value}`;
    case "glob":
      return sql<boolean>`${column} like ${likeOf(pattern.pieces)}`;
    case "contains":
      return sql<boolean>`lower(${column}) like ${`%${escapeLike(pattern.text)}%`}`;
  }
}

/** Terms begin with what they are about: `tag`, a key and the value, or `owner` and who. */
function termFits(beginning: string, pattern: Pattern): RawBuilder<boolean> {
  const prefix = `${beginning}${separator}`;
  if (pattern.type === "exact") return carries(`${prefix}${pattern.value}`);
  const like = pattern.type === "glob" ? likeOf(pattern.pieces) : `%${escapeLike(pattern.text)}%`;
  const value = sql`substr(term, ${Array.from(prefix).length + 1}::integer)`;
  const compared = pattern.type === "glob" ? value : sql`lower(${value})`;
  const presence = beginning.startsWith("tag") ? beginning : fieldTerm(beginning as TermField);
  // The second half alone would have to unpack the terms of every row.
  return sql<boolean>`(${carries(presence)} and exists (
    select from unnest(r.terms) as term where starts_with(term, ${prefix}) and ${compared} like ${like}))`;
}

function rangeOf({ field, from, to }: Range): RawBuilder<boolean> {
  const column = columns[field];
  const isTime = field === "created" || field === "changed" || field === "first_seen" || field === "state-since";
  const conditions: RawBuilder<boolean>[] = [];
  if (isTime) {
    if (from)
      conditions.push(
        sql<boolean>`${column} ${from.inclusive ? sql`>=` : sql`>`} ${timeText(from.value)}::timestamptz`,
      );
    if (to)
      conditions.push(sql<boolean>`${column} ${to.inclusive ? sql`<=` : sql`<`} ${timeText(to.value)}::timestamptz`);
  } else {
    // Whole numbers, as the columns are: an index helps only with those.
    if (from)
      conditions.push(
        sql<boolean>`${column} >= ${whole(from.inclusive ? Math.ceil(from.value) : Math.floor(from.value) + 1)}::bigint`,
      );
    if (to)
      conditions.push(
        sql<boolean>`${column} <= ${whole(to.inclusive ? Math.floor(to.value) : Math.ceil(to.value) - 1)}::bigint`,
      );
  }
  return conditions.length === 0
    ? sql<boolean>`${column} is not null`
    : sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

function whole(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}

export function carries(term: string): RawBuilder<boolean> {
  return sql<boolean>`r.terms @> ${[term]}::text[]`;
}

function isTermField(field: string): field is TermField {
  return field === "owner" || field === "project" || field === "type";
}

export function likeOf(pieces: readonly string[]): string {
  return pieces.map(escapeLike).join("%");
}

export function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}

/** PostgreSQL has no year 0, JavaScript none after 275760. */
export function timeText(ms: number): string {
  const earliest = Date.UTC(1970, 0) - 1_900 * 365 * 86_400_000;
  return new Date(Math.min(Math.max(ms, earliest), Date.UTC(9999, 11, 31))).toISOString();
}
