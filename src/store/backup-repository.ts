import { type Kysely, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type { Consistency } from "../domain/consistency.ts";
import type { GroupPointState, GroupPointVm } from "../domain/group-point.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

/** One VM in one complete recovery point of its group. */
export interface Backup {
  readonly pointId: string;
  readonly groupId: string;
  readonly groupName: string;
  /** Of the VM, where it served. */
  readonly resourceId: string;
  readonly name: string;
  readonly from: string;
  /** Where it lies. */
  readonly site: string;
  readonly takenAt: string;
  readonly state: GroupPointState;
  readonly consistency?: Consistency;
  readonly sizeBytes: number;
  readonly verifiedAt?: string;
  readonly suspect: boolean;
  readonly heldBecause?: string;
}

export interface BackupQuery {
  readonly limit: number;
  readonly cursor?: string;
  /** A name, or the id where it served. */
  readonly vm?: string;
  readonly groupId?: string;
  /** Where it lies. */
  readonly site?: string;
  readonly scopes?: readonly Scope[];
}

const columns = {
  sites: [sql.ref("group_points.from_site"), sql.ref("group_points.to_site")],
  tags: sql.ref("protection_members.tags"),
};

/** The catalogue of recovery points, VM by VM. */
export class BackupRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The newest first. */
  async list({ limit: wanted, cursor, vm, groupId, site, scopes }: BackupQuery): Promise<Page<Backup>> {
    const limit = clampLimit(wanted);
    const taken = sql<string>`group_points.taken_at`;
    const position = sql<number>`(held.vm ->> 'position')::integer`;
    let select = this.#db
      .selectFrom("group_points")
      .innerJoin("protection_groups", "protection_groups.group_id", "group_points.group_id")
      .innerJoin(
        sql<{ vm: GroupPointVm }>`lateral jsonb_array_elements(group_points.vms)`.as<"held">(sql`held(vm)`),
        (join) => join.onTrue(),
      )
      .leftJoin("protection_members", (join) =>
        join
          .onRef("protection_members.group_id", "=", "group_points.group_id")
          .on(sql<boolean>`protection_members.position = ${position}`),
      )
      .select([
        "group_points.point_id",
        "group_points.group_id",
        "protection_groups.name as group_name",
        "group_points.from_site",
        "group_points.to_site",
        "group_points.state",
        "group_points.verified_at",
        "group_points.suspicion",
        "group_points.held_because",
        taken.as("taken_at"),
        "held.vm",
        position.as("position"),
      ])
      .where("group_points.state", "=", "complete");
    if (!seesAll(scopes)) select = select.where(withinScopes(scopes, columns));
    if (groupId !== undefined) select = select.where("group_points.group_id", "=", groupId);
    if (site !== undefined) select = select.where("group_points.to_site", "=", site);
    if (vm !== undefined) select = select.where(sql<boolean>`${vm} in (held.vm ->> 'name', held.vm ->> 'vmId')`);
    if (cursor !== undefined) {
      const [at, pointId, last] = decodeCursor(cursor, "string", "string", "number");
      const after = sql`(${at}::timestamptz, ${pointId}, ${last})`;
      select = select.where(sql<boolean>`(group_points.taken_at, group_points.point_id, ${position}) < ${after}`);
    }
    const rows = await select
      .orderBy("group_points.taken_at", "desc")
      .orderBy("group_points.point_id", "desc")
      .orderBy(position, "desc")
      .limit(limit + 1)
      .execute();
    return toPage(
      rows,
      limit,
      (row): Backup => ({
        pointId: row.point_id,
        groupId: row.group_id,
        groupName: row.group_name,
        resourceId: row.vm.vmId,
        name: row.vm.name,
        from: row.from_site,
        site: row.to_site,
        takenAt: row.vm.takenAt,
        state: row.state as GroupPointState,
        sizeBytes: row.vm.disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        suspect: row.suspicion !== null,
        ...present({
          consistency: row.vm.consistency ?? null,
          verifiedAt: row.verified_at,
          heldBecause: row.held_because,
        }),
      }),
      (row) => [row.taken_at, row.point_id, row.position],
    );
  }
}
