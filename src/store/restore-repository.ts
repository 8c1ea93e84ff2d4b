import { type Kysely, type Selectable, sql } from "kysely";
import type { Scope, ScopedResource } from "../domain/access.ts";
import { ProviderError } from "../domain/errors.ts";
import type { RestoreReport, RestoreState, RestoreStep, RestoreView } from "../domain/restore.ts";
import { toJson } from "./json.ts";
import { behind, clampLimit, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { RestoreTable } from "./restore-schema.ts";
import { notBegunFor, patchOf, type RunPatch } from "./run-rows.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

/** What a restore is registered with. */
export type NewRestore = Pick<
  RestoreView,
  "restoreId" | "planId" | "workflowId" | "groupId" | "pointId" | "vmName" | "from" | "to" | "createdBy"
> & { readonly tags: Readonly<Record<string, string>> };

export type RestorePatch = RunPatch<RestoreState, RestoreStep, RestoreReport>;

export interface RestoreQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly groupId?: string;
  readonly state?: RestoreState;
  /** Only what these reach; all of it when absent. */
  readonly scopes?: readonly Scope[];
}

const columns = {
  sites: [sql.ref("restores.from_site"), sql.ref("restores.to_site")],
  tags: sql.ref("restores.tags"),
};

export class RestoreRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. @throws ProviderError Conflict when the plan was carried out already. */
  async create(restore: NewRestore): Promise<void> {
    await this.#db
      .insertInto("restores")
      .values({
        restore_id: restore.restoreId,
        plan_id: restore.planId,
        workflow_id: restore.workflowId,
        group_id: restore.groupId,
        point_id: restore.pointId,
        vm_name: restore.vmName,
        from_site: restore.from,
        to_site: restore.to,
        tags: toJson(restore.tags),
        state: "running",
        report: toJson({}),
        created_by: restore.createdBy,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if (await this.getScoped(restore.restoreId)) return;
    throw new ProviderError("Conflict", {
      operation: "restore a VM",
      resource: `plan/${restore.planId}`,
      reason: "it was carried out already",
      action: "Plan another restore.",
    });
  }

  /** With what decides who reaches it. */
  async getScoped(
    restoreId: string,
  ): Promise<{ restore: RestoreView; subjects: readonly ScopedResource[] } | undefined> {
    const row = await this.#rows().where("restore_id", "=", restoreId).executeTakeFirst();
    if (!row) return undefined;
    const { from_site: from, to_site: to, tags } = row;
    return { restore: toView(row), subjects: [from, to].map((site) => ({ site, tags })) };
  }

  /** The newest first. */
  async list({ limit: wanted, cursor, groupId, state, scopes }: RestoreQuery): Promise<Page<RestoreView>> {
    const limit = clampLimit(wanted);
    let select = this.#rows();
    if (!seesAll(scopes)) select = select.where(withinScopes(scopes, columns));
    if (groupId !== undefined) select = select.where("group_id", "=", groupId);
    if (state !== undefined) select = select.where("state", "=", state);
    if (cursor !== undefined) select = select.where(behind(cursor, "restore_id"));
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("restore_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toView, (row) => [row.created_at, row.restore_id]);
  }

  /** Those whose run has done nothing yet. */
  async notBegun(olderThanMs: number): Promise<readonly RestoreView[]> {
    const rows = await this.#rows().where(notBegunFor(olderThanMs)).execute();
    return rows.map(toView);
  }

  async update(restoreId: string, patch: RestorePatch): Promise<void> {
    await this.#db
      .updateTable("restores")
      .set({
        restore_id: restoreId,
        ...patchOf(patch),
      })
      .where("restore_id", "=", restoreId)
      .execute();
  }

  #rows() {
    return this.#db.selectFrom("restores").selectAll();
  }
}

function toView(row: Selectable<RestoreTable>): RestoreView {
  return {
    ...row.report,
    restoreId: row.restore_id,
    planId: row.plan_id,
    workflowId: row.workflow_id,
    groupId: row.group_id,
    pointId: row.point_id,
    vmName: row.vm_name,
    from: row.from_site,
    to: row.to_site,
    state: row.state as RestoreState,
    ...present({ step: row.step as RestoreStep | null, endedAt: row.ended_at }),
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}
