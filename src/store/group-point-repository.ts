// Long because all that is asked of the catalogue of points is in this one place.
import { type Kysely, type Selectable, sql } from "kysely";
import type { Consistency } from "../domain/consistency.ts";
import { ProviderError } from "../domain/errors.ts";
import {
  type CompletePoint,
  type GroupPoint,
  type GroupPointKind,
  type GroupPointState,
  type GroupPointView,
  type GroupPointVm,
  groupPointId,
  type PointWish,
  type Suspicion,
} from "../domain/group-point.ts";
import { type Direction, type GroupState, replicates } from "../domain/protection.ts";
import type { AgedPoint } from "../domain/retention.ts";
import type { RoundFacts } from "../domain/suspicion.ts";
import { toJson, toText } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import { appendProtectionEvent } from "./protection-events.ts";
import type { GroupPointTable } from "./protection-schema.ts";
import type { Database } from "./schema.ts";

export interface OpenPoint {
  readonly pointId: string;
  readonly sequence: number;
}

/** Columns of a view; what a point holds of each VM may be large. */
const shown = [
  "point_id",
  "group_id",
  "sequence",
  "kind",
  "state",
  "epoch",
  "from_site",
  "to_site",
  "taken_at",
  "spread_ms",
  "together",
  "consistency",
  "proven_at",
  "verified_at",
  "suspicion",
  "held_because",
  "reason",
  "bytes_copied",
  "entropy",
  "created_at",
] as const;

