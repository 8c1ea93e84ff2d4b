import type { CreateVmParameters } from "../migration-parts.ts";
import type { VmSize } from "../operation.ts";
import type { Plan, PlanCheck } from "../plan.ts";
import type { Cost } from "../prices.ts";
import { type Place, type Resource, vmResource } from "../resource.ts";
import type { SecurityRule } from "../security-rule.ts";
import type { Vm } from "../vm.ts";
import { toWire } from "../wire.ts";
import { explain } from "./explain.ts";
import { type CompiledPolicy, judge } from "./policy.ts";
import type { Subject } from "./subject.ts";

/** Judges what would be there after a plan; each answer is a check of it. */
export type Admit = (subjects: readonly Subject[]) => PlanCheck[];

/** Policies hold before something is done, too: what `block` forbids fails the plan, anything else is told. */
export function admission(policies: readonly CompiledPolicy[], now: number): Admit {
  return (subjects) => subjects.flatMap((subject) => checksOf(policies, subject, now));
}

function checksOf(policies: readonly CompiledPolicy[], subject: Subject, now: number): PlanCheck[] {
  const what = `${subject.resource.name} at ${subject.resource.site}`;
  let held = 0;
  const checks = policies.flatMap((compiled): PlanCheck[] => {
    const { name, severity, description, remedy, actions } = compiled.policy;
    const verdict = judge(compiled, subject, now);
    if (verdict === undefined) return [];
    if (verdict === "pass") held += 1;
    const check = `policy-${name}`;
    const blocks = actions.includes("block");
    switch (verdict) {
      case "pass":
        return [];
      case "exempt":
        return [{ check, result: "pass", detail: `${what} is exempt from policy ${name}` }];
      case "unknown": {
        if (!blocks) return [];
        const detail = `Policy ${name} can't be judged for ${what}: ${explain(compiled, subject, now)}`;
        return [{ check, result: "warn", detail, remedy: "Nothing has to be done; the next scan judges it again." }];
      }
      case "violation": {
        const detail = `${what} would break policy ${name} (${severity}): ${description} ${explain(compiled, subject, now)}`;
        return [{ check, result: blocks ? "fail" : "warn", detail, remedy }];
      }
    }
  });
  if (held === 0) return checks;
  return [...checks, { check: "policies", result: "pass", detail: `${what} would keep ${held} policies` }];
}

/** What a site says of groups, as far as rules ask for it. */
export interface GroupsThere {
  readonly capabilityGaps: Readonly<Record<string, string>>;
  readonly securityGroups?:
    | readonly { readonly securityGroupId: string; readonly rules?: readonly SecurityRule[] }[]
    | undefined;
}

/** The rules that groups of the site would let a VM have; undefined where they aren't known. A site without groups holds
 *  nothing back by them, and lets nothing in by them. */
export function rulesOfGroups(
  ids: readonly string[] | undefined,
  made: readonly SecurityRule[],
  { capabilityGaps, securityGroups = [] }: GroupsThere,
): Subject["securityRules"] {
  if (capabilityGaps["network.security-groups"] !== undefined) return [];
  const known = new Map(securityGroups.map((group) => [group.securityGroupId, group.rules]));
  const rules = (ids ?? []).map((id) => known.get(id));
  if (rules.includes(undefined) || (rules.length === 0 && made.length === 0)) return undefined;
  return toWire([...rules.flatMap((of) => of ?? []), ...made]);
}

/** What a plan says of a VM that it would make. */
export interface PlannedVm extends Pick<Vm, "vmId" | "name" | "cpus" | "memoryBytes" | "tags"> {
  readonly instanceType?: string;
  readonly capacityType?: string;
  readonly zone?: string;
  readonly disks: readonly { readonly sizeBytes: number; readonly type?: string; readonly bus?: string }[];
  readonly nics: readonly { readonly networkId: string; readonly address?: string }[];
}

