import type { ChangeTracking } from "./change-tracking.ts";
import type { MigrationRequest, VerifyOptions } from "./migration.ts";
import type { ObservedResource, Plan, PlanAction, PlanCheck, PlanChoice, PlanContent, PlanEstimates } from "./plan.ts";
import { type DiskBus, type Firmware, tagKeys, type Vm, vmVersion } from "./vm.ts";

/** What the actions of a `migrate-vm` plan carry for their executor. */
export interface StopParameters {
  readonly graceMs: number;
  readonly wasRunning: boolean;
  readonly mode: "stopped" | "frozen";
}
export interface CopyDiskParameters {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly replicaId: string;
  readonly tracking: "full" | ChangeTracking;
  /** Present for a move of differences only. */
  readonly base?: {
    readonly baselineId: string;
    readonly parentPointId: string;
    readonly parentManifestId: string;
  };
  /** Present when a bandwidth limit was asked for. */
  readonly bandwidthBytesPerSecond?: number;
}
export interface CreateVmParameters {
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly firmware: Firmware;
  readonly architecture: "x86_64" | "aarch64";
  readonly disks: readonly { readonly diskId: string; readonly bus: DiskBus; readonly boot: boolean }[];
  readonly nics: readonly { readonly networkId: string; readonly mac?: string }[];
  readonly publishPorts: readonly number[];
  readonly tags: Readonly<Record<string, string>>;
}
export interface VerifyParameters {
  readonly start: boolean;
  readonly bootMarker?: string;
  readonly bootTimeoutMs: number;
  readonly tcpPorts: readonly number[];
  readonly httpProbes: readonly { readonly port: number; readonly path: string; readonly expectStatus: number }[];
  readonly probeTimeoutMs: number;
}

export interface MigrationDefaults {
  readonly stopGraceMs: number;
  readonly bootTimeoutMs: number;
  readonly probeTimeoutMs: number;
  readonly bandwidthBytesPerSecond?: number;
  /** Whether a boot is proven unless a request says otherwise. */
  readonly verify: boolean;
  /** False leaves a failed move as it stands, for inspection, until a person rolls it back. */
  readonly rollbackOnFailure: boolean;
}

/** A ceiling of ours at the target, beside the site's own. */
export interface Ceiling {
  readonly name: string;
  readonly limit: number;
  readonly used: number;
  readonly unit: string;
}

/** A point at the target that a disk's content can start from, with the source's way to say what changed since. */
export interface DiskBase {
  readonly baselineId: string;
  readonly tracking: ChangeTracking;
  readonly changedBytes?: number;
  readonly parentPointId: string;
  readonly parentManifestId: string;
}

export interface DiskObservation {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly bases: readonly DiskBase[];
}

/** All that the plan is made from; gathered at both sites in one go. */
export interface MigrationObservations {
  readonly request: MigrationRequest;
  readonly defaults: MigrationDefaults;
  readonly vm: Vm;
  readonly disks: readonly DiskObservation[];
  readonly source: { readonly simulated: boolean; readonly capabilityGaps: Readonly<Record<string, string>> };
  readonly target: {
    readonly simulated: boolean;
    readonly capabilityGaps: Readonly<Record<string, string>>;
    readonly networks: readonly { readonly networkId: string; readonly name: string; readonly active: boolean }[];
    readonly freeBytes?: number;
    readonly vmNames: readonly string[];
    readonly ceilings: readonly Ceiling[];
  };
  /** Bytes per second seen on this link in earlier moves; undefined when there were none. */
  readonly measuredBytesPerSecond?: number;
}

