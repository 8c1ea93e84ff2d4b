import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import {
  type Expression,
  numberFields,
  type SearchQuery,
  type SortField,
  type SortKey,
  timeFields,
} from "../domain/search/query.ts";
import { clampLimit, decodeSortCursor, encodeCursor } from "./paging.ts";
import { asOfRows, type InventoryResource, type ResourceRow, reachable, toResource } from "./resource-rows.ts";
import type { Database } from "./schema.ts";
import { columnOf, conditionOf } from "./search-sql.ts";

export interface SearchRequest extends SearchQuery {
  readonly limit: number;
  readonly cursor?: string;
  /** Only what these reach; all of it when absent. */
  readonly scopes?: readonly Scope[];
  /** The inventory as it was then. */
  readonly asOf?: string;
}

/** Without a limit: all of it. */
export type ExportRequest = Omit<SearchRequest, "limit" | "cursor"> & { readonly limit?: number | undefined };

export interface SearchPage {
  readonly items: readonly InventoryResource[];
  readonly nextCursor?: string;
}

/** How many rows are walked in the order of an index before another way is taken; and how many times what it should take
 *  if matches lay evenly. */
const walkedAtMost = 20_000;
const patience = 3;
/** Free text is walked to in the order of names only where so many rows in all have it: one in this many. */
const walkedForTextFrom = 10;
/** Rows of an export that are in memory at a time. */
const portion = 1_000;
/** Fields with an index in their order. */
const walkable: ReadonlySet<string> = new Set(["name", "cpus", "cost", "changed"]);
/** Fields that the index of a field has beside it: conditions on them are looked at before a row is. */
const beside: Readonly<Partial<Record<SortField, readonly string[]>>> = { cost: ["cpus", "memory"] };
/** Fields that no row lacks. */
const alwaysKnown: ReadonlySet<string> = new Set(["name", "id", "site", "provider", "kind", "changed", "first_seen"]);

const numbers: ReadonlySet<string> = new Set(numberFields);
const times: ReadonlySet<string> = new Set(timeFields);

interface Keys {
  readonly sort: readonly SortKey[];
  readonly after?: { readonly values: readonly (string | number | null)[]; readonly no: number };
}

/**
 * Finds a page of what matches. Two ways, and the estimate decides: what matches few rows is gathered and sorted; what
 * matches many is read in the order that is asked for until the page is full. Left to itself the planner bets on matches
 * lying evenly in that order, and walks a million rows when it loses; here a walk ends after {@link walkedAtMost} rows,
 * and then all is gathered after all.
 */
export async function searchResources(db: Kysely<Database>, request: SearchRequest): Promise<SearchPage> {
  const limit = clampLimit(request.limit);
  const where = reachable(request.where, request.scopes);
  const condition = conditionOf(where);
  const keys = keysOf(request);
  const found =
    request.asOf === undefined
      ? ((await walkIfMany(db, where, condition, keys, limit + 1)) ??
        (await gather(db, sql`resources as r`, condition, keys, limit + 1)))
      : await gather(db, asOfRows(request.asOf), condition, keys, limit + 1);
  const shown = found.slice(0, limit);
  const items = await readRows(
    db,
    shown.map(({ no }) => no),
    request.asOf,
    condition,
  );
  const last = shown.at(-1);
  if (found.length <= limit || !last) return { items };
  return { items, nextCursor: encodeCursor([...last.keys, last.no]) };
}

/** Everything that matches, in portions. */
export async function* allResources(
  db: Kysely<Database>,
  { limit = Number.MAX_SAFE_INTEGER, ...request }: ExportRequest,
): AsyncGenerator<readonly InventoryResource[]> {
  const condition = conditionOf(reachable(request.where, request.scopes));
  const from = request.asOf === undefined ? sql`resources as r` : asOfRows(request.asOf);
  const keys = { sort: request.sort };
  // One array instead of a row each: of a million rows there are a million numbers to keep, and no more.
  const { rows } = await sql<{ found: string[] | null }>`
    select array_agg(resource_no) as found from (
      select r.resource_no from ${from} where ${condition} order by ${orderOf(keys)} limit ${limit}) as r`.execute(db);
  const found = rows[0]?.found ?? [];
  for (let at = 0; at < found.length; at += portion) {
    const wanted = found.slice(at, at + portion).map(Number);
    yield await readRows(db, wanted, request.asOf, condition);
  }
}

interface Found {
  readonly no: number;
  readonly keys: readonly (string | number | null)[];
}

