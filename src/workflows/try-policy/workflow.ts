import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { planWaveCall } from "../lib/activity-options.ts";
import type { PolicyToTry, TriedAt } from "./types.ts";

// As long as planning many moves may take: each moment of the past is a scan of its own.
const { tryPolicy: tryOut } = proxyActivities<Activities>(planWaveCall);

/** What a policy would find, or would have found at moments of the past. Keeps nothing. */
export async function tryPolicy(input: PolicyToTry): Promise<TriedAt[]> {
  const summary = `try ${input.draft.name} at ${Math.max(1, input.moments.length)} moment(s)`;
  return tryOut.executeWithOptions({ summary }, [input]);
}
