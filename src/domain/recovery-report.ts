import type { CompletePoint } from "./group-point.ts";
import type { ProtectionPolicy } from "./protection-policy.ts";
import type { RecoveredVm, RecoveryMode, RecoveryReport } from "./recovery-run.ts";

/** What a run that brought its VMs up measured. */
export function recoveryReport(run: {
  readonly mode: RecoveryMode;
  readonly decidedMs: number;
  /** When the last probe of all passed. */
  readonly provenMs: number;
  /** When nothing could write at the old site any more. */
  readonly fencedMs?: number | undefined;
  readonly outageAt?: string | undefined;
  readonly point: Pick<CompletePoint, "pointId" | "takenAt">;
  readonly policy: Pick<ProtectionPolicy, "rpoSeconds" | "rtoSeconds">;
  readonly vms: readonly RecoveredVm[];
}): RecoveryReport {
  const { mode, decidedMs, provenMs, fencedMs, outageAt, point, policy, vms } = run;
  const lostSinceMs = outageAt === undefined ? (fencedMs ?? decidedMs) : Math.min(decidedMs, Date.parse(outageAt));
  return {
    rtoSeconds: (provenMs - decidedMs) / 1000,
    rtoObjectiveSeconds: policy.rtoSeconds,
    rpoSeconds: mode === "switchover" ? 0 : Math.max(0, (lostSinceMs - Date.parse(point.takenAt)) / 1000),
    rpoObjectiveSeconds: policy.rpoSeconds,
    pointId: point.pointId,
    pointTakenAt: point.takenAt,
    vms,
  };
}
