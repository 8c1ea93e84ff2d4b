import type { InstanceType } from "./instance-type.ts";
import type { PlanCheck } from "./plan.ts";
import { describeQuota, type Quota, quotasOfType, quotaUse } from "./quota.ts";
import {
  firstSize,
  networksOf,
  type RecoverableVm,
  type RecoveryObservations,
  sizesOf,
} from "./recovery-observations.ts";
import { checkRecoveryPlan } from "./recovery-plan-checks.ts";

type Target = Extract<RecoveryObservations["target"], { readonly networks: unknown }>;

/** Whether the group can be recovered now, with what speaks against it. */
export function recoveryChecks(seen: RecoveryObservations, from: string, to: string): PlanCheck[] {
  const { group, plan, target } = seen;
  const members = group.members.map(({ name }) => name);
  return [
    ...checkRecoveryPlan(plan, members),
    ...groupChecks(seen, from, to),
    ...pointChecks(seen),
    ...("networks" in target
      ? targetChecks(seen, target, to)
      : [fail("recovery-site", `${to} can't be looked at: ${target.unreachable}`, "See novacron providers check.")]),
    ...trafficChecks(seen, from),
  ];
}

function groupChecks(
  { group, request, sourceUnreachable }: RecoveryObservations,
  from: string,
  to: string,
): PlanCheck[] {
  const { name, state, epoch, takeover, replicatesTo } = group;
  const checks: PlanCheck[] = [];
  if (request.epoch !== undefined && request.epoch !== epoch) {
    const detail = `${name} was failed over since that was decided: its epoch is ${epoch}, and was ${request.epoch}`;
    checks.push(fail("group-epoch", detail, "Nothing has to be done, unless where it serves now is lost as well."));
  }
  if (takeover) {
    const remedy = "Wait until that has ended; see novacron recovery runs.";
    checks.push(fail("group-free", `Failover ${takeover.failoverId} holds ${name}`, remedy));
  } else if (replicatesTo === undefined || state === "unprotected" || state === "deleting" || state === "deleted") {
    checks.push(
      fail("group-protected", `${name} is ${state}: nothing of it is at another site`, "Protect it again first."),
    );
  } else checks.push(pass("group-protected", `${name} is ${state}, from ${from} to ${to}`));
  if (request.mode !== "switchover") return checks;
  return [
    ...checks,
    sourceUnreachable === undefined
      ? pass("primary-site", `${from} answers: its VMs can be stopped, and their last difference moved`)
      : fail(
          "primary-site",
          `${from} does not answer (${sourceUnreachable}), so that its VMs can't be stopped`,
          "Carry out a failover instead of a planned one, if the site is lost.",
        ),
  ];
}

function pointChecks({ point, request, group, atMs }: RecoveryObservations): PlanCheck[] {
  if ("missing" in point) {
    return [
      fail(
        "recovery-point",
        `There is no recovery point to take: ${point.missing}`,
        "Wait for a round, or name another point.",
      ),
    ];
  }
  const { pointId, takenAt } = point;
  const ageSeconds = Math.max(0, Math.round((atMs - Date.parse(takenAt)) / 1000));
  const { rpoSeconds } = group.policy;
  const detail = `${pointId} shows ${takenAt}, ${ageSeconds} s ago; the objective is ${rpoSeconds} s`;
  if (ageSeconds <= rpoSeconds || request.mode !== "failover") return [pass("recovery-point", detail)];
  return [{ check: "recovery-point", result: "warn", detail, remedy: "More than the objective would be lost." }];
}

function targetChecks(seen: RecoveryObservations, target: Target, to: string): PlanCheck[] {
  const { vms, request } = seen;
  return [
    ...(request.mode === "drill"
      ? isolationChecks(target, to)
      : vms.flatMap((vm) => networkChecks(seen, target, vm, to))),
    ...vms.flatMap((vm) => sizeChecks(seen, target, vm, to)),
    ...ceilingChecks(seen, target, to),
    ...quotaChecks(seen, target, to),
    ...startChecks(target, to),
  ];
}

function isolationChecks({ capabilityGaps }: Target, to: string): PlanCheck[] {
  const gap = capabilityGaps["network.isolated"];
  if (gap === undefined) return [pass("isolated-network", `${to} has networks that nobody reaches`)];
  return [fail("isolated-network", `${to} has no network that nobody reaches: ${gap}`, "Drill at another site.")];
}

function networkChecks(seen: RecoveryObservations, { networks }: Target, vm: RecoverableVm, to: string): PlanCheck[] {
  return networksOf(seen, vm).flatMap((placement, index) => {
    const off = placement.filter((id) => !networks.some(({ networkId, active }) => networkId === id && active));
    if (off.length === 0 && placement.length >= vm.create.nics.length) return [];
    const detail =
      off.length > 0
        ? `${to} has no active network ${off.join(", ")} for ${vm.name}`
        : `${vm.name} has ${vm.create.nics.length} NIC(s), and ${placement.length} network(s) of ${to} are named`;
    const remedy = "Name networks of the recovery site in the recovery plan.";
    // Another placement is only for when there is no capacity in the first.
    return index === 0
      ? [fail("target-network", detail, remedy)]
      : [{ check: "target-network", result: "warn", detail, remedy }];
  });
}

