// Long because all that is asked of groups is in this one place.
import { type Kysely, type Selectable, sql } from "kysely";
import type { Scope, ScopedResource } from "../domain/access.ts";
import { ProviderError } from "../domain/errors.ts";
import type {
  Direction,
  GroupState,
  ProtectedVm,
  ProtectionEvent,
  ProtectionEventType,
  ProtectionGroup,
} from "../domain/protection.ts";
import type { ProtectionPolicy } from "../domain/protection-policy.ts";
import { toJson, toText } from "./json.ts";
import { behind, clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import { appendProtectionEvent, type NewProtectionEvent } from "./protection-events.ts";
import type { ProtectionGroupTable, ProtectionMemberTable } from "./protection-schema.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

export interface NewProtectionGroup {
  readonly groupId: string;
  readonly name: string;
  readonly workflowId: string;
  readonly policy: ProtectionPolicy;
  readonly members: readonly ProtectedVm[];
  readonly createdBy: string;
}

/** What is changed of a member; what is absent stays. */
export type MemberPatch = Partial<Pick<ProtectedVm, "vmId" | "name" | "planId" | "planVersion">> & {
  /** Empty: it has none any more. */
  readonly problem?: string;
};

/** Groups and where they stand. Their points are of {@link GroupPointRepository}. */
export class ProtectionRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. @throws ProviderError Conflict for a name that is taken. */
  async create({ groupId, name, workflowId, policy, members, createdBy }: NewProtectionGroup): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const known = await tx
        .selectFrom("protection_groups")
        .select("group_id")
        .where((e) => e.or([e("group_id", "=", groupId), e.and([e("name", "=", name), e("state", "<>", "deleted")])]))
        .executeTakeFirst();
      if (known?.group_id === groupId) return;
      if (known) throw nameTaken(name);
      await tx
        .insertInto("protection_groups")
        .values({
          group_id: groupId,
          name: toText(name),
          workflow_id: workflowId,
          policy: toJson(policy),
          state: "initial",
          writable_site: policy.primarySite,
          current_site: policy.primarySite,
          replicates_to: policy.recoverySite,
          created_by: createdBy,
        })
        .execute();
      await tx
        .insertInto("protection_members")
        .values(
          members.map(({ position, name: vmName, vmId, tags, planId, planVersion }) => ({
            group_id: groupId,
            position,
            vm_name: toText(vmName),
            vm_id: vmId,
            tags: toJson(tags),
            plan_id: planId ?? null,
            plan_version: planVersion ?? null,
          })),
        )
        .execute();
    });
  }

  async get(groupId: string): Promise<ProtectionGroup | undefined> {
    return (await this.getScoped(groupId))?.group;
  }

  /** With what decides who reaches it. */
  async getScoped(
    groupId: string,
  ): Promise<{ group: ProtectionGroup; subjects: readonly ScopedResource[] } | undefined> {
    const row = await this.#db
      .selectFrom("protection_groups")
      .selectAll()
      .where("group_id", "=", groupId)
      .executeTakeFirst();
    if (!row) return undefined;
    const group = toGroup(row, await this.#members([groupId]));
    const sites = [...new Set([group.policy.primarySite, group.policy.recoverySite, group.currentSite])];
    return { group, subjects: group.members.flatMap(({ tags }) => sites.map((site) => ({ site, tags }))) };
  }

  /** Newest first, without deleted ones; only those of which the scopes reach every VM. */
  async list(query: {
    cursor?: string;
    limit: number;
    scopes?: readonly Scope[];
    name?: string;
  }): Promise<Page<ProtectionGroup>> {
    const limit = clampLimit(query.limit);
    const { scopes, cursor, name } = query;
    let select = this.#db.selectFrom("protection_groups").selectAll().where("state", "<>", "deleted");
    if (name !== undefined) select = select.where("name", "=", name);
    if (!seesAll(scopes)) {
      const sites = [
        sql`(protection_groups.policy ->> 'primarySite')`,
        sql`(protection_groups.policy ->> 'recoverySite')`,
        sql.ref("protection_groups.current_site"),
      ];
      const reached = withinScopes(scopes, { sites, tags: sql.ref("m.tags") });
      select = select.where(
        sql<boolean>`not exists (select from protection_members m
          where m.group_id = protection_groups.group_id and not ${reached})`,
      );
    }
    if (cursor !== undefined) select = select.where(behind(cursor, "group_id"));
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("group_id", "desc")
      .limit(limit + 1)
      .execute();
    const members = await this.#members(rows.map(({ group_id }) => group_id));
    return toPage(
      rows,
      limit,
      (row) => toGroup(row, members),
      (row) => [row.created_at, row.group_id],
    );
  }

  /** Every group that is there, for what looks after all of them. */
  async all(): Promise<readonly ProtectionGroup[]> {
    const rows = await this.#db
      .selectFrom("protection_groups")
      .selectAll()
      .where("state", "<>", "deleted")
      .orderBy("group_id")
      .execute();
    const members = await this.#members(rows.map(({ group_id }) => group_id));
    return rows.map((row) => toGroup(row, members));
  }

  /**
   * Changes the state where it is one of `from`, with an event that says so, and tells whether it was. `epoch`: only as long
   * as that is the group's.
   */
  async become(
    groupId: string,
    change: { from: readonly GroupState[]; to: GroupState; epoch?: number; message: string; direction?: Direction },
  ): Promise<boolean> {
    const { from, to, epoch, message, direction } = change;
    return await this.#db.transaction().execute(async (tx) => {
      let update = tx
        .updateTable("protection_groups")
        .set({
          state: to,
          updated_at: sql`now()`,
          ...(to === "protected" ? { unprotected_since: null } : {}),
          ...(direction ? { replicates_to: direction.to } : {}),
        })
        .where("group_id", "=", groupId)
        .where("state", "in", [...from])
        .where("state", "<>", to);
      if (epoch !== undefined) update = update.where("epoch", "=", epoch);
      const changed = await update.executeTakeFirst();
      if (changed.numUpdatedRows === 0n) return false;
      await appendProtectionEvent(tx, groupId, { type: "state", message, data: { state: to } });
      return true;
    });
  }

  async markStarted(groupId: string): Promise<void> {
    await this.#db
      .updateTable("protection_groups")
      .set({ started_at: sql`coalesce(started_at, now())` })
      .where("group_id", "=", groupId)
      .execute();
  }

  /** Registered by a process that could not start their run any more. */
  async notStarted(olderThanMs: number): Promise<readonly { groupId: string; name: string }[]> {
    const rows = await this.#db
      .selectFrom("protection_groups")
      .select(["group_id", "name"])
      .where("state", "<>", "deleted")
      .where("started_at", "is", null)
      .where(sql<boolean>`created_at < now() - ${olderThanMs} * interval '1 millisecond'`)
      .execute();
    return rows.map(({ group_id: groupId, name }) => ({ groupId, name }));
  }

  async updateMember(groupId: string, position: number, patch: MemberPatch): Promise<void> {
    const { vmId, name, planId, planVersion, problem } = patch;
    await this.#db
      .updateTable("protection_members")
      .set({
        position,
        ...(vmId === undefined ? {} : { vm_id: vmId }),
        ...(name === undefined ? {} : { vm_name: toText(name) }),
        ...(planId === undefined ? {} : { plan_id: planId }),
        ...(planVersion === undefined ? {} : { plan_version: planVersion }),
        ...(problem === undefined ? {} : { problem: problem === "" ? null : toText(problem) }),
      })
      .where("group_id", "=", groupId)
      .where("position", "=", position)
      .execute();
  }

  async setRecoveryPlan(groupId: string, recoveryPlanId: string | undefined): Promise<void> {
    await this.#db
      .updateTable("protection_groups")
      .set({ recovery_plan_id: recoveryPlanId ?? null, updated_at: sql`now()` })
      .where("group_id", "=", groupId)
      .execute();
  }

  async appendEvent(groupId: string, event: NewProtectionEvent): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const locked = await tx
        .selectFrom("protection_groups")
        .select("group_id")
        .where("group_id", "=", groupId)
        .forUpdate()
        .executeTakeFirst();
      if (locked) await appendProtectionEvent(tx, groupId, event);
    });
  }

  /** The newest first. */
  async events(
    groupId: string,
    query: { limit: number; cursor?: string; type?: ProtectionEventType },
  ): Promise<Page<ProtectionEvent>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("protection_events").selectAll().where("group_id", "=", groupId);
    if (query.type !== undefined) select = select.where("type", "=", query.type);
    if (query.cursor !== undefined) select = select.where("sequence", "<", decodeCursor(query.cursor, "number")[0]);
    const rows = await select
      .orderBy("sequence", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(
      rows,
      limit,
      ({ sequence, at, type, message, data }): ProtectionEvent => ({
        groupId,
        sequence,
        at,
        type: type as ProtectionEventType,
        message,
        data,
      }),
      (row) => [row.sequence],
    );
  }

  async #members(groupIds: readonly string[]): Promise<ReadonlyMap<string, readonly ProtectedVm[]>> {
    if (groupIds.length === 0) return new Map();
    const rows = await this.#db
      .selectFrom("protection_members")
      .selectAll()
      .where("group_id", "in", [...groupIds])
      .orderBy("position")
      .execute();
    const grouped = Map.groupBy(rows, ({ group_id }) => group_id);
    return new Map([...grouped].map(([groupId, of]) => [groupId, of.map(toMember)]));
  }
}

function toMember(row: Selectable<ProtectionMemberTable>): ProtectedVm {
  return {
    position: row.position,
    name: row.vm_name,
    vmId: row.vm_id,
    tags: row.tags,
    ...present({ planId: row.plan_id, planVersion: row.plan_version, problem: row.problem }),
  };
}

function toGroup(
  row: Selectable<ProtectionGroupTable>,
  members: ReadonlyMap<string, readonly ProtectedVm[]>,
): ProtectionGroup {
  return {
    groupId: row.group_id,
    name: row.name,
    workflowId: row.workflow_id,
    policy: row.policy,
    state: row.state as GroupState,
    epoch: row.epoch,
    currentSite: row.current_site,
    members: members.get(row.group_id) ?? [],
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...present({
      writableSite: row.writable_site,
      replicatesTo: row.replicates_to,
      takeover: row.takeover,
      recoveryPlanId: row.recovery_plan_id,
      unprotectedSince: row.unprotected_since,
    }),
  };
}

function nameTaken(name: string): ProviderError {
  return new ProviderError("Conflict", {
    operation: "protect a group",
    resource: `protection-group/${name}`,
    reason: "there is a group of that name",
    action: "Choose another name, or see the group with novacron protection show.",
  });
}
