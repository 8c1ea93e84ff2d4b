import { gib } from "./format.ts";
import type { InstanceType } from "./instance-type.ts";
import type { OperateVmsRequest, OperationStep } from "./operation.ts";
import type { ObservedResource, PlanCheck, PlanChoice } from "./plan.ts";
import type { Admit } from "./policy/admission.ts";
import type { Subject } from "./policy/subject.ts";
import type { CostItem, PriceBook } from "./prices.ts";
import type { Place } from "./resource.ts";
import type { Vm } from "./vm.ts";

/** A VM that was asked for, with what deciding about it takes. */
export interface SeenVm {
  readonly site: string;
  readonly asked: string;
  /** Absent when it is not there, or can't be told from others: then {@link missing} says why. */
  readonly vm?: Vm;
  readonly missing?: string;
  readonly capabilityGaps: Readonly<Record<string, string>>;
  /** Of an unfinished migration that it is an end of. */
  readonly migrationId?: string;
  /** For a new size; absent where any will do. */
  readonly instanceTypes?: readonly InstanceType[];
  readonly prices?: PriceBook;
  /** What policies ask beside: where it is, and what else is known of it. */
  readonly place?: Place;
  readonly beside?: Omit<Subject, "resource">;
  /** For a delete: of its disks, by which other VMs use the same ones, and what it holds besides. */
  readonly sharedVolumes?: Readonly<Record<string, string>>;
  readonly snapshots?: readonly { readonly snapshotId: string; readonly volumeId?: string }[];
  readonly addresses?: readonly { readonly addressId: string; readonly address: string }[];
}

export interface OperateObservations {
  /** Absent: no policies hold. */
  readonly admit?: Admit;
  readonly request: OperateVmsRequest;
  readonly defaults: { readonly stopGraceMs: number };
  readonly vms: readonly SeenVm[];
}

/** A step with the words for it, and what it is done to. */
export interface WordedStep {
  readonly step: OperationStep;
  readonly detail: string;
  /** Default: the VM. */
  readonly resource?: { readonly kind: string; readonly id: string };
}

/** What is decided about one VM. */
export interface VmDecision {
  readonly steps: readonly WordedStep[];
  readonly choices?: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
  readonly observed?: readonly ObservedResource[];
  readonly monthly?: readonly CostItem[];
  /** What it would be, as policies judge it. */
  readonly judged?: Subject;
}

const nothingToDo = "Nothing has to be done.";

export function stopStep(site: string, vm: Vm, { request, defaults }: OperateObservations): WordedStep {
  const graceMs = request.stopGraceMs ?? defaults.stopGraceMs;
  return {
    step: { action: "stop-vm", vmId: vm.vmId, graceMs },
    detail: `Shut ${nameOf(site, vm)} down (turned off after ${graceMs / 1000} s)`,
  };
}

export function isOff({ state }: Vm): boolean {
  return state === "stopped" || state === "crashed";
}

export function nameOf(site: string, vm: Vm): string {
  return `${vm.name} at ${site}`;
}

export function describeSize({ cpus, memoryBytes, instanceType }: Pick<Vm, "cpus" | "memoryBytes" | "instanceType">) {
  return `${instanceType ? `${instanceType}, ` : ""}${cpus} CPU, ${gib(memoryBytes)} GiB`;
}

export function ok(check: string, detail: string): PlanCheck {
  return { check, result: "pass", detail };
}

export function cannot(check: string, detail: string, remedy: string): VmDecision {
  return { steps: [], checks: [{ check, result: "fail", detail, remedy }] };
}

export function unchanged(detail: string): VmDecision {
  return { steps: [], checks: [{ check: "vm-state", result: "warn", detail, remedy: nothingToDo }] };
}
