import { type Kysely, sql } from "kysely";
import type { Place, Resource, ResourceKind } from "../domain/resource.ts";
import { removeRows, type Tx, type Writing, writeChanged } from "./inventory-rows.ts";
import { toText } from "./json.ts";
import type { Database } from "./schema.ts";

/** What a reading did to the rows. */
export interface ReadingResult {
  /** Resources that the listing had. */
  readonly seen: number;
  /** Rows that were written or removed. */
  readonly changed: number;
  /** A newer reading began meanwhile: this one wrote nothing more, and is not counted as one. */
  readonly superseded: boolean;
}

const rowsPerStatement = 2_000;
const rowsDroppedAtOnce = 20_000;
/** Fewer changed rows than this leave the planner's picture right. */
const analyzeFrom = 1_000;

/** Writes readings of sites. Everything about one site and kind is done by one writer at a time: they wait for each other
 *  at its row of `inventory_reads`. */
export class InventoryWriter {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /**
   * Makes the inventory of the site's resources of the kind exactly those, page by page as they come; what is not among
   * them when all have come is gone. Only what changed is written, and what it was before goes to the history. What was
   * read by itself after `startedAt` is left as it is: the listing may be older. A reading older than the newest one
   * that has begun changes nothing.
   */
  async replace(
    place: Place,
    kind: ResourceKind,
    resources: Iterable<Resource> | AsyncIterable<Resource>,
    startedAt: string,
  ): Promise<ReadingResult> {
    const writing = { place, kind, at: startedAt };
    if (!(await this.#begin(writing))) return { seen: 0, changed: 0, superseded: true };
    const seen = new Set<string>();
    let changed = 0;
    for await (const page of pagesOf(resources, seen)) {
      const written = await this.#locked(writing, (tx) => writeChanged(tx, writing, page));
      if (written === undefined) return { seen: seen.size, changed, superseded: true };
      changed += written;
    }
    const removed = await this.#locked(writing, async (tx) => {
      const gone = await removeRows(
        tx,
        writing,
        sql<boolean>`not exists (
        select from unnest(${[...seen]}::text[]) as kept(resource_id) where kept.resource_id = r.resource_id)`,
      );
      await sql`insert into inventory_gaps (site, kind, failing_since, until, observed_at, error)
        select site, kind, failing_since, ${startedAt}::timestamptz, observed_at, error from inventory_reads
          where site = ${place.site} and kind = ${kind} and error is not null and failing_since < ${startedAt}::timestamptz
        on conflict do nothing`.execute(tx);
      await tx
        .updateTable("inventory_reads")
        .set({
          ...{ observed_at: startedAt, error: null, failed_at: null, failing_since: null },
          first_observed_at: sql<string>`coalesce(first_observed_at, ${startedAt}::timestamptz)`,
        })
        .where("site", "=", place.site)
        .where("kind", "=", kind)
        .execute();
      return gone;
    });
    if (removed === undefined) return { seen: seen.size, changed, superseded: true };
    changed += removed;
    if (changed >= analyzeFrom) await this.#analyze(changed);
    return { seen: seen.size, changed, superseded: false };
  }

  /** Whether a reading that began then or later has ended, well or not. */
  async hasEndedSince({ site }: Place, kind: ResourceKind, startedAt: string): Promise<boolean> {
    const ended = await this.#db
      .selectFrom("inventory_reads")
      .select("site")
      .where("site", "=", site)
      .where("kind", "=", kind)
      .where((row) => row.or([row("observed_at", ">=", startedAt), row("failed_at", ">=", startedAt)]))
      .executeTakeFirst();
    return ended !== undefined;
  }

