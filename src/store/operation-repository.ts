import { type Kysely, sql } from "kysely";
import type { Scope, ScopedResource } from "../domain/access.ts";
import type { OperationItem, OperationItemView, OperationState, OperationView } from "../domain/operation.ts";
import { toJson, toText } from "./json.ts";
import { behind, clampLimit, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

/** What an operation is registered with. */
export type NewOperation = Pick<
  OperationView,
  "operationId" | "planId" | "workflowId" | "kind" | "total" | "createdBy"
> & { readonly subjects: readonly ScopedResource[] };

export interface OperationQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly state?: OperationState;
  /** Only what these reach; all of it when absent. */
  readonly scopes?: readonly Scope[];
}

const counted = (state: string) =>
  sql<number>`(select count(*)::int from operation_items as i
    where i.operation_id = operations.operation_id and i.state = ${state})`;

/** Runs of plans that do something to VMs, with their reports. */
export class OperationRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. */
  async create(operation: NewOperation): Promise<void> {
    const { operationId, planId, workflowId, kind, total, createdBy, subjects } = operation;
    await this.#db
      .insertInto("operations")
      .values({
        operation_id: operationId,
        plan_id: planId,
        workflow_id: workflowId,
        kind,
        state: "running",
        total,
        subjects: toJson(subjects),
        created_by: createdBy,
      })
      .onConflict((conflict) => conflict.column("operation_id").doNothing())
      .execute();
  }

  /** With what decides who reaches it. */
  async getScoped(
    operationId: string,
  ): Promise<{ operation: OperationView; subjects: readonly ScopedResource[] } | undefined> {
    const row = await this.#rows().where("operation_id", "=", operationId).executeTakeFirst();
    return row && { operation: toView(row), subjects: row.subjects };
  }

  /** The newest first. */
  async list(query: OperationQuery): Promise<Page<OperationView>> {
    const limit = clampLimit(query.limit);
    const { state, cursor, scopes } = query;
    let select = this.#rows();
    if (!seesAll(scopes)) {
      const columns = { sites: [sql`s ->> 'site'`], tags: sql`coalesce(s -> 'tags', '{}'::jsonb)` };
      select = select.where(
        sql<boolean>`not exists (select from jsonb_array_elements(operations.subjects) as s
          where (${withinScopes(scopes, columns)}) is not true)`,
      );
    }
    if (state !== undefined) select = select.where("state", "=", state);
    if (cursor !== undefined) select = select.where(behind(cursor, "operation_id"));
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("operation_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toView, (row) => [row.created_at, row.operation_id]);
  }

  async items(operationId: string): Promise<readonly OperationItemView[]> {
    const rows = await this.#db
      .selectFrom("operation_items")
      .selectAll()
      .where("operation_id", "=", operationId)
      .orderBy("item")
      .execute();
    return rows.map((row) => ({
      item: row.item,
      site: row.site,
      name: row.name,
      state: row.state as OperationItemView["state"],
      ...present({
        vmId: row.vm_id,
        step: row.step,
        problem: row.problem,
        startedAt: row.started_at,
        endedAt: row.ended_at,
      }),
    }));
  }

  /** A repeat changes nothing. */
  async addItems(operationId: string, items: readonly Omit<OperationItem, "steps">[]): Promise<void> {
    if (items.length === 0) return;
    await this.#db
      .insertInto("operation_items")
      .values(
        items.map(({ item, site, name, vmId }) => ({
          operation_id: operationId,
          item,
          site,
          name: toText(name),
          vm_id: vmId ?? null,
          state: "waiting",
        })),
      )
      .onConflict((conflict) => conflict.columns(["operation_id", "item"]).doNothing())
      .execute();
  }

  /** Members left out (or undefined) stay as they are. */
  async updateItem(
    operationId: string,
    item: number,
    patch: Partial<Omit<OperationItemView, "item" | "site" | "name">>,
  ): Promise<void> {
    const { vmId, state, step, problem, startedAt, endedAt } = patch;
    await this.#db
      .updateTable("operation_items")
      .set({
        ...(vmId === undefined ? {} : { vm_id: vmId }),
        ...(state === undefined ? {} : { state }),
        ...(step === undefined ? {} : { step: toText(step) }),
        ...(problem === undefined ? {} : { problem: toJson(problem) }),
        ...(startedAt === undefined ? {} : { started_at: startedAt }),
        ...(endedAt === undefined ? {} : { ended_at: endedAt }),
        operation_id: operationId,
      })
      .where("operation_id", "=", operationId)
      .where("item", "=", item)
      .execute();
  }

  async end(operationId: string, state: OperationState, endedAt: string): Promise<void> {
    await this.#db
      .updateTable("operations")
      .set({ state, ended_at: endedAt })
      .where("operation_id", "=", operationId)
      .execute();
  }

  #rows() {
    return this.#db
      .selectFrom("operations")
      .selectAll()
      .select([counted("done").as("done"), counted("failed").as("failed")]);
  }
}

interface OperationRow {
  operation_id: string;
  plan_id: string;
  workflow_id: string;
  kind: string;
  state: string;
  total: number;
  created_by: string;
  created_at: string;
  ended_at: string | null;
  done: number;
  failed: number;
}

function toView(row: OperationRow): OperationView {
  return {
    operationId: row.operation_id,
    planId: row.plan_id,
    workflowId: row.workflow_id,
    kind: row.kind,
    state: row.state as OperationState,
    total: row.total,
    done: row.done,
    failed: row.failed,
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...present({ endedAt: row.ended_at }),
  };
}
