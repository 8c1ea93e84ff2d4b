import type { ScopedResource } from "./access.ts";
import type { Plan, PlanAction, PlanCheck, PlanChoice, PlanContent, PlanEstimates } from "./plan.ts";
import { recoveryChecks } from "./recovery-checks.ts";
import { networksOf, type RecoveryObservations, sizesOf } from "./recovery-observations.ts";
import {
  type BootGroup,
  bootDependencies,
  type RecoveryPlan,
  type RecoveryPool,
  type RecoveryRecord,
  type RecoveryStep,
  type RecoveryVm,
  recoveryDefaults,
} from "./recovery-plan.ts";
import { type RecoveryRequest, recoveryKind } from "./recovery-run.ts";

export interface FreezePointParameters {
  readonly pointId?: string;
  readonly before?: string;
  readonly suspectToo?: boolean;
  /** Of stopped VMs: nothing is lost. */
  readonly final: boolean;
}

/** A VM of a boot group as the workflow brings it up; what is absent is as its point's plan has it. */
export type RecoverVmParameters = RecoveryVm & { readonly position: number; readonly bootGroup: string };
export type BootGroupParameters = Required<Omit<BootGroup, "vms">>;
export interface RecordShiftParameters extends RecoveryRecord {
  readonly lowTtlSeconds: number;
}

/** What the workflow carries out, read back from a plan's actions. */
export interface RecoveryOrders {
  readonly groupId: string;
  readonly mode: RecoveryRequest["mode"];
  readonly reason: string;
  readonly outageAt?: string;
  readonly from: string;
  readonly to: string;
  readonly epoch: number;
  /** 0 of a group without a plan of its own. */
  readonly recoveryPlanVersion: number;
  readonly stopGraceMs: number;
  readonly freeze: FreezePointParameters;
  readonly bootGroups: readonly BootGroupParameters[];
  readonly vms: readonly RecoverVmParameters[];
  readonly records: readonly RecordShiftParameters[];
  readonly pools: readonly RecoveryPool[];
  /** When users are led there. */
  readonly last: readonly RecoveryStep[];
  /** Whether it is followed back afterwards. */
  readonly reprotect: boolean;
}

export interface RecoveryPlanParts extends PlanContent {
  readonly subjects: readonly ScopedResource[];
  readonly checks: readonly PlanCheck[];
  readonly estimates: PlanEstimates;
  readonly executable: boolean;
}

/** The pinned plan of a failover, a planned failover or a drill. */
export function planRecovery(seen: RecoveryObservations): RecoveryPlanParts {
  const { request, group, plan } = seen;
  const { mode } = request;
  const [from, to] = [group.currentSite, group.replicatesTo ?? group.policy.recoverySite];
  const checks = recoveryChecks(seen, from, to);
  const networks = "networks" in seen.target ? seen.target.networks : [];
  const used = new Set(seen.vms.flatMap((vm) => networksOf(seen, vm)).flat());
  return {
    kind: recoveryKind,
    inputs: {
      stopGraceMs: seen.stopGraceMs,
      ...request,
      from,
      to,
      group: group.name,
      epoch: group.epoch,
      recoveryPlanVersion: plan.version,
      reprotect: plan.reprotect ?? true,
    },
    observed: [
      { site: to, kind: "protection-group", id: group.groupId, version: String(group.epoch) },
      ...networks
        .filter(({ networkId }) => mode !== "drill" && used.has(networkId))
        .map(({ networkId, active }) => {
          return { site: to, kind: "network", id: networkId, version: active ? "active" : "inactive" };
        }),
    ],
    choices: choicesOf(seen),
    actions: actionsOf(seen, from, to),
    subjects: group.members.flatMap(({ tags }) => [from, to].map((site) => ({ site, tags }))),
    checks,
    estimates: estimatesOf(seen),
    executable: checks.every(({ result }) => result !== "fail"),
  };
}

