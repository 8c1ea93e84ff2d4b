import {
  cannot,
  isOff,
  nameOf,
  type OperateObservations,
  ok,
  type SeenVm,
  stopStep,
  unchanged,
  type VmDecision,
} from "./operate-decision.ts";
import { planDelete } from "./operate-delete.ts";
import { planResize } from "./operate-resize.ts";
import type { OperationKind, VmAction } from "./operation.ts";
import type { PlanAction, PlanCheck, PlanContent, PlanEstimates } from "./plan.ts";
import { addUp } from "./prices.ts";
import { tagKeys, type Vm, vmVersion } from "./vm.ts";

export interface OperationPlanParts extends PlanContent {
  readonly checks: readonly PlanCheck[];
  readonly estimates: PlanEstimates;
  readonly executable: boolean;
}

type Decide = (seen: SeenVm & { readonly vm: Vm }, all: OperateObservations) => VmDecision;

const decisions: Readonly<Record<VmAction, Decide>> = {
  start: planStart,
  stop: planStop,
  resize: planResize,
  delete: planDelete,
};

export const defaultParallel = 4;

/**
 * The pinned plan of one action on any number of VMs. One that it can't be done to is left out with the reason, while there
 * are others; where nothing is left the plan can't be executed.
 */
export function planOperation(seen: OperateObservations): OperationPlanParts {
  const { request, vms } = seen;
  const decided = vms.map((each) => decide(each, seen));
  const possible = decided.filter(({ checks }) => checks.every(({ result }) => result !== "fail"));
  const acting = possible.filter(({ steps }) => steps.length > 0);
  const actions: PlanAction[] = acting.flatMap(({ seen: { site, vm, asked }, steps }, item) =>
    steps.map(({ step: { action, ...parameters }, detail, resource }) => ({
      action,
      resource: { site, ...(resource ?? { kind: "vm", id: vm?.vmId ?? asked }) },
      detail,
      parameters: { item, name: vm?.name ?? asked, vmId: vm?.vmId, ...parameters },
    })),
  );
  const all = acting.flatMap(({ judged }) => judged ?? []);
  const leavesOut = possible.length > 0 && possible.length < decided.length;
  const monthly = acting.flatMap((each) => each.monthly ?? []);
  return {
    kind: `${request.action}-vm` satisfies OperationKind,
    inputs: {
      ...request,
      parallel: request.parallel ?? defaultParallel,
      names: acting.map(({ seen: { vm, asked } }) => vm?.name ?? asked),
    },
    observed: acting.flatMap(({ seen: { site, vm }, observed = [] }) => [
      ...(vm ? [{ site, kind: "vm", id: vm.vmId, version: vmVersion(vm) }] : []),
      ...observed,
    ]),
    choices: acting.flatMap(({ choices = [] }) => choices),
    ...(all.length > 0 ? { judged: all } : {}),
    actions,
    checks: decided.flatMap(({ checks }) => (leavesOut ? checks.map(leftOut) : checks)),
    estimates: {
      bytesToMove: 0,
      bytesNominal: 0,
      basis: "no bytes are moved; how long sites take for it was not measured",
      ...(monthly.length > 0 ? { monthly: addUp(monthly) } : {}),
    },
    executable: possible.length > 0,
  };
}

function decide(seen: SeenVm, all: OperateObservations): VmDecision & { readonly seen: SeenVm } {
  const { vm, site, asked } = seen;
  if (!vm) {
    const detail = seen.missing ?? `There is no VM ${asked} at ${site}`;
    const remedy = "Look it up with `novacron vms list --refresh`.";
    return { seen, steps: [], checks: [{ check: "vm-there", result: "fail", detail, remedy }] };
  }
  const decision = decisions[all.request.action]({ ...seen, vm }, all);
  return { ...decision, seen, checks: [...heldChecks(seen, vm, all.request.action), ...decision.checks] };
}

/** A migration's ends are its own until it has come to its end. */
function heldChecks({ site, migrationId }: SeenVm, vm: Vm, action: VmAction): PlanCheck[] {
  const fencedBy = vm.tags[tagKeys.fencedBy];
  const holder = fencedBy ?? migrationId;
  if (holder === undefined || action === "stop") return [];
  // What arrived runs for its users, who may start it whenever they like.
  if (action === "start" && vm.tags[tagKeys.fencedBy] === undefined) return [];
  if (fencedBy?.startsWith("quarantine-")) {
    const detail = `${nameOf(site, vm)} is in quarantine (${fencedBy})`;
    const remedy = "Take the remediation back with `novacron policies undo`, once it is clear.";
    return [{ check: "vm-not-in-quarantine", result: "fail", detail, remedy }];
  }
  return [
    {
      check: "vm-not-in-migration",
      result: "fail",
      detail: `${nameOf(site, vm)} belongs to migration ${holder}, which has not come to its end`,
      remedy: `Finalize migration ${holder}, or roll it back.`,
    },
  ];
}

function planStart({ site, vm, capabilityGaps }: SeenVm & { vm: Vm }): VmDecision {
  const name = nameOf(site, vm);
  const gap = capabilityGaps["compute.start"];
  if (gap !== undefined) return cannot("site-can-start", `${name}: ${gap}`, "Move it to a site that can run it.");
  if (vm.state === "running") return unchanged(`${name} runs already`);
  return {
    steps: [{ step: { action: "start-vm", vmId: vm.vmId }, detail: `Start ${name}` }],
    checks: [ok("vm-state", `${name} is ${vm.state}`)],
  };
}

function planStop({ site, vm }: SeenVm & { vm: Vm }, all: OperateObservations): VmDecision {
  const name = nameOf(site, vm);
  if (isOff(vm)) return unchanged(`${name} is off already`);
  return { steps: [stopStep(site, vm, all)], checks: [ok("vm-state", `${name} is ${vm.state}`)] };
}

function leftOut(check: PlanCheck): PlanCheck {
  if (check.result !== "fail") return check;
  return { ...check, result: "warn", detail: `Left out: ${check.detail}` };
}
