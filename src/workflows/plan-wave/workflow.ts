import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Plan } from "../../domain/plan.ts";
import { planWaveCall } from "../lib/activity-options.ts";
import type { PlanWaveInput } from "./types.ts";

const { makeWavePlan } = proxyActivities<Activities>(planWaveCall);

/** Plans the move of every VM of a wave and stores the pinned plan of the whole; changes nothing. */
export async function planWave(input: PlanWaveInput): Promise<Plan> {
  const { name, members } = input.outline;
  return makeWavePlan.executeWithOptions({ summary: `plan ${members.length} moves of ${name}` }, [input]);
}
