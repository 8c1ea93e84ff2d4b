import { CancellationScope, isCancellation, proxyActivities, proxyLocalActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { planWaveCall, recordCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { now } from "../lib/time.ts";
import { show } from "../lib/visibility.ts";
import type { AssessEstateInput } from "./types.ts";

const { assessVms, concludeAssessment } = proxyActivities<Activities>(planWaveCall);
const { recordAssessment } = proxyLocalActivities<Activities>(recordCall);

/** Plans the move of every VM, some at a time, and makes one report of what the plans say; changes nothing. */
export async function assessEstate(input: AssessEstateInput): Promise<void> {
  const { assessmentId, from, to } = input;
  await recordAssessment({ assessmentId, startedAt: now() });
  const headline = `readiness of VMs, ${from} → ${to}`;
  try {
    let done = 0;
    for (let left = 1; left > 0; ) {
      const summary = `plan moves, from VM ${done + 1} on`;
      const looked = await assessVms.executeWithOptions({ summary }, [input]);
      [done, left] = [done + looked.assessed, looked.left];
      const percent = Math.floor((100 * done) / Math.max(1, done + left));
      show({ headline, phase: "assessing", percent, next: `${left} VMs to look at` });
    }
    await concludeAssessment.executeWithOptions({ summary: "propose waves, add up" }, [{ assessmentId }]);
    show({ headline, phase: "completed", percent: 100, next: "the report is in the store" });
  } catch (error) {
    const reason = isCancellation(error) ? "it was cancelled" : describeFailure(error).message;
    await CancellationScope.nonCancellable(() =>
      recordAssessment({ assessmentId, state: "failed", reason, endedAt: now() }),
    );
    throw error;
  }
}
