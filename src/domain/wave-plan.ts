import { mib } from "./format.ts";
import type { CopyDiskParameters, CreateVmParameters, MigrationObservations } from "./migration-parts.ts";
import { actionParameters, type MigrationPlanParts } from "./migration-plan.ts";
import type { ObservedResource, Plan, PlanAction, PlanCheck, PlanEstimates } from "./plan.ts";
import { addUp, type Cost } from "./prices.ts";
import { roomCheck } from "./room-check.ts";
import { type PoolShiftParameters, trafficActions } from "./traffic.ts";
import type { MemberState, WaveMember, WaveMemberParameters, WaveOutline } from "./wave.ts";
import { nextMoves, type ScheduledWave, waveEnded } from "./wave-schedule.ts";

export const wavePlanKind = "migrate-wave";

/** A member's plan, or why there is none. */
export type PlannedMember =
  | { readonly plan: Plan }
  | { readonly refused: { readonly reason: string; readonly remedy: string } };

export interface WaveObservations {
  readonly outline: WaveOutline;
  /** By position. */
  readonly planned: readonly PlannedMember[];
  readonly targets: Readonly<Record<string, Pick<MigrationObservations["target"], "freeBytes" | "ceilings">>>;
  /** As many as the configuration lets work at once. */
  readonly parallelMigrations: number;
}

/** The pinned plan of a wave: the plans of its VMs by id and hash, and what only shows when they are added up. */
export function planWave(seen: WaveObservations): MigrationPlanParts {
  const { outline, planned } = seen;
  const plans = planned.flatMap((member) => ("plan" in member ? [member.plan] : []));
  const { name, parallel, inOrder, groups, members } = outline;
  const checks = [
    ...memberChecks(outline, planned),
    ...trafficChecks(plans),
    ...Object.keys(seen.targets).flatMap((to) => sumChecks(seen, to)),
  ];
  return {
    kind: wavePlanKind,
    inputs: { name, ...(parallel === undefined ? {} : { parallel }), inOrder, groups },
    observed: observedOf(plans),
    choices: [],
    actions: members.flatMap((member, position) => actionOf(outline, member, planned[position])),
    checks,
    estimates: estimate(seen, plans),
    executable: checks.every(({ result }) => result !== "fail"),
  };
}

function actionOf({ members }: WaveOutline, member: WaveMember, planned: PlannedMember | undefined): PlanAction[] {
  if (!planned || !("plan" in planned)) return [];
  const { planId, hash: planHash, inputs, estimates } = planned.plan;
  const { from, to, schedule: { startAt } = {} } = member.request;
  const vm = String(inputs.vmName);
  const after = member.after.map((position) => members[position]?.request.vm).join(", ");
  const parameters: WaveMemberParameters = {
    vm,
    planId,
    planHash,
    group: member.group,
    after: member.after,
    from,
    to,
    bytesToMove: estimates.bytesToMove,
    ...(startAt === undefined ? {} : { startAt }),
  };
  return [
    {
      action: "migrate-vm",
      resource: { site: from, kind: "vm", id: String(inputs.vm) },
      detail: `${member.group}: move ${vm} ${from} → ${to}, at most ${mib(estimates.bytesToMove)} MiB${after ? `, after ${after}` : ""}`,
      parameters: { ...parameters },
    },
  ];
}

function observedOf(plans: readonly Plan[]): ObservedResource[] {
  const all = plans.flatMap(({ observed }) => observed);
  return [...new Map(all.map((each) => [JSON.stringify([each.site, each.kind, each.id]), each])).values()];
}

