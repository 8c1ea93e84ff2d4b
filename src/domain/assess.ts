import type {
  AssessedVm,
  AssessmentReport,
  AssessmentRequest,
  AssessmentTotals,
  Conversation,
  ProposedWave,
  Readiness,
  VmAssessment,
} from "./assessment.ts";
import type { Conversations } from "./flow-records.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import type { Plan, PlanCheck } from "./plan.ts";
import { addUp, type Cost, type CostItem } from "./prices.ts";
import { proposeWaves, type WaveProposal } from "./proposed-waves.ts";
import { type PlannedMember, planWave } from "./wave-plan.ts";

/** What the plan of a VM's move says of it. */
export function assessVm({ vmId, name }: AssessedVm, planned: PlannedMember): VmAssessment {
  if ("refused" in planned) {
    const { reason, remedy } = planned.refused;
    return { vmId, name, readiness: "blocking", findings: [{ check: "plan", result: "fail", detail: reason, remedy }] };
  }
  const { planId, checks, executable, estimates } = planned.plan;
  const findings = checks.filter(({ result }) => result !== "pass");
  const { bytesToMove, seconds, downtimeSeconds, monthly, egress } = estimates;
  return {
    vmId,
    name,
    readiness: executable ? (findings.length > 0 ? "warning" : "ready") : "blocking",
    findings,
    planId,
    bytesToMove,
    ...(seconds === undefined ? {} : { seconds }),
    ...(downtimeSeconds === undefined ? {} : { downtimeSeconds }),
    ...(monthly ? { monthly } : {}),
    ...(egress ? { egress } : {}),
  };
}

export interface AssessmentFacts {
  readonly request: AssessmentRequest;
  readonly vms: readonly VmAssessment[];
  readonly conversations: Conversations | undefined;
  readonly flowRecords: number;
  /** By the id of the plan. */
  readonly plans: ReadonlyMap<string, Plan>;
  readonly target: Pick<MigrationObservations["target"], "freeBytes" | "ceilings">;
  readonly parallelMigrations: number;
}

/** All of it: what moves when, what it costs and how long it takes, and what speaks against it. */
export function assess(facts: AssessmentFacts, defaultWaveSize: number): AssessmentReport {
  const { request, vms, conversations } = facts;
  const inside = conversations?.inside ?? [];
  const proposals = proposeWaves(vms, inside, request.waveSize ?? defaultWaveSize);
  const waveOf = new Map(proposals.flatMap(({ members }, index) => members.map(({ vmId }) => [vmId, index] as const)));
  const waves = proposals.map((proposal, index) => {
    const played = playOut(facts, proposal, index);
    return { ...played, findings: [...played.findings, ...leftBehind(proposal, inside, waveOf)] };
  });
  return {
    totals: totalsOf(vms, waves),
    waves,
    conversations: inside,
    outside: conversations?.outside ?? [],
    ...(conversations ? { flowRecords: { read: facts.flowRecords, ofVms: conversations.ofVms } } : {}),
  };
}

/** The wave as if it were planned by itself, with the target as it is now. */
function playOut(facts: AssessmentFacts, { members, why }: WaveProposal, index: number): ProposedWave {
  const { request, plans, target, parallelMigrations } = facts;
  const { from, to } = request;
  const planned = members.flatMap(({ planId }): PlannedMember[] => {
    const plan = planId === undefined ? undefined : plans.get(planId);
    return plan ? [{ plan }] : [];
  });
  const outline = {
    name: `wave ${index + 1}`,
    groups: [{ name: "default" }],
    members: members.map(({ vmId }) => ({ request: { vm: vmId, from, to }, group: "default", after: [] })),
    inOrder: true,
  };
  const { checks, estimates } = planWave({ outline, planned, targets: { [to]: target }, parallelMigrations });
  const ofAll = checks.filter(({ check, result }) => check.startsWith("wave-") && result !== "pass");
  return {
    wave: index + 1,
    vms: members.map(({ name }) => name),
    vmIds: members.map(({ vmId }) => vmId),
    why,
    bytesToMove: estimates.bytesToMove,
    seconds: estimates.seconds ?? 0,
    findings: ofAll,
  };
}

/** Traffic of a wave with VMs that can't move. (VMs of other waves don't talk to these: they would be in one.) */
function leftBehind(
  { members }: WaveProposal,
  conversations: readonly Conversation[],
  waveOf: ReadonlyMap<string, number>,
): PlanCheck[] {
  const ids = new Set(members.map(({ vmId }) => vmId));
  return conversations.flatMap(({ vmId, vm, peerId, peer }) => {
    if (peerId === undefined || ids.has(vmId) === ids.has(peerId)) return [];
    const [inside, other, otherId] = ids.has(vmId) ? [vm, peer, peerId] : [peer, vm, vmId];
    if (waveOf.has(otherId)) return [];
    return [
      {
        check: "wave-conversation",
        result: "warn" as const,
        detail: `${inside} talks to ${other}, which can't move as it is: their traffic goes over the link between the sites`,
        remedy: `Make ${other} ready first, or make sure that they reach each other over the link.`,
      },
    ];
  });
}

function totalsOf(vms: readonly VmAssessment[], waves: readonly ProposedWave[]): AssessmentTotals {
  const having = (readiness: Readiness) => vms.filter((vm) => vm.readiness === readiness).length;
  const movable = vms.filter(({ readiness }) => readiness !== "blocking");
  const monthly = sumOf(movable.map((vm) => vm.monthly));
  const egress = sumOf(movable.map((vm) => vm.egress));
  return {
    vms: vms.length,
    ready: having("ready"),
    warning: having("warning"),
    blocking: having("blocking"),
    bytesToMove: movable.reduce((sum, { bytesToMove = 0 }) => sum + bytesToMove, 0),
    seconds: waves.reduce((sum, { seconds }) => sum + seconds, 0),
    longestDowntimeSeconds: Math.max(0, ...movable.map(({ downtimeSeconds = 0 }) => downtimeSeconds)),
    ...(monthly ? { monthly } : {}),
    ...(egress ? { egress } : {}),
    withoutPrice: movable.filter((vm) => vm.monthly?.total === undefined).length,
  };
}

/** Of all VMs, with a line a kind of thing instead of one a VM. */
function sumOf(costs: readonly (Cost | undefined)[]): Cost | undefined {
  const kinds = Map.groupBy(
    costs.flatMap((cost) => cost?.items ?? []),
    ({ what, unit, unknown, amount }) => JSON.stringify([what, unit, unknown, amount?.currency]),
  );
  const items = [...kinds.values()].map((alike): CostItem => {
    const [first] = alike as [CostItem, ...CostItem[]];
    const quantity = alike.reduce((sum, item) => sum + item.quantity, 0);
    const micros = alike.reduce((sum, { amount }) => sum + (amount?.micros ?? 0), 0);
    return { ...first, quantity, ...(first.amount ? { amount: { ...first.amount, micros } } : {}) };
  });
  return items.length > 0 ? addUp(items) : undefined;
}
