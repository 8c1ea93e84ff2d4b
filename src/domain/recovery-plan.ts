import type { VerifyOptions } from "./migration.ts";
import type { ShiftedRecordType } from "./traffic.ts";

/**
 * How a protection group is brought up at its recovery site, as a person wrote it. It is kept in versions; what a run does is
 * pinned in a plan that is made from it. A group without one has all its VMs brought up at once.
 */

/** How one VM is brought up. What is left out is as its `migrate-vm` plan has it. */
export interface RecoveryVm {
  /** As the group calls it. */
  readonly vm: string;
  /** Sizes of the group's recovery site, the next one where there is no capacity for one. */
  readonly instanceTypes?: readonly string[];
  /** Networks of the group's recovery site, one for each NIC; the next list (another zone) where there is no capacity in one. */
  readonly placements?: readonly (readonly string[])[];
  readonly verify?: VerifyOptions;
}

export const recoveryStepKinds = ["manual", "webhook", "probe"] as const;
export type RecoveryStepKind = (typeof recoveryStepKinds)[number];

interface NamedStep {
  /** Once in its group. */
  readonly name: string;
}

export type RecoveryStep = NamedStep &
  (
    | {
        /** Waits until a person says that it is done. */
        readonly kind: "manual";
        readonly instruction: string;
        /** Then it has failed. Default a day. */
        readonly withinSeconds?: number;
      }
    | {
        /** A script, called as a signed webhook. */
        readonly kind: "webhook";
        readonly url: string;
        /** Of all its tries. Default 300. */
        readonly withinSeconds?: number;
        /** Default false: a drill must not reach what is in use. */
        readonly inDrills?: boolean;
      }
    | {
        /** Waits until the URL answers so. Of a drill it is passed over: nobody reaches into its network. */
        readonly kind: "probe";
        readonly url: string;
        /** Default 200. */
        readonly expectStatus?: number;
        /** Default 300. */
        readonly withinSeconds?: number;
      }
  );

/** What is brought up together. */
export interface BootGroup {
  /** Once in the plan. */
  readonly name: string;
  /** Groups that are up before this one begins; default the one before it in the list. */
  readonly after?: readonly string[];
  /** In front of its VMs. */
  readonly first?: readonly RecoveryStep[];
  /** At the same time. None: a group of steps. */
  readonly vms: readonly RecoveryVm[];
  /** When its VMs are proven. */
  readonly last?: readonly RecoveryStep[];
  /** After all that, before what comes after it. Default 0. */
  readonly waitSeconds?: number;
}

/** A record that leads users to the group. */
export interface RecoveryRecord {
  /** Where its zone is kept: not the site that is lost. */
  readonly site: string;
  readonly zoneId: string;
  readonly name: string;
  readonly type: ShiftedRecordType;
  /** It gets the host that this port of the VM is reached at. */
  readonly vm?: string;
  readonly port?: number;
  /** What it gets at the recovery site instead: addresses, or the one name of a CNAME. */
  readonly values?: readonly string[];
  /** And when the group comes back to its primary site. */
  readonly homeValues?: readonly string[];
  /** Kept low all the time that the plan is there, so that a failover needs not wait for resolvers. Default 30. */
  readonly lowTtlSeconds?: number;
}

/** A pool of a load balancer that leads users to the group. */
export interface RecoveryPool {
  readonly site: string;
  readonly poolId: string;
  /** Where several shares of it could take the VM. */
  readonly shareId?: string;
  readonly vm: string;
  /** Of the guest. */
  readonly port: number;
}

/** When it is drilled, and how old the newest passed drill may be. */
export interface DrillRule {
  /** One begins by itself when the last one began so long ago; absent: only by hand. */
  readonly everySeconds?: number;
  /** An older one degrades the plan's state. Default 31 days. */
  readonly maxAgeSeconds?: number;
}

export interface RecoveryPlanContent {
  readonly bootGroups: readonly BootGroup[];
  readonly dns?: readonly RecoveryRecord[];
  readonly pools?: readonly RecoveryPool[];
  /** When users are led to the group: what proves that they reach it. */
  readonly last?: readonly RecoveryStep[];
  /** After a failover the group is followed back to the site that it came from, as soon as that is there. Default true. */
  readonly reprotect?: boolean;
  readonly drills?: DrillRule;
}

export interface RecoveryPlan extends RecoveryPlanContent {
  readonly groupId: string;
  /** One more with each change; 0 of the one that a group has without any. */
  readonly version: number;
  readonly createdBy: string;
  readonly createdAt: string;
}

export const recoveryDefaults = {
  manualSeconds: 86_400,
  stepSeconds: 300,
  lowTtlSeconds: 30,
  drillMaxAgeSeconds: 31 * 86_400,
} as const;

/** What the steps go by that come when users are led to the group; no boot group is called so. */
export const lastSteps = "last";

/** The part of a plan that a person writes. */
export function recoveryContentOf(plan: RecoveryPlanContent): RecoveryPlanContent {
  const { bootGroups, dns, pools, last, reprotect, drills } = plan;
  return {
    bootGroups,
    ...(dns ? { dns } : {}),
    ...(pools ? { pools } : {}),
    ...(last ? { last } : {}),
    ...(reprotect === undefined ? {} : { reprotect }),
    ...(drills ? { drills } : {}),
  };
}

/** The plan as it is for bringing the group up at that site: what it says of sizes and networks is about its recovery site, and
 *  a record with values of its own has none for any other site but the two. */
export function planAt(
  plan: RecoveryPlan,
  to: string,
  policy: { primarySite: string; recoverySite: string },
): RecoveryPlan {
  if (to === policy.recoverySite) return plan;
  const bootGroups = plan.bootGroups.map((group) => ({
    ...group,
    vms: group.vms.map(({ instanceTypes: _sizes, placements: _networks, ...vm }) => vm),
  }));
  const dns = plan.dns?.flatMap((record): RecoveryRecord[] => {
    if (record.values === undefined) return [record];
    return record.homeValues && to === policy.primarySite ? [{ ...record, values: record.homeValues }] : [];
  });
  return { ...plan, bootGroups, ...(dns ? { dns } : {}) };
}

/** What a group without a plan of its own has: everything at once. */
export function usualRecoveryPlan(groupId: string, vms: readonly string[]): RecoveryPlan {
  const bootGroups = [{ name: "all", vms: vms.map((vm) => ({ vm })) }];
  return { groupId, version: 0, bootGroups, createdBy: "", createdAt: "" };
}

/** Names of the groups that each waits for, by its own. */
export function bootDependencies(groups: readonly BootGroup[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    groups.map(({ name, after }, index) => {
      const before = groups[index - 1]?.name;
      return [name, after ?? (before === undefined ? [] : [before])];
    }),
  );
}

/** A group that waits for itself by way of others; undefined where none does. */
export function bootCircle(groups: readonly BootGroup[]): readonly string[] | undefined {
  const dependencies = bootDependencies(groups);
  const known = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (known.has(name)) return undefined;
    for (const next of dependencies.get(name) ?? []) {
      const circle = visit(next, [...path, name]);
      if (circle) return circle;
    }
    known.add(name);
    return undefined;
  };
  for (const { name } of groups) {
    const circle = visit(name, []);
    if (circle) return circle;
  }
  return undefined;
}