/** Assumed for a link that nothing was moved over yet; the first move replaces it. */
const assumedBytesPerSecond = 200e6;
/** Time a move takes beside the copying, seen with local libvirt hosts. */
const overheadSeconds = 5;
/** A login prompt, for guests that say nothing of their own. */
const defaultBootMarker = "login:";
/** Room for a replica's own tables beside the bytes. */
const storageHeadroom = 1.02;

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
  const checks = [...runChecks(seen, bytesToMove), ...nics.flatMap((nic) => nic.check)];
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
  const actions: PlanAction[] = [
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
    choices: [...copies.map((copy) => copy.choice), ...nics.map((nic) => nic.choice)],
    actions,
    checks,
    estimates: estimate(seen, bytesToMove, wasRunning && point === "stop", verify),
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
  const start = vm.state === "running" && (request.point ?? "stop") === "stop";
  const hasConsole = seen.target.capabilityGaps["compute.console-output"] === undefined;
  const wantsBoot = start && hasConsole && (asked.bootProof ?? defaults.verify);
  return {
    start,
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
  if (!verify.start) return "Leave it stopped, as the source was (or is a copy); check that it exists";
  const parts = [
    verify.bootMarker ? `wait for /${verify.bootMarker}/ on the console` : "no boot proof",
    ...verify.tcpPorts.map((port) => `TCP ${port}`),
    ...verify.httpProbes.map((probe) => `HTTP ${probe.port}${probe.path}`),
  ];
  return `Start it and check: ${parts.join(", ")}`;
}

function runChecks(seen: MigrationObservations, bytesToMove: number): PlanCheck[] {
  const { request, vm, target } = seen;
  const checks: PlanCheck[] = [];
  const say = (check: string, ok: boolean | "warn", detail: string, remedy?: string): void => {
    checks.push(
      ok === true
        ? { check, result: "pass", detail }
        : { check, result: ok === "warn" ? "warn" : "fail", detail, remedy },
    );
  };
  const fencedBy = vm.tags[tagKeys.fencedBy];
  say(
    "source-not-fenced",
    fencedBy === undefined,
    fencedBy ? `${vm.name} was moved away by migration ${fencedBy}` : `${vm.name} is not held by another migration`,
    "Migrate its successor, or finalize or roll back that migration first.",
  );
  say(
    "source-state",
    vm.state === "running" || vm.state === "stopped",
    `${vm.name} is ${vm.state}`,
    "Bring the VM to running or stopped.",
  );
  say(
    "source-disks",
    seen.disks.length > 0,
    `${seen.disks.length} disk(s) can be read`,
    "Attach a disk that can be read.",
  );
  const gap = request.point === "freeze" ? "disks.source-frozen" : "disks.source-stopped";
  const sourceGap = seen.source.capabilityGaps[gap];
  say(
    "source-capability",
    sourceGap === undefined,
    sourceGap ?? `${request.from} can give a point of its disks`,
    "Choose the other --point.",
  );
  if (request.point === "freeze" && vm.state !== "running") {
    say("freeze-needs-running", false, `${vm.name} is ${vm.state}`, "Use --point stop for a VM that is off.");
  }
  for (const name of ["compute.create", "disks.replica"]) {
    const reason = target.capabilityGaps[name];
    say(
      `target-${name}`,
      reason === undefined,
      reason ?? `${request.to} can do ${name}`,
      "Choose another target site.",
    );
  }
  const needed = Math.ceil(bytesToMove * storageHeadroom);
  if (target.freeBytes === undefined) {
    say("target-free-space", true, `${request.to} has no fixed storage bound`);
  } else {
    say(
      "target-free-space",
      needed <= target.freeBytes,
      `${mib(needed)} MiB needed, ${mib(target.freeBytes)} MiB free at ${request.to}`,
      "Free space in the target's storage path, or choose another target.",
    );
  }
  for (const ceiling of target.ceilings) {
    say(
      `ceiling-${ceiling.name}`,
      ceiling.used <= ceiling.limit,
      `${ceiling.name}: ${ceiling.used} of ${ceiling.limit} ${ceiling.unit} at ${request.to} after this move`,
      `Raise quotas.${ceiling.name} of ${request.to} in the configuration, or remove VMs there.`,
    );
  }
  say(
    "target-name",
    target.vmNames.includes(vm.name) ? "warn" : true,
    target.vmNames.includes(vm.name)
      ? `${request.to} already has a VM shown as ${vm.name}; the new one gets its own id`
      : `No VM at ${request.to} is called ${vm.name}`,
    "Nothing has to be done; finalize the earlier move to remove the predecessor.",
  );
  if (target.capabilityGaps["compute.console-output"] !== undefined) {
    say("boot-proof", "warn", target.capabilityGaps["compute.console-output"], "Add a TCP or HTTP probe.");
  }
  return checks;
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
    downtimeSeconds: stops ? seconds : 0,
    basis,
  };
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(2);
}
