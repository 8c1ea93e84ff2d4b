// Long because it is one plan; each of its parts has a file of its own.
import { planConsistency } from "./consistency-plan.ts";
import { firewallVersion, networkRulesVersion } from "./firewall.ts";
import { gib } from "./format.ts";
import { formerShapeTag } from "./former-shape.ts";
import { chooseMode, planLive } from "./live-plan.ts";
import { runChecks } from "./migration-checks.ts";
import { lineageOf, type PlannedCopy, planCopy, planEncryption } from "./migration-copies.ts";
import { planCost } from "./migration-cost.ts";
import { planDiskTypes } from "./migration-disk-types.ts";
import { checkGuest } from "./migration-guest.ts";
import { type PlannedNetwork, planNetwork } from "./migration-network.ts";
import type { CreateVmParameters, MigrationObservations, StopParameters, VerifyParameters } from "./migration-parts.ts";
import { type PlannedShape, planShape } from "./migration-shape.ts";
import { planTags } from "./migration-tags.ts";
import { predictTimes } from "./migration-times.ts";
import { describeProbes, describeVerify, planVerify } from "./migration-verify.ts";
import { secondsAtLimits } from "./move-hours.ts";
import type { ObservedResource, Plan, PlanAction, PlanCheck, PlanChoice, PlanContent, PlanEstimates } from "./plan.ts";
import { effectiveSchedule, hoursChecks, type MigrationSchedule, scheduleChecks, zoneChecks } from "./schedule.ts";
import { gapChecks } from "./traffic-gap.ts";
import { planTraffic } from "./traffic-plan.ts";
import { planUndo } from "./undo.ts";
import { tagKeys, type Vm, vmVersion } from "./vm.ts";
import type { WarmParameters } from "./warm.ts";
import { planWarm, warmChecks } from "./warm-plan.ts";

export interface MigrationPlanParts extends PlanContent {
  readonly checks: readonly PlanCheck[];
  readonly estimates: PlanEstimates;
  readonly executable: boolean;
}

