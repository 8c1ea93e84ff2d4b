import { type Kysely, type Selectable, sql } from "kysely";
import type { SiteStanding } from "../domain/site-work.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import type { SiteWorkerTable } from "./site-worker-schema.ts";

/** A worker says every few seconds that it is there; after this long without a word nothing is given to it. */
const liveSeconds = 15;
/** What it has counted is told every quarter of a minute; what is older than this is a dead worker's. */
const toldSeconds = 60;

export interface SiteWorker {
  readonly workerId: string;
  readonly site: string;
  readonly name: string;
  readonly state: "live" | "silent" | "draining" | "removed";
  /** Where workers of other sites reach it; absent for one that only calls out. */
  readonly dataAddress?: string;
  readonly certificateEndsAt: string;
  readonly joinedAt: string;
  readonly seenAt?: string;
  readonly removedAt?: string;
}

/** Who works for which site, and with which certificate. */
export class SiteWorkerRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async addJoinToken(token: { hash: string; site: string; createdBy: string; expiresAt: string }): Promise<void> {
    const { hash, site, createdBy, expiresAt } = token;
    const values = { hash, site, created_by: createdBy, expires_at: expiresAt };
    await this.#db
      .insertInto("join_tokens")
      .values(values)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** The site that a token in force is for; from then on it is used up. */
  async useJoinToken(hash: string): Promise<string | undefined> {
    const row = await this.#db
      .updateTable("join_tokens")
      .set({ used_at: sql`now()` })
      .where("hash", "=", hash)
      .where("used_at", "is", null)
      .where(sql<boolean>`expires_at > now()`)
      .returning("site")
      .executeTakeFirst();
    return row?.site;
  }

  async add(worker: {
    workerId: string;
    site: string;
    name: string;
    certificateHash: string;
    certificateEndsAt: string;
  }): Promise<void> {
    await this.#db
      .insertInto("site_workers")
      .values({
        worker_id: worker.workerId,
        site: worker.site,
        name: worker.name,
        certificate_hash: worker.certificateHash,
        certificate_ends_at: worker.certificateEndsAt,
      })
      .execute();
    // Of workers that died, which said no farewell.
    await this.#db
      .deleteFrom("site_worker_metrics")
      .where(sql<boolean>`told_at < now() - make_interval(secs => ${toldSeconds})`)
      .execute();
  }

  /** The worker that this certificate (its SHA-256 in hex) is of, unless it was removed. The certificate before the newest
   *  counts too: connections that are open show it. */
  async findByCertificate(hash: string): Promise<SiteWorker | undefined> {
    const row = await this.#rows()
      .where((e) => e.or([e("certificate_hash", "=", hash), e("previous_hash", "=", hash)]))
      .where("removed_at", "is", null)
      // Their work is given by the control plane that has taken over.
      .where(sql<boolean>`not exists (select from control_plane where superseded_by is not null)`)
      .executeTakeFirst();
    return row && toWorker(row);
  }

  /** Another certificate; of the ones before only that in use goes on being accepted. */
  async renew(workerId: string, shown: string, certificateHash: string, certificateEndsAt: string): Promise<void> {
    await this.#db
      .updateTable("site_workers")
      .set({
        certificate_hash: certificateHash,
        previous_hash: shown,
        certificate_ends_at: certificateEndsAt,
      })
      .where("worker_id", "=", workerId)
      .execute();
  }

  async noteSeen(workerId: string, dataAddress: string | undefined): Promise<void> {
    await this.#db
      .updateTable("site_workers")
      .set({ seen_at: sql`now()`, data_address: dataAddress ?? null })
      .where("worker_id", "=", workerId)
      .execute();
  }

  async noteLeft(workerId: string): Promise<void> {
    await this.#db.updateTable("site_workers").set({ seen_at: null }).where("worker_id", "=", workerId).execute();
    await this.#db.deleteFrom("site_worker_metrics").where("worker_id", "=", workerId).execute();
  }

