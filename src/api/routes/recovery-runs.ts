import { randomUUID } from "node:crypto";
import { evidencePage } from "../../domain/recovery-evidence.ts";
import { isRecoveryEnded, type RecoveryRequest, type RecoveryRun, recoveryKind } from "../../domain/recovery-run.ts";
import { fromWire } from "../../domain/wire.ts";
import { byPlanResponses, carryOut } from "../by-plan.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, type Route, route } from "../route.ts";
import {
  confirmFencingBody,
  recoveryRunDetailSchema,
  recoveryRunListQuery,
  recoveryRunListSchema,
  recoveryRunSchema,
  startRecoverySchema,
  stepDoneBody,
} from "../schemas/recovery-run.ts";
import { evidenceOf, knownRun, planRecoveryNow, reachedGroup, startRecoveryRun } from "../start-recovery.ts";
import { type ApiContext, defaultPageSize, idParams } from "./context.ts";

/** Failovers, planned failovers and drills. */
export function recoveryRunRoutes(context: ApiContext): readonly Route[] {
  const { store, runs } = context;
  const told = { 202: { description: "Told; the run goes on", schema: recoveryRunSchema } };
  return [
    route({
      method: "post",
      path: "/v1/recovery-runs",
      operationId: "startRecovery",
      tag: "recovery",
      summary: "Fail a protection group over, or drill that",
      description:
        "A failover fences the site that serves, takes the newest recovery point (or the one that is named) and brings the VMs up in the order of the recovery plan. A drill does the same with clones where nobody is reached. With `dry_run: true` nothing is started, and the answer is the plan.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "recovery.start",
      stepUp: true,
      idempotent: true,
      body: startRecoverySchema,
      responses: byPlanResponses("recovery", recoveryRunSchema),
      handle: (asked): Promise<Answer> =>
        carryOut(context, asked, {
          kind: recoveryKind,
          what: "recovery",
          plan: (planId, wanted) => planRecoveryNow(context, asked, planId, fromWire<RecoveryRequest>(wanted)),
          start: (id, plan) => startRecoveryRun(context, asked.actor, id, plan),
          location: ({ runId }) => `/v1/recovery-runs/${runId}`,
          after: ({ runId, mode, reason }) => ({ runId, mode, reason }),
        }),
    }),
    route({
      method: "get",
      path: "/v1/recovery-runs",
      operationId: "listRecoveryRuns",
      tag: "recovery",
      summary: "Failovers and drills of a group, the newest first, with what was measured: the trend",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      query: recoveryRunListQuery,
      responses: { 200: { description: "One page", schema: recoveryRunListSchema } },
      async handle({ query: { limit = defaultPageSize, group_id: groupId, ...query }, access }): Promise<Answer> {
        await reachedGroup(context, access, groupId);
        return { status: 200, body: await store.recoveryRuns.list({ ...query, groupId, limit }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/recovery-runs/{id}",
      operationId: "getRecoveryRun",
      tag: "recovery",
      summary:
        "The report: where a run stands, who approved it, each step with its times, hashes, and what was measured",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The run", schema: recoveryRunDetailSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const run = await knownRun(context, access, id);
        const { run: _run, ...evidence } = await evidenceOf(context, run);
        return { status: 200, body: { ...run, ...evidence } };
      },
    }),
    route({
      method: "get",
      path: "/v1/recovery-runs/{id}/report",
      operationId: "getRecoveryEvidence",
      tag: "recovery",
      summary:
        "The run's report as a page of its own: who approved, each step with its times, figures against objectives",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The page", mediaType: "text/html" } },
      async handle({ params: { id }, access, response }): Promise<undefined> {
        const run = await knownRun(context, access, id);
        const page = evidencePage(await evidenceOf(context, run));
        response.status(200).type("text/html").send(page);
      },
    }),
    route({
      method: "post",
      path: "/v1/recovery-runs/{id}/step-done",
      operationId: "completeRecoveryStep",
      tag: "recovery",
      summary: "Say that a manual step is done",
      description: "Also ahead of its turn: it is then not waited for.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "recovery.step-done",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      body: stepDoneBody,
      responses: told,
      async handle({ params: { id }, body, access, actor }): Promise<Answer> {
        const run = await going(id, access);
        const { boot_group: bootGroup, step, note } = body;
        const done = { bootGroup, step, by: actor?.name ?? "", ...(note === undefined ? {} : { note }) };
        await runs.tellRecovery(run.workflowId, { kind: "step-done", done }, randomUUID());
        return { status: 202, body: await knownRun(context, access, id), workflowId: run.workflowId, after: done };
      },
    }),
    route({
      method: "post",
      path: "/v1/recovery-runs/{id}/confirm-fencing",
      operationId: "confirmFencing",
      tag: "recovery",
      summary: "Say that nothing of the group writes at the old site any more, where nothing else proves it",
      description: "The run says what to make sure of. Two sites that both write lose what one of them has written.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "recovery.confirm-fencing",
      stepUp: true,
      idempotent: true,
      params: idParams,
      body: confirmFencingBody,
      responses: told,
      async handle({ params: { id }, body, access, actor }): Promise<Answer> {
        const run = await going(id, access);
        const confirmed = { by: actor?.name ?? "", text: body.made_sure_of };
        await runs.tellRecovery(run.workflowId, { kind: "confirm-fenced", confirmed }, randomUUID());
        return { status: 202, body: await knownRun(context, access, id), workflowId: run.workflowId, after: confirmed };
      },
    }),
    route({
      method: "post",
      path: "/v1/recovery-runs/{id}/retry",
      operationId: "retryRecovery",
      tag: "recovery",
      summary: "Try the steps again that failed",
      permission: "protection:write",
      actor: "signed-in",
      audit: "recovery.retry",
      idempotent: true,
      params: idParams,
      responses: told,
      async handle({ params: { id }, access, actor }): Promise<Answer> {
        const run = await going(id, access);
        await runs.tellRecovery(run.workflowId, { kind: "retry", by: actor?.name ?? "" }, randomUUID());
        return { status: 202, body: await knownRun(context, access, id), workflowId: run.workflowId };
      },
    }),
    route({
      method: "post",
      path: "/v1/recovery-runs/{id}/give-up",
      operationId: "giveUpRecovery",
      tag: "recovery",
      summary: "Give a run up: what it made is removed, and the group stands as before it",
      description: "A drill that is under way is cancelled. A failover is given up while it waits for a person.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "recovery.give-up",
      stepUp: true,
      // To stop is what a freeze wants.
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: told,
      async handle({ params: { id }, access, actor }): Promise<Answer> {
        const run = await going(id, access);
        const { workflowId, mode, state } = run;
        if (mode === "drill") await runs.cancelRecovery(workflowId);
        else await runs.tellRecovery(workflowId, { kind: "give-up", by: actor?.name ?? "" }, randomUUID());
        return { status: 202, body: await knownRun(context, access, id), workflowId, before: { state } };
      },
    }),
  ];

  async function going(id: string, access: Parameters<typeof knownRun>[1]): Promise<RecoveryRun> {
    const run = await knownRun(context, access, id);
    if (!isRecoveryEnded(run.state)) return run;
    throw new ProblemError("Conflict", {
      detail: `Run ${id} is ${run.state} already`,
      action: "Nothing has to be done; GET /v1/recovery-runs/{id} has its report.",
      resource: `recovery-run/${id}`,
    });
  }
}