/** What each plan warns of or fails by; what passed is counted only. */
function memberChecks({ members }: WaveOutline, planned: readonly PlannedMember[]): PlanCheck[] {
  const passed = planned.filter((member) => "plan" in member && member.plan.executable).length;
  const summary: PlanCheck = {
    check: "wave-plans",
    result: "pass",
    detail: `${passed} of ${members.length} VMs can move`,
  };
  return [
    summary,
    ...planned.flatMap((member, position): PlanCheck[] => {
      const vm = members[position]?.request.vm ?? "";
      if ("refused" in member) {
        const { reason, remedy } = member.refused;
        return [{ check: "wave-member", result: "fail", detail: `${vm}: ${reason}`, remedy }];
      }
      const told = member.plan.checks.filter(({ result }) => result !== "pass");
      return told.map((check) => ({ ...check, detail: `${vm}: ${check.detail}` }));
    }),
  ];
}

/** A record or a listener leads to one VM, and so does a share of a pool whose weight moves with it. */
function trafficChecks(plans: readonly Plan[]): PlanCheck[] {
  const led = plans.flatMap(({ inputs, actions }) =>
    actions.flatMap(({ action, resource, parameters }) => {
      const { shareId, replaces } = parameters as Partial<PoolShiftParameters>;
      const alone = action !== trafficActions.pool || (shareId !== undefined && shareId !== replaces?.shareId);
      if (!(Object.values(trafficActions) as string[]).includes(action) || action === trafficActions.probe || !alone)
        return [];
      return [{ vm: String(inputs.vmName), what: `${resource.site}/${resource.kind}/${resource.id}` }];
    }),
  );
  return [...Map.groupBy(led, ({ what }) => what)].flatMap(([what, [first, second]]): PlanCheck[] => {
    if (!first || !second) return [];
    return [
      {
        check: "wave-traffic",
        result: "fail",
        detail: `${what} would be led to ${first.vm}, and then to ${second.vm}`,
        remedy: "Name it for one of them, or give each VM a target of its own in a pool.",
      },
    ];
  });
}

/** Each VM may fit by itself, and all of them not. */
function sumChecks({ planned, targets }: WaveObservations, to: string): PlanCheck[] {
  const target = targets[to];
  const plans = planned.flatMap((member) => ("plan" in member && member.plan.inputs.to === to ? [member.plan] : []));
  if (!target || plans.length === 0) return [];
  const created = plans.map((plan) => actionParameters<CreateVmParameters>(plan, "create-vm"));
  const copies = plans.flatMap(({ actions }) =>
    actions.flatMap(({ action, parameters }) =>
      action === "copy-disk" ? [parameters as unknown as CopyDiskParameters] : [],
    ),
  );
  const gib = (bytes: number) => bytes / 2 ** 30;
  const sum = <T>(all: readonly T[], value: (each: T) => number) => all.reduce((total, each) => total + value(each), 0);
  const more: Readonly<Record<string, number>> = {
    max_vms: plans.length,
    max_cpus: sum(created, ({ cpus }) => cpus),
    max_memory: gib(sum(created, ({ memoryBytes }) => memoryBytes)),
    max_disk: gib(sum(copies, ({ targetSizeBytes }) => targetSizeBytes)),
  };
  const mostBytes = sum(plans, ({ estimates }) => estimates.bytesToMove);
  const expectedBytes = sum(plans, expectedOf);
  const remedy = "Take VMs out of the wave, or make room at the target.";
  const fits = (check: string, ok: boolean, detail: string): PlanCheck =>
    ok ? { check, result: "pass", detail } : { check, result: "fail", detail, remedy };
  const room =
    target.freeBytes === undefined
      ? []
      : [
          roomCheck(
            "wave-free-space",
            { mostBytes, expectedBytes },
            { freeBytes: target.freeBytes, site: to, remedy, what: ` for ${plans.length} VMs` },
          ),
        ];
  const ceilings = target.ceilings.map(({ name, limit, used, unit }) => {
    const after = used + (more[name] ?? 0);
    return fits(
      `wave-${name}`,
      after <= limit,
      `${name}: ${Math.ceil(after)} of ${limit} ${unit} at ${to} after the wave`,
    );
  });
  return [...room, ...ceilings];
}

