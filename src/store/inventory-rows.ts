import { hash } from "node:crypto";
import { type RawBuilder, sql, type Transaction } from "kysely";
import { changeText, type Place, type Resource, type ResourceKind } from "../domain/resource.ts";
import { listSeparator, searchTextOf, termsOf } from "../domain/search/terms.ts";
import { toJson, toText } from "./json.ts";
import type { Database } from "./schema.ts";

export type Tx = Transaction<Database>;

export interface Writing {
  readonly place: Place;
  readonly kind: ResourceKind;
  readonly at: string;
  /** One resource by itself, not a listing. */
  readonly alone?: boolean;
}

/** Writes those of the page that differ from their rows; returns how many. */
export async function writeChanged(tx: Tx, writing: Writing, page: readonly Resource[]): Promise<number> {
  const { place, kind, at, alone = false } = writing;
  const rows = page.map(seenOf);
  // The digests go first: most of a page is as it was, and then that is all that travels.
  const { rows: differing } = await sql<{ ord: number }>`
    select s.ord from unnest(${rows.map((row) => row.id)}::text[], ${rows.map((row) => row.digest)}::bytea[])
        with ordinality as s(resource_id, digest, ord)
      left join resources r on r.site = ${place.site} and r.kind = ${kind} and r.resource_id = s.resource_id
    where r.digest is distinct from s.digest
      and ${mayWrite(at)}
      -- What was found gone later than this was read doesn't come back.
      and (r.resource_no is not null or not exists (
        select from resource_history h where h.site = ${place.site} and h.kind = ${kind}
          and h.resource_id = s.resource_id and h.valid_to > ${at}::timestamptz))
  `.execute(tx);
  const changed = differing.flatMap(({ ord }) => rows[ord - 1] ?? []).map(rowOf);
  if (changed.length === 0) return 0;
  const column = (value: (row: Row) => unknown, type: string) => sql`${changed.map(value)}::${sql.raw(type)}[]`;
  await sql`
    with seen as materialized (
      select * from unnest(
        ${column((row) => row.id, "text")}, ${column((row) => row.name, "text")},
        ${column((row) => row.resource.state ?? null, "text")}, ${column((row) => row.resource.stateSince ?? null, "timestamptz")},
        ${column((row) => row.resource.cpus ?? null, "integer")}, ${column((row) => row.resource.memoryBytes ?? null, "bigint")},
        ${column((row) => row.resource.sizeBytes ?? null, "bigint")},
        ${column((row) => row.resource.monthlyCostMicros ?? null, "bigint")}, ${column((row) => row.terms, "text")},
        ${column((row) => row.searchText, "text")}, ${column((row) => row.resource.createdAt ?? null, "timestamptz")},
        ${column((row) => row.digest, "bytea")}, ${column((row) => row.changeDigest, "bytea")},
        ${column((row) => row.document, "text")}
      ) as s(resource_id, name, state, state_since, cpus, memory_bytes, size_bytes, monthly_cost_micros, terms,
        search_text, created_at, digest, change_digest, document)),
    before as materialized (
      select r.* from resources r join seen s on r.resource_id = s.resource_id
        where r.site = ${place.site} and r.kind = ${kind}),
    past as (
      insert into resource_history (${historyColumns}, valid_from, valid_to, gone, document)
        select ${sourceColumns("b")}, b.changed_at, ${at}::timestamptz, false, d.document
        from before b join seen s using (resource_id) join resource_documents d using (resource_no)
        -- An empty digest: the row is from before there was a history.
        where b.change_digest <> s.change_digest and b.change_digest <> '' and b.changed_at < ${at}::timestamptz),
    numbered as materialized (
      select coalesce(b.resource_no, h.resource_no, nextval('resources_resource_no_seq')) as resource_no, s.*,
          coalesce(s.state_since, case when b.state is not distinct from s.state then b.state_since end, ${at}::timestamptz) as since,
          coalesce(b.first_seen_at, h.first_seen_at, ${at}::timestamptz) as first_seen_at,
          case when b.change_digest in (s.change_digest, '') then b.changed_at else ${at}::timestamptz end as changed_at
        from seen s left join before b using (resource_id)
          left join lateral (
            select h.resource_no, h.first_seen_at from resource_history h
              where b.resource_no is null and h.site = ${place.site} and h.kind = ${kind} and h.resource_id = s.resource_id
              order by h.valid_to desc limit 1) h on true),
    written as (
      insert into resources as r (resource_no, site, kind, resource_id, provider, region, name, state, state_since, cpus,
          memory_bytes, size_bytes, monthly_cost_micros, terms, search_text, created_at, first_seen_at, changed_at,
          refreshed_at, digest, change_digest)
        select n.resource_no, ${place.site}, ${kind}, n.resource_id, ${place.provider}, ${place.region ?? null}, n.name,
          n.state, n.since, n.cpus, n.memory_bytes, n.size_bytes, n.monthly_cost_micros,
          string_to_array(n.terms, ${listSeparator}), n.search_text, n.created_at, n.first_seen_at, n.changed_at,
          ${alone ? at : null}::timestamptz, n.digest, n.change_digest
        from numbered n
        -- What is named alike is looked for together: so it lies together, in few blocks instead of one each.
        order by n.name
      on conflict (site, kind, resource_id) do update set
        provider = excluded.provider, region = excluded.region, name = excluded.name, state = excluded.state,
        state_since = excluded.state_since, cpus = excluded.cpus, memory_bytes = excluded.memory_bytes,
        size_bytes = excluded.size_bytes, monthly_cost_micros = excluded.monthly_cost_micros, terms = excluded.terms,
        search_text = excluded.search_text, created_at = excluded.created_at, changed_at = excluded.changed_at,
        refreshed_at = coalesce(excluded.refreshed_at, r.refreshed_at), digest = excluded.digest,
        change_digest = excluded.change_digest
      returning r.resource_no, r.resource_id)
    insert into resource_documents (resource_no, document)
      select w.resource_no, s.document from written w join seen s using (resource_id)
      on conflict (resource_no) do update set document = excluded.document
  `.execute(tx);
  return changed.length;
}

