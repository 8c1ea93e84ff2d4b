import { type Kysely, sql } from "kysely";
import { ProviderError } from "../domain/errors.ts";
import type { GroupState, ProtectionGroup } from "../domain/protection.ts";
import { toJson } from "./json.ts";
import { appendProtectionEvent } from "./protection-events.ts";
import type { Database } from "./schema.ts";

/** Which failover holds a group. Each change is one statement on the group's row, so that of two only one gets it. */
export class TakeoverRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /**
   * Takes the group for a failover: from here on no round of it becomes a point, except the failover's own final one. A
   * repeat changes nothing.
   * @throws ProviderError Conflict when another one has it, or it is deleted, or its epoch is another one.
   */
  async claim(input: { groupId: string; failoverId: string; epoch: number; message: string }): Promise<void> {
    const { groupId, failoverId, epoch, message } = input;
    await this.#db.transaction().execute(async (tx) => {
      const group = await this.#locked(tx, groupId, "claim the group");
      if (group.takeover?.failoverId === failoverId) return;
      const reason = group.takeover
        ? `failover ${group.takeover.failoverId} holds it`
        : group.epoch !== epoch
          ? `its epoch is ${group.epoch}, and ${epoch} was expected`
          : ["deleting", "deleted", "failing-over"].includes(group.state)
            ? `it is ${group.state}`
            : undefined;
      if (reason !== undefined) throw refused("claim the group", groupId, reason);
      const takeover = { failoverId, since: new Date().toISOString(), before: group.state };
      await tx
        .updateTable("protection_groups")
        .set({ state: "failing-over", takeover: toJson(takeover), updated_at: sql`now()` })
        .where("group_id", "=", groupId)
        .execute();
      await appendProtectionEvent(tx, groupId, { type: "failover", message, data: { failoverId, epoch } });
    });
  }

  /** From here on no site may write, until {@link finish} or {@link abandon}. */
  async closeWritable(input: { groupId: string; failoverId: string }): Promise<void> {
    await this.#db
      .updateTable("protection_groups")
      .set({ writable_site: null, updated_at: sql`now()` })
      .where("group_id", "=", input.groupId)
      .where(sql<boolean>`takeover ->> 'failoverId' = ${input.failoverId}`)
      .execute();
  }

  /** The group serves at `site` from now on, under the next epoch, and nothing follows what it writes. A repeat changes
   *  nothing. @returns the epoch. @throws ProviderError Conflict when the failover does not hold it. */
  async finish(input: {
    groupId: string;
    failoverId: string;
    site: string;
    members: readonly { readonly position: number; readonly vmId: string }[];
    message: string;
  }): Promise<number> {
    const { groupId, failoverId, site, members, message } = input;
    return await this.#db.transaction().execute(async (tx) => {
      const group = await this.#locked(tx, groupId, "finish the failover");
      const done = `finished/${failoverId}`;
      if (!group.takeover && (await this.#happened(tx, groupId, done))) return group.epoch;
      if (group.takeover?.failoverId !== failoverId)
        throw refused("finish the failover", groupId, `failover ${failoverId} does not hold it`);
      const epoch = group.epoch + 1;
      await tx
        .updateTable("protection_groups")
        .set({
          state: "unprotected",
          takeover: null,
          epoch,
          writable_site: site,
          current_site: site,
          replicates_to: null,
          unprotected_since: sql`now()`,
          updated_at: sql`now()`,
        })
        .where("group_id", "=", groupId)
        .execute();
      for (const { position, vmId } of members) {
        await tx
          .updateTable("protection_members")
          .set({ vm_id: vmId, plan_id: null, plan_version: null, problem: null })
          .where("group_id", "=", groupId)
          .where("position", "=", position)
          .execute();
      }
      const data = { failoverId, site, epoch };
      await appendProtectionEvent(tx, groupId, { type: "failover", message, data, dedupeKey: done });
      return epoch;
    });
  }

  /** The failover came to nothing: the group is what it was, at the site where it served; under `epoch`, where the lease had
   *  gone and came back. */
  async abandon(input: { groupId: string; failoverId: string; epoch?: number; message: string }): Promise<void> {
    const { groupId, failoverId, epoch, message } = input;
    await this.#db.transaction().execute(async (tx) => {
      const group = await this.#locked(tx, groupId, "abandon the failover");
      if (group.takeover?.failoverId !== failoverId) return;
      await tx
        .updateTable("protection_groups")
        .set({
          state: group.takeover.before,
          takeover: null,
          writable_site: sql`current_site`,
          updated_at: sql`now()`,
          ...(epoch === undefined ? {} : { epoch }),
        })
        .where("group_id", "=", groupId)
        .execute();
      await appendProtectionEvent(tx, groupId, { type: "failover", message, data: { failoverId } });
    });
  }

  async #locked(
    tx: Kysely<Database>,
    groupId: string,
    operation: string,
  ): Promise<Pick<ProtectionGroup, "epoch" | "state" | "takeover">> {
    const row = await tx
      .selectFrom("protection_groups")
      .select(["state", "epoch", "takeover"])
      .where("group_id", "=", groupId)
      .forUpdate()
      .executeTakeFirst();
    if (!row) throw unknownGroup(operation, groupId);
    const { state, epoch, takeover } = row;
    return { state: state as GroupState, epoch, ...(takeover ? { takeover } : {}) };
  }

  async #happened(tx: Kysely<Database>, groupId: string, dedupeKey: string): Promise<boolean> {
    const row = await tx
      .selectFrom("protection_events")
      .select("sequence")
      .where("group_id", "=", groupId)
      .where("dedupe_key", "=", dedupeKey)
      .executeTakeFirst();
    return row !== undefined;
  }
}

function refused(operation: string, groupId: string, reason: string): ProviderError {
  return new ProviderError("Conflict", {
    operation,
    resource: `protection-group/${groupId}`,
    reason,
    action: "See novacron protection show, and wait for that to end.",
  });
}

function unknownGroup(operation: string, groupId: string): ProviderError {
  return new ProviderError("NotFound", {
    operation,
    resource: `protection-group/${groupId}`,
    reason: "there is no such group",
    action: "List them with novacron protection list.",
  });
}