/** The catalogue of recovery points of groups: written before a round acts, so that nothing of it can be forgotten. */
export class GroupPointRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /**
   * The point that the group's round is at, or a new one. One that was on its way under another epoch, or of another kind,
   * is given up.
   * @throws ProviderError Conflict when the group is not replicated now: by another epoch, or because a failover holds it
   * (whose own final round may).
   */
  async open(
    groupId: string,
    { kind, epoch, failoverId, from, to }: Direction & { kind: GroupPointKind; epoch: number; failoverId?: string },
  ): Promise<OpenPoint> {
    return await this.#db.transaction().execute(async (tx) => {
      await refuseForeign(tx, groupId, { epoch, failoverId });
      const newest = await tx
        .selectFrom("group_points")
        .select(["point_id", "sequence", "state", "epoch", "kind"])
        .where("group_id", "=", groupId)
        .orderBy("sequence", "desc")
        .limit(1)
        .executeTakeFirst();
      if (newest?.state === "copying") {
        const { point_id: pointId, sequence } = newest;
        if (newest.epoch === epoch && newest.kind === kind) return { pointId, sequence };
        await tx
          .updateTable("group_points")
          .set({ state: "incomplete", reason: `a ${kind} one began under epoch ${epoch}` })
          .where("point_id", "=", pointId)
          .execute();
      }
      const sequence = newest ? newest.sequence + 1 : 0;
      const pointId = groupPointId(groupId, sequence);
      await tx
        .insertInto("group_points")
        .values({
          point_id: pointId,
          group_id: groupId,
          sequence,
          kind,
          state: "copying",
          epoch,
          from_site: from,
          to_site: to,
        })
        .execute();
      return { pointId, sequence };
    });
  }

  /** What the freeze gave, before anything is copied: whoever goes on with the point finds it here.
   *  @throws ProviderError Conflict when it was given up meanwhile. */
  async noteFrozen(
    pointId: string,
    frozen: {
      takenAt: string;
      spreadMs: number;
      together: boolean;
      consistency?: Consistency;
      vms: readonly GroupPointVm[];
    },
  ): Promise<void> {
    const { takenAt, spreadMs, together, consistency, vms } = frozen;
    const changed = await this.#db
      .updateTable("group_points")
      .set({
        taken_at: takenAt,
        spread_ms: spreadMs,
        together,
        vms: toJson(vms),
        ...(consistency ? { consistency: toJson(consistency) } : {}),
      })
      .where("point_id", "=", pointId)
      .where("state", "=", "copying")
      .executeTakeFirst();
    // Nothing is copied that nobody would know of.
    if (changed.numUpdatedRows === 0n) throw refusedPoint(pointId, `point ${pointId} was given up`);
  }

  /** Offers the point from now on. @throws ProviderError Conflict when the group has moved on meanwhile. */
  async complete(
    pointId: string,
    done: {
      vms: readonly GroupPointVm[];
      bytesCopied: number;
      entropy?: number;
      suspicion?: Suspicion;
      failoverId?: string;
    },
  ): Promise<void> {
    const { vms, bytesCopied, entropy, suspicion, failoverId } = done;
    await this.#db.transaction().execute(async (tx) => {
      const point = await tx
        .selectFrom("group_points")
        .select(["group_id", "epoch", "state", "sequence"])
        .where("point_id", "=", pointId)
        .executeTakeFirst();
      if (!point) throw unknownPoint(pointId);
      if (point.state === "complete") return;
      await refuseForeign(tx, point.group_id, { epoch: point.epoch, failoverId });
      const changed = await tx
        .updateTable("group_points")
        .set({
          state: "complete",
          proven_at: sql`now()`,
          vms: toJson(vms),
          bytes_copied: bytesCopied,
          entropy: entropy ?? null,
          ...(suspicion ? { suspicion: toJson(suspicion) } : {}),
        })
        .where("point_id", "=", pointId)
        .where("state", "=", "copying")
        .executeTakeFirst();
      if (changed.numUpdatedRows === 0n) throw refusedPoint(point.group_id, `point ${pointId} was given up`);
      if (!suspicion) return;
      const message = `Point ${point.sequence} is suspect: ${suspicion.reason}`;
      await appendProtectionEvent(tx, point.group_id, { type: "suspect", message, data: { pointId, suspicion } });
    });
  }

  /** Out of the catalogue's offers. */
  async end(
    pointId: string,
    state: "incomplete" | "corrupt" | "expired",
    reason: string,
    from: readonly GroupPointState[],
  ): Promise<void> {
    await this.#db
      .updateTable("group_points")
      .set({ state, reason: toText(reason) })
      .where("point_id", "=", pointId)
      .where("state", "in", [...from])
      .execute();
  }

  /** Its bytes differ, or are gone. What was built on it and not read again since shows the same bytes, and a round that is on
   *  its way may be built on them. */
  async spoil(pointId: string, reason: string): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const point = await tx
        .updateTable("group_points")
        .set({ state: "corrupt", reason: toText(reason) })
        .where("point_id", "=", pointId)
        .where("state", "=", "complete")
        .returning(["group_id", "sequence", "to_site"])
        .executeTakeFirst();
      if (!point) return;
      const built = `it is built on point ${point.sequence}, which is corrupt`;
      for (const [from, to] of [
        ["complete", "corrupt"],
        ["copying", "incomplete"],
      ] as const) {
        await tx
          .updateTable("group_points")
          .set({ state: to, reason: built })
          .where("group_id", "=", point.group_id)
          .where("to_site", "=", point.to_site)
          .where("sequence", ">", point.sequence)
          .where("state", "=", from)
          .where("verified_at", "is", null)
          .execute();
      }
    });
  }

  /** Evidence is not kept for ever. */
  async expireCorrupt(groupId: string, olderThanSeconds: number): Promise<void> {
    await this.#db
      .updateTable("group_points")
      .set({ state: "expired" })
      .where("group_id", "=", groupId)
      .where("state", "=", "corrupt")
      .where(sql<boolean>`created_at < now() - make_interval(secs => ${olderThanSeconds})`)
      .execute();
  }

  /** As {@link end}, for a group that goes. */
  async endAll(groupId: string, reason: string): Promise<void> {
    for (const [from, to] of [
      ["copying", "incomplete"],
      ["complete", "expired"],
      ["corrupt", "expired"],
    ] as const) {
      await this.#db
        .updateTable("group_points")
        .set({ state: to, reason })
        .where("group_id", "=", groupId)
        .where("state", "=", from)
        .execute();
    }
  }

  /** When a point at the site was last read again, or else the first one was proven; and the newest one that was found to be
   *  spoilt, -1 where none was. */
  async lastVerified(groupId: string, site: string): Promise<{ since: string; spoilt: number }> {
    const row = await this.#db
      .selectFrom("group_points")
      .select([
        sql<string | null>`coalesce(max(verified_at), min(proven_at))`.as("since"),
        sql<number | null>`max(sequence) filter (where state = 'corrupt')`.as("spoilt"),
      ])
      .where("group_id", "=", groupId)
      .where("to_site", "=", site)
      .executeTakeFirst();
    return { since: row?.since ?? new Date().toISOString(), spoilt: row?.spoilt ?? -1 };
  }

  /** What a retention looks at, of all that are offered. */
  async completed(groupId: string): Promise<readonly AgedPoint[]> {
    const rows = await this.#db
      .selectFrom("group_points")
      .select(["point_id", "taken_at", "suspicion"])
      .select(
        sql<string | null>`coalesce(held_because, (
        select 'restore ' || min(restore_id) || ' reads it' from restores
        where restores.point_id = group_points.point_id and ended_at is null))`.as("held_because"),
      )
      .where("group_id", "=", groupId)
      .where("state", "=", "complete")
      .execute();
    return rows.map((row) => ({
      pointId: row.point_id,
      takenAt: row.taken_at ?? "",
      ...present({ suspicion: row.suspicion, heldBecause: row.held_because }),
    }));
  }

  /** What is known of the rounds before that one in its direction, the newest first; without the first, which moved all. */
  async earlierIncrements(pointId: string, limit: number): Promise<readonly RoundFacts[]> {
    const rows = await this.#db
      .selectFrom("group_points as earlier")
      .innerJoin("group_points as own", (join) =>
        join.onRef("own.group_id", "=", "earlier.group_id").onRef("own.to_site", "=", "earlier.to_site"),
      )
      .select(["earlier.taken_at", "earlier.bytes_copied", "earlier.entropy"])
      .where("own.point_id", "=", pointId)
      .where("earlier.proven_at", "is not", null)
      .whereRef("earlier.sequence", "<", "own.sequence")
      .whereRef("earlier.epoch", "=", "own.epoch")
      .orderBy("earlier.sequence", "desc")
      .limit(limit + 1)
      .execute();
    return rows.slice(0, rows.length > limit ? limit : -1).map((row) => ({
      takenAt: row.taken_at ?? "",
      bytesCopied: row.bytes_copied,
      ...present({ entropy: row.entropy }),
    }));
  }

  /** What is left of those that are offered no more, and whose bytes may still be there. */
  async toClean(groupId: string, limit: number): Promise<readonly GroupPoint[]> {
    const rows = await this.#db
      .selectFrom("group_points")
      .selectAll()
      .where("group_id", "=", groupId)
      .where("state", "in", ["incomplete", "expired"])
      .where("removed_at", "is", null)
      .orderBy("sequence")
      .limit(limit)
      .execute();
    return rows.map(toPoint);
  }

  /** Of the generations, those that no other point of the group has, that is offered or on its way. */
  async unshared(pointId: string, generationIds: readonly string[]): Promise<readonly string[]> {
    if (generationIds.length === 0) return [];
    const rows = await sql<{ generation_id: string }>`
      select distinct disk ->> 'generationId' as generation_id
      from group_points of_it
      join group_points other on other.group_id = of_it.group_id and other.point_id <> of_it.point_id,
        jsonb_array_elements(other.vms) vm, jsonb_array_elements(vm -> 'disks') disk
      where of_it.point_id = ${pointId} and other.state in ('complete', 'copying', 'corrupt')
        and disk ->> 'generationId' in (${sql.join(generationIds)})`.execute(this.#db);
    const shared = new Set(rows.rows.map(({ generation_id }) => generation_id));
    return generationIds.filter((id) => !shared.has(id));
  }

  async markRemoved(pointId: string): Promise<void> {
    await this.#db
      .updateTable("group_points")
      .set({ removed_at: sql`now()` })
      .where("point_id", "=", pointId)
      .execute();
  }

  async get(pointId: string): Promise<GroupPoint | undefined> {
    const row = await this.#db
      .selectFrom("group_points")
      .selectAll()
      .where("point_id", "=", pointId)
      .executeTakeFirst();
    return row && toPoint(row);
  }

  /** The one to recover from, among those that are offered; undefined when none is as wished. */
  async choose({ groupId, at, pointId, before, suspectToo }: PointWish): Promise<CompletePoint | undefined> {
    let select = this.#db
      .selectFrom("group_points")
      .selectAll()
      .where("group_id", "=", groupId)
      .where("state", "=", "complete");
    if (at !== undefined) select = select.where("to_site", "=", at);
    if (pointId !== undefined) select = select.where("point_id", "=", pointId);
    else if (!suspectToo) select = select.where("suspicion", "is", null);
    if (before !== undefined) select = select.where("taken_at", "<=", before);
    const row = await select.orderBy("taken_at", "desc").orderBy("sequence", "desc").limit(1).executeTakeFirst();
    return row && (toPoint(row) as CompletePoint);
  }

  /** The newest complete points in one direction, the newest first. */
  async newest(groupId: string, to: string, limit: number): Promise<readonly CompletePoint[]> {
    const rows = await this.#db
      .selectFrom("group_points")
      .selectAll()
      .where("group_id", "=", groupId)
      .where("to_site", "=", to)
      .where("state", "=", "complete")
      .orderBy("sequence", "desc")
      .limit(limit)
      .execute();
    return rows.map((row) => toPoint(row) as CompletePoint);
  }

  /** The newest that was ever complete of what came from a site, also when it is offered no more. */
  async newestFrom(groupId: string, from: string): Promise<GroupPoint | undefined> {
    const row = await this.#db
      .selectFrom("group_points")
      .selectAll()
      .where("group_id", "=", groupId)
      .where("from_site", "=", from)
      .where("proven_at", "is not", null)
      .orderBy("sequence", "desc")
      .limit(1)
      .executeTakeFirst();
    return row && toPoint(row);
  }

  /** Of each group, the newest complete one at a site. */
  async newestOf(
    groups: readonly { readonly groupId: string; readonly replicatesTo?: string }[],
  ): Promise<ReadonlyMap<string, { readonly pointId: string; readonly takenAt: string }>> {
    const followed = groups.flatMap(({ groupId, replicatesTo }) =>
      replicatesTo === undefined ? [] : [sql`(${groupId}, ${replicatesTo})`],
    );
    if (followed.length === 0) return new Map();
    const rows = await this.#db
      .selectFrom("group_points")
      .distinctOn("group_id")
      .select(["group_id", "point_id", "taken_at"])
      .where(sql<boolean>`(group_id, to_site) in (${sql.join(followed)})`)
      .where("state", "=", "complete")
      .orderBy("group_id")
      .orderBy("sequence", "desc")
      .execute();
    return new Map(rows.map((row) => [row.group_id, { pointId: row.point_id, takenAt: row.taken_at ?? "" }]));
  }

  /** The newest first. */
  async list(
    groupId: string,
    query: { limit: number; cursor?: string; state?: GroupPointState },
  ): Promise<Page<GroupPointView>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("group_points").select(shown).where("group_id", "=", groupId);
    if (query.state !== undefined) select = select.where("state", "=", query.state);
    if (query.cursor !== undefined) select = select.where("sequence", "<", decodeCursor(query.cursor, "number")[0]);
    const rows = await select
      .orderBy("sequence", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toView, (row) => [row.sequence]);
  }

  async note(
    pointId: string,
    patch: { verifiedAt?: string; heldBecause?: string | undefined; suspicion?: Suspicion | undefined },
  ): Promise<void> {
    await this.#db
      .updateTable("group_points")
      .set({
        point_id: pointId,
        ...("verifiedAt" in patch ? { verified_at: patch.verifiedAt } : {}),
        ...("heldBecause" in patch ? { held_because: patch.heldBecause ?? null } : {}),
        ...("suspicion" in patch ? { suspicion: patch.suspicion ? toJson(patch.suspicion) : null } : {}),
      })
      .where("point_id", "=", pointId)
      .execute();
  }
}

