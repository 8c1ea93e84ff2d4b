// Long because it is one plan; each way to mend something is a function of its own.
import type { WordedStep } from "../operate-decision.ts";
import type { OperationPlanParts } from "../operate-plan.ts";
import type { OperationKind } from "../operation.ts";
import type { ObservedResource, PlanAction, PlanCheck } from "../plan.ts";
import { describeRule } from "../security-rule.ts";
import { tagKeys, vmVersion } from "../vm.ts";
import { toWire } from "../wire.ts";
import { forbiddenRules, rulesVersion, withoutRules } from "./closing.ts";
import { type CompiledPolicy, judge } from "./policy.ts";
import type { Remediation } from "./remediation.ts";
import { remediationPlanKind, type SeenFinding } from "./remediation-request.ts";
import type { Subject } from "./subject.ts";

export interface RemediationObservations {
  readonly planId: string;
  readonly compiled: CompiledPolicy;
  readonly seen: readonly (SeenFinding & { readonly subject?: Subject })[];
  /** Open findings beyond the limit. */
  readonly left: number;
  readonly most: number;
  readonly now: number;
  readonly defaults: { readonly stopGraceMs: number };
}

/** What is decided about one finding: steps, or why there are none. */
type Decision = { readonly steps: readonly WordedStep[] } | { readonly refused: string; readonly remedy: string };
type Seen = RemediationObservations["seen"][number];

/**
 * The pinned plan that mends findings of a policy. Each resource is looked at as it is now: one that doesn't break the policy
 * any more, or that this would not mend, is left out with the reason.
 */
export function planRemediation(all: RemediationObservations): OperationPlanParts {
  const { compiled, seen, most, left } = all;
  const { policy } = compiled;
  const decided = seen.map((each) => ({ each, decision: decide(each, all) }));
  const acting = decided.flatMap(({ each, decision }) =>
    "steps" in decision ? [{ each, steps: decision.steps }] : [],
  );
  const actions = acting.flatMap(({ each, steps }, item): PlanAction[] => actionsOf(each, steps, item));
  const checks: PlanCheck[] = [
    ...decided.flatMap(({ each, decision }): PlanCheck[] =>
      "steps" in decision
        ? [
            {
              check: "finding",
              result: "pass",
              detail: `${nameOf(each)} breaks policy ${policy.name}, and can be mended`,
            },
          ]
        : [leftOut(each, decision, acting.length > 0)],
    ),
    ...(left === 0
      ? []
      : [
          {
            check: "limit",
            result: "warn" as const,
            detail: `${left} more findings are left: a run touches ${most} resources at most`,
            remedy: "Make another plan when this one is done.",
          },
        ]),
    ...(seen.length > 0
      ? []
      : [
          {
            check: "finding",
            result: "fail" as const,
            detail: `Nothing is known to break policy ${policy.name}`,
            remedy: "Start a scan with `novacron policies scan`.",
          },
        ]),
  ];
  return {
    kind: remediationPlanKind satisfies OperationKind,
    inputs: {
      policy: policy.name,
      policyId: policy.policyId,
      policyVersion: policy.version,
      remediation: policy.remediation,
      findings: acting.map(({ each }) => each.findingId),
      most,
      parallel: 4,
      names: acting.map(({ each }) => each.name),
    },
    observed: acting.map(({ each }) => observedOf(each)),
    choices: [],
    actions,
    checks,
    estimates: { bytesToMove: 0, bytesNominal: 0, basis: "no bytes are moved by us; what it takes was not measured" },
    executable: acting.length > 0,
  };
}

export function actionsOf(
  { site, kind, resourceId, name, vm }: Pick<SeenFinding, "site" | "kind" | "resourceId" | "name" | "vm">,
  steps: readonly WordedStep[],
  item: number,
): PlanAction[] {
  return steps.map(({ step: { action, ...parameters }, detail }) => ({
    action,
    resource: { site, kind, id: resourceId },
    detail,
    parameters: { item, name, ...(vm ? { vmId: vm.vmId } : {}), ...parameters },
  }));
}

/** As it was seen, for whoever executes the plan. */
export function observedOf({ site, resourceId: id, vm, group }: SeenFinding): ObservedResource {
  if (group) return { site, kind: "security-group-rules", id, version: rulesVersion(group.rules) };
  return { site, kind: "vm", id, version: vm ? vmVersion(vm) : "absent" };
}

function decide(each: Seen, all: RemediationObservations): Decision {
  const { compiled, now } = all;
  const { remediation } = compiled.policy;
  const { subject } = each;
  if (!subject)
    return { refused: "it isn't there any more", remedy: "Nothing has to be done; the next scan resolves it." };
  if (judge(compiled, subject, now) !== "violation") {
    return {
      refused: "it doesn't break the policy any more",
      remedy: "Nothing has to be done; the next scan resolves it.",
    };
  }
  if (!remediation) return { refused: "the policy says no way to mend it", remedy: compiled.policy.remedy };
  return ways[remediation.kind](each, remediation as never, { ...all, subject });
}

