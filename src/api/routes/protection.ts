import * as z from "zod";
import { type GroupState, type ProtectionGroup, statusOf, viewGroup } from "../../domain/protection.ts";
import { protectionPlanKind } from "../../domain/protection-plan.ts";
import { recoverySeconds } from "../../domain/recovery-time.ts";
import { byPlanResponses, carryOut } from "../by-plan.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, type Route, route } from "../route.ts";
import type { ProtectionOrder } from "../runs.ts";
import { approvedPlanSchema } from "../schemas/migration.ts";
import {
  eventListQuery,
  eventListSchema,
  groupListQuery,
  groupListSchema,
  groupSchema,
  protectionBody,
  protectionStatusSchema,
  reprotectBody,
} from "../schemas/protection.ts";
import { foundGroup, knownGroup, planProtectionNow, protectByPlan } from "../start-protection.ts";
import { type ApiContext, configuredSite, defaultPageSize, idParams, requireReach } from "./context.ts";

const path = "/v1/protection-groups";

const orders = {
  pause: {
    method: "post",
    at: "/pause",
    operationId: "pauseProtection",
    summary: "Make no more recovery points for now",
    description: "A round that is under way goes on to its end; points that are there stay.",
    takes: ["initial", "protected", "re-protecting"],
    duringFreeze: true,
  },
  resume: {
    method: "post",
    at: "/resume",
    operationId: "resumeProtection",
    summary: "Make recovery points again",
    description: "Harmless when it is not paused.",
    takes: ["paused", "initial", "protected", "re-protecting"],
    duringFreeze: true,
  },
  point: {
    method: "post",
    at: "/points",
    operationId: "makeGroupPoint",
    summary: "Make a recovery point now",
    description: "As soon as the round that is under way has ended.",
    takes: ["initial", "protected", "re-protecting"],
    duringFreeze: true,
  },
  delete: {
    method: "delete",
    at: "",
    operationId: "deleteProtectionGroup",
    summary: "End the protection of a group and remove all its recovery points",
    description: "Its VMs stay as they are. Refused while a failover holds it.",
    takes: ["initial", "protected", "paused", "unprotected", "re-protecting", "deleting"],
    duringFreeze: false,
  },
} as const satisfies Readonly<Record<ProtectionOrder, object>>;

