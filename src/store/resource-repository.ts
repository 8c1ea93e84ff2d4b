import { type Kysely, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type { MeteredVm } from "../domain/cost-model.ts";
import type { Reading } from "../domain/freshness.ts";
import type { ResourceKind } from "../domain/resource.ts";
import { type Expression, everything } from "../domain/search/query.ts";
import type { ResourceSums } from "../domain/unified-view.ts";
import { meteredVms } from "./metered-use.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import { type InventoryResource, type ResourceRow, reachable, toResource } from "./resource-rows.ts";
import {
  allResources,
  type ExportRequest,
  type SearchPage,
  type SearchRequest,
  searchResources,
} from "./resource-search.ts";
import { sumResources } from "./resource-sums.ts";
import type { Database } from "./schema.ts";
import { conditionOf } from "./search-sql.ts";

export interface ResourceKey {
  readonly site: string;
  readonly kind: ResourceKind;
  readonly resourceId: string;
}

export interface KeptReading extends Reading {
  readonly resources: number;
}

/** What a resource was (or is) for a while. */
export interface ResourceVersion {
  readonly validFrom: string;
  /** Absent for what it is now. */
  readonly validTo?: string;
  /** It was gone after this. */
  readonly gone: boolean;
  readonly resource: InventoryResource;
}

export interface ResourceChange extends ResourceKey {
  readonly change: "added" | "changed" | "removed";
  readonly before?: InventoryResource;
  readonly after?: InventoryResource;
}

export interface ChangesRequest {
  readonly from: string;
  readonly to: string;
  /** Only what matches, before or after. */
  readonly where: Expression;
  readonly scopes?: readonly Scope[];
  readonly limit: number;
  readonly cursor?: string;
}

/** What the inventory holds, and held. */
export class ResourceRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  search(request: SearchRequest): Promise<SearchPage> {
    return searchResources(this.#db, request);
  }

  sums(request: {
    readonly where: Expression;
    readonly scopes?: readonly Scope[];
    readonly asOf?: string;
  }): Promise<readonly ResourceSums[]> {
    return sumResources(this.#db, request);
  }

  async get({ site, kind, resourceId }: ResourceKey): Promise<InventoryResource | undefined> {
    const { rows } = await sql<ResourceRow>`
      select r.*, d.document, greatest(i.observed_at, r.refreshed_at, r.changed_at) as observed_at
      from resources as r join resource_documents as d using (resource_no)
        join inventory_reads as i on i.site = r.site and i.kind = r.kind
      where r.site = ${site} and r.kind = ${kind} and r.resource_id = ${resourceId}`.execute(this.#db);
    return rows[0] && toResource(rows[0]);
  }

  /** All that matches now or did then, a thousand at a time in the order asked for: which ones is settled at the start,
   *  and what has changed until its turn comes as it is by then, if it still matches. */
  all(request: ExportRequest): AsyncIterable<readonly InventoryResource[]> {
    return allResources(this.#db, request);
  }

  /** What it was and is, the newest first, as far as the scopes reach; empty for what was never seen. */
  async versions(
    { site, kind, resourceId }: ResourceKey,
    { limit = 200, scopes }: { readonly limit?: number; readonly scopes?: readonly Scope[] } = {},
  ): Promise<readonly ResourceVersion[]> {
    const condition = conditionOf(reachable(everything, scopes));
    const { rows } = await sql<ResourceRow & { valid_to: string | null; gone: boolean }>`
      select r.*, r.valid_from as changed_at, coalesce(r.valid_to, now()) as observed_at from (
        select ${versionColumns}, terms, changed_at as valid_from, null::timestamptz as valid_to, false as gone, document
          from resources join resource_documents using (resource_no)
          where site = ${site} and kind = ${kind} and resource_id = ${resourceId}
        union all
        select ${versionColumns}, terms, valid_from, valid_to, gone, document from resource_history
          where site = ${site} and kind = ${kind} and resource_id = ${resourceId}) as r
      where ${condition} order by r.valid_from desc limit ${clampLimit(limit)}`.execute(this.#db);
    return rows.map((row) => ({
      validFrom: row.changed_at,
      ...present({ validTo: row.valid_to }),
      gone: row.gone,
      resource: toResource(row),
    }));
  }

  /** What VMs the site had between two moments, and what they were. */
  metered(site: string, from: string, to: string): Promise<readonly MeteredVm[]> {
    return meteredVms(this.#db, site, from, to);
  }

  /** What is otherwise at `to` than it was at `from`, in the order in which the resources were first seen. A side that the
   *  scopes don't reach isn't there: what was given another tag comes into sight, or goes out of it. */
  async changes(request: ChangesRequest): Promise<Page<ResourceChange>> {
    const { from, to, cursor } = request;
    const limit = clampLimit(request.limit);
    const after = cursor === undefined ? 0 : decodeCursor(cursor, "number")[0];
    const condition = conditionOf(request.where);
    const reached = conditionOf(reachable(everything, request.scopes));
    const at = (moment: string) => sql`(
      select ${versionColumns}, changed_at, changed_at as valid_from, ${moment}::timestamptz as observed_at, document, ${condition} as matching
        from resources as r join resource_documents using (resource_no)
        where r.resource_no = m.resource_no and r.changed_at <= ${moment}::timestamptz and ${reached}
      union all
      select ${versionColumns}, valid_from, valid_from, ${moment}::timestamptz, document, ${condition}
        from (select *, valid_from as changed_at from resource_history) as r
        where r.site = m.site and r.kind = m.kind and r.resource_id = m.resource_id
          and r.valid_to > ${moment}::timestamptz and r.valid_from <= ${moment}::timestamptz and ${reached}
      limit 1)`;
    const { rows } = await sql<{ no: number; before: ResourceRow | null; after: ResourceRow | null }>`
      with moved as (
        select resource_no, site, kind, resource_id from resources
          where changed_at > ${from}::timestamptz and changed_at <= ${to}::timestamptz and resource_no > ${after}
        union
        select resource_no, site, kind, resource_id from resource_history
          where valid_to > ${from}::timestamptz and valid_to <= ${to}::timestamptz and resource_no > ${after}
        union
        select resource_no, site, kind, resource_id from resource_history
          where valid_from > ${from}::timestamptz and valid_from <= ${to}::timestamptz and resource_no > ${after})
      select m.resource_no as no, to_jsonb(b) as before, to_jsonb(a) as after
      from moved as m left join lateral ${at(from)} as b on true left join lateral ${at(to)} as a on true
      where (b.matching or a.matching) and (b.valid_from, b.resource_no) is distinct from (a.valid_from, a.resource_no)
      order by m.resource_no limit ${limit + 1}`.execute(this.#db);
    return toPage(rows, limit, toChange, ({ no }) => [no]);
  }

  /** How each site's kinds were read; with `asOf`, what was known of that at the moment, and what was read since. */
  async freshness(asOf?: string): Promise<readonly KeptReading[]> {
    const at = asOf === undefined ? sql`'infinity'::timestamptz` : sql`${asOf}::timestamptz`;
    const { rows } = await sql<ReadingRow>`
      select i.site, i.provider, i.region, i.kind, i.resources,
          case when g.site is not null then g.observed_at when i.first_observed_at <= ${at} then i.observed_at end as observed_at,
          case when g.site is not null then g.error when i.failing_since <= ${at} then i.error end as error,
          case when g.site is not null then g.failing_since when i.failing_since <= ${at} then i.failed_at end as failed_at
        from inventory_reads as i
          left join inventory_gaps as g on g.site = i.site and g.kind = i.kind and g.failing_since <= ${at} and g.until > ${at}
        order by i.site, i.kind`.execute(this.#db);
    return rows.map((row) => ({
      site: row.site,
      provider: row.provider ?? "",
      kind: row.kind as ResourceKind,
      resources: row.resources,
      ...present({ region: row.region, observedAt: row.observed_at, error: row.error, failedAt: row.failed_at }),
    }));
  }
}

interface ReadingRow {
  readonly site: string;
  readonly provider: string | null;
  readonly region: string | null;
  readonly kind: string;
  readonly resources: number;
  readonly observed_at: string | null;
  readonly error: string | null;
  readonly failed_at: string | null;
}

const versionColumns = sql.raw(`resource_no, site, kind, resource_id, provider, region, name, state, state_since, cpus,
  memory_bytes, size_bytes, monthly_cost_micros, created_at, first_seen_at`);

function toChange(row: { before: ResourceRow | null; after: ResourceRow | null }): ResourceChange {
  const [before, after] = [row.before, row.after].map((each) => (each ? toResource(withTimes(each)) : undefined));
  const { site, kind, resourceId } = (after ?? before) as InventoryResource;
  const change = before && after ? "changed" : after ? "added" : "removed";
  return { site, kind, resourceId, change, ...(before ? { before } : {}), ...(after ? { after } : {}) };
}

/** In JSON, times come in PostgreSQL's notation. */
function withTimes(row: ResourceRow): ResourceRow {
  const time = <T extends string | null>(text: T) => (text === null ? text : new Date(text).toISOString()) as T;
  return {
    ...row,
    state_since: time(row.state_since),
    created_at: time(row.created_at),
    first_seen_at: time(row.first_seen_at),
    changed_at: time(row.changed_at),
    observed_at: time(row.observed_at),
  };
}