async function gather(
  db: Kysely<Database>,
  from: RawBuilder<unknown>,
  condition: RawBuilder<boolean>,
  keys: Keys,
  limit: number,
): Promise<Found[]> {
  // Apart, by the offset: with the limit in sight the planner would walk an index in the order asked for. And no more of
  // each row than its place in the order: there may be hundreds of thousands.
  return readFound(
    db,
    keys,
    sql`select ${selectedKeys(keys)} from (select ${sortedBy(keys)} from ${from} where ${condition} offset 0) as r
      where ${afterAny(keys)} order by ${orderOf(keys)} limit ${limit}`,
  );
}

async function walkIfMany(
  db: Kysely<Database>,
  where: Expression,
  condition: RawBuilder<boolean>,
  keys: Keys,
  limit: number,
): Promise<Found[] | undefined> {
  const [first] = keys.sort;
  if (!first || keys.sort.length > 1 || !walkable.has(first.field)) return undefined;
  const [matching, total] = where.type === "everything" ? [1, 1] : await estimate(db, condition);
  // Where both ways should cost the same: rows that are walked for a page against rows that are gathered.
  if (where.type !== "everything" && matching < Math.sqrt(limit * total)) return undefined;
  // What has a word in it lies together in the order of names, most often far from the beginning.
  if (first.field === "name" && asksForText(where) && matching < total / walkedForTextFrom) return undefined;
  const most = Math.min(walkedAtMost, Math.ceil((patience * limit * total) / Math.max(1, matching)));
  const order = indexOrder(first);
  const found: Found[] = [];
  for (const segment of segmentsOf(first, keys.after, where)) {
    const part = await readFound(
      db,
      keys,
      sql`select ${selectedKeys(keys)} from (
          select r.* from resources as r where ${segment} order by ${order} limit ${most}) as r
        where ${condition} order by ${order} limit ${limit - found.length}`,
    );
    found.push(...part);
    if (found.length >= limit) return found;
    const { rows } = await sql<{ walked: number }>`select count(*) as walked from (
      select from resources as r where ${segment} limit ${most}) as walked`.execute(db);
    if (Number(rows[0]?.walked) >= most) return undefined;
  }
  return found;
}

/** Whether what matches has to have a text in it, whatever else. */
function asksForText(where: Expression): boolean {
  return where.type === "text" || (where.type === "and" && where.items.some(asksForText));
}

/** What the index holds in the order asked for, behind the cursor: first what is known of the field, then what isn't. */
function segmentsOf(key: SortKey, after: Keys["after"], where: Expression): RawBuilder<boolean>[] {
  const column = columnOf(key.field);
  const direction = key.descending ? sql`<` : sql`>`;
  const value = after?.values[0];
  const own = rangesOn([key.field], where);
  const others = rangesOn(beside[key.field] ?? [], where);
  const known: RawBuilder<boolean>[] = [sql<boolean>`${column} is not null`, ...own, ...others];
  const unknown: RawBuilder<boolean>[] = [sql<boolean>`${column} is null`, ...others];
  if (after && value !== null)
    known.push(sql<boolean>`(${column}, r.resource_no) ${direction} (${value}, ${after.no})`);
  if (after && value === null) unknown.push(sql<boolean>`r.resource_no ${direction} ${after.no}`);
  const all = (conditions: RawBuilder<boolean>[]) => sql<boolean>`(${sql.join(conditions, sql` and `)})`;
  // What is unknown meets no condition on the field.
  const endsThere = alwaysKnown.has(key.field) || own.length > 0;
  return [...(after && value === null ? [] : [all(known)]), ...(endsThere ? [] : [all(unknown)])];
}

/** Conditions on the very fields, that what matches has to meet whatever else it meets. */
function rangesOn(fields: readonly string[], where: Expression): RawBuilder<boolean>[] {
  const items = where.type === "and" ? where.items : [where];
  return items
    .filter((item) => (item.type === "match" || item.type === "range") && fields.includes(item.field))
    .map((item) => conditionOf(item));
}

/** How many rows match, as the planner sees it, of how many. */
async function estimate(db: Kysely<Database>, condition: RawBuilder<boolean>): Promise<[number, number]> {
  const explained = await sql<{ "QUERY PLAN": readonly [{ Plan: { "Plan Rows": number } }] }>`
    explain (format json) select from resources as r where ${condition}`.execute(db);
  const { rows } = await sql<{ total: number }>`
    select coalesce(sum(resources), 0)::bigint as total from inventory_reads`.execute(db);
  return [explained.rows[0]?.["QUERY PLAN"][0].Plan["Plan Rows"] ?? 0, rows[0]?.total ?? 0];
}

