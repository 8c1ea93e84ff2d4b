import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Plan } from "../../domain/plan.ts";
import { askCall } from "../lib/activity-options.ts";
import type { PlanMigrationInput } from "./types.ts";

const { makeMigrationPlan } = proxyActivities<Activities>(askCall);

/** Looks at both sites and stores the pinned plan of a migration; changes nothing. */
export async function planMigration(input: PlanMigrationInput): Promise<Plan> {
  return makeMigrationPlan.executeWithOptions({ summary: `plan ${input.request.vm} → ${input.request.to}` }, [input]);
}
