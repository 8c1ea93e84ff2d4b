import { randomUUID } from "node:crypto";
import type { MigrationState } from "../../domain/migration.ts";
import { isTestEnded, type MigrationTestRequest, testKind } from "../../domain/migration-test.ts";
import { fromWire } from "../../domain/wire.ts";
import { byPlanResponses, carryOut } from "../by-plan.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, type Route, route } from "../route.ts";
import { migrationTestSchema, startTestSchema, testListQuery, testListSchema } from "../schemas/migration-test.ts";
import { knownTest, planTestNow, startTest } from "../start-test.ts";
import { type ApiContext, defaultPageSize, idParams } from "./context.ts";
import { knownMigration } from "./migrations.ts";

const replicating: readonly MigrationState[] = ["running", "awaiting-cutover"];

export function migrationTestRoutes(context: ApiContext): readonly Route[] {
  const { store } = context;
  return [
    route({
      method: "post",
      path: "/v1/migration-tests",
      operationId: "startTest",
      tag: "migrations",
      summary: "Boot clones at the target, where they reach nobody, while the source goes on",
      description:
        "Of a warm migration's replica, or of a copy that is made for it. Neither source nor replica is touched; what the test makes is removed when it ends. With `dry_run: true` nothing is started, and the answer is the plan.",
      permission: "migrations:write",
      actor: "signed-in",
      audit: "migration-test.start",
      idempotent: true,
      body: startTestSchema,
      responses: byPlanResponses("test", migrationTestSchema),
      handle: (asked): Promise<Answer> =>
        carryOut(context, asked, {
          kind: testKind,
          what: "test",
          plan: (planId, wanted) => planTestNow(context, asked, planId, fromWire<MigrationTestRequest>(wanted)),
          start: (id, plan) => startTest(context, asked.actor, id, plan),
          location: ({ testId }) => `/v1/migration-tests/${testId}`,
          after: ({ testId }) => ({ testId }),
        }),
    }),
    route({
      method: "get",
      path: "/v1/migration-tests",
      operationId: "listTests",
      tag: "migrations",
      summary: "Tests of migrations, the newest first",
      permission: "migrations:read",
      actor: "signed-in",
      audit: undefined,
      query: testListQuery,
      responses: { 200: { description: "One page", schema: testListSchema } },
      async handle({
        query: { limit = defaultPageSize, migration_id: migrationId, ...query },
        access,
      }): Promise<Answer> {
        const of = migrationId === undefined ? {} : { migrationId };
        return { status: 200, body: await store.tests.list({ ...query, ...of, limit, scopes: access.scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/migration-tests/{id}",
      operationId: "getTest",
      tag: "migrations",
      summary: "Where a test stands, with its measured times: the report",
      permission: "migrations:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The test", schema: migrationTestSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: await knownTest(context, access, id) };
      },
    }),
    route({
      method: "post",
      path: "/v1/migration-tests/{id}/end",
      operationId: "endTest",
      tag: "migrations",
      summary: "End a test now: what it made is removed",
      description: "One that is held up has passed; one that is still at work is cancelled.",
      permission: "migrations:write",
      actor: "signed-in",
      audit: "migration-test.end",
      // To stop is what a freeze wants.
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "Told; the state follows", schema: migrationTestSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const { state, workflowId } = await knownTest(context, access, id);
        if (isTestEnded(state)) throw ended(id, state);
        await context.runs.endTest(id, state, randomUUID());
        return { status: 202, body: await knownTest(context, access, id), workflowId, before: { state } };
      },
    }),
    route({
      method: "post",
      path: "/v1/migration-tests/{id}/promote",
      operationId: "promoteTest",
      tag: "migrations",
      summary: "Cut the tested migration over now",
      description:
        "The test's VM is not what is promoted: it has written since it was started. It is torn down, the source stops, what changed since the tested point moves, and the target starts from the replica.",
      permission: "migrations:write",
      actor: "signed-in",
      audit: "migration-test.promote",
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "The cutover will come", schema: migrationTestSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const { state, migrationId, workflowId } = await knownTest(context, access, id);
        if (migrationId === undefined || (state !== "holding" && state !== "passed")) {
          throw new ProblemError("Conflict", {
            detail:
              migrationId === undefined
                ? `Test ${id} is of a copy of its own: there is no migration to cut over`
                : `Test ${id} is ${state}: only one that was proven is promoted`,
            action: "Start a warm migration, and promote a test of that.",
            resource: `test/${id}`,
          });
        }
        const migration = await knownMigration(context, access, migrationId);
        if (!replicating.includes(migration.state)) {
          throw new ProblemError("Conflict", {
            detail: `Migration ${migrationId} is ${migration.state}: only one that replicates can cut over`,
            action: "Nothing has to be done; read its state with GET /v1/migrations/{id}.",
            resource: `migration/${migrationId}`,
          });
        }
        if (state === "holding") await context.runs.endTest(id, state, randomUUID());
        await context.runs.cutOver(migrationId, randomUUID());
        return { status: 202, body: await knownTest(context, access, id), workflowId, after: { migrationId } };
      },
    }),
  ];
}

function ended(id: string, state: string): ProblemError {
  return new ProblemError("Conflict", {
    detail: `Test ${id} is ${state} already`,
    action: "Nothing has to be done; GET /v1/migration-tests/{id} has its report.",
    resource: `test/${id}`,
  });
}