export function protectionRoutes(context: ApiContext): readonly Route[] {
  const { store } = context;
  return [
    route({
      method: "post",
      path,
      operationId: "protectGroup",
      tag: "recovery",
      summary: "Protect a group of VMs at another site, by an approved plan, or planned and started at once",
      description: "With `dry_run: true` nothing is protected, and the answer is the plan.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "protection.create",
      idempotent: true,
      body: z.union([approvedPlanSchema, protectionBody]),
      responses: byPlanResponses("group", groupSchema),
      handle: (asked): Promise<Answer> =>
        carryOut(context, asked, {
          kind: protectionPlanKind,
          what: "group",
          plan: (planId, wanted) => planProtectionNow(context, asked, planId, wanted),
          start: (id, plan) => protectByPlan(context, asked.actor, id, plan),
          location: ({ groupId }) => `${path}/${groupId}`,
          after: ({ groupId, state }) => ({ groupId, state }),
        }),
    }),
    route({
      method: "get",
      path,
      operationId: "listProtectionGroups",
      tag: "recovery",
      summary: "Protection groups and how far each is protected, the newest first",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      query: groupListQuery,
      responses: { 200: { description: "One page", schema: groupListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        const page = await store.protection.list({ ...query, limit, scopes: access.scopes });
        const newest = await store.groupPoints.newestOf(page.items);
        const items = page.items.map((group) => viewGroup(group, newest.get(group.groupId), Date.now()));
        return { status: 200, body: { ...page, items } };
      },
    }),
    route({
      method: "get",
      path: `${path}/{id}`,
      operationId: "getProtectionGroup",
      tag: "recovery",
      summary: "A group, its policy, and how far it is protected",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The group", schema: groupSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: await knownGroup(context, access, id) };
      },
    }),
    route({
      method: "get",
      path: `${path}/{id}/status`,
      operationId: "getProtectionStatus",
      tag: "recovery",
      summary: "Where a group serves, and how each of its VMs is backed up",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The state", schema: protectionStatusSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const group = await knownGroup(context, access, id);
        const { currentSite, replicatesTo = group.policy.recoverySite } = group;
        const history = await store.migrations.stepSamples(currentSite, replicatesTo);
        return { status: 200, body: statusOf(group, recoverySeconds(history)) };
      },
    }),
    route({
      method: "get",
      path: `${path}/{id}/events`,
      operationId: "listProtectionEvents",
      tag: "recovery",
      summary: "What happened to a group, the newest first",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      query: eventListQuery,
      responses: { 200: { description: "One page", schema: eventListSchema } },
      async handle({ params: { id }, query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        await foundGroup(context, access, id);
        return { status: 200, body: await store.protection.events(id, { ...query, limit }) };
      },
    }),
    route({
      method: "post",
      path: `${path}/{id}/reprotect`,
      operationId: "reprotectGroup",
      tag: "recovery",
      summary: "Follow a group that was failed over, from where it serves now",
      description: "What it left at the site is fenced and stopped first; then only what differs from it is moved.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "protection.reprotect",
      idempotent: true,
      params: idParams,
      body: reprotectBody,
      responses: { 202: { description: "Told; the state follows", schema: groupSchema } },
      async handle({ params: { id }, body, access }): Promise<Answer> {
        const group = await knownGroup(context, access, id);
        refuseUnless(group, ["unprotected"]);
        const { policy, currentSite, workflowId, state, members } = group;
        const usual = currentSite === policy.primarySite ? policy.recoverySite : policy.primarySite;
        const { to = usual } = body;
        configuredSite(context, access, to);
        requireReach(
          access,
          members.map(({ tags }) => ({ site: to, tags })),
        );
        if (to === currentSite) {
          throw new ProblemError("InvalidInput", {
            detail: `The group serves at ${to}`,
            action: "Name another site.",
            resource: `protection-group/${id}`,
          });
        }
        await context.runs.reprotect(id, to);
        const now = await knownGroup(context, access, id);
        return { status: 202, body: now, workflowId, before: { state }, after: { state: now.state, to } };
      },
    }),
    ...(Object.keys(orders) as ProtectionOrder[]).map((order) => orderRoute(context, order)),
  ];
}

function orderRoute(context: ApiContext, order: ProtectionOrder): Route {
  const { method, at, operationId, summary, description, takes, duringFreeze } = orders[order];
  return route({
    method,
    path: `${path}/{id}${at}`,
    operationId,
    tag: "recovery",
    summary,
    description,
    permission: "protection:write",
    actor: "signed-in",
    audit: `protection.${order}`,
    duringFreeze,
    ...(order === "delete" ? { stepUp: true } : {}),
    idempotent: true,
    params: idParams,
    responses: { 202: { description: "Told; the state follows", schema: groupSchema } },
    async handle({ params: { id }, access }): Promise<Answer> {
      const group = await knownGroup(context, access, id);
      const { state, workflowId } = group;
      refuseUnless(group, takes);
      await context.runs.orderProtection(id, order);
      const now = await knownGroup(context, access, id);
      return { status: 202, body: now, workflowId, before: { state }, after: { state: now.state } };
    },
  });
}

function refuseUnless({ groupId, state }: ProtectionGroup, takes: readonly GroupState[]): void {
  if (takes.includes(state)) return;
  throw new ProblemError("Conflict", {
    detail: `Group ${groupId} is ${state}; this needs one that is ${takes.join(" or ")}`,
    action: "See novacron protection show.",
    resource: `protection-group/${groupId}`,
    facts: { state },
  });
}
