import * as z from "zod";
import { byPlanResponses, carryOut } from "../by-plan.ts";
import { type Access, type Answer, route } from "../route.ts";
import { certificateSchema } from "../schemas/certificate.ts";
import {
  approvedPlanSchema,
  directMigrationSchema,
  migrationListQuery,
  migrationListSchema,
  migrationSchema,
} from "../schemas/migration.ts";
import { statisticsQuery, statisticsSchema } from "../schemas/migration-statistics.ts";
import { migrationPlanKind, planNow, startByPlan } from "../start-migration.ts";
import { type ApiContext, defaultPageSize, idParams, notFound } from "./context.ts";

export function migrationRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "post",
      path: "/v1/migrations",
      operationId: "startMigration",
      tag: "migrations",
      summary: "Start a migration by an approved plan, or plan and start it at once",
      description: "With `dry_run: true` nothing is started, and the answer is the plan.",
      permission: "migrations:write",
      actor: "signed-in",
      audit: "migration.start",
      idempotent: true,
      body: z.union([approvedPlanSchema, directMigrationSchema]),
      responses: byPlanResponses("migration", migrationSchema),
      handle: (asked): Promise<Answer> =>
        carryOut(context, asked, {
          kind: migrationPlanKind,
          what: "migration",
          plan: (planId, wanted) => planNow(context, asked, planId, wanted),
          start: (id, plan) => startByPlan(context, asked.actor, id, plan),
          location: ({ migrationId }) => `/v1/migrations/${migrationId}`,
          after: ({ migrationId, state }) => ({ migrationId, state }),
        }),
    }),
    route({
      method: "get",
      path: "/v1/migrations",
      operationId: "listMigrations",
      tag: "migrations",
      summary: "Migrations, the newest first",
      permission: "migrations:read",
      actor: "signed-in",
      audit: undefined,
      query: migrationListQuery,
      responses: { 200: { description: "One page", schema: migrationListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        return { status: 200, body: await store.migrations.list({ ...query, limit, scopes: access.scopes }) };
      },
    }),
    route({
      method: "get",
      // Before the path that takes any id.
      path: "/v1/migrations/statistics",
      operationId: "getMigrationStatistics",
      tag: "migrations",
      summary: "What the migrations that you reach add up to: states, bytes, rates, downtime, by route",
      permission: "migrations:read",
      actor: "signed-in",
      audit: undefined,
      query: statisticsQuery,
      responses: { 200: { description: "The sums", schema: statisticsSchema } },
      async handle({ query, access }): Promise<Answer> {
        return { status: 200, body: await store.migrations.statistics({ ...query, scopes: access.scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/migrations/{id}",
      operationId: "getMigration",
      tag: "migrations",
      summary: "Where a migration stands",
      permission: "migrations:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The migration", schema: migrationSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: await knownMigration(context, access, id) };
      },
    }),
    route({
      method: "get",
      path: "/v1/migrations/{id}/certificate",
      operationId: "getCertificate",
      tag: "certificates",
      summary: "The proof of a move",
      permission: "certificates:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The certificate", schema: certificateSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const { certificateId, state } = await knownMigration(context, access, id);
        const certificate = certificateId && (await store.certificates.get(certificateId));
        if (!certificate) {
          throw notFound(
            "certificate of migration",
            id,
            `The migration is ${state}; a certificate is written when its copy is proven.`,
          );
        }
        return { status: 200, body: certificate };
      },
    }),
  ];
}

export async function knownMigration(context: ApiContext, access: Access, id: string) {
  const found = await context.store.migrations.getScoped(id);
  if (!found || !access.covers(found.subjects)) throw notFound("migration", id, "GET /v1/migrations lists them.");
  return found.migration;
}
