import type { GroupPointView, GroupPointVm } from "./group-point.ts";
import type { CopyDiskParameters, CreateVmParameters, VerifyParameters } from "./migration-parts.ts";
import { actionParameters, type MigrationPlanParts } from "./migration-plan.ts";
import { describeVerify } from "./migration-verify.ts";
import type { Plan, PlanAction, PlanCheck, PlanChoice } from "./plan.ts";
import { type RestoreRequest, restorePlanKind } from "./restore.ts";
import { type DiskBus, type Firmware, tagKeys, type Vm } from "./vm.ts";

/** What a `read-point` action carries: a disk that lies at the site already. */
export interface ReadPointParameters {
  readonly diskId: string;
  readonly pointId: string;
  readonly replicaId: string;
  readonly sizeBytes: number;
  readonly encryptionKey?: string;
}

/** A VM as a plan saw it (`vmVersion`). */
interface SeenVm {
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly instanceType?: string;
  readonly firmware: Firmware;
  readonly disks: readonly (readonly [string, string, number, DiskBus, boolean])[];
  readonly nics: readonly (readonly [string, string])[];
  readonly tags: readonly (readonly [string, string])[];
}

/** On a VM that was restored: the point that it came out of. */
const restoredFromTag = "novacron:restored-from";

/** Marks of the one machine that was protected: its copy is another one. */
const ownMarks: ReadonlySet<string> = new Set([
  tagKeys.lineage,
  tagKeys.fencedBy,
  tagKeys.migration,
  tagKeys.key,
  tagKeys.managed,
]);

/**
 * The VM as it was at the point's moment, from the plan that was made of it then, with the disks that the point holds. Its id is
 * one of its own: what is made of it is another machine. Where it may stand beside the first one, its NICs get new addresses.
 */
export function restorableVm(
  memberPlan: Plan,
  point: { readonly pointId: string; readonly vm: GroupPointVm },
  wish: { readonly id: string; readonly name: string; readonly starts: boolean; readonly keepsMacs: boolean },
): Vm {
  const { from } = memberPlan.inputs as { readonly from: string };
  const version = memberPlan.observed.find(({ kind, site }) => kind === "vm" && site === from)?.version ?? "{}";
  const seen = JSON.parse(version) as SeenVm;
  const { architecture, publishPorts, nics } = actionParameters<CreateVmParameters>(memberPlan, "create-vm");
  const macs = wish.keepsMacs ? nics.map(({ mac }) => mac) : [];
  return {
    vmId: wish.id,
    site: from,
    name: wish.name,
    state: wish.starts ? "running" : "stopped",
    cpus: seen.cpus,
    memoryBytes: seen.memoryBytes,
    ...(seen.instanceType === undefined ? {} : { instanceType: seen.instanceType }),
    firmware: seen.firmware,
    architecture,
    disks: seen.disks.flatMap(([diskId, volumeId, , bus, boot]) => {
      const held = point.vm.disks.find((each) => each.diskId === diskId);
      return held ? [{ diskId, volumeId, sizeBytes: held.sizeBytes, bus, boot }] : [];
    }),
    nics: seen.nics.map(([nicId, networkId], index) => {
      const mac = macs[index];
      return { nicId, networkId, ...(mac === undefined ? {} : { mac }) };
    }),
    publishPorts,
    endpoints: [],
    tags: {
      ...Object.fromEntries(seen.tags.filter(([key]) => !ownMarks.has(key))),
      [restoredFromTag]: point.pointId,
    },
  };
}

export interface RestoreObservations {
  readonly request: RestoreRequest;
  readonly point: Pick<GroupPointView, "pointId" | "groupId" | "takenAt" | "to" | "suspicion" | "sequence">;
  readonly vm: GroupPointVm;
  /** The plan of a move of it from where the point lies. */
  readonly base: Plan;
  readonly starts: boolean;
  /** Why it stays off, where it does. */
  readonly staysOffBecause: string;
  /** Of sites that only their own workers reach. */
  readonly ownWorkersOnly: readonly string[];
}

/** Checks of a move that are about a machine that is moved away. */
const notOfRestores: readonly string[] = [
  ...["source-not-fenced", "source-state", "source-capability", "deadline", "start-at"],
  ...["undo-window", "undo-follows", "target-compute.start"],
];
const notChosen: readonly string[] = ["mode", "consistency of points while it runs"];

