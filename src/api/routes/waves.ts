import * as z from "zod";
import type { WaveState, WaveView } from "../../domain/wave.ts";
import { wavePlanKind } from "../../domain/wave-plan.ts";
import { byPlanResponses, carryOut } from "../by-plan.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, type Route, route } from "../route.ts";
import { approvedPlanSchema } from "../schemas/migration.ts";
import { directWaveSchema, waveListQuery, waveListSchema, waveSchema } from "../schemas/wave.ts";
import { planWaveNow, startWaveByPlan } from "../start-wave.ts";
import { type ApiContext, defaultPageSize, idParams, notFound } from "./context.ts";

const orders = {
  pause: {
    summary: "Start no further VM, and pause those under way",
    description: "Nothing is undone; what was copied stays copied.",
  },
  resume: { summary: "Go on where the wave was paused", description: "Harmless when it is not paused." },
  cancel: {
    summary: "Start no further VM, and roll back those under way",
    description: "VMs that were moved stay moved: roll each back, or finalize it, by its migration.",
  },
} as const;
type Order = keyof typeof orders;
const takesOrders: readonly WaveState[] = ["running", "paused"];

export function waveRoutes(context: ApiContext): readonly Route[] {
  const { store } = context;
  return [
    route({
      method: "post",
      path: "/v1/waves",
      operationId: "startWave",
      tag: "waves",
      summary: "Move many VMs by an approved plan, or plan and start them at once",
      description: "With `dry_run: true` nothing is started, and the answer is the one plan of all of it.",
      permission: "migrations:write",
      actor: "signed-in",
      audit: "wave.start",
      idempotent: true,
      body: z.union([approvedPlanSchema, directWaveSchema]),
      responses: byPlanResponses("wave", waveSchema),
      handle: (asked): Promise<Answer> =>
        carryOut(context, asked, {
          kind: wavePlanKind,
          what: "wave",
          plan: (planId, wanted) => planWaveNow(context, asked, planId, wanted),
          start: (id, plan) => startWaveByPlan(context, asked.actor, id, plan),
          location: ({ waveId }) => `/v1/waves/${waveId}`,
          after: ({ waveId, state }) => ({ waveId, state }),
        }),
    }),
    route({
      method: "get",
      path: "/v1/waves",
      operationId: "listWaves",
      tag: "waves",
      summary: "Waves, the newest first",
      permission: "migrations:read",
      actor: "signed-in",
      audit: undefined,
      query: waveListQuery,
      responses: { 200: { description: "One page", schema: waveListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        return { status: 200, body: await store.waves.list({ ...query, limit, scopes: access.scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/waves/{id}",
      operationId: "getWave",
      tag: "waves",
      summary: "Where a wave stands: the one report of all its VMs",
      permission: "migrations:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The wave", schema: waveSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: await knownWave(context, access, id) };
      },
    }),
    ...(Object.keys(orders) as Order[]).map((order) => orderRoute(context, order)),
  ];
}

function orderRoute(context: ApiContext, order: Order): Route {
  return route({
    method: "post",
    path: `/v1/waves/{id}/${order}`,
    operationId: `${order}Wave`,
    tag: "waves",
    ...orders[order],
    permission: "migrations:write",
    actor: "signed-in",
    audit: `wave.${order}`,
    // To stop, and to undo, is what a freeze wants.
    duringFreeze: order !== "resume",
    idempotent: true,
    params: idParams,
    responses: { 202: { description: "Told; the state follows", schema: waveSchema } },
    async handle({ params: { id }, access }): Promise<Answer> {
      const { state, workflowId } = await knownWave(context, access, id);
      if (!takesOrders.includes(state)) {
        throw new ProblemError("Conflict", {
          detail: `Wave ${id} is ${state}; ${order} needs one that is ${takesOrders.join(" or ")}`,
          action: "Nothing has to be done; each of its migrations takes orders of its own.",
          resource: `wave/${id}`,
          facts: { state },
        });
      }
      await context.runs.orderWave(id, order);
      const now = await knownWave(context, access, id);
      return { status: 202, body: now, workflowId, before: { state }, after: { state: now.state } };
    },
  });
}

async function knownWave(context: ApiContext, access: Access, id: string): Promise<WaveView> {
  const found = await context.store.waves.getScoped(id);
  if (!found || !access.covers(found.subjects)) throw notFound("wave", id, "GET /v1/waves lists them.");
  return found.wave;
}
