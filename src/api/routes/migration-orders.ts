import { randomUUID } from "node:crypto";
import type { MigrationState, MigrationView } from "../../domain/migration.ts";
import { finalizeNow } from "../finalize-migration.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, type Route, route } from "../route.ts";
import { finalizeSchema, migrationSchema } from "../schemas/migration.ts";
import { type ApiContext, idParams } from "./context.ts";
import { knownMigration } from "./migrations.ts";

type SignalledOrder = "pause" | "resume" | "cancel";
type ClosingOrder = "rollback" | "undo";

const signalled: Readonly<Record<SignalledOrder, { summary: string; description: string }>> = {
  pause: {
    summary: "Pause after the bytes in flight",
    description: "Nothing is undone; what was copied stays copied.",
  },
  resume: { summary: "Go on where it was paused", description: "Harmless when it is not paused." },
  cancel: { summary: "Stop and roll back", description: "The target is emptied and the source runs again." },
};
const takesSignals: readonly MigrationState[] = ["running", "queued", "paused", "awaiting-cutover"];

const closing: Readonly<Record<ClosingOrder, { summary: string; description: string }>> = {
  undo: {
    summary: "Bring the VM back to the source with all that it wrote since",
    description:
      "Within the undo window of its plan. The target stops, the last difference goes home, the source's successor starts; the target stays, fenced, until finalize.",
  },
  rollback: {
    summary: "Take a completed migration back: the target is removed and the source runs again",
    description:
      "What the target wrote since is lost. Also tries again to remove what an earlier rollback left behind.",
  },
};

const closingResponses = {
  200: { description: "Done", schema: migrationSchema },
  202: { description: "Accepted and still going on", schema: migrationSchema },
};

export function orderRoutes(context: ApiContext): readonly Route[] {
  const signals = (Object.keys(signalled) as SignalledOrder[]).map((order) => signalRoute(context, order));
  const closings = (Object.keys(closing) as ClosingOrder[]).map((order) => closingRoute(context, order));
  return [...signals, ...closings, finalizeRoute(context), cutoverRoute(context)];
}

function cutoverRoute(context: ApiContext): Route {
  return route({
    method: "post",
    path: "/v1/migrations/{id}/cutover",
    operationId: "cutoverMigration",
    tag: "migrations",
    summary: "Cut a warm migration over as soon as the round in hand is proven",
    description: "The source stops, the last difference moves, the target starts. Refused unless it replicates.",
    permission: "migrations:write",
    actor: "signed-in",
    audit: "migration.cutover",
    idempotent: true,
    params: idParams,
    responses: { 202: { description: "It will come; the state follows", schema: migrationSchema } },
    async handle({ params: { id }, access }): Promise<Answer> {
      const { workflowId } = await knownMigration(context, access, id);
      await context.runs.cutOver(id, randomUUID());
      return { status: 202, body: await knownMigration(context, access, id), workflowId };
    },
  });
}

function finalizeRoute(context: ApiContext): Route {
  return route({
    method: "post",
    path: "/v1/migrations/{id}/finalize",
    operationId: "finalizeMigration",
    tag: "migrations",
    summary: "Make a completed migration final: the source is removed",
    description:
      "Cannot be undone. Deletes what its plan names, by POST /v1/plans with `kind: finalize_migration`, and nothing else: what appeared since is left alone, and listed as `left_alone`. `confirm` holds the plan's `inputs.names`.",
    permission: "migrations:write",
    actor: "signed-in",
    audit: "migration.finalize",
    stepUp: true,
    idempotent: true,
    params: idParams,
    body: finalizeSchema,
    responses: closingResponses,
    async handle({ params: { id }, body, access, actor }): Promise<Answer> {
      const { workflowId, state } = await knownMigration(context, access, id);
      const { plan_id: planId, plan_hash: planHash, confirm } = body;
      const outcome = await finalizeNow(context, { access, actor }, id, { planId, planHash, confirm });
      const migration = await knownMigration(context, access, id);
      const changed = { before: { state }, after: { state: migration.state, planId, planHash } };
      return { status: outcome === "done" ? 200 : 202, body: migration, workflowId, ...changed };
    },
  });
}

function signalRoute(context: ApiContext, order: SignalledOrder): Route {
  return route({
    method: "post",
    path: `/v1/migrations/{id}/${order}`,
    operationId: `${order}Migration`,
    tag: "migrations",
    ...signalled[order],
    permission: "migrations:write",
    actor: "signed-in",
    audit: `migration.${order}`,
    // To stop, and to undo, is what a freeze wants.
    duringFreeze: order !== "resume",
    idempotent: true,
    params: idParams,
    responses: { 202: { description: "Told; the state follows", schema: migrationSchema } },
    async handle({ params: { id }, access }): Promise<Answer> {
      const migration = await knownMigration(context, access, id);
      if (!takesSignals.includes(migration.state)) throw wrongState(migration, order);
      await context.runs[order](id);
      const now = await knownMigration(context, access, id);
      const { workflowId, state } = migration;
      return { status: 202, body: now, workflowId, before: { state }, after: { state: now.state } };
    },
  });
}

function closingRoute(context: ApiContext, order: ClosingOrder): Route {
  return route({
    method: "post",
    path: `/v1/migrations/{id}/${order}`,
    operationId: `${order}Migration`,
    tag: "migrations",
    ...closing[order],
    permission: "migrations:write",
    actor: "signed-in",
    audit: `migration.${order}`,
    stepUp: true,
    idempotent: true,
    params: idParams,
    responses: closingResponses,
    async handle({ params: { id }, access }): Promise<Answer> {
      const { workflowId, state } = await knownMigration(context, access, id);
      const outcome = await context.runs.close(id, order, randomUUID());
      const migration = await knownMigration(context, access, id);
      const changed = { before: { state }, after: { state: migration.state } };
      return { status: outcome === "done" ? 200 : 202, body: migration, workflowId, ...changed };
    },
  });
}

function wrongState(migration: MigrationView, order: string): ProblemError {
  const { migrationId, state } = migration;
  return new ProblemError("Conflict", {
    detail: `Migration ${migrationId} is ${state}; ${order} needs one that is ${takesSignals.join(" or ")}`,
    action:
      state === "awaiting-finalize"
        ? "Finalize it, or roll it back."
        : "Nothing has to be done; read its state with GET /v1/migrations/{id}.",
    resource: `migration/${migrationId}`,
    facts: { state },
  });
}
