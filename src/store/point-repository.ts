import type { Kysely, Selectable } from "kysely";
import type { Database, PointTable } from "./schema.ts";

/** `sealed`: a recovery point that we wrote. `adopted`: a fenced VM's disk taken as one. `source`: what a source point's
 *  disk held, a baseline for the next move. */
export type PointKind = "sealed" | "adopted" | "source";

/** What the store knows of a point: above all the manifest of its content. */
export interface PointRecord {
  readonly site: string;
  /** A recovery point's id, or `<sourcePointId>/<diskId>`. */
  readonly pointId: string;
  readonly kind: PointKind;
  /** The id that the VM keeps across moves. */
  readonly lineage: string;
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly manifestId: string;
  readonly rootHash: string;
  readonly migrationId: string;
  readonly createdAt: string;
}

export class PointRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat overwrites what was known of the point. */
  async record(point: PointRecord): Promise<void> {
    const values = {
      kind: point.kind,
      lineage: point.lineage,
      disk_id: point.diskId,
      size_bytes: point.sizeBytes,
      manifest_id: point.manifestId,
      root_hash: point.rootHash,
      migration_id: point.migrationId,
      created_at: point.createdAt,
    };
    await this.#db
      .insertInto("points")
      .values({ site: point.site, point_id: point.pointId, ...values })
      .onConflict((conflict) => conflict.columns(["site", "point_id"]).doUpdateSet(values))
      .execute();
  }

  async get(site: string, pointId: string): Promise<PointRecord | undefined> {
    const row = await this.#db
      .selectFrom("points")
      .selectAll()
      .where("site", "=", site)
      .where("point_id", "=", pointId)
      .executeTakeFirst();
    return row && toPoint(row);
  }

  /** Points at the site with exactly this content, newest first. */
  async findByRootHash(site: string, rootHash: string, kinds: readonly PointKind[]): Promise<readonly PointRecord[]> {
    if (kinds.length === 0) return [];
    const rows = await this.#db
      .selectFrom("points")
      .selectAll()
      .where("site", "=", site)
      .where("root_hash", "=", rootHash)
      .where("kind", "in", [...kinds])
      .orderBy("created_at", "desc")
      .orderBy("point_id", "desc")
      .execute();
    return rows.map(toPoint);
  }

  /** Of a disk wherever it was, what lies at the site, the newest first. */
  async findByLineage(site: string, lineage: string, kind: PointKind): Promise<readonly PointRecord[]> {
    const rows = await this.#db
      .selectFrom("points")
      .selectAll()
      .where("site", "=", site)
      .where("lineage", "=", lineage)
      .where("kind", "=", kind)
      .orderBy("created_at", "desc")
      .orderBy("point_id", "desc")
      .execute();
    return rows.map(toPoint);
  }

  /** All that was filed by a migration, or for a protection group, of one kind. */
  async filedBy(migrationId: string, kind: PointKind): Promise<readonly PointRecord[]> {
    const rows = await this.#db
      .selectFrom("points")
      .selectAll()
      .where("migration_id", "=", migrationId)
      .where("kind", "=", kind)
      .orderBy("point_id")
      .execute();
    return rows.map(toPoint);
  }

  /** Forgetting what is not known succeeds. */
  async delete(site: string, pointId: string): Promise<void> {
    await this.#db.deleteFrom("points").where("site", "=", site).where("point_id", "=", pointId).execute();
  }
}

function toPoint(row: Selectable<PointTable>): PointRecord {
  return {
    site: row.site,
    pointId: row.point_id,
    kind: row.kind as PointKind,
    lineage: row.lineage,
    diskId: row.disk_id,
    sizeBytes: row.size_bytes,
    manifestId: row.manifest_id,
    rootHash: row.root_hash,
    migrationId: row.migration_id,
    createdAt: row.created_at,
  };
}
