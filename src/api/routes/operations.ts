import { approvedOperation, shownOperation, startOperation } from "../operations.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, route } from "../route.ts";
import { executePlanSchema, operationListQuery, operationListSchema, operationSchema } from "../schemas/operation.ts";
import { type ApiContext, defaultPageSize, idParams, notFound } from "./context.ts";

export function operationRoutes(context: ApiContext) {
  const { store } = context;
  const known = async (access: Access, id: string) => {
    const found = await store.operations.getScoped(id);
    if (!found || !access.covers(found.subjects)) throw notFound("operation", id, "GET /v1/operations lists them.");
    return found.operation;
  };
  return [
    route({
      method: "post",
      path: "/v1/operations",
      operationId: "executePlan",
      tag: "operations",
      summary: "Carry out a plan for VMs exactly as it was pinned",
      description: "Of a plan that deletes, each VM has to be named in `confirm`, and a person needs a second factor.",
      permission: "vms:write",
      actor: "signed-in",
      audit: "operation.start",
      idempotent: true,
      body: executePlanSchema,
      responses: {
        202: {
          description: "Started; the run goes on whatever happens to the caller",
          schema: operationSchema,
          headers: { Location: "Where the operation is" },
        },
      },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        const plan = await approvedOperation(context, access, { planId: body.plan_id, planHash: body.plan_hash });
        return started(await startOperation(context, actor, stableId("operation"), plan, body.confirm));
      },
    }),
    route({
      method: "get",
      path: "/v1/operations",
      operationId: "listOperations",
      tag: "operations",
      summary: "What was done to VMs, the newest first",
      permission: "operations:read",
      actor: "signed-in",
      audit: undefined,
      query: operationListQuery,
      responses: { 200: { description: "One page", schema: operationListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        return { status: 200, body: await store.operations.list({ ...query, limit, scopes: access.scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/operations/{id}",
      operationId: "getOperation",
      tag: "operations",
      summary: "Where an operation stands, VM by VM",
      permission: "operations:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The operation with its report", schema: operationSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        await known(access, id);
        return { status: 200, body: await shownOperation(context, id) };
      },
    }),
    route({
      method: "post",
      path: "/v1/operations/{id}/cancel",
      operationId: "cancelOperation",
      tag: "operations",
      summary: "Begin no further VM, and undo what is half done",
      description: "What is done stays done; what was deleted stays deleted.",
      permission: "vms:write",
      actor: "signed-in",
      audit: "operation.cancel",
      // To stop is what a freeze wants.
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "Told; the state follows", schema: operationSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const { state, workflowId } = await known(access, id);
        if (state !== "running") {
          throw new ProblemError("Conflict", {
            detail: `Operation ${id} is ${state} already`,
            action: "Nothing has to be done; GET /v1/operations/{id} has its report.",
            resource: `operation/${id}`,
          });
        }
        await context.runs.cancelOperation(id);
        return { status: 202, body: await shownOperation(context, id), workflowId, before: { state } };
      },
    }),
  ];
}

export function started(operation: Awaited<ReturnType<typeof shownOperation>>): Answer {
  const { operationId, planId, kind, workflowId } = operation;
  const headers = { Location: `/v1/operations/${operationId}` };
  return { status: 202, body: operation, headers, workflowId, after: { operationId, planId, kind } };
}
