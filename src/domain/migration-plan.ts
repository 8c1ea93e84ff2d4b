import { gib, mib } from "./format.ts";
import type { VerifyOptions } from "./migration.ts";
import { runChecks } from "./migration-checks.ts";
import type {
  CopyDiskParameters,
  CreateVmParameters,
  DiskBase,
  DiskObservation,
  MigrationObservations,
  StopParameters,
  VerifyParameters,
} from "./migration-parts.ts";
import type { ObservedResource, Plan, PlanAction, PlanCheck, PlanChoice, PlanContent, PlanEstimates } from "./plan.ts";
import { tagKeys, type Vm, vmVersion } from "./vm.ts";
import type { WarmParameters } from "./warm.ts";
import { planWarm, warmChecks } from "./warm-plan.ts";

/** Assumed for a link that nothing was moved over yet; the first move replaces it. */
const assumedBytesPerSecond = 200e6;
/** Time a move takes beside the copying, seen with local libvirt hosts. */
const overheadSeconds = 5;
/** A login prompt, for guests that say nothing of their own. */
const defaultBootMarker = "login:";

export interface MigrationPlanParts extends PlanContent {
  readonly checks: readonly PlanCheck[];
  readonly estimates: PlanEstimates;
  readonly executable: boolean;
}

/** The pinned plan of a cold migration, from observations alone: same observations, same plan. */
export function planMigration(seen: MigrationObservations): MigrationPlanParts {
  const { request, vm } = seen;
  const copies = seen.disks.map((disk) => planCopy(seen, disk));
  const nics = vm.nics.map((nic) => planNic(seen, nic));
  const bytesToMove = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  const verify = planVerify(seen);
  const checks = [...runChecks(seen, bytesToMove), ...warmChecks(seen), ...nics.flatMap((nic) => nic.check)];
  const point = request.point ?? "stop";
  const wasRunning = vm.state === "running" || vm.state === "paused";
  const stop: StopParameters = {
    graceMs: request.stopGraceMs ?? seen.defaults.stopGraceMs,
    wasRunning,
    mode: point === "freeze" ? "frozen" : "stopped",
  };
  const create: CreateVmParameters = {
    name: vm.name,
    cpus: vm.cpus,
    memoryBytes: vm.memoryBytes,
    firmware: vm.firmware,
    architecture: vm.architecture,
    disks: vm.disks.map(({ diskId, bus, boot }) => ({ diskId, bus, boot })),
    nics: nics.flatMap((nic) => (nic.networkId ? [{ networkId: nic.networkId, mac: nic.mac }] : [])),
    publishPorts: vm.publishPorts,
    tags: carriedTags(vm),
  };
  const warm = request.mode === "warm" ? planWarm(seen, stop.graceMs) : undefined;
  const actions: PlanAction[] = [
    ...(warm ? [warm.action] : []),
    {
      action: point === "freeze" ? "freeze-point" : "stop-vm",
      resource: { site: request.from, kind: "vm", id: vm.vmId },
      detail:
        point === "freeze"
          ? `Take a point of all disks of ${vm.name} while it runs on`
          : wasRunning
            ? `Shut ${vm.name} down (turned off after ${stop.graceMs / 1000} s), fence it, take a point of all disks`
            : `${vm.name} is off already: fence it and take a point of all disks`,
      parameters: { ...stop },
    },
    ...copies.map((copy) => copy.action),
    {
      action: "create-vm",
      resource: { site: request.to, kind: "vm", id: vm.name },
      detail: `Create ${vm.name} (${vm.cpus} CPU, ${gib(vm.memoryBytes)} GiB) from clones of the proven points`,
      parameters: { ...create },
    },
    {
      action: "verify-vm",
      resource: { site: request.to, kind: "vm", id: vm.name },
      detail: describeVerify(verify),
      parameters: { ...verify },
    },
  ];
  return {
    kind: "migrate-vm",
    inputs: { ...request, vm: vm.vmId, vmName: vm.name, point, rollbackOnFailure: seen.defaults.rollbackOnFailure },
    observed: observedResources(seen, copies, nics),
    choices: [...(warm ? [warm.choice] : []), ...copies.map((copy) => copy.choice), ...nics.map((nic) => nic.choice)],
    actions,
    checks,
    estimates: estimate(seen, bytesToMove, wasRunning && point === "stop", verify, warm?.parameters),
    executable: checks.every((check) => check.result !== "fail"),
  };
}

