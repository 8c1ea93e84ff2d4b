import type { RecordShiftParameters } from "../domain/recovery-actions.ts";
import { type RecoveryPlan, recoveryDefaults } from "../domain/recovery-plan.ts";
import { readinessOf } from "../domain/recovery-run.ts";
import type { ActivityDeps } from "./deps.ts";

/** What a recovery plan wants of those who look after it. */
export interface PlanToTend {
  readonly groupId: string;
  /** Their TTLs are kept low all the time, so that a failover waits for no resolver. */
  readonly records: readonly RecordShiftParameters[];
  /** Its turn to be drilled has come: the run that is to be begun, the same one however often that is asked. */
  readonly drill?: { readonly runId: string };
}

/** Recovery plans between their failovers. */
export function tendPlansActivities({ store, startDrill }: Pick<ActivityDeps, "store" | "startDrill">) {
  return {
    /** All plans, and tells of each group once whose plan was not proven lately. */
    async plansToTend(): Promise<readonly PlanToTend[]> {
      const tended: PlanToTend[] = [];
      for (const plan of await store.recoveryPlans.all()) {
        await tellUnready(plan);
        const records = (plan.dns ?? []).map((record) => ({
          lowTtlSeconds: recoveryDefaults.lowTtlSeconds,
          ...record,
        }));
        tended.push({ groupId: plan.groupId, records, ...(await dueDrill(plan)) });
      }
      return tended;
    },

    async beginDrill(input: { groupId: string; runId: string }): Promise<void> {
      await startDrill(input);
    },
  };

  async function tellUnready({ groupId, version, drills }: RecoveryPlan): Promise<void> {
    const newest = await store.recoveryRuns.newestDrill(groupId, { version });
    const maxAgeSeconds = drills?.maxAgeSeconds ?? recoveryDefaults.drillMaxAgeSeconds;
    const { state, because, lastDrillAt } = readinessOf(newest, { maxAgeSeconds, nowMs: Date.now() });
    if (state !== "degraded") return;
    const dedupeKey = `readiness/${version}/${newest?.state}/${lastDrillAt}`;
    const message = `The recovery plan is degraded: ${because}`;
    await store.protection.appendEvent(groupId, { type: "breach", message, data: { version }, dedupeKey });
  }

  async function dueDrill({ groupId, drills }: RecoveryPlan): Promise<Pick<PlanToTend, "drill">> {
    const everyMs = (drills?.everySeconds ?? 0) * 1000;
    const group = await store.protection.get(groupId);
    if (everyMs === 0 || group?.state !== "protected") return {};
    const [last] = (await store.recoveryRuns.list({ groupId, mode: "drill", limit: 1 })).items;
    if (last && Date.parse(last.createdAt) + everyMs > Date.now()) return {};
    return { drill: { runId: `${groupId}-drill-${last ? Date.parse(last.createdAt) : "first"}` } };
  }
}