export async function removeRows(tx: Tx, writing: Writing, which: RawBuilder<boolean>): Promise<number> {
  const { place, kind, at } = writing;
  const removed = await sql`
    with removed as (
      delete from resources r where r.site = ${place.site} and r.kind = ${kind} and ${which}
        and ${mayWrite(at)}
      returning r.*),
    documents as (
      delete from resource_documents d using removed where d.resource_no = removed.resource_no
      returning d.resource_no, d.document)
    insert into resource_history (${historyColumns}, valid_from, valid_to, gone, document)
      select ${sourceColumns("r")}, least(r.changed_at, ${at}::timestamptz - interval '1 millisecond'), ${at}::timestamptz,
        true, d.document
      from removed r join documents d using (resource_no)
  `.execute(tx);
  return Number(removed.numAffectedRows ?? 0n);
}

/** Not over what was read later: a listing that began before a resource was read by itself may be older than that. */
function mayWrite(at: string): RawBuilder<boolean> {
  return sql<boolean>`(coalesce(r.refreshed_at < ${at}::timestamptz, true) and coalesce(r.changed_at <= ${at}::timestamptz, true))`;
}

const shared = [
  "resource_no",
  "site",
  "kind",
  "resource_id",
  "provider",
  "region",
  "name",
  "state",
  "state_since",
  "cpus",
  "memory_bytes",
  "size_bytes",
  "monthly_cost_micros",
  "terms",
  "search_text",
  "created_at",
  "first_seen_at",
] as const;
const historyColumns = sql.join(shared.map((name) => sql.ref(name)));

function sourceColumns(alias: string) {
  return sql.join(shared.map((name) => sql.ref(`${alias}.${name}`)));
}

/** What tells whether a row has to be written. */
interface Seen {
  readonly id: string;
  readonly resource: Resource;
  readonly document: string;
  readonly digest: Buffer;
}

interface Row extends Seen {
  readonly name: string;
  /** In one text: arrays of arrays can't be unpacked row by row. */
  readonly terms: string;
  readonly searchText: string;
  readonly changeDigest: Buffer;
}

function seenOf(resource: Resource): Seen {
  const { document, tags: _inTheDocument, ...members } = resource;
  const text = toJson(document);
  return {
    id: toText(resource.resourceId),
    resource,
    document: text,
    digest: digestOf(JSON.stringify(members) + text),
  };
}

function rowOf(seen: Seen): Row {
  const { resource } = seen;
  return {
    ...seen,
    name: toText(resource.name),
    terms: termsOf(resource).join(listSeparator),
    searchText: searchTextOf(resource),
    changeDigest: digestOf(changeText(resource)),
  };
}

/** Half of a SHA-256: enough to tell that something is another. */
function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer").subarray(0, 16);
}