type Way<R extends Remediation> = (
  seen: Seen,
  remediation: R,
  all: RemediationObservations & { readonly subject: Subject },
) => Decision;

const ways: { readonly [K in Remediation["kind"]]: Way<Extract<Remediation, { kind: K }>> } = {
  add_tags: ({ vm, site }, { tags }, { compiled, subject, now }) => {
    if (!vm) return onlyVms;
    const missing = Object.fromEntries(Object.entries(tags).filter(([key]) => vm.tags[key] === undefined));
    const tagged = { ...subject.resource, tags: { ...vm.tags, ...missing } };
    if (judge(compiled, { ...subject, resource: tagged }, now) === "violation") {
      return { refused: "the policy's tags would not mend it", remedy: compiled.policy.remedy };
    }
    const shown = Object.entries(missing).map(([key, value]) => `${key}=${value}`);
    const step = { action: "set-tags" as const, vmId: vm.vmId, set: missing, remove: [] };
    return { steps: [{ step, detail: `Give ${vm.name} at ${site} the tags ${shown.join(", ")}` }] };
  },
  close_rules: ({ group, site }, _, { compiled, subject, now }) => {
    if (!group) return { refused: "only rules of security groups are closed", remedy: compiled.policy.remedy };
    const closed = forbiddenRules(compiled, subject, now);
    const rules = withoutRules(group.rules, closed);
    const resource = { ...subject.resource, document: { ...subject.resource.document, rules: toWire(rules) } };
    if (judge(compiled, { ...subject, resource }, now) === "violation") {
      return { refused: "taking out what is forbidden would not mend it", remedy: compiled.policy.remedy };
    }
    const { securityGroupId } = group;
    const step = { action: "set-security-rules" as const, securityGroupId, rules, former: group.rules };
    return {
      steps: [{ step, detail: `Take out of ${group.name} at ${site}: ${closed.map(describeRule).join("; ")}` }],
    };
  },
  stop: ({ vm, site }, _, { defaults }) => {
    if (!vm) return onlyVms;
    if (vm.state === "stopped") return { refused: "it is off already", remedy: "Nothing has to be done." };
    return { steps: [stop(vm, site, defaults.stopGraceMs)] };
  },
  snapshot: ({ vm, site, capabilityGaps }, _, { planId }) => {
    if (!vm) return onlyVms;
    const gap = capabilityGaps.snapshots;
    if (gap !== undefined) return { refused: gap, remedy: "Protect it with a recovery group instead." };
    return { steps: snapshots(vm, site, planId) };
  },
  quarantine: ({ vm, site, capabilityGaps }, _, { planId, defaults }) => {
    if (!vm) return onlyVms;
    const holder = vm.tags[tagKeys.fencedBy];
    if (holder !== undefined) return { refused: `it is held by ${holder}`, remedy: "Let that come to its end first." };
    const hold = { action: "hold-vm" as const, vmId: vm.vmId, holder: quarantineHolder(planId) };
    return {
      steps: [
        ...(capabilityGaps.snapshots === undefined ? snapshots(vm, site, planId) : []),
        { step: hold, detail: `Hold ${vm.name} at ${site}, so that nobody starts it` },
        ...(vm.state === "stopped" ? [] : [stop(vm, site, defaults.stopGraceMs)]),
      ],
    };
  },
};

/** What stands in a VM's fence, for who finds it. */
function quarantineHolder(planId: string): string {
  return `quarantine-${planId}`;
}

const onlyVms: Decision = { refused: "this is done to VMs only", remedy: "Mend it by the site's own tools." };

type SeenVm = NonNullable<SeenFinding["vm"]>;

function stop(vm: SeenVm, site: string, graceMs: number): WordedStep {
  return { step: { action: "stop-vm", vmId: vm.vmId, graceMs }, detail: `Shut ${vm.name} at ${site} down` };
}

function snapshots(vm: SeenVm, site: string, planId: string): WordedStep[] {
  return vm.disks.map(({ diskId, volumeId }) => ({
    step: { action: "create-snapshot", volumeId, key: `${planId}-${volumeId}`.slice(-60) },
    detail: `Take a snapshot of ${diskId} of ${vm.name} at ${site}`,
  }));
}

function nameOf({ name, site }: Seen): string {
  return `${name} at ${site}`;
}

function leftOut(each: Seen, { refused, remedy }: Extract<Decision, { refused: string }>, others: boolean): PlanCheck {
  const detail = `${others ? "Left out: " : ""}${nameOf(each)}: ${refused}`;
  return { check: "finding", result: others ? "warn" : "fail", detail, remedy };
}
