import { mib } from "./format.ts";
import type { MigrationRequest } from "./migration.ts";
import type { CopyDiskParameters } from "./migration-parts.ts";
import type { MigrationPlanParts } from "./migration-plan.ts";
import type { Plan, PlanAction, PlanCheck } from "./plan.ts";
import { type PolicyRequest, type ProtectionPolicy, policyChecks } from "./protection-policy.ts";
import { roomCheck } from "./room-check.ts";
import type { PowerState } from "./vm.ts";
import type { PlannedMember } from "./wave-plan.ts";

export const protectionPlanKind = "protect-group";

/** What a person asks for. */
export interface ProtectionRequest extends PolicyRequest {
  readonly name: string;
  /** Names or ids at the primary site. */
  readonly vms?: readonly string[];
  /** A search of the inventory: all VMs that it finds. */
  readonly query?: string;
}

/** The same with its VMs found and its policy whole. */
export interface ProtectionOutline {
  readonly name: string;
  readonly policy: ProtectionPolicy;
  /** Names or ids. */
  readonly vms: readonly string[];
}

/** What a `protect-vm` action carries. */
export interface ProtectVmParameters {
  readonly position: number;
  readonly name: string;
  /** Of the `migrate-vm` plan. */
  readonly planId: string;
  readonly planVersion: string;
}

/** All that the plan of a group is made from. */
export interface ProtectionObservations {
  readonly outline: ProtectionOutline;
  /** By position. */
  readonly planned: readonly PlannedMember[];
  readonly sourceGaps: Readonly<Record<string, string>>;
  readonly freeBytes?: number;
  /** Groups that have one of the VMs already, by position. */
  readonly otherGroups: Readonly<Record<number, string>>;
  readonly nameTaken: boolean;
  /** How long a round takes at least, where the bandwidth is limited. */
  readonly roundSeconds?: number;
}

/** How a VM is planned so that it can be replicated to a site and created there. */
export function memberRequest(
  policy: Pick<ProtectionPolicy, "encryptionKey" | "bandwidthBytesPerSecond">,
  { from, to, vmId, state }: { from: string; to: string; vmId: string; state: PowerState },
): MigrationRequest {
  const { encryptionKey, bandwidthBytesPerSecond } = policy;
  return {
    vm: vmId,
    from,
    to,
    ...(state === "running" ? { mode: "warm", warm: { cutover: "manual" } } : { mode: "cold" }),
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
    ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
  };
}

/** The pinned plan of a group's protection. */
export function planProtection(seen: ProtectionObservations): MigrationPlanParts {
  const { outline, planned } = seen;
  const { name, policy } = outline;
  const plans = planned.flatMap((member) => ("plan" in member ? [member.plan] : []));
  const bytesToMove = plans.reduce((sum, { estimates }) => sum + estimates.bytesToMove, 0);
  const checks = [
    ...policyChecks(policy, seen.roundSeconds),
    ...siteChecks(seen),
    ...memberChecks(seen),
    ...roomChecks(seen, bytesToMove),
  ];
  return {
    kind: protectionPlanKind,
    inputs: { name, policy },
    observed: plans.flatMap(({ observed }) => observed.filter(({ kind }) => kind === "vm")),
    choices: [],
    actions: planned.flatMap((member, position) => actionOf(policy, member, position)),
    checks,
    estimates: {
      bytesToMove,
      bytesNominal: plans.reduce((sum, { estimates }) => sum + estimates.bytesNominal, 0),
      basis: "the first round moves all that is allocated, later ones what changed",
    },
    executable: checks.every(({ result }) => result !== "fail"),
  };
}

/** Of the VM that it was made for. */
export function plannedVersion(plan: Plan): string {
  return plan.observed.find(({ kind, site }) => kind === "vm" && site === plan.inputs.from)?.version ?? "";
}

function actionOf({ recoverySite }: ProtectionPolicy, member: PlannedMember, position: number): PlanAction[] {
  if (!("plan" in member)) return [];
  const { planId, inputs, estimates } = member.plan;
  const name = String(inputs.vmName);
  const parameters: ProtectVmParameters = { position, name, planId, planVersion: plannedVersion(member.plan) };
  return [
    {
      action: "protect-vm",
      resource: { site: String(inputs.from), kind: "vm", id: String(inputs.vm) },
      detail: `Keep recovery points of ${name} at ${recoverySite}: at first at most ${mib(estimates.bytesToMove)} MiB`,
      parameters: { ...parameters },
    },
  ];
}

function siteChecks({ outline: { name, policy }, sourceGaps, nameTaken }: ProtectionObservations): PlanCheck[] {
  const checks: PlanCheck[] = [
    nameTaken
      ? { check: "group-name", result: "fail", detail: `There is a group ${name}`, remedy: "Choose another name." }
      : { check: "group-name", result: "pass", detail: `No other group is called ${name}` },
  ];
  const kept = sourceGaps["disks.changes-after-release"] ?? sourceGaps["disks.changed-blocks"];
  if (policy.replication === "continuous" && kept !== undefined) {
    checks.push({
      check: "policy-continuous",
      result: "fail",
      detail: `${policy.primarySite} can't be followed without a pause: ${kept}`,
      remedy: "Replicate by interval.",
    });
  }
  const crash = sourceGaps["disks.application-consistent"];
  if (policy.consistency === "application" && crash !== undefined) {
    checks.push({
      check: "policy-consistency",
      result: "fail",
      detail: `Application-consistent points are asked for: ${crash}`,
      remedy: "Ask for crash consistency.",
    });
  }
  return checks;
}

/** What each VM's plan warns of or fails by; what passed is counted only. */
function memberChecks({ outline: { vms }, planned, otherGroups }: ProtectionObservations): PlanCheck[] {
  const passed = planned.filter((member) => "plan" in member && member.plan.executable).length;
  return [
    { check: "group-vms", result: "pass", detail: `${passed} of ${vms.length} VMs can be recovered there` },
    ...planned.flatMap((member, position): PlanCheck[] => {
      const vm = vms[position] ?? "";
      const other = otherGroups[position];
      const twice: PlanCheck[] =
        other === undefined
          ? []
          : [
              {
                check: "group-member",
                result: "fail",
                detail: `${vm} is in group ${other} already`,
                remedy: "A VM is protected by one group; take it out of one of the two.",
              },
            ];
      if ("refused" in member) {
        const { reason, remedy } = member.refused;
        return [...twice, { check: "group-member", result: "fail", detail: `${vm}: ${reason}`, remedy }];
      }
      const told = member.plan.checks.filter(({ result }) => result !== "pass");
      return [...twice, ...told.map((check) => ({ ...check, detail: `${vm}: ${check.detail}` }))];
    }),
  ];
}

/** Each VM may fit by itself, and all of them not. */
function roomChecks({ outline, planned, freeBytes }: ProtectionObservations, mostBytes: number): PlanCheck[] {
  if (freeBytes === undefined) return [];
  const copies = planned.flatMap((member) =>
    "plan" in member ? member.plan.actions.filter(({ action }) => action === "copy-disk") : [],
  );
  const expectedBytes = copies.reduce((sum, { parameters }) => {
    const { expectedBytes: expected, allocatedBytes } = parameters as unknown as CopyDiskParameters;
    return sum + (expected ?? allocatedBytes);
  }, 0);
  const remedy = "Take VMs out of the group, or make room at the recovery site.";
  const where = { freeBytes, site: outline.policy.recoverySite, remedy, what: " for the first round of all VMs" };
  return [roomCheck("group-free-space", { mostBytes, expectedBytes }, where)];
}