/** The pinned plan of a restore: what is read where, what is created of it, and how that is proven. */
export function planRestore(seen: RestoreObservations): MigrationPlanParts {
  const { request, point, vm, base } = seen;
  const to = String(base.inputs.to);
  const moves = to !== point.to;
  const create = actionParameters<CreateVmParameters>(base, "create-vm");
  const planned = actionParameters<VerifyParameters>(base, "verify-vm");
  const verify: VerifyParameters = seen.starts ? planned : { ...planned, stayOffBecause: seen.staysOffBecause };
  const checks = [
    ...base.checks.filter(({ check }) => !notOfRestores.includes(check)),
    ...pointChecks(seen),
    ...(moves ? seen.ownWorkersOnly.map(unreachable) : []),
  ];
  const { bytesToMove, bytesNominal, monthly, egress } = base.estimates;
  return {
    kind: restorePlanKind,
    inputs: { ...request, to, from: point.to, pointId: point.pointId, vmName: vm.name, takenAt: vm.takenAt },
    observed: [
      ...vm.disks.map(({ generationId }) => ({
        ...{ site: point.to, kind: "recovery-point", id: generationId, version: "intact" },
      })),
      ...base.observed.filter(({ kind }) => kind !== "vm" && (moves || kind !== "recovery-point")),
    ],
    choices: [...base.choices.filter(({ what }) => !notChosen.includes(what)), ...pointChoices(seen)],
    actions: [
      ...fetching(seen, moves),
      ...base.actions.filter(({ action }) => action === "prepare-disk"),
      {
        action: "create-vm",
        resource: { site: to, kind: "vm", id: create.name },
        detail: `Create ${create.name} at ${to} from clones; neither the point nor ${vm.name} is touched`,
        parameters: { ...create },
      },
      {
        action: "verify-vm",
        resource: { site: to, kind: "vm", id: create.name },
        detail: describeVerify(verify),
        parameters: { ...verify },
      },
    ],
    checks,
    estimates: {
      bytesToMove: moves ? bytesToMove : 0,
      bytesNominal,
      basis: moves ? "all that the point holds is moved" : `the point lies at ${to}`,
      ...(monthly ? { monthly } : {}),
      ...(egress && moves ? { egress } : {}),
    },
    executable: checks.every(({ result }) => result !== "fail"),
  };
}

function fetching({ point, vm, base }: RestoreObservations, moves: boolean): PlanAction[] {
  return base.actions.flatMap((action): PlanAction[] => {
    if (action.action !== "copy-disk") return [];
    const copy = action.parameters as unknown as CopyDiskParameters;
    const held = vm.disks.find(({ diskId }) => diskId === copy.diskId);
    if (!held) return [];
    const { diskId, generationId: pointId, replicaId, sizeBytes, encryptionKey } = held;
    const resource = { site: point.to, kind: "recovery-point", id: pointId };
    if (moves) return [{ ...action, resource, parameters: { ...copy, pointId } }];
    const key = encryptionKey === undefined ? {} : { encryptionKey };
    const parameters: ReadPointParameters = { diskId, pointId, replicaId, sizeBytes, ...key };
    const detail = `Read ${diskId} again where it lies, every byte, and hold it against its hashes`;
    return [{ action: "read-point", resource, detail, parameters: { ...parameters } }];
  });
}

function pointChecks({ point, vm }: RestoreObservations): PlanCheck[] {
  const detail = `${vm.name} as it was at ${vm.takenAt}, of point ${point.sequence} at ${point.to}`;
  if (!point.suspicion) return [{ check: "restore-point", result: "pass", detail }];
  return [
    {
      check: "restore-point",
      result: "warn",
      detail: `${detail}, which is suspect: ${point.suspicion.reason}`,
      remedy: "Restore from an earlier one, or look at this one where it reaches nobody.",
    },
  ];
}

function unreachable(site: string): PlanCheck {
  return {
    check: "restore-reach",
    result: "fail",
    detail: `Only its own workers reach ${site}, and a restore from one site to another by them is not built`,
    remedy: "Restore it where the point lies, and migrate it from there.",
  };
}

function pointChoices({ request, point, vm, starts, staysOffBecause }: RestoreObservations): PlanChoice[] {
  const why =
    request.pointId === undefined
      ? `it is the newest whole one${request.before === undefined ? "" : ` from before ${request.before}`}`
      : "it was asked for";
  return [
    { what: "recovery point", chosen: `${point.pointId}, ${vm.takenAt}`, why },
    ...(starts ? [] : [{ what: "power", chosen: "off", why: staysOffBecause }]),
  ];
}
