import type { WordedStep } from "../operate-decision.ts";
import type { OperationPlanParts } from "../operate-plan.ts";
import { type OperationItem, type OperationKind, type OperationStep, operationItems } from "../operation.ts";
import type { Plan, PlanAction, PlanCheck } from "../plan.ts";
import { tagKeys, type Vm } from "../vm.ts";
import { rulesVersion } from "./closing.ts";
import { actionsOf, observedOf } from "./remediate-plan.ts";
import { remediationPlanKind, type SeenFinding, type SeenGroup } from "./remediation-request.ts";

/** What an item of a run did, and what is there now. */
export interface DoneItem extends Pick<OperationItem, "item"> {
  readonly kind: string;
  readonly resourceId: string;
  readonly vm?: Vm;
  readonly group?: SeenGroup;
}

/**
 * The pinned plan that takes a run of a remediation back, item by item. What somebody has changed since
 * stays as they left it; snapshots are kept.
 */
export function planUndoRemediation(operationId: string, plan: Plan, done: readonly DoneItem[]): OperationPlanParts {
  const steps = new Map(operationItems(plan).map((item) => [item.item, item]));
  const checks: PlanCheck[] = [];
  const acting: { seen: SeenFinding; back: WordedStep[] }[] = [];
  for (const { item, kind, resourceId, vm, group } of done) {
    const of = steps.get(item);
    if (!of) continue;
    const { site, name } = of;
    const what = `${name} at ${site}`;
    const back = of.steps.flatMap((step) => backOf(step, { what, vm, group }));
    if (back.length === 0) {
      const detail = `Left out: ${what} has changed since, is gone, or got nothing but snapshots`;
      checks.push({ check: "undo", result: "warn", detail, remedy: "Look at it by itself." });
      continue;
    }
    const found = { findingId: "", site, kind, resourceId, name, capabilityGaps: {}, ...(vm ? { vm } : {}) };
    acting.push({ seen: { ...found, ...(group ? { group } : {}) }, back });
    checks.push({ check: "undo", result: "pass", detail: `${what} can be as it was` });
  }
  if (acting.length === 0) {
    const detail = `Nothing that operation ${operationId} did can be taken back`;
    checks.push({
      check: "undo",
      result: "fail",
      detail,
      remedy: "Look at what it did with `novacron operations show`.",
    });
  }
  return {
    kind: remediationPlanKind satisfies OperationKind,
    inputs: { undo: operationId, policy: plan.inputs.policy, parallel: 4, names: acting.map(({ seen }) => seen.name) },
    observed: acting.map(({ seen }) => observedOf(seen)),
    choices: [],
    actions: acting.flatMap(({ seen, back }, item): PlanAction[] => actionsOf(seen, back, item)),
    checks,
    estimates: { bytesToMove: 0, bytesNominal: 0, basis: "no bytes are moved" },
    executable: acting.length > 0,
  };
}

function backOf(
  step: OperationStep,
  { what, vm, group }: { what: string; vm: Vm | undefined; group: SeenGroup | undefined },
): WordedStep[] {
  switch (step.action) {
    case "set-tags": {
      const ours = Object.entries(step.set).filter(([key, value]) => vm?.tags[key] === value);
      if (!vm || ours.length === 0) return [];
      const remove = ours.map(([key]) => key);
      return [
        {
          step: { action: "set-tags", vmId: vm.vmId, set: {}, remove },
          detail: `Take ${remove.join(", ")} off ${what}`,
        },
      ];
    }
    case "set-security-rules": {
      if (!group || rulesVersion(group.rules) !== rulesVersion(step.rules)) return [];
      const { securityGroupId, rules, former } = step;
      const back = { action: "set-security-rules" as const, securityGroupId, rules: former, former: rules };
      return [{ step: back, detail: `Give ${what} the rules back that it had` }];
    }
    case "hold-vm":
      if (!vm || vm.tags[tagKeys.fencedBy] !== step.holder) return [];
      return [
        { step: { action: "release-vm", vmId: vm.vmId, holder: step.holder }, detail: `Let ${what} be started again` },
      ];
    case "stop-vm":
      if (vm?.state !== "stopped") return [];
      return [{ step: { action: "start-vm", vmId: vm.vmId }, detail: `Start ${what} again` }];
    default:
      return [];
  }
}
