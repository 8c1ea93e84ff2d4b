import { type Kysely, type Selectable, sql } from "kysely";
import type { Scope, ScopedResource } from "../domain/access.ts";
import type { MigrationTestView, TestReport, TestState, TestStep } from "../domain/migration-test.ts";
import { toJson } from "./json.ts";
import type { MigrationTestTable } from "./migration-test-schema.ts";
import { behind, clampLimit, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import { notBegunFor, patchOf, type RunPatch } from "./run-rows.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

/** What a test is registered with. */
export type NewMigrationTest = Pick<
  MigrationTestView,
  "testId" | "planId" | "workflowId" | "migrationId" | "vm" | "from" | "to" | "expiresAt" | "createdBy"
> & { readonly tags: Readonly<Record<string, string>> };

export type MigrationTestPatch = RunPatch<TestState, TestStep, TestReport>;

export interface MigrationTestQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly migrationId?: string;
  /** A name, or the id at the source. */
  readonly vm?: string;
  readonly state?: TestState;
  /** Only what these reach; all of it when absent. */
  readonly scopes?: readonly Scope[];
}

const columns = {
  sites: [sql.ref("migration_tests.from_site"), sql.ref("migration_tests.to_site")],
  tags: sql.ref("migration_tests.tags"),
};

export class MigrationTestRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. */
  async create(test: NewMigrationTest): Promise<void> {
    await this.#db
      .insertInto("migration_tests")
      .values({
        test_id: test.testId,
        plan_id: test.planId,
        workflow_id: test.workflowId,
        migration_id: test.migrationId ?? null,
        vm_name: test.vm.name,
        source_vm_id: test.vm.sourceVmId,
        from_site: test.from,
        to_site: test.to,
        tags: toJson(test.tags),
        state: "running",
        report: toJson({}),
        expires_at: test.expiresAt,
        created_by: test.createdBy,
      })
      .onConflict((conflict) => conflict.column("test_id").doNothing())
      .execute();
  }

  async get(testId: string): Promise<MigrationTestView | undefined> {
    return (await this.getScoped(testId))?.test;
  }

  /** With what decides who reaches it. */
  async getScoped(
    testId: string,
  ): Promise<{ test: MigrationTestView; subjects: readonly ScopedResource[] } | undefined> {
    const row = await this.#rows().where("test_id", "=", testId).executeTakeFirst();
    if (!row) return undefined;
    const { from_site: from, to_site: to, tags } = row;
    return { test: toView(row), subjects: [from, to].map((site) => ({ site, tags })) };
  }

  /** The newest first. */
  async list(query: MigrationTestQuery): Promise<Page<MigrationTestView>> {
    const limit = clampLimit(query.limit);
    const { migrationId, vm, state, cursor, scopes } = query;
    let select = this.#rows();
    if (!seesAll(scopes)) select = select.where(withinScopes(scopes, columns));
    if (migrationId !== undefined) select = select.where("migration_id", "=", migrationId);
    if (vm !== undefined) select = select.where((e) => e.or([e("vm_name", "=", vm), e("source_vm_id", "=", vm)]));
    if (state !== undefined) select = select.where("state", "=", state);
    if (cursor !== undefined) select = select.where(behind(cursor, "test_id"));
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("test_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toView, (row) => [row.created_at, row.test_id]);
  }

  async update(testId: string, patch: MigrationTestPatch): Promise<void> {
    await this.#db
      .updateTable("migration_tests")
      .set({
        test_id: testId,
        ...patchOf(patch),
      })
      .where("test_id", "=", testId)
      .execute();
  }

  /** Those whose run has done nothing yet, and which have time left. */
  async notBegun(olderThanMs: number): Promise<readonly MigrationTestView[]> {
    const rows = await this.#rows()
      .where(notBegunFor(olderThanMs))
      .where("expires_at", ">", sql<string>`now()`)
      .execute();
    return rows.map(toView);
  }

  /** Those that should have ended, the oldest first; after them those that could not be removed before. */
  async expired(limit: number): Promise<readonly MigrationTestView[]> {
    const rows = await this.#rows()
      .where("ended_at", "is", null)
      .where("expires_at", "<", sql<string>`now()`)
      .orderBy(sql`report -> 'problem' is not null`)
      .orderBy("expires_at")
      .limit(limit)
      .execute();
    return rows.map(toView);
  }

  #rows() {
    return this.#db.selectFrom("migration_tests").selectAll();
  }
}

function toView(row: Selectable<MigrationTestTable>): MigrationTestView {
  return {
    ...row.report,
    testId: row.test_id,
    planId: row.plan_id,
    workflowId: row.workflow_id,
    vm: { name: row.vm_name, sourceVmId: row.source_vm_id },
    from: row.from_site,
    to: row.to_site,
    state: row.state as TestState,
    expiresAt: row.expires_at,
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...present({ migrationId: row.migration_id, step: row.step as TestStep | null, endedAt: row.ended_at }),
  };
}