function choicesOf(seen: RecoveryObservations): PlanChoice[] {
  const { point, request, plan } = seen;
  const chosen: PlanChoice[] = [
    {
      what: "recovery plan",
      chosen: plan.version === 0 ? "all VMs at once" : `version ${plan.version}`,
      why: plan.version === 0 ? "the group has no plan of its own" : `it is the newest, of ${plan.createdAt}`,
    },
  ];
  if ("missing" in point) return chosen;
  const why =
    request.mode === "switchover"
      ? "the VMs are stopped and the last difference moves before anything starts; until now the newest is"
      : request.pointId === undefined
        ? "it is the newest that would be taken now; the run takes the newest of its own moment"
        : "it was named";
  return [...chosen, { what: "recovery point", chosen: point.pointId, why: `${why} ${point.takenAt}` }];
}

function actionsOf(seen: RecoveryObservations, from: string, to: string): PlanAction[] {
  const { request, group, plan } = seen;
  const { mode, pointId, before, suspectToo } = request;
  const isDrill = mode === "drill";
  const of = { site: to, kind: "protection-group", id: group.groupId };
  const freeze: FreezePointParameters = {
    ...(pointId === undefined ? {} : { pointId }),
    ...(before === undefined ? {} : { before }),
    ...(suspectToo === undefined ? {} : { suspectToo }),
    final: mode === "switchover",
  };
  const dependencies = bootDependencies(plan.bootGroups);
  const boots = plan.bootGroups.flatMap(({ name, vms, first = [], last = [], waitSeconds = 0 }): PlanAction[] => {
    const parameters: BootGroupParameters = {
      name,
      after: dependencies.get(name) ?? [],
      first,
      last,
      waitSeconds,
    };
    return [
      {
        action: "boot-group",
        resource: of,
        detail: describeGroup(parameters, vms.length),
        parameters: { ...parameters },
      },
      ...vms.flatMap((wish) => bringUp(seen, wish, name, to)),
    ];
  });
  const traffic = isDrill ? [] : trafficActions(plan);
  const ends: PlanAction = isDrill
    ? {
        action: "tear-down",
        resource: of,
        detail: `Remove all that the drill made at ${to}, and count what is left`,
        parameters: {},
      }
    : {
        action: "hand-over",
        resource: of,
        detail: `${group.name} serves at ${to} from then on, unprotected until ${plan.reprotect === false ? "somebody lets it be followed back" : `${from} is there and it is followed back to it`}`,
        parameters: {},
      };
  const fence: PlanAction[] = [
    {
      action: "fence",
      resource: { ...of, site: from },
      detail: `Nothing of ${group.name} may write at ${from} any more, before anything starts at ${to}`,
      parameters: {},
    },
  ];
  const point: PlanAction = {
    action: "freeze-point",
    resource: of,
    detail: describeFreeze(freeze, group.name),
    parameters: { ...freeze },
  };
  const last: PlanAction[] =
    isDrill || !plan.last?.length
      ? []
      : [
          {
            action: "last-steps",
            resource: of,
            detail: `When users are led there: ${plan.last.map(({ kind, name }) => `${kind} ${name}`).join(", ")}`,
            parameters: { steps: plan.last },
          },
        ];
  // It serves there before anybody is led there: what they write from then on is never taken back.
  return isDrill ? [point, ...boots, ends] : [...fence, point, ...boots, ends, ...traffic, ...last];
}

function bringUp(seen: RecoveryObservations, wish: RecoveryVm, bootGroup: string, to: string): PlanAction[] {
  const vm = seen.vms.find(({ name }) => name === wish.vm);
  if (!vm) return [];
  const isDrill = seen.request.mode === "drill";
  // Where nobody reaches into a network without a way out, what is on the console has to do.
  const reached = !isDrill || ("networks" in seen.target && !seen.target.capabilityGaps["network.isolated-probes"]);
  const parameters: RecoverVmParameters = {
    ...wish,
    ...(reached ? {} : { verify: { ...wish.verify, tcpProbes: [], httpProbes: [] } }),
    ...{ position: vm.position, bootGroup },
  };
  const sizes = sizesOf(seen, vm);
  const where = isDrill ? "in a network of the drill's own" : placesOf(networksOf(seen, vm));
  const detail = `Bring up ${vm.name} ${where}${sizes.length > 0 ? ` as ${sizes.join(", else ")}` : ""}, and prove that it works`;
  return [
    { action: "recover-vm", resource: { site: to, kind: "vm", id: vm.name }, detail, parameters: { ...parameters } },
  ];
}

