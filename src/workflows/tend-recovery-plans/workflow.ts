import { isCancellation, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { RecordShiftParameters } from "../../domain/recovery-actions.ts";
import { rowCall, siteCall } from "../lib/activity-options.ts";

const { plansToTend } = proxyActivities<Activities>(rowCall);
/** A site that doesn't answer is asked again at the next turn. */
const calls = proxyActivities<Activities>({
  ...siteCall,
  scheduleToCloseTimeout: "1 minute",
  retry: { ...siteCall.retry, maximumAttempts: 3 },
});

export interface TendRecoveryPlansResult {
  /** Groups whose drill was begun. */
  readonly drilled: readonly string[];
  /** Records whose TTL was lowered. */
  readonly lowered: readonly string[];
  /** Those that could not be looked at now. */
  readonly failed: readonly string[];
}

/** Begins the drills whose turn has come, tells of plans that were not proven lately, and keeps the TTLs of their records low. */
export async function tendRecoveryPlans(): Promise<TendRecoveryPlansResult> {
  const drilled: string[] = [];
  const lowered: string[] = [];
  const failed: string[] = [];
  for (const { groupId, records, drill } of await plansToTend()) {
    if (drill) {
      const { runId } = drill;
      await calls.beginDrill.executeWithOptions({ summary: `drill ${groupId}` }, [{ groupId, runId }]);
      drilled.push(groupId);
    }
    for (const record of records) {
      const name = `${record.site}/${record.type}/${record.name}`;
      try {
        if (await lower(record)) lowered.push(name);
      } catch (error) {
        if (isCancellation(error)) throw error;
        failed.push(name);
      }
    }
  }
  return { drilled, lowered, failed };
}

async function lower(record: RecordShiftParameters): Promise<boolean> {
  const { type, name, lowTtlSeconds: ttlSeconds } = record;
  const summary = `look at ${type} ${name}`;
  const { before } = await calls.recoveryRecord.executeWithOptions({ summary }, [{ record }]);
  if (!before || before.ttlSeconds <= ttlSeconds) return false;
  const to = { ...before, ttlSeconds };
  await calls.setRecoveryRecord.executeWithOptions({ summary: `lower the TTL of ${type} ${name}` }, [{ record, to }]);
  return true;
}
