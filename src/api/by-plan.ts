import type { Plan } from "../domain/plan.ts";
import type { Answer, Asked, ResponseSpec } from "./route.ts";
import type { ApiContext } from "./routes/context.ts";
import { planSchema } from "./schemas/plan.ts";
import { approvedPlan } from "./start-migration.ts";

interface Approved {
  readonly plan_id: string;
  readonly plan_hash: string;
}

/** What a caller sends: a plan that was approved, or what to plan and carry out at once; `dry_run` stops after the plan. */
interface ByPlan {
  readonly dry_run?: boolean | undefined;
}

/** The latter, of a body that is either. */
type Direct<Body> = Body extends Approved ? never : Omit<Body, keyof ByPlan>;

interface Steps<Body, Run> {
  /** Of the plan. */
  readonly kind: string;
  /** What carries it out, in its own word: `restore`. */
  readonly what: string;
  plan(planId: string, asked: Direct<Body>): Promise<Plan>;
  /** Registers it under the id and starts it. */
  start(id: string, plan: Plan): Promise<Run>;
  /** Where it is. */
  location(run: Run): string;
  /** For the audit trail, beside the plan. */
  after(run: Run): object;
}

/** Carries a plan out that was approved, or one that is made now: what every POST does that starts something by a plan. */
export async function carryOut<Body extends ByPlan, Run extends { readonly workflowId: string }>(
  context: ApiContext,
  { body, access, stableId }: Pick<Asked<unknown, unknown, Body>, "body" | "access" | "stableId">,
  { kind, what, plan: make, start, location, after }: Steps<Body, Run>,
): Promise<Answer> {
  const { dry_run: dryRun, ...asked } = body;
  const plan = isApproved(asked)
    ? await approvedPlan(context, access, { planId: asked.plan_id, planHash: asked.plan_hash }, kind)
    : await make(stableId("plan"), asked as unknown as Direct<Body>);
  const { planId, hash: planHash } = plan;
  if (dryRun) return { status: 200, body: plan, workflowId: `plan/${planId}` };
  const run = await start(stableId(what), plan);
  const headers = { Location: location(run) };
  return { status: 202, body: run, headers, workflowId: run.workflowId, after: { planId, planHash, ...after(run) } };
}

function isApproved(asked: object): asked is Approved {
  return "plan_id" in asked;
}

/** The answers of {@link carryOut}. */
export function byPlanResponses(
  what: string,
  schema: NonNullable<ResponseSpec["schema"]>,
): Readonly<Record<200 | 202, ResponseSpec>> {
  return {
    200: { description: "With dry_run: the plan", schema: planSchema },
    202: {
      description: `Started; the ${what} goes on whatever happens to the caller`,
      schema,
      headers: { Location: `Where the ${what} is` },
    },
  };
}
