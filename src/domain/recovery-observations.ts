import type { CompletePoint } from "./group-point.ts";
import type { InstanceType } from "./instance-type.ts";
import type { CreateVmParameters, MigrationObservations, VerifyParameters } from "./migration-parts.ts";
import type { ProtectionGroup } from "./protection.ts";
import type { RecoveryPlan, RecoveryPool, RecoveryRecord, RecoveryVm } from "./recovery-plan.ts";
import type { RecoveryRequest } from "./recovery-run.ts";
import type { RecordState } from "./traffic.ts";

/** One VM of the newest point, with what its own plan says of it. */
export interface RecoverableVm {
  readonly position: number;
  readonly name: string;
  readonly create: CreateVmParameters;
  readonly verify: VerifyParameters;
}

/** All that a recovery is planned from. */
export interface RecoveryObservations {
  readonly request: RecoveryRequest;
  readonly atMs: number;
  /** Of the configuration. */
  readonly stopGraceMs: number;
  readonly group: ProtectionGroup;
  readonly plan: RecoveryPlan;
  /** The newest that would be taken now, or why there is none. */
  readonly point: CompletePoint | { readonly missing: string };
  readonly vms: readonly RecoverableVm[];
  /** The recovery site, or why it can't be looked at. */
  readonly target:
    | Pick<
        MigrationObservations["target"],
        "networks" | "instanceTypes" | "quotas" | "ceilings" | "capabilityGaps" | "vmNames"
      >
    | { readonly unreachable: string };
  /** Why the site that serves now can't be reached; absent when it can, or when nobody asked. */
  readonly sourceUnreachable?: string;
  readonly records: readonly { readonly asked: RecoveryRecord; readonly before?: RecordState; readonly gap?: string }[];
  readonly pools: readonly { readonly asked: RecoveryPool; readonly gap?: string }[];
  /** How long the newest drill that passed took, from its begin until the last probe passed. */
  readonly drilledSeconds?: number;
}

/** For each NIC, in each placement. */
export function networksOf(
  { plan }: Pick<RecoveryObservations, "plan">,
  vm: RecoverableVm,
): readonly (readonly string[])[] {
  const asked = wishOf(plan, vm.name)?.placements;
  return asked ?? [vm.create.nics.map(({ networkId }) => networkId)];
}

export function sizesOf({ plan }: Pick<RecoveryObservations, "plan">, vm: RecoverableVm): readonly string[] {
  return wishOf(plan, vm.name)?.instanceTypes ?? vm.create.instanceTypes ?? [];
}

/** The size that is tried first. */
export function firstSize(seen: RecoveryObservations, vm: RecoverableVm): InstanceType | undefined {
  const [first] = sizesOf(seen, vm);
  if (!("networks" in seen.target)) return undefined;
  return seen.target.instanceTypes?.find(({ name }) => name === first);
}

function wishOf({ bootGroups }: RecoveryPlan, name: string): RecoveryVm | undefined {
  return bootGroups.flatMap(({ vms }) => vms).find(({ vm }) => vm === name);
}