/** Less than its plan's most only where that is known of each of its disks. */
function expectedOf({ actions, estimates }: Plan): number {
  const copies = actions.filter(({ action }) => action === "copy-disk");
  const known = copies.flatMap(({ parameters }) => (parameters as unknown as CopyDiskParameters).expectedBytes ?? []);
  const isWhole = copies.length > 0 && known.length === copies.length;
  return isWhole ? known.reduce((sum, bytes) => sum + bytes, 0) : estimates.bytesToMove;
}

function estimate(seen: WaveObservations, plans: readonly Plan[]): PlanEstimates {
  const sum = (value: (plan: Plan) => number) => plans.reduce((total, plan) => total + value(plan), 0);
  const costOf = (costs: readonly (Cost | undefined)[]) => {
    const items = costs.flatMap((cost) => cost?.items ?? []);
    return items.length > 0 ? addUp(items) : undefined;
  };
  const monthly = costOf(plans.map(({ estimates }) => estimates.monthly));
  const egress = costOf(plans.map(({ estimates }) => estimates.egress));
  return {
    bytesToMove: sum(({ estimates }) => estimates.bytesToMove),
    bytesNominal: sum(({ estimates }) => estimates.bytesNominal),
    seconds: Math.ceil(Math.max(playThrough(seen), ...linkSeconds(plans))),
    downtimeSeconds: Math.max(0, ...plans.map(({ estimates }) => estimates.downtimeSeconds ?? 0)),
    basis: "the VMs' own plans, in their order and so many at a time; downtime is that of the longest VM",
    ...(monthly ? { monthly } : {}),
    ...(egress ? { egress } : {}),
  };
}

/** The moves of a link share its bandwidth, however many there are at once. */
function linkSeconds(plans: readonly Plan[]): number[] {
  const links = Map.groupBy(plans, ({ inputs }) => `${String(inputs.from)} ${String(inputs.to)}`);
  return [...links.values()].map((moves) =>
    moves
      .flatMap(({ actions }) => actions)
      .reduce((seconds, { action, parameters }) => {
        const { bandwidthBytesPerSecond, allocatedBytes } = parameters as unknown as Partial<CopyDiskParameters>;
        if (action !== "copy-disk" || bandwidthBytesPerSecond === undefined) return seconds;
        return seconds + (allocatedBytes ?? 0) / bandwidthBytesPerSecond;
      }, 0),
  );
}

/** The wave as its run would go if each VM took what its plan says. */
function playThrough({ outline, planned, parallelMigrations }: WaveObservations): number {
  const parallel = Math.min(outline.parallel ?? parallelMigrations, parallelMigrations);
  const members = outline.members.map(({ request, group, after }) => ({ vm: request.vm, group, after }));
  const wave: ScheduledWave = { groups: outline.groups, members, inOrder: outline.inOrder, parallel };
  const states: MemberState[] = members.map(() => "waiting");
  const opened = new Set<string>();
  const pausing = new Set<string>();
  const due: { at: number; happens: () => void }[] = [];
  let now = 0;
  while (!waveEnded(states)) {
    const { open, start } = nextMoves(wave, { states, opened });
    for (const { name, pauseSeconds = 0 } of open) {
      if (pausing.has(name)) continue;
      pausing.add(name);
      due.push({ at: now + (opened.size === 0 ? 0 : pauseSeconds), happens: () => void opened.add(name) });
    }
    for (const position of start) {
      states[position] = "running";
      const member = planned[position];
      const seconds = member && "plan" in member ? (member.plan.estimates.seconds ?? 0) : 0;
      due.push({ at: now + seconds, happens: () => void (states[position] = "moved") });
    }
    due.sort((a, b) => a.at - b.at);
    const next = due.shift();
    if (!next) return now;
    now = next.at;
    next.happens();
  }
  return now;
}