  /** What a worker has counted, in place of what it told before. Nothing of one that has left, which may have told it just
   *  before that. */
  async keepMetrics(workerId: string, text: string): Promise<void> {
    await sql`insert into site_worker_metrics (worker_id, text)
      select worker_id, ${text}::text from site_workers
      where worker_id = ${workerId} and seen_at is not null and removed_at is null for share
      on conflict (worker_id) do update set text = excluded.text, told_at = now()`.execute(this.#db);
  }

  /** What workers in force have counted, of those that told it lately. */
  async metrics(): Promise<readonly { workerId: string; site: string; text: string }[]> {
    const rows = await this.#db
      .selectFrom("site_worker_metrics as told")
      .innerJoin("site_workers as worker", "worker.worker_id", "told.worker_id")
      .select(["worker.worker_id", "worker.site", "told.text"])
      .where("worker.removed_at", "is", null)
      .where(sql<boolean>`told.told_at > now() - make_interval(secs => ${toldSeconds})`)
      .orderBy("worker.site")
      .orderBy("worker.worker_id")
      .execute();
    return rows.map(({ worker_id: workerId, site, text }) => ({ workerId, site, text }));
  }

  async get(workerId: string): Promise<SiteWorker | undefined> {
    const row = await this.#rows().where("worker_id", "=", workerId).executeTakeFirst();
    return row && toWorker(row);
  }

  /** By site and time of joining; removed ones are left out. */
  async list(): Promise<readonly SiteWorker[]> {
    const rows = await this.#rows()
      .where("removed_at", "is", null)
      .orderBy("site")
      .orderBy("joined_at")
      .orderBy("worker_id")
      .execute();
    return rows.map(toWorker);
  }

  /** It gets nothing new from now on. */
  async drain(workerId: string): Promise<void> {
    await this.#db
      .updateTable("site_workers")
      .set({ draining_since: sql`coalesce(draining_since, now())` })
      .where("worker_id", "=", workerId)
      .execute();
  }

  /** Nothing that it shows is accepted from now on. */
  async remove(workerId: string): Promise<void> {
    await this.#db
      .updateTable("site_workers")
      .set({ removed_at: sql`coalesce(removed_at, now())` })
      .where("worker_id", "=", workerId)
      .execute();
  }

  /** How each of the sites stands with workers of its own now. */
  async standings(sites: readonly string[]): Promise<readonly SiteStanding[]> {
    const live = (await this.list()).filter(({ state }) => state === "live");
    return sites.map((site) => {
      const own = live.filter((worker) => worker.site === site);
      return { site, live: own.length > 0, listens: own.some(({ dataAddress }) => dataAddress !== undefined) };
    });
  }

  /** The migration whose generation this is, if the site is one of its two. */
  async migrationOf(
    site: string,
    generationId: string,
  ): Promise<{ migrationId: string; planId: string; peer: string; isSource: boolean } | undefined> {
    const row = await this.#db
      .selectFrom("migrations")
      .select(["migration_id", "plan_id", "from_site", "to_site"])
      .where((e) => e.or([e("from_site", "=", site), e("to_site", "=", site)]))
      .where(sql<boolean>`starts_with(${generationId}, migration_id || '-')`)
      // An id may begin with another one: the longest is meant.
      .orderBy(sql`length(migration_id)`, "desc")
      .limit(1)
      .executeTakeFirst();
    if (!row) return this.#groupOf(site, generationId);
    const isSource = row.from_site === site;
    const peer = isSource ? row.to_site : row.from_site;
    return { migrationId: row.migration_id, planId: row.plan_id, peer, isSource };
  }

  /** What is known of a generation that has begun, and the target's points of its parent. */
  async begunGeneration(
    generationId: string,
    target: string,
  ): Promise<{ sizeBytes: number; parentPointIds: readonly string[] } | undefined> {
    const row = await this.#db
      .selectFrom("generations")
      .select(["size_bytes", "parent_manifest_id"])
      .where("generation_id", "=", generationId)
      .executeTakeFirst();
    if (!row) return undefined;
    const { size_bytes: sizeBytes, parent_manifest_id: parent } = row;
    if (parent === null) return { sizeBytes, parentPointIds: [] };
    const points = await this.#db
      .selectFrom("points")
      .select("point_id")
      .where("site", "=", target)
      .where("manifest_id", "=", parent)
      .execute();
    // A sealed generation is a point of its own name.
    return { sizeBytes, parentPointIds: [parent, ...points.map(({ point_id: pointId }) => pointId)] };
  }

  /** Whether the site is one of the two of the migration, or of the protection group. */
  async takesPart(site: string, migrationId: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom("migrations")
      .select("migration_id")
      .where("migration_id", "=", migrationId)
      .where((e) => e.or([e("from_site", "=", site), e("to_site", "=", site)]))
      .executeTakeFirst();
    if (row) return true;
    const group = await this.#db
      .selectFrom("protection_groups")
      .select("group_id")
      .where("group_id", "=", migrationId)
      .where((e) => e.or([e("current_site", "=", site), e("replicates_to", "=", site)]))
      .executeTakeFirst();
    return group !== undefined;
  }

  /** As {@link migrationOf}, of a protection group's generation. */
  async #groupOf(site: string, generationId: string): ReturnType<SiteWorkerRepository["migrationOf"]> {
    const row = await this.#db
      .selectFrom("protection_groups as g")
      .innerJoin("protection_members as m", "m.group_id", "g.group_id")
      .select(["g.group_id", "g.current_site", "g.replicates_to", "m.plan_id"])
      .where((e) => e.or([e("g.current_site", "=", site), e("g.replicates_to", "=", site)]))
      .where(sql<boolean>`starts_with(${generationId}, g.group_id || '-m' || m.position || '-')`)
      .orderBy(sql`length(g.group_id)`, "desc")
      .limit(1)
      .executeTakeFirst();
    if (!row?.replicates_to || !row.plan_id) return undefined;
    const isSource = row.current_site === site;
    const peer = isSource ? row.replicates_to : row.current_site;
    return { migrationId: row.group_id, planId: row.plan_id, peer, isSource };
  }

  #rows() {
    return this.#db
      .selectFrom("site_workers")
      .selectAll()
      .select(sql<boolean>`coalesce(seen_at > now() - make_interval(secs => ${liveSeconds}), false)`.as("seen_lately"));
  }
}

function toWorker(row: Selectable<SiteWorkerTable> & { seen_lately: boolean }): SiteWorker {
  return {
    workerId: row.worker_id,
    site: row.site,
    name: row.name,
    state:
      row.removed_at !== null
        ? "removed"
        : row.draining_since !== null
          ? "draining"
          : row.seen_lately
            ? "live"
            : "silent",
    certificateEndsAt: row.certificate_ends_at,
    joinedAt: row.joined_at,
    ...present({ dataAddress: row.data_address, seenAt: row.seen_at, removedAt: row.removed_at }),
  };
}