/** The pinned plan of a migration, from observations alone: same observations, same plan. */
export function planMigration(seen: MigrationObservations): MigrationPlanParts {
  const { request, vm } = seen;
  const schedule = effectiveSchedule(request, seen.defaults);
  const copies = seen.disks.map((disk) => planCopy(seen, disk, schedule));
  const network = planNetwork(seen);
  const shape = planShape(seen, network.zone);
  const diskTypes = planDiskTypes(seen);
  const encryption = planEncryption(seen);
  const bytesToMove = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  const expectedBytes = copies.reduce((sum, copy) => sum + copy.expectedBytes, 0);
  const { mode, choices: modeChoices } = chooseMode(seen);
  const verify = planVerify(seen, mode === "live");
  const cost = planCost(seen, shape, diskTypes.types, bytesToMove);
  const carried = carriedTags(vm, shape);
  const tags = planTags(seen, carried);
  const undo = planUndo(seen);
  const consistency = planConsistency(seen);
  const traffic = planTraffic(seen, mode === "live");
  const live =
    mode === "live" ? planLive(seen, { tags: carried, networkIds: network.networkIds, schedule }) : undefined;
  const room = live
    ? { mostBytes: live.diskBytes, expectedBytes: live.diskBytes }
    : { mostBytes: bytesToMove, expectedBytes };
  // A guest that runs on needs no boot.
  const system = live ? { checks: [], actions: [] } : checkGuest(seen, shape, verify);
  const placeChecks = [
    ...runChecks(seen, shape, room),
    ...(mode === "warm" ? warmChecks(seen) : []),
    ...(live?.checks ?? []),
    ...undo.checks,
    ...traffic.checks,
    ...consistency.checks,
    ...copies.flatMap((copy) => copy.checks),
    ...encryption.checks,
    ...diskTypes.checks,
    ...network.checks,
    ...shape.checks,
    ...system.checks,
    ...tags.checks,
    ...cost.checks,
  ];
  const point = request.point ?? "stop";
  const wasRunning = vm.state === "running" || vm.state === "paused";
  const stop: StopParameters = {
    graceMs: request.stopGraceMs ?? seen.defaults.stopGraceMs,
    wasRunning,
    mode: point === "freeze" ? "frozen" : "stopped",
  };
  const create: CreateVmParameters = {
    name: vm.name,
    cpus: shape.cpus,
    memoryBytes: shape.memoryBytes,
    ...(shape.offerings.length > 0
      ? { instanceTypes: shape.offerings.map(({ type }) => type.name), capacityType: shape.capacityType }
      : {}),
    securityGroups: network.securityGroups,
    publicAddress: network.publicAddress,
    firmware: vm.firmware,
    architecture: vm.architecture,
    disks: vm.disks.map(({ diskId, bus, boot }, index) => {
      const type = diskTypes.types[index];
      return { diskId, bus: shape.buses[index] ?? bus, boot, ...(type === undefined ? {} : { type }) };
    }),
    nics: network.networkIds.flatMap((networkId, index) => {
      const address = network.addresses[index];
      return networkId ? [{ networkId, mac: shape.macs[index], ...(address === undefined ? {} : { address }) }] : [];
    }),
    publishPorts: vm.publishPorts,
    tags: carried,
  };
  const warm = mode === "warm" ? planWarm(seen, stop.graceMs) : undefined;
  const times =
    live?.estimates ??
    estimate(seen, { copies, stops: wasRunning && point === "stop", verify, schedule }, warm?.parameters);
  const seconds = times.seconds ?? 0;
  const checks = [
    ...placeChecks,
    ...zoneChecks(seen),
    ...hoursChecks(seen, schedule, { seconds, warm: warm !== undefined }),
    ...scheduleChecks(seen, seconds),
    ...(live ? [] : gapChecks(seen, traffic.actions, times.downtimeSeconds ?? 0)),
  ];
  const moving: readonly PlanAction[] = [
    ...network.actions,
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
    ...system.actions,
    {
      action: "create-vm",
      resource: { site: request.to, kind: "vm", id: vm.name },
      detail: describeCreate(seen, shape),
      parameters: { ...create },
    },
  ];
  const actions: readonly PlanAction[] = [
    ...(live?.actions ?? moving),
    {
      action: "verify-vm",
      resource: { site: request.to, kind: "vm", id: vm.name },
      detail: live ? describeProbes(verify) : describeVerify(verify),
      parameters: { ...verify },
    },
    ...traffic.actions,
    ...undo.actions,
  ];
  return {
    kind: "migrate-vm",
    inputs: {
      ...request,
      ...(Object.keys(schedule).length > 0 ? { schedule } : {}),
      ...(seen.map ? { mapVersion: seen.map.version } : {}),
      vm: vm.vmId,
      vmName: vm.name,
      point,
      rollbackOnFailure: seen.defaults.rollbackOnFailure,
    },
    observed: [...observedResources(seen, live ? [] : copies, network), ...traffic.observed],
    choices: [
      ...modeChoices,
      ...traffic.choices,
      ...(warm ? [warm.choice] : []),
      ...(live ? [] : consistency.choices),
      ...(live?.choices ?? copies.flatMap((copy) => copy.choices)),
      ...encryption.choices,
      ...(live ? [] : diskTypes.choices),
      ...mapChoice(seen),
      ...network.choices,
      ...shape.choices,
      ...tags.choices,
    ],
    actions,
    checks,
    estimates: {
      ...times,
      ...(cost.monthly ? { monthly: cost.monthly } : {}),
      ...(cost.egress ? { egress: cost.egress } : {}),
    },
    executable: checks.every((check) => check.result !== "fail"),
  };
}

/** The parameters of the plan's one action of that name. */
export function actionParameters<T>(plan: Plan, action: string): T {
  const found = plan.actions.find((candidate) => candidate.action === action);
  if (!found) throw new Error(`Plan ${plan.planId} has no action ${action}`);
  return found.parameters as T;
}

