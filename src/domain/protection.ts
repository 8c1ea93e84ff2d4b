import type { ProtectionPolicy } from "./protection-policy.ts";

/**
 * A group of VMs that is protected at another site. Its row in the store is the one truth of where it stands; the workflow
 * `protection/<id>` makes its recovery points, and a failover takes the group over by {@link Takeover claiming} it.
 */

/**
 * `initial`: its first recovery point is not complete yet. `protected`: points are made at the other site. `paused`: a
 * person stopped that for a while. `failing-over`: a failover holds it, nothing is replicated. `unprotected`: it serves where
 * it was brought up, and nothing follows what it writes. `re-protecting`: replication from there has begun, and no point is
 * complete yet. `deleting`: its points are removed. `deleted`.
 */
export const groupStates = [
  "initial",
  "protected",
  "paused",
  "failing-over",
  "unprotected",
  "re-protecting",
  "deleting",
  "deleted",
] as const;
export type GroupState = (typeof groupStates)[number];

/** States in which rounds of replication are made. */
export const replicatingStates = ["initial", "protected", "re-protecting"] as const satisfies readonly GroupState[];

export function replicates(state: GroupState): boolean {
  return (replicatingStates as readonly GroupState[]).includes(state);
}

/** One VM of a group. */
export interface ProtectedVm {
  /** Within the group, from 0; never given to another VM. Part of the names of its points. */
  readonly position: number;
  readonly name: string;
  /** Its id at the site that may write. */
  readonly vmId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The `migrate-vm` plan that says what is copied, what is changed in the guest, what is created at the other site and
   *  how that is verified; made anew when the VM changes. Absent until it was planned. */
  readonly planId?: string;
  /** Of the VM that the plan was made for (`vmVersion`). */
  readonly planVersion?: string;
  /** Why its newest round failed, as a sentence. */
  readonly problem?: string;
}

/** The sites that a group moves between. `from` may write, `to` holds its recovery points. */
export interface Direction {
  readonly from: string;
  readonly to: string;
}

/** What a failover has of a group while it holds it. */
export interface Takeover {
  readonly failoverId: string;
  readonly since: string;
  /** What the group was, and is again should the failover come to nothing. */
  readonly before: GroupState;
}

export interface ProtectionGroup {
  readonly groupId: string;
  readonly name: string;
  readonly workflowId: string;
  readonly policy: ProtectionPolicy;
  readonly state: GroupState;
  /** Raised each time another site may write. What acts for the group names the epoch that it acts under, and is refused
   *  when that is not the group's any more; the lease at the recovery site carries the same number. */
  readonly epoch: number;
  /** The one site that may write; absent while a failover decides. */
  readonly writableSite?: string;
  /** Where it serves, or served last. */
  readonly currentSite: string;
  /** Where its points go; absent while nothing is replicated. */
  readonly replicatesTo?: string;
  readonly takeover?: Takeover;
  /** The recovery plan of it, once there is one. */
  readonly recoveryPlanId?: string;
  /** Since when nothing follows what it writes. */
  readonly unprotectedSince?: string;
  readonly members: readonly ProtectedVm[];
  readonly createdBy: string;
  readonly createdAt: string;
}

/** Where a group serves, in the words of the earlier system. */
export interface FailoverState {
  /** It serves elsewhere than at its primary site. */
  readonly isActive: boolean;
  readonly currentSite: string;
}

export function failoverStateOf(group: Pick<ProtectionGroup, "policy" | "currentSite">): FailoverState {
  return { isActive: group.currentSite !== group.policy.primarySite, currentSite: group.currentSite };
}

/** `protected`: its newest point keeps the policy. `lagging`: it is older than that. `none`: there is no point of it. */
export const backupStates = ["protected", "lagging", "none"] as const;
export type BackupState = (typeof backupStates)[number];

/** How far one VM is backed up, in the words of the earlier system. */
export interface BackupStatus {
  /** The VM's id at the site that may write. */
  readonly resourceId: string;
  /** The moment that its newest complete point shows. */
  readonly lastBackup?: string;
  readonly state: BackupState;
}

/** `breach`, `kept`: the policy is not kept, or kept again. `refused`: something was not allowed to act for the group. */
export const protectionEventTypes = [
  "state",
  "point",
  "breach",
  "kept",
  "suspect",
  "cleared",
  "hold",
  "corrupt",
  "retention",
  "failover",
  "lease",
  "refused",
  "note",
] as const;
export type ProtectionEventType = (typeof protectionEventTypes)[number];

export interface ProtectionEvent {
  readonly groupId: string;
  readonly sequence: number;
  readonly at: string;
  readonly type: ProtectionEventType;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function protectionWorkflowId(groupId: string): string {
  return `protection/${groupId}`;
}

/** How a newest complete point stands to the policy. */
export interface Lag {
  /** Age of what the newest complete point shows; absent where there is none. */
  readonly lagSeconds?: number;
  readonly breached: boolean;
}

/** `since`: when the group was first to be followed; without any point its age counts. */
export function lagOf(
  group: Pick<ProtectionGroup, "policy" | "createdAt">,
  newest: { readonly takenAt: string } | undefined,
  now: number,
): Lag {
  const age = (at: string) => Math.max(0, (now - Date.parse(at)) / 1000);
  if (!newest) return { breached: age(group.createdAt) > group.policy.rpoSeconds };
  const lagSeconds = age(newest.takenAt);
  return { lagSeconds, breached: lagSeconds > group.policy.rpoSeconds };
}

/** A group with how far it is protected now. */
export interface ProtectionGroupView extends ProtectionGroup, Lag {
  readonly newestPoint?: { readonly pointId: string; readonly takenAt: string };
}

export interface VmProtection extends BackupStatus {
  readonly name: string;
  /** From the decision to fail over until it serves, as earlier moves between the two sites took; absent where there were
   *  none. */
  readonly predictedRtoSeconds?: number;
}

/** In the words of the earlier system, and what it didn't have. */
export interface ProtectionStatus {
  readonly failover: FailoverState;
  readonly backups: readonly VmProtection[];
}

/** `newest`: of where the group is replicated to now. */
export function viewGroup(
  group: ProtectionGroup,
  newest: { readonly pointId: string; readonly takenAt: string } | undefined,
  now: number,
): ProtectionGroupView {
  const lag = group.replicatesTo === undefined ? { breached: false } : lagOf(group, newest, now);
  return { ...group, ...lag, ...(newest ? { newestPoint: newest } : {}) };
}

export function statusOf(view: ProtectionGroupView, predictedRtoSeconds: number | undefined): ProtectionStatus {
  const { newestPoint, breached, members } = view;
  const state: BackupState = !newestPoint ? "none" : breached ? "lagging" : "protected";
  return {
    failover: failoverStateOf(view),
    backups: members.map(({ vmId, name }) => ({
      resourceId: vmId,
      name,
      state,
      ...(newestPoint ? { lastBackup: newestPoint.takenAt } : {}),
      ...(predictedRtoSeconds === undefined ? {} : { predictedRtoSeconds }),
    })),
  };
}
