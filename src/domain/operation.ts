import type { CreateVmParameters } from "./migration-parts.ts";
import type { Plan } from "./plan.ts";
import type { SecurityRule } from "./security-rule.ts";
import type { DiskBus } from "./vm.ts";

/** What is done to VMs beside moving them: the requests, the steps of their plans, and how a run of one stands. */

export const vmActions = ["start", "stop", "resize", "delete"] as const;
export type VmAction = (typeof vmActions)[number];

/** The kinds of plan that `operateVms` executes. */
export const operationKinds = [
  "create-vm",
  "start-vm",
  "stop-vm",
  "resize-vm",
  "delete-vm",
  "remediate-findings",
] as const;
export type OperationKind = (typeof operationKinds)[number];

export interface VmReference {
  readonly site: string;
  /** The site's id of it, or its name where only one has it. */
  readonly vm: string;
}

/** Something to do to VMs that are there. */
export interface OperateVmsRequest {
  readonly action: VmAction;
  readonly vms: readonly VmReference[];
  /** The search that named them, for the record. */
  readonly query?: string;
  /** How long a guest may take to shut down before it is turned off. */
  readonly stopGraceMs?: number;
  /** The new size; what is left out stays. */
  readonly cpus?: number;
  readonly memoryBytes?: number;
  /** A size of the site, instead of the cheapest that fits. */
  readonly instanceType?: string;
  readonly burstable?: boolean;
  /** Stops a running VM for its new size and starts it again. */
  readonly restart?: boolean;
  /** Deletes the VM alone. */
  readonly keepDisks?: boolean;
  /** What is kept otherwise: snapshots of its disks, addresses that it holds. */
  readonly deleteSnapshots?: boolean;
  readonly releaseAddresses?: boolean;
  /** VMs at the same time. */
  readonly parallel?: number;
}

export interface VmSize {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly instanceType?: string;
}

/** An empty disk. */
export interface NewVmDisk {
  readonly sizeBytes: number;
  /** The site's own word (`gp3`). */
  readonly type?: string;
  /** Set by the plan. */
  readonly encryptionKey?: string;
  readonly zone?: string;
}

/** What a VM is made with, beside the volumes of the steps before. */
export interface NewVmParameters extends Omit<CreateVmParameters, "disks"> {
  /** cloud-init. */
  readonly userData?: string;
  readonly image?: { readonly imageId: string; readonly bootDisk?: { sizeBytes?: number; encryptionKey?: string } };
  /** One for each volume of the steps before, in their order. */
  readonly disks: readonly { readonly bus: DiskBus; readonly boot: boolean }[];
}

/** A step of a plan as its executor takes it: the action's name and its parameters. */
export type OperationStep =
  | { readonly action: "create-volume"; readonly disk: NewVmDisk }
  | { readonly action: "clone-point"; readonly pointId: string }
  | { readonly action: "create-vm"; readonly create: NewVmParameters }
  /** Without an id: the VM that the plan makes. */
  | { readonly action: "start-vm"; readonly vmId?: string }
  | { readonly action: "stop-vm"; readonly vmId?: string; readonly graceMs: number }
  | { readonly action: "resize-vm"; readonly vmId: string; readonly size: VmSize; readonly former: VmSize }
  | { readonly action: "delete-vm"; readonly vmId: string }
  | { readonly action: "delete-volume"; readonly volumeId: string }
  | { readonly action: "delete-snapshot"; readonly snapshotId: string }
  | { readonly action: "release-address"; readonly addressId: string }
  | {
      readonly action: "set-tags";
      readonly vmId: string;
      readonly set: Readonly<Record<string, string>>;
      readonly remove: readonly string[];
    }
  | {
      readonly action: "set-security-rules";
      readonly securityGroupId: string;
      readonly rules: readonly SecurityRule[];
      readonly former: readonly SecurityRule[];
    }
  | { readonly action: "create-snapshot"; readonly volumeId: string; readonly key: string }
  /** Nobody starts it until it is released. */
  | { readonly action: "hold-vm" | "release-vm"; readonly vmId: string; readonly holder: string };

/** Everything that a plan does to one VM. */
export interface OperationItem {
  /** Its place in the plan, from 0. */
  readonly item: number;
  readonly site: string;
  readonly name: string;
  /** Absent for one that is to be made. */
  readonly vmId?: string;
  readonly steps: readonly OperationStep[];
}

export const operationStates = ["running", "done", "partly-done", "failed", "cancelled"] as const;
export type OperationState = (typeof operationStates)[number];
export const itemStates = ["waiting", "running", "done", "failed", "not-begun"] as const;
export type OperationItemState = (typeof itemStates)[number];

export interface OperationProblem {
  readonly code: string;
  readonly message: string;
  /** What could not be undone, each with the command that removes it. */
  readonly leftBehind?: readonly { readonly resource: string; readonly remove: string }[];
}

export interface OperationItemView {
  readonly item: number;
  readonly site: string;
  readonly name: string;
  readonly vmId?: string;
  readonly state: OperationItemState;
  /** What it is at, or was when it failed: a sentence of the plan. */
  readonly step?: string;
  readonly problem?: OperationProblem;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** A run of a plan. */
export interface OperationView {
  readonly operationId: string;
  readonly planId: string;
  readonly workflowId: string;
  readonly kind: string;
  readonly state: OperationState;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly endedAt?: string;
}

/** The plan's VMs in order, each with its steps, exactly as they were pinned. */
export function operationItems(plan: Pick<Plan, "actions">): OperationItem[] {
  const items = new Map<number, OperationItem>();
  for (const { action, resource, parameters } of plan.actions) {
    const { item, name, vmId, ...rest } = parameters as { item: number; name: string; vmId?: string };
    const known = items.get(item) ?? { item, site: resource.site, name, vmId, steps: [] };
    const step = { action, ...(vmId === undefined ? {} : { vmId }), ...rest } as OperationStep;
    items.set(item, { ...known, steps: [...known.steps, step] });
  }
  return [...items.values()].sort((a, b) => a.item - b.item);
}

/** How a run ended, from how its VMs did. */
export function operationEnd(
  counts: { readonly total: number; readonly done: number },
  cancelled: boolean,
): OperationState {
  if (counts.done === counts.total) return "done";
  if (cancelled) return "cancelled";
  return counts.done > 0 ? "partly-done" : "failed";
}
