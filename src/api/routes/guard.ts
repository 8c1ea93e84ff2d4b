import { randomBytes } from "node:crypto";
import { describeScope } from "../../domain/access.ts";
import { approvalRule } from "../../domain/approval.ts";
import { Lockout } from "../auth/lockout.ts";
import { addressOf } from "../authenticate.ts";
import { ProblemError } from "../problem.ts";
import { type Actor, type Answer, type Route, route } from "../route.ts";
import { madeSessionSchema } from "../schemas/auth.ts";
import {
  approvalsSchema,
  breakGlassBody,
  decisionBody,
  freezeBody,
  freezeSchema,
  sealedSchema,
} from "../schemas/guard.ts";
import { reachedPlan } from "../subjects.ts";
import { hashToken } from "../tokens.ts";
import { type ApiContext, idParams, requireReach } from "./context.ts";

const minuteMs = 60_000;
const breakGlassMs = 60 * minuteMs;
const breakGlass = "break-glass";
/** A person copies the secret from paper: a few slips are theirs, more are somebody else's. */
const slips = { failures: 5, withinMs: 15 * minuteMs, lockMs: 15 * minuteMs, mostMs: 24 * 60 * minuteMs };

export function guardRoutes(context: ApiContext): readonly Route[] {
  return [...freezeRoutes(context), ...approvalRoutes(context), ...breakGlassRoutes(context)];
}

function freezeRoutes({ store, alarm }: ApiContext): readonly Route[] {
  const show = (freeze: object | undefined) => ({ frozen: freeze !== undefined, ...freeze });
  return [
    route({
      method: "get",
      path: "/v1/freeze",
      operationId: "getFreeze",
      tag: "guard",
      summary: "Whether all changes are frozen",
      permission: "self",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "The switch", schema: freezeSchema } },
      async handle(): Promise<Answer> {
        return { status: 200, body: show(await store.guard.frozen()) };
      },
    }),
    route({
      method: "post",
      path: "/v1/freeze",
      operationId: "freezeChanges",
      tag: "guard",
      summary: "Freeze all changes, everywhere",
      description:
        "Nothing that changes anything is accepted any more, by the API nor by a worker. Runs that have made a change finish, or undo, what they began.",
      permission: "system:freeze",
      actor: "signed-in",
      audit: "system.freeze",
      duringFreeze: true,
      idempotent: true,
      body: freezeBody,
      responses: { 200: { description: "Frozen", schema: freezeSchema } },
      async handle({ body: { reason }, actor, access }): Promise<Answer> {
        requireReach(access, {});
        const before = show(await store.guard.frozen());
        const after = show(await store.guard.freeze(actor?.id ?? "", reason));
        alarm({ event: "system.freeze", by: actor?.id ?? "", text: `All changes are frozen: ${reason}` });
        return { status: 200, body: after, before, after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/freeze",
      operationId: "unfreezeChanges",
      tag: "guard",
      summary: "Allow changes again",
      permission: "system:unfreeze",
      actor: "signed-in",
      audit: "system.unfreeze",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      responses: { 200: { description: "No longer frozen", schema: freezeSchema } },
      async handle({ actor, access }): Promise<Answer> {
        requireReach(access, {});
        const before = show(await store.guard.frozen());
        await store.guard.unfreeze();
        alarm({ event: "system.unfreeze", by: actor?.id ?? "", text: "Changes are allowed again" });
        return { status: 200, body: show(undefined), before, after: show(undefined) };
      },
    }),
  ];
}

