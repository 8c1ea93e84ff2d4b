import { isRestoreEnded, type RestoreRequest, restorePlanKind } from "../../domain/restore.ts";
import { fromWire } from "../../domain/wire.ts";
import { byPlanResponses, carryOut } from "../by-plan.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, type Route, route } from "../route.ts";
import {
  backupListQuery,
  backupListSchema,
  restoreListQuery,
  restoreListSchema,
  restoreSchema,
  startRestoreSchema,
} from "../schemas/restore.ts";
import { knownRestore, planRestoreNow, restoreByPlan } from "../start-restore.ts";
import { type ApiContext, defaultPageSize, idParams } from "./context.ts";

export function restoreRoutes(context: ApiContext): readonly Route[] {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/backups",
      operationId: "listBackups",
      tag: "recovery",
      summary: "What can be restored: each VM in each complete recovery point, the newest first",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      query: backupListQuery,
      responses: { 200: { description: "One page", schema: backupListSchema } },
      async handle({ query, access }): Promise<Answer> {
        const { limit = defaultPageSize, group_id: groupId, ...rest } = query;
        const of = groupId === undefined ? {} : { groupId };
        return { status: 200, body: await store.backups.list({ ...rest, ...of, limit, scopes: access.scopes }) };
      },
    }),
    route({
      method: "post",
      path: "/v1/restores",
      operationId: "startRestore",
      tag: "recovery",
      summary: "Bring one VM back out of a recovery point, by an approved plan, or planned and started at once",
      description:
        "As a new VM, at any site. Neither the point nor the VM that it is of is touched. With `dry_run: true` nothing is restored, and the answer is the plan.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "restore.start",
      idempotent: true,
      body: startRestoreSchema,
      responses: byPlanResponses("restore", restoreSchema),
      handle: (asked): Promise<Answer> =>
        carryOut(context, asked, {
          kind: restorePlanKind,
          what: "restore",
          plan: (planId, wanted) => planRestoreNow(context, asked, planId, fromWire<RestoreRequest>(wanted)),
          start: (id, plan) => restoreByPlan(context, asked.actor, id, plan),
          location: ({ restoreId }) => `/v1/restores/${restoreId}`,
          after: ({ restoreId, pointId, to }) => ({ restoreId, pointId, to }),
        }),
    }),
    route({
      method: "get",
      path: "/v1/restores",
      operationId: "listRestores",
      tag: "recovery",
      summary: "Restores, the newest first",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      query: restoreListQuery,
      responses: { 200: { description: "One page", schema: restoreListSchema } },
      async handle({ query: { limit = defaultPageSize, group_id: groupId, ...query }, access }): Promise<Answer> {
        const of = groupId === undefined ? {} : { groupId };
        return { status: 200, body: await store.restores.list({ ...query, ...of, limit, scopes: access.scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/restores/{id}",
      operationId: "getRestore",
      tag: "recovery",
      summary: "Where a restore stands, with its measured times",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The restore", schema: restoreSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: await knownRestore(context, access, id) };
      },
    }),
    route({
      method: "post",
      path: "/v1/restores/{id}/cancel",
      operationId: "cancelRestore",
      tag: "recovery",
      summary: "End a restore: what it made is removed",
      permission: "protection:write",
      actor: "signed-in",
      audit: "restore.cancel",
      // To stop is what a freeze wants.
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "Told; the state follows", schema: restoreSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const { state, workflowId } = await knownRestore(context, access, id);
        if (isRestoreEnded(state)) {
          throw new ProblemError("Conflict", {
            detail: `Restore ${id} is ${state} already`,
            action: "Nothing has to be done; GET /v1/restores/{id} has its report.",
            resource: `restore/${id}`,
          });
        }
        await context.runs.cancelRestore(id);
        return { status: 202, body: await knownRestore(context, access, id), workflowId, before: { state } };
      },
    }),
  ];
}