function observedResources(
  seen: MigrationObservations,
  copies: readonly PlannedCopy[],
  network: PlannedNetwork,
): ObservedResource[] {
  const { request, vm } = seen;
  const points = copies.flatMap((copy) => (copy.base ? [copy.base.parentPointId] : []));
  const networks = network.networkIds.flatMap((networkId) => networkId ?? []);
  const at = (kind: string, ids: readonly string[], version: string) =>
    [...new Set(ids)].map((id) => ({ site: request.to, kind, id, version }));
  return [
    { site: request.from, kind: "vm", id: vm.vmId, version: vmVersion(vm) },
    ...(seen.firewall
      ? [{ site: request.from, kind: "vm-firewall", id: vm.vmId, version: firewallVersion(seen.firewall) }]
      : []),
    ...(seen.map ? at("map", [seen.map.name], String(seen.map.version)) : []),
    ...at("recovery-point", points, "intact"),
    ...at("network", networks, "active"),
    ...[...new Set(networks)].flatMap((id) => {
      const rules = seen.target.networkRules?.[id];
      return rules ? [{ site: request.to, kind: "network-rules", id, version: networkRulesVersion(rules) }] : [];
    }),
    ...at("security-group", network.securityGroups ?? [], "present"),
  ];
}

function mapChoice({ map }: MigrationObservations): PlanChoice[] {
  if (!map) return [];
  return [{ what: "map", chosen: `${map.name}, version ${map.version}`, why: "it was asked for" }];
}

/** A successor carries its predecessor's own tags, not the marks that were about that one machine, and the shape to go back to. */
function carriedTags(vm: Vm, shape: PlannedShape): Record<string, string> {
  const dropped: ReadonlySet<string> = new Set([tagKeys.fencedBy, tagKeys.key, tagKeys.migration, formerShapeTag]);
  const own = Object.entries(vm.tags).filter(([key]) => !dropped.has(key));
  return {
    ...Object.fromEntries(own),
    ...(shape.former === undefined ? {} : { [formerShapeTag]: shape.former }),
    [tagKeys.lineage]: lineageOf(vm),
    [tagKeys.managed]: "true",
  };
}

function describeCreate({ vm, request }: MigrationObservations, shape: PlannedShape): string {
  const { cpus, memoryBytes, offerings } = shape;
  const [best, ...others] = offerings;
  const size = best
    ? `${best.type.name}${others.length > 0 ? `, or ${others.length} next ones when there is no capacity` : ""}`
    : `${cpus} CPU, ${gib(memoryBytes)} GiB`;
  return `Create ${vm.name} (${size}) at ${request.to} from clones of the proven points`;
}

function estimate(
  seen: MigrationObservations,
  {
    copies,
    stops,
    verify,
    schedule,
  }: {
    readonly copies: readonly PlannedCopy[];
    readonly stops: boolean;
    readonly verify: VerifyParameters;
    readonly schedule: MigrationSchedule;
  },
  warm: WarmParameters | undefined,
): PlanEstimates {
  const limit = seen.request.bandwidthBytesPerSecond ?? seen.defaults.bandwidthBytesPerSecond;
  const begins = Date.parse(schedule.startAt ?? seen.at ?? new Date(0).toISOString());
  const bytesToMove = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  const incremental = copies.some(({ base }) => base !== undefined);
  const times = predictTimes(seen.history, {
    bytesToMove,
    allocatedBytes: seen.disks.reduce((sum, disk) => sum + disk.allocatedBytes, 0),
    incremental,
    secondsAtLimits: (bytes) => secondsAtLimits(schedule, limit, bytes, begins),
    stops,
    boots: verify.bootMarker !== undefined,
  });
  const bytesNominal = seen.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0);
  const downtimeSeconds =
    stops && warm ? Math.max(warm.targetDowntimeSeconds, warm.fixedSeconds) : times.downtimeSeconds;
  return { bytesToMove, bytesNominal, ...times, downtimeSeconds };
}