function approvalRoutes(context: ApiContext): readonly Route[] {
  const { store } = context;
  const approvals = async (planId: string) => {
    const [plan, requestedBy, items] = await Promise.all([
      store.plans.get(planId),
      store.guard.requesters(planId),
      store.guard.decisions(planId),
    ]);
    const rule = plan && approvalRule(context.approvalRules ?? [], plan);
    const text = rule && `${rule.kind ?? "any plan"} at ${describeScope(rule.scope)}`;
    return { planId, required: rule !== undefined, rule: text, requestedBy, items };
  };
  return [
    route({
      method: "get",
      path: "/v1/plans/{id}/approvals",
      operationId: "listApprovals",
      tag: "plans",
      summary: "Whether a plan wants a second person, and what was decided about it",
      permission: "plans:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The decisions", schema: approvalsSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        reachedPlan(access, await store.plans.get(id), id);
        return { status: 200, body: await approvals(id) };
      },
    }),
    route({
      method: "post",
      path: "/v1/plans/{id}/approvals",
      operationId: "decidePlan",
      tag: "plans",
      summary: "Approve or reject a plan, by its id and hash",
      description:
        "By a person who had no part in it: not one who asked for the plan, nor through a token of theirs. A decision can be changed until the plan is started.",
      permission: "plans:approve",
      actor: "signed-in",
      audit: "plan.decide",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      body: decisionBody,
      responses: { 200: { description: "All decisions", schema: approvalsSchema } },
      async handle({ params: { id }, body, actor, access }): Promise<Answer> {
        const plan = reachedPlan(access, await store.plans.get(id), id);
        if (body.plan_hash !== plan.hash) {
          throw new ProblemError("Conflict", {
            detail: `Plan ${id} has another hash than the one that is decided about`,
            action: "Read the plan and decide about what it says.",
            facts: { hash: plan.hash },
          });
        }
        const person = requirePerson(actor as Actor, context.auth.oidc !== undefined);
        if (body.decision === "approve" && (await store.guard.requesters(id)).includes(person.responsible)) {
          throw new ProblemError("PolicyBlocked", {
            detail: "Who asked for a plan can't be the one who approves it",
            action: "Ask another approver.",
          });
        }
        const { decision, note, plan_hash: planHash } = body;
        const decidedBy = { decidedBy: person.responsible, decidedByName: person.name };
        await store.guard.decide({ planId: id, planHash, decision, ...decidedBy, ...(note ? { note } : {}) });
        return { status: 200, body: await approvals(id), after: { decision, planHash } };
      },
    }),
  ];
}

function breakGlassRoutes({ store, auth, alarm }: ApiContext): readonly Route[] {
  const lockout = new Lockout(slips);
  return [
    route({
      method: "post",
      path: "/v1/break-glass",
      operationId: "sealBreakGlass",
      tag: "guard",
      summary: "Make the sealed secret for emergencies",
      description: "The answer holds it, once. The one before opens nothing any more.",
      permission: "access:write",
      actor: "signed-in",
      audit: "break-glass.seal",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      confidential: true,
      responses: { 201: { description: "The secret", schema: sealedSchema } },
      async handle({ actor, access }): Promise<Answer> {
        requireReach(access, {});
        const secret = `nvb_${randomBytes(32).toString("base64url")}`;
        await store.guard.seal(hashToken(secret), actor?.id ?? "");
        return { status: 201, body: { secret } };
      },
    }),
    route({
      method: "post",
      path: "/v1/auth/break-glass",
      operationId: "breakGlass",
      tag: "auth",
      summary: "Open the sealed secret: every role everywhere, for an hour",
      description: "Needs no identity provider. Sounds the alarm; the secret works once.",
      permission: "public",
      actor: "anyone",
      audit: "auth.break-glass",
      duringFreeze: true,
      idempotent: true,
      confidential: true,
      secretBody: true,
      body: breakGlassBody,
      responses: { 201: { description: "A session", schema: madeSessionSchema } },
      async handle({ body: { secret, reason }, request }): Promise<Answer> {
        const address = addressOf(request);
        lockout.refuseLocked(breakGlass, address);
        if (!(await store.guard.openSeal(hashToken(secret)))) {
          const locked = lockout.fail(breakGlass, address);
          alarm({
            event: locked ? "auth.lock-out" : "auth.break-glass-refused",
            by: address,
            text: `Somebody tried to use break-glass access from ${address} with a wrong secret`,
          });
          throw new ProblemError("Unauthenticated", {
            detail: "This is not the sealed secret, or it was used before",
            action: "Check it letter by letter.",
          });
        }
        alarm({
          event: "auth.break-glass",
          by: address,
          text: `Break-glass access is in use from ${address}: ${reason}`,
        });
        const terms = auth.sessions.terms({ kind: breakGlass, groups: [] }, breakGlassMs);
        const token = await auth.sessions.begin(terms);
        return { status: 201, body: { token, endsAt: terms.endsAt }, after: { reason, endsAt: terms.endsAt } };
      },
    }),
  ];
}

/** A program can't approve. Where people sign in, a token of theirs can't either: it was made for programs. */
function requirePerson(actor: Actor, peopleSignIn: boolean): Actor {
  const person = actor.kind !== "token" || (!peopleSignIn && actor.personal === true);
  if (person) return actor;
  throw new ProblemError("Forbidden", {
    detail: "A plan is approved by a person, not by a token",
    action: peopleSignIn
      ? "Sign in: novacron login --step-up."
      : "Use a token that was made for a user (tokens create --user).",
  });
}
