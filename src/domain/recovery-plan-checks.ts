import type { PlanCheck } from "./plan.ts";
import {
  bootCircle,
  bootDependencies,
  lastSteps,
  type RecoveryPlanContent,
  type RecoveryStep,
} from "./recovery-plan.ts";

const fix = "Correct the recovery plan with POST /v1/recovery-plans/{group}.";

/** What can be said of a plan by itself and the names of its group's VMs. */
export function checkRecoveryPlan(plan: RecoveryPlanContent, members: readonly string[]): PlanCheck[] {
  const wrong = [...groupFaults(plan), ...vmFaults(plan, members), ...trafficFaults(plan)];
  if (wrong.length > 0) {
    return wrong.map((detail) => ({ check: "recovery-plan", result: "fail", detail, remedy: fix }));
  }
  const { bootGroups } = plan;
  const detail = `${bootGroups.length} boot group(s) bring up all ${members.length} VM(s): ${bootGroups.map(({ name }) => name).join(", ")}`;
  return [{ check: "recovery-plan", result: "pass", detail }];
}

function groupFaults({ bootGroups, last: lastOfAll = [] }: RecoveryPlanContent): string[] {
  const faults: string[] = [];
  const names = bootGroups.map(({ name }) => name);
  faults.push(...twice(names).map((name) => `Two boot groups are called ${name}`));
  for (const [name, after] of bootDependencies(bootGroups)) {
    for (const other of after.filter((each) => !names.includes(each))) {
      faults.push(`Boot group ${name} comes after ${other}, which there is not`);
    }
  }
  const circle = bootCircle(bootGroups);
  if (circle) faults.push(`Boot groups wait for each other: ${circle.join(" → ")}`);
  if (names.includes(lastSteps))
    faults.push(`No boot group may be called ${lastSteps}: steps of the plan's end go by that`);
  for (const { name, first = [], last = [] } of [...bootGroups, { name: lastSteps, last: lastOfAll }]) {
    const steps: readonly RecoveryStep[] = [...first, ...last];
    faults.push(
      ...twice(steps.map((step) => step.name)).map((step) => `Two steps of boot group ${name} are called ${step}`),
    );
  }
  return faults;
}

function vmFaults({ bootGroups }: RecoveryPlanContent, members: readonly string[]): string[] {
  const named = bootGroups.flatMap(({ vms }) => vms.map(({ vm }) => vm));
  return [
    ...twice(members).map(
      (vm) => `The group has two VMs called ${vm}: rename one, so that the plan can tell them apart`,
    ),
    ...twice(named).map((vm) => `${vm} is in the plan twice`),
    ...named.filter((vm) => !members.includes(vm)).map((vm) => `${vm} is no VM of the group`),
    ...members.filter((vm) => !named.includes(vm)).map((vm) => `${vm} is protected and in no boot group`),
  ];
}

function trafficFaults({ bootGroups, dns = [], pools = [] }: RecoveryPlanContent): string[] {
  const named = bootGroups.flatMap(({ vms }) => vms.map(({ vm }) => vm));
  const records = dns.map(({ site, zoneId, type, name }) => `${site}/${zoneId}/${type}/${name}`);
  return [
    ...twice(records).map((record) => `The record ${record} is in the plan twice`),
    ...dns
      .filter(({ vm, port, values }) => (values === undefined) === (vm === undefined || port === undefined))
      .map(({ name }) => `The record ${name} needs either values, or a VM and a port of it`),
    ...[...dns, ...pools]
      .flatMap(({ vm }) => (vm === undefined ? [] : [vm]))
      .filter((vm) => !named.includes(vm))
      .map((vm) => `${vm} has traffic in the plan and is in no boot group`),
  ];
}

function twice(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
