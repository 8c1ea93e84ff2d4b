import {
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { analysisCall, recordCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { now } from "../lib/time.ts";
import { show } from "../lib/visibility.ts";
import type { AnalyseSavingsResult } from "./types.ts";

const { analyseSavings: analyse } = proxyActivities<Activities>(analysisCall);
const { beginSavingsAnalysis, failSavingsAnalysis } = proxyLocalActivities<Activities>(recordCall);

/** Looks at what VMs used and what it costs, and files what could cost less; changes nothing. */
export async function analyseSavings(): Promise<AnalyseSavingsResult> {
  const analysisId = workflowInfo().runId;
  await beginSavingsAnalysis({ analysisId, startedAt: now() });
  const headline = "what could cost less";
  show({ headline, phase: "analysing", percent: 0, next: "use and prices of all sites" });
  try {
    const totals = await analyse.executeWithOptions({ summary: "use and prices of all sites" }, [{ analysisId }]);
    show({ headline, phase: "completed", percent: 100, next: "the findings are in the store" });
    return { analysisId, recommendations: totals.recommendations };
  } catch (error) {
    const reason = isCancellation(error) ? "it was cancelled" : describeFailure(error).message;
    await CancellationScope.nonCancellable(() => failSavingsAnalysis({ analysisId, reason }));
    throw error;
  }
}