async function readFound(db: Kysely<Database>, keys: Keys, statement: RawBuilder<unknown>): Promise<Found[]> {
  const { rows } = await sql<Record<string, string | number | null>>`${statement}`.execute(db);
  return rows.map((row) => ({
    no: Number(row.resource_no),
    keys: keys.sort.map((_, index) => row[`key_${index}`] ?? null),
  }));
}

function keysOf({ sort, cursor }: SearchRequest): Keys {
  if (cursor === undefined) return { sort };
  const kinds = sort.map(({ field }) => (numbers.has(field) ? "number" : times.has(field) ? "time" : "text"));
  return { sort, after: decodeSortCursor(cursor, kinds) };
}

function sortedBy({ sort }: Keys): RawBuilder<unknown> {
  const fields = [...new Set(sort.map(({ field }) => field))];
  return sql.join([sql`r.resource_no`, ...fields.map(columnOf)]);
}

function selectedKeys({ sort }: Keys): RawBuilder<unknown> {
  const columns = sort.map(({ field }, index) => sql`${columnOf(field)} as ${sql.ref(`key_${index}`)}`);
  return sql.join([sql`r.resource_no`, ...columns]);
}

/** What is equal in all keys comes in the order of first sight, or against it where the first key goes down. */
function orderOf({ sort }: Keys): RawBuilder<unknown> {
  const keys = sort.map(({ field, descending }) =>
    alwaysKnown.has(field)
      ? sql`${columnOf(field)} ${descending ? sql`desc` : sql`asc`}`
      : sql`${columnOf(field)} ${descending ? sql`desc nulls last` : sql`asc nulls last`}`,
  );
  return sql.join([...keys, sql`r.resource_no ${sort[0]?.descending ? sql`desc` : sql`asc`}`]);
}

/** As an index has it, forwards or backwards. In a segment all are known, or none is. */
function indexOrder({ field, descending }: SortKey): RawBuilder<unknown> {
  return descending
    ? sql`${columnOf(field)} desc nulls first, r.resource_no desc`
    : sql`${columnOf(field)} asc nulls last, r.resource_no asc`;
}

/** Behind the cursor, whatever the keys: equal so far and then later. */
function afterAny({ sort, after }: Keys): RawBuilder<boolean> {
  if (!after) return sql<boolean>`true`;
  const down = sort[0]?.descending ?? false;
  let behind = sql<boolean>`r.resource_no ${down ? sql`<` : sql`>`} ${after.no}`;
  for (const [index, { field, descending }] of [...sort.entries()].reverse()) {
    const column = columnOf(field);
    const value = after.values[index] ?? null;
    behind =
      value === null
        ? sql<boolean>`(${column} is null and ${behind})`
        : sql<boolean>`(${column} is null or ${column} ${descending ? sql`<` : sql`>`} ${value}
            or (${column} = ${value} and ${behind}))`;
  }
  return behind;
}

/** The whole rows, in the order in which they were found. */
async function readRows(
  db: Kysely<Database>,
  wanted: readonly number[],
  asOf: string | undefined,
  condition: RawBuilder<boolean>,
): Promise<InventoryResource[]> {
  if (wanted.length === 0) return [];
  const from =
    asOf === undefined
      ? sql`select r.*, d.document, greatest(i.observed_at, r.refreshed_at, r.changed_at) as observed_at
          from resources as r join resource_documents as d using (resource_no)
          join inventory_reads as i on i.site = r.site and i.kind = r.kind
          where r.resource_no = any(${wanted}) and ${condition}`
      : sql`select r.*, coalesce(h.document, d.document) as document, ${asOf}::timestamptz as observed_at
          from ${asOfRows(asOf)}
          left join resource_history as h on h.site = r.site and h.kind = r.kind and h.resource_id = r.resource_id
            and h.valid_to = r.valid_to
          left join resource_documents as d on d.resource_no = r.resource_no and r.valid_to is null
          where r.resource_no = any(${wanted}) and ${condition}`;
  const { rows } = await sql<ResourceRow>`${from}`.execute(db);
  const byNumber = new Map(rows.map((row) => [row.resource_no, row]));
  // One may have gone, or become another, since it was found.
  return wanted.flatMap((no) => {
    const row = byNumber.get(no);
    return row ? [toResource(row)] : [];
  });
}