/** The parameters of the plan's one action of that name. */
export function actionParameters<T>(plan: Plan, action: string): T {
  const found = plan.actions.find((candidate) => candidate.action === action);
  if (!found) throw new Error(`Plan ${plan.planId} has no action ${action}`);
  return found.parameters as T;
}

/** The id a VM keeps across moves. */
export function lineageOf(vm: Vm): string {
  return vm.tags[tagKeys.lineage] ?? vm.vmId;
}

interface PlannedCopy {
  readonly bytes: number;
  readonly action: PlanAction;
  readonly choice: PlanChoice;
  readonly base?: DiskBase;
}

function planCopy(seen: MigrationObservations, disk: DiskObservation): PlannedCopy {
  const { request, vm } = seen;
  const usable = request.incremental === false ? [] : disk.bases;
  const base = [...usable].sort((a, b) => cost(a, disk) - cost(b, disk))[0];
  const bytes = base ? cost(base, disk) : disk.allocatedBytes;
  const bandwidth = request.bandwidthBytesPerSecond ?? seen.defaults.bandwidthBytesPerSecond;
  const parameters: CopyDiskParameters = {
    diskId: disk.diskId,
    sizeBytes: disk.sizeBytes,
    targetSizeBytes: disk.targetSizeBytes,
    allocatedBytes: disk.allocatedBytes,
    replicaId: `${lineageOf(vm)}-${disk.diskId}`,
    tracking: base ? base.tracking : "full",
    base: base && {
      baselineId: base.baselineId,
      parentPointId: base.parentPointId,
      parentManifestId: base.parentManifestId,
    },
    bandwidthBytesPerSecond: bandwidth,
  };
  return {
    bytes,
    base,
    action: {
      action: "copy-disk",
      resource: { site: request.from, kind: "disk", id: `${vm.vmId}/${disk.diskId}` },
      detail: `Copy ${disk.diskId}: at most ${mib(bytes)} MiB of ${mib(disk.sizeBytes)} MiB, then seal and prove it`,
      parameters: { ...parameters },
    },
    choice: {
      what: `bytes to move of ${disk.diskId}`,
      chosen: base ? `differences since ${base.baselineId}, found by ${base.tracking}` : "all allocated bytes",
      why: base
        ? `${request.to} holds that state as point ${base.parentPointId}, proven by its manifest`
        : request.incremental === false
          ? "a full copy was asked for"
          : `${request.to} holds no earlier state of this disk that ${request.from} can tell the changes since`,
    },
  };
}

function cost(base: DiskBase, disk: DiskObservation): number {
  return base.tracking === "hash-compare" ? disk.allocatedBytes : (base.changedBytes ?? disk.allocatedBytes);
}

interface PlannedNic {
  readonly networkId?: string;
  readonly mac?: string;
  readonly choice: PlanChoice;
  readonly check: readonly PlanCheck[];
}

function planNic(seen: MigrationObservations, nic: Vm["nics"][number]): PlannedNic {
  const { networks } = seen.target;
  const what = `target network of ${nic.nicId}`;
  const asked = seen.request.networkMap?.[nic.networkId];
  const find = (id: string) => networks.find((network) => network.networkId === id || network.name === id);
  const candidates: readonly [ReturnType<typeof find>, string][] = asked
    ? [[find(asked), `${nic.networkId} is mapped to it`]]
    : [
        [find(nic.networkId), "it has the same name as at the source"],
        [networks.length === 1 ? networks[0] : undefined, `it is the only network at ${seen.request.to}`],
      ];
  const [network, why] = candidates.find(([candidate]) => candidate !== undefined) ?? [];
  if (network && why) {
    return {
      networkId: network.networkId,
      mac: nic.mac,
      choice: { what, chosen: network.name, why },
      check: [
        network.active
          ? { check: "target-network", result: "pass", detail: `${nic.nicId}: ${nic.networkId} → ${network.name}` }
          : {
              check: "target-network",
              result: "fail",
              detail: `${network.name} at ${seen.request.to} is not active`,
              remedy: `Start the network ${network.name}, or map ${nic.networkId} to another one.`,
            },
      ],
    };
  }
  return {
    choice: { what, chosen: "none", why: `nothing at ${seen.request.to} matches ${asked ?? nic.networkId}` },
    check: [
      {
        check: "target-network",
        result: "fail",
        detail: `No network at ${seen.request.to} for ${nic.nicId} (${asked ?? nic.networkId})`,
        remedy: `Map it: --network ${nic.networkId}=NAME, one of: ${networks.map((n) => n.name).join(", ") || "none"}.`,
      },
    ],
  };
}