function placesOf(placements: readonly (readonly string[])[]): string {
  return `in ${placements.map((networks) => networks.join(" + ") || "no network").join(", else in ")}`;
}

function trafficActions({ dns = [], pools = [] }: RecoveryPlan): PlanAction[] {
  const records = dns.map((record): PlanAction => {
    const parameters: RecordShiftParameters = { lowTtlSeconds: recoveryDefaults.lowTtlSeconds, ...record };
    const to = record.values?.join(", ") ?? `where port ${record.port} of ${record.vm} is reached`;
    const id = `${record.zoneId}/${record.type}/${record.name}`;
    const detail = `Point ${record.type} ${record.name} to ${to}`;
    return {
      action: "shift-record",
      resource: { site: record.site, kind: "dns-record", id },
      detail,
      parameters: { ...parameters },
    };
  });
  return [
    ...records,
    ...pools.map((pool): PlanAction => {
      const detail = `Give ${pool.vm} on port ${pool.port} all traffic of the pool, once it is healthy there`;
      return {
        action: "shift-pool",
        resource: { site: pool.site, kind: "target-pool", id: pool.poolId },
        detail,
        parameters: { ...pool },
      };
    }),
  ];
}

function describeGroup({ name, after, first, last, waitSeconds }: BootGroupParameters, vms: number): string {
  const parts = [
    after.length > 0 ? `after ${after.join(", ")}` : "at once",
    `${vms} VM(s)`,
    ...first.map((step) => `first ${step.kind} ${step.name}`),
    ...last.map((step) => `then ${step.kind} ${step.name}`),
    ...(waitSeconds > 0 ? [`then wait ${waitSeconds} s`] : []),
  ];
  return `Boot group ${name}: ${parts.join("; ")}`;
}

function describeFreeze({ pointId, before, final }: FreezePointParameters, group: string): string {
  if (final) return `Take a last point of ${group}, whose VMs are stopped by then: nothing is lost`;
  if (pointId !== undefined) return `Keep the recovery point ${pointId}`;
  return `Keep the newest recovery point of ${group}${before === undefined ? "" : ` that is no later than ${before}`}`;
}

function estimatesOf({ drilledSeconds, request }: RecoveryObservations): PlanEstimates {
  const bytes = { bytesToMove: 0, bytesNominal: 0 };
  const moves =
    request.mode === "switchover" ? "; what changed since the newest point moves too, and is not counted" : "";
  if (drilledSeconds === undefined)
    return { ...bytes, basis: `no drill of it has passed yet, so its time is not predicted${moves}` };
  return { ...bytes, seconds: drilledSeconds, basis: `the newest drill that passed took so long${moves}` };
}

/** What a plan's actions say, as the workflow takes them. */
export function recoveryOrders(plan: Pick<Plan, "inputs" | "actions">): RecoveryOrders {
  const inputs = plan.inputs as unknown as RecoveryRequest &
    Pick<RecoveryOrders, "from" | "to" | "epoch" | "recoveryPlanVersion" | "stopGraceMs" | "reprotect">;
  const { groupId, mode, reason, outageAt, from, to, epoch, recoveryPlanVersion, stopGraceMs, reprotect } = inputs;
  const all = <T>(action: string): T[] =>
    plan.actions.filter((each) => each.action === action).map(({ parameters }) => parameters as unknown as T);
  const [freeze] = all<FreezePointParameters>("freeze-point");
  const [last] = all<{ readonly steps: readonly RecoveryStep[] }>("last-steps");
  if (!freeze) throw new Error("The plan freezes no point");
  return {
    ...{ groupId, mode, reason, from, to, epoch, recoveryPlanVersion, stopGraceMs, freeze, reprotect },
    ...(outageAt === undefined ? {} : { outageAt }),
    bootGroups: all("boot-group"),
    vms: all("recover-vm"),
    records: all("shift-record"),
    pools: all("shift-pool"),
    last: last?.steps ?? [],
  };
}