/** A VM that would be made at a place, or moved there. */
export function plannedVm(
  place: Place,
  vm: PlannedVm,
  seen: {
    readonly target: GroupsThere;
    readonly securityGroups?: readonly string[] | undefined;
    /** Of a group that would be made for it. */
    readonly ownRules?: readonly SecurityRule[];
    readonly monthly?: Cost | undefined;
    readonly publicAddress?: boolean | undefined;
    readonly residency?: readonly string[];
    readonly from?: string;
    readonly backupAt?: string | undefined;
  },
): Subject {
  const { target, from, backupAt, residency = [] } = seen;
  const { vmId, name, cpus, memoryBytes, tags, instanceType, capacityType, zone, disks, nics } = vm;
  const price = seen.monthly?.complete ? seen.monthly.total : undefined;
  const resource: Resource = {
    ...place,
    ...{ kind: "vm", resourceId: vmId, name, state: "running", cpus, memoryBytes, tags },
    sizeBytes: disks.reduce((sum, disk) => sum + disk.sizeBytes, 0),
    ...(instanceType === undefined ? {} : { type: instanceType }),
    ...(price?.currency === "USD" ? { monthlyCostMicros: price.micros } : {}),
    document: toWire({ instanceType, capacityType, zone, disks, nics }),
  };
  const gaps = target.capabilityGaps;
  const isPublic = gaps["network.public-address"] === undefined ? seen.publicAddress : false;
  const securityRules = rulesOfGroups(seen.securityGroups, seen.ownRules ?? [], target);
  return {
    resource,
    residency,
    encrypted: gaps["disks.encrypted"] === undefined,
    ...(from === undefined ? {} : { from }),
    ...(isPublic === undefined ? {} : { publicAddress: isPublic }),
    ...(securityRules === undefined ? {} : { securityRules }),
    ...(backupAt === undefined ? {} : { backupAt }),
  };
}

/** The VM that a migration's plan would leave at its target. */
export function movedVm(
  place: Place,
  vm: Vm,
  plan: Pick<Plan, "actions" | "estimates">,
  seen: {
    readonly target: GroupsThere;
    readonly diskBytes: readonly number[];
    readonly residency?: readonly string[];
    readonly backupAt?: string | undefined;
  },
): Subject {
  const create = plan.actions.find(({ action }) => action === "create-vm")?.parameters as
    | CreateVmParameters
    | undefined;
  const ownRules = plan.actions
    .filter(({ action }) => action === "create-security-group")
    .flatMap(({ parameters }) => (parameters.rules ?? []) as readonly SecurityRule[]);
  const wanted: Partial<CreateVmParameters> = create ?? vm;
  const { cpus, memoryBytes, instanceTypes, capacityType, nics = vm.nics } = wanted;
  const planned: PlannedVm = {
    ...{ vmId: vm.vmId, name: vm.name, tags: vm.tags },
    ...{ cpus: cpus ?? vm.cpus, memoryBytes: memoryBytes ?? vm.memoryBytes, nics },
    ...(instanceTypes?.[0] === undefined ? {} : { instanceType: instanceTypes[0] }),
    ...(capacityType === undefined ? {} : { capacityType }),
    disks: seen.diskBytes.map((sizeBytes, index) => {
      const { type, bus } = create?.disks[index] ?? {};
      return { sizeBytes, ...(type === undefined ? {} : { type }), ...(bus === undefined ? {} : { bus }) };
    }),
  };
  return plannedVm(place, planned, {
    ...seen,
    securityGroups: create?.securityGroups,
    ownRules,
    monthly: plan.estimates.monthly,
    publicAddress: create?.publicAddress,
    from: vm.site,
  });
}

/** A VM that is there, as it would be with another size. */
export function resizedVm(
  place: Place,
  vm: Vm,
  { cpus, memoryBytes, instanceType }: VmSize,
  known: Omit<Subject, "resource"> & { readonly monthly?: Cost | undefined },
): Subject {
  const { monthly, ...beside } = known;
  const price = monthly?.complete ? monthly.total : undefined;
  const sized = { ...vm, cpus, memoryBytes, ...(instanceType === undefined ? {} : { instanceType }) };
  const resource = vmResource(place, sized, price?.currency === "USD" ? price.micros : undefined);
  return { ...beside, resource: instanceType === undefined ? resource : { ...resource, type: instanceType } };
}