function planVerify(seen: MigrationObservations): VerifyParameters {
  const { request, vm, defaults } = seen;
  const asked: VerifyOptions = request.verify ?? {};
  const stayOffBecause =
    seen.target.capabilityGaps["compute.start"] ??
    (request.point === "freeze"
      ? "The target is a copy and the source runs on"
      : vm.state === "running"
        ? undefined
        : "The source was not running");
  const start = stayOffBecause === undefined;
  const hasConsole = seen.target.capabilityGaps["compute.console-output"] === undefined;
  const wantsBoot = start && hasConsole && (asked.bootProof ?? defaults.verify);
  return {
    start,
    stayOffBecause,
    bootMarker: wantsBoot ? (asked.bootMarker ?? vm.tags[tagKeys.bootMarker] ?? defaultBootMarker) : undefined,
    bootTimeoutMs: asked.bootTimeoutMs ?? defaults.bootTimeoutMs,
    tcpPorts: start ? (asked.tcpProbes ?? []).map((probe) => probe.port) : [],
    httpProbes: start
      ? (asked.httpProbes ?? []).map((probe) => ({ ...probe, expectStatus: probe.expectStatus ?? 200 }))
      : [],
    probeTimeoutMs: asked.probeTimeoutMs ?? defaults.probeTimeoutMs,
  };
}

function describeVerify(verify: VerifyParameters): string {
  if (!verify.start) return `Leave it stopped (${verify.stayOffBecause}); check that it exists`;
  const parts = [
    verify.bootMarker ? `wait for /${verify.bootMarker}/ on the console` : "no boot proof",
    ...verify.tcpPorts.map((port) => `TCP ${port}`),
    ...verify.httpProbes.map((probe) => `HTTP ${probe.port}${probe.path}`),
  ];
  return `Start it and check: ${parts.join(", ")}`;
}

function observedResources(
  seen: MigrationObservations,
  copies: readonly PlannedCopy[],
  nics: readonly PlannedNic[],
): ObservedResource[] {
  const { request, vm } = seen;
  const points = copies.flatMap((copy) => (copy.base ? [copy.base.parentPointId] : []));
  const networks = nics.flatMap((nic) => (nic.networkId ? [nic.networkId] : []));
  return [
    { site: request.from, kind: "vm", id: vm.vmId, version: vmVersion(vm) },
    ...[...new Set(points)].map((id) => ({ site: request.to, kind: "recovery-point", id, version: "intact" })),
    ...[...new Set(networks)].map((id) => ({ site: request.to, kind: "network", id, version: "active" })),
  ];
}

/** A successor carries its predecessor's own tags, not the marks that were about that one machine. */
function carriedTags(vm: Vm): Record<string, string> {
  const own = Object.entries(vm.tags).filter(
    ([key]) => key !== tagKeys.fencedBy && key !== tagKeys.key && key !== tagKeys.migration,
  );
  return { ...Object.fromEntries(own), [tagKeys.lineage]: lineageOf(vm), [tagKeys.managed]: "true" };
}

function estimate(
  seen: MigrationObservations,
  bytesToMove: number,
  stops: boolean,
  verify: VerifyParameters,
  warm: WarmParameters | undefined,
): PlanEstimates {
  const limit = seen.request.bandwidthBytesPerSecond ?? seen.defaults.bandwidthBytesPerSecond;
  const rate = Math.min(seen.measuredBytesPerSecond ?? assumedBytesPerSecond, limit ?? Number.POSITIVE_INFINITY);
  const seconds = Math.ceil(bytesToMove / rate + overheadSeconds + (verify.bootMarker ? 10 : 0));
  const basis = seen.measuredBytesPerSecond
    ? `${mib(rate)} MiB/s seen on this link`
    : `${mib(rate)} MiB/s assumed; nothing was moved over this link yet`;
  return {
    bytesToMove,
    bytesNominal: seen.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0),
    seconds,
    downtimeSeconds: !stops ? 0 : warm ? Math.max(warm.targetDowntimeSeconds, warm.fixedSeconds) : seconds,
    basis,
  };
}