/** Locks the group's row to the end of the transaction. */
async function refuseForeign(
  tx: Kysely<Database>,
  groupId: string,
  { epoch, failoverId }: { epoch: number; failoverId?: string | undefined },
): Promise<void> {
  const group = await tx
    .selectFrom("protection_groups")
    .select(["epoch", "state", "takeover"])
    .where("group_id", "=", groupId)
    .forUpdate()
    .executeTakeFirst();
  if (!group) throw refusedPoint(groupId, "there is no such group");
  if (group.epoch !== epoch) throw refusedPoint(groupId, `its epoch is ${group.epoch}, and the point is of ${epoch}`);
  const held = group.takeover?.failoverId;
  if (held !== failoverId) throw refusedPoint(groupId, held ? `failover ${held} holds it` : "the failover has ended");
  if (held === undefined && !replicates(group.state as GroupState)) throw refusedPoint(groupId, `it is ${group.state}`);
}

function refusedPoint(groupId: string, reason: string): ProviderError {
  return new ProviderError("Conflict", {
    operation: "make a recovery point",
    resource: `protection-group/${groupId}`,
    reason,
    action: "See novacron protection show.",
  });
}

function unknownPoint(pointId: string): ProviderError {
  return new ProviderError("NotFound", {
    operation: "complete a recovery point",
    resource: `group-point/${pointId}`,
    reason: "it is not in the catalogue",
    action: "See novacron protection points.",
  });
}

type ShownRow = Pick<Selectable<GroupPointTable>, (typeof shown)[number]>;

function toView(row: ShownRow): GroupPointView {
  return {
    pointId: row.point_id,
    groupId: row.group_id,
    sequence: row.sequence,
    kind: row.kind as GroupPointKind,
    state: row.state as GroupPointState,
    epoch: row.epoch,
    from: row.from_site,
    to: row.to_site,
    bytesCopied: row.bytes_copied,
    createdAt: row.created_at,
    ...present({
      takenAt: row.taken_at,
      spreadMs: row.spread_ms,
      together: row.together,
      consistency: row.consistency,
      provenAt: row.proven_at,
      verifiedAt: row.verified_at,
      suspicion: row.suspicion,
      heldBecause: row.held_because,
      reason: row.reason,
      entropy: row.entropy,
    }),
  };
}

function toPoint(row: Selectable<GroupPointTable>): GroupPoint {
  return { ...toView(row), vms: row.vms };
}