function sizeChecks(seen: RecoveryObservations, { instanceTypes }: Target, vm: RecoverableVm, to: string): PlanCheck[] {
  const sizes = sizesOf(seen, vm);
  if (!instanceTypes) {
    if (sizes.length === 0) return [];
    return [
      fail(
        "target-size",
        `${to} has no sizes, and the plan names ${sizes.join(", ")} for ${vm.name}`,
        "Leave them out.",
      ),
    ];
  }
  const unknown = sizes.filter((size) => !instanceTypes.some(({ name }) => name === size));
  if (sizes.length > 0 && unknown.length === 0) return [];
  const detail =
    sizes.length === 0
      ? `No size of ${to} is named for ${vm.name}`
      : `${to} has no size ${unknown.join(", ")}, for ${vm.name}`;
  return [fail("target-size", detail, "Name sizes of the recovery site in the recovery plan.")];
}

/** Our own ceilings, by what is there and what would come. */
function ceilingChecks(seen: RecoveryObservations, { ceilings }: Target, to: string): PlanCheck[] {
  const { vms } = seen;
  const sum = (value: (vm: RecoverableVm) => number) => vms.reduce((total, vm) => total + value(vm), 0);
  const needs: Readonly<Record<string, number>> = {
    max_vms: vms.length,
    max_cpus: sum((vm) => firstSize(seen, vm)?.cpus ?? vm.create.cpus),
    max_memory: sum((vm) => (firstSize(seen, vm)?.memoryBytes ?? vm.create.memoryBytes) / 2 ** 30),
  };
  return ceilings.flatMap(({ name, limit, used, unit }) => {
    const needed = needs[name];
    if (needed === undefined) return [];
    const detail = `${to}: ${used} of ${limit} ${unit} are there (quotas.${name}), and ${needed} would come`;
    if (used + needed <= limit) return [pass("target-ceiling", detail)];
    return [fail("target-ceiling", detail, `Raise quotas.${name} of ${to} in the configuration.`)];
  });
}

/** The site's own quotas, all VMs together by the sizes that are tried first. */
function quotaChecks(seen: RecoveryObservations, { quotas = [] }: Target, to: string): PlanCheck[] {
  const needed = new Map<Quota, number>();
  const add = (quota: Quota, more: number) => needed.set(quota, (needed.get(quota) ?? 0) + more);
  for (const vm of seen.vms) {
    const type: InstanceType | undefined = firstSize(seen, vm);
    if (type) for (const use of quotasOfType(quotas, type, "on-demand")) add(use.quota, use.needed);
    for (const quota of quotas) if (quota.quota === "vms") add(quota, 1);
  }
  return [...needed].map(([quota, more]): PlanCheck => {
    const detail = `${to}: ${describeQuota(quota)}, and ${more} would come`;
    const { fits } = quotaUse(quota, more);
    if (fits === true) return pass("target-quota", detail);
    if (fits === false) return fail("target-quota", detail, "Ask the site for a higher quota, or name smaller sizes.");
    return { check: "target-quota", result: "warn", detail, remedy: "See at the site how much of it is used." };
  });
}

function startChecks({ capabilityGaps }: Target, to: string): PlanCheck[] {
  const gap = capabilityGaps["compute.start"];
  return gap === undefined
    ? []
    : [fail("recovery-site-starts", `${to} starts nothing: ${gap}`, "Protect the group at another site.")];
}

function trafficChecks({ records, pools, request }: RecoveryObservations, from: string): PlanCheck[] {
  const gaps = [
    ...records.map(({ asked, gap }) => ({
      check: "traffic-record",
      site: asked.site,
      what: `${asked.type} ${asked.name}`,
      gap,
    })),
    ...pools.map(({ asked, gap }) => ({ check: "traffic-pool", site: asked.site, what: `pool ${asked.poolId}`, gap })),
  ];
  return gaps.map(({ check, site, what, gap }): PlanCheck => {
    if (gap === undefined && site !== from) return pass(check, `${what} is kept at ${site}`);
    const detail =
      gap === undefined ? `${what} is kept at ${site}, which is lost with the group` : `${what} at ${site}: ${gap}`;
    const remedy = "Keep it at a site that is not the one to be lost, and correct the recovery plan.";
    // A drill leaves traffic alone, and whoever is in need gets the VMs at least.
    return request.mode === "switchover" && gap !== undefined
      ? fail(check, detail, remedy)
      : { check, result: "warn", detail, remedy };
  });
}

function pass(check: string, detail: string): PlanCheck {
  return { check, result: "pass", detail };
}

function fail(check: string, detail: string, remedy: string): PlanCheck {
  return { check, result: "fail", detail, remedy };
}