  /** What one resource is now, read by itself; `undefined`: it is gone. */
  async refresh(
    place: Place,
    about: { readonly kind: ResourceKind; readonly resourceId: string },
    resource: Resource | undefined,
    at: string,
  ): Promise<void> {
    const { kind, resourceId } = about;
    const writing = { place, kind, at, alone: true };
    await this.#db.transaction().execute(async (tx) => {
      await lockRead(tx, writing);
      if (resource) await writeChanged(tx, writing, [resource]);
      else await removeRows(tx, writing, sql<boolean>`r.resource_id = ${resourceId}`);
    });
  }

  /** The site could not be read; what was seen before stays, with its age. */
  async noteFailure(place: Place, kind: ResourceKind, message: string, at: string): Promise<void> {
    const failure = { error: toText(message), failed_at: at, provider: place.provider, region: place.region ?? null };
    await this.#db
      .insertInto("inventory_reads")
      .values({ site: place.site, kind, ...failure, failing_since: at })
      .onConflict((conflict) =>
        conflict.columns(["site", "kind"]).doUpdateSet({
          ...failure,
          failing_since: sql<string>`coalesce(inventory_reads.failing_since, excluded.failing_since)`,
        }),
      )
      .execute();
  }

  /** Forgets what resources were, and which sites could not be read, until before that moment; returns how many rows of
   *  the resources' history went. */
  async dropHistory(before: string): Promise<number> {
    await sql`delete from inventory_gaps where until < ${before}::timestamptz`.execute(this.#db);
    let dropped = 0;
    for (;;) {
      // In parts, so that no statement holds up a writer for long.
      const part = await sql`delete from resource_history where ctid in (
        select ctid from resource_history where valid_to < ${before}::timestamptz limit ${rowsDroppedAtOnce})`.execute(
        this.#db,
      );
      const count = Number(part.numAffectedRows ?? 0n);
      dropped += count;
      if (count < rowsDroppedAtOnce) return dropped;
    }
  }

  /** Autovacuum comes too late for a first reading: until then the planner would take the table for empty. */
  async #analyze(changed: number): Promise<void> {
    const { rows } = await sql<{ known: number }>`
      select reltuples as known from pg_class where oid = 'resources'::regclass`.execute(this.#db);
    if (changed > (rows[0]?.known ?? 0) / 10) await sql`analyze resources`.execute(this.#db);
  }

  async #begin(writing: Writing): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      const { reading_at: newest } = await lockRead(tx, writing);
      if (newest !== null && Date.parse(newest) > Date.parse(writing.at)) return false;
      await tx
        .updateTable("inventory_reads")
        .set({ reading_at: writing.at })
        .where("site", "=", writing.place.site)
        .where("kind", "=", writing.kind)
        .execute();
      return true;
    });
  }

  /** Undefined when a newer reading has begun. */
  async #locked<T>(writing: Writing, work: (tx: Tx) => Promise<T>): Promise<T | undefined> {
    return this.#db.transaction().execute(async (tx) => {
      const { reading_at: newest } = await lockRead(tx, writing);
      return newest === null || Date.parse(newest) > Date.parse(writing.at) ? undefined : work(tx);
    });
  }
}

async function lockRead(tx: Tx, { place, kind }: Writing): Promise<{ reading_at: string | null }> {
  const where = { provider: place.provider, region: place.region ?? null };
  await tx
    .insertInto("inventory_reads")
    .values({ site: place.site, kind, ...where })
    .onConflict((conflict) => conflict.columns(["site", "kind"]).doUpdateSet(where))
    .execute();
  return tx
    .selectFrom("inventory_reads")
    .select("reading_at")
    .where("site", "=", place.site)
    .where("kind", "=", kind)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** A site that shows a resource twice shows it once. */
async function* pagesOf(
  resources: Iterable<Resource> | AsyncIterable<Resource>,
  seen: Set<string>,
): AsyncGenerator<Resource[]> {
  let page: Resource[] = [];
  for await (const resource of resources) {
    const id = toText(resource.resourceId);
    if (seen.has(id)) continue;
    seen.add(id);
    page.push(resource);
    if (page.length < rowsPerStatement) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
