import type { ScopedResource } from "../domain/access.ts";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import { applyMap, type MigrationMap } from "../domain/migration-map.ts";
import type { MigrationObservations } from "../domain/migration-parts.ts";
import { type MigrationPlanParts, planMigration } from "../domain/migration-plan.ts";
import { translatesRules } from "../domain/migration-rules.ts";
import type { Plan } from "../domain/plan.ts";
import { movedVm } from "../domain/policy/admission.ts";
import type { Vm } from "../domain/vm.ts";
import type { PlannedMember } from "../domain/wave-plan.ts";
import { admissionNow, besideOf } from "./admission.ts";
import type { ActivityDeps } from "./deps.ts";
import { withKnownBytes } from "./known-bytes.ts";
import { lookAtRunning } from "./look-at-running.ts";
import { lookAtTraffic } from "./look-at-traffic.ts";
import { lookIntoGuest } from "./look-into-guest.ts";
import { hashOf } from "./pinned-plan.ts";
import { findVm, lookAtSource, lookAtTarget, observeDisk, type SourceSide, typesOf } from "./plan-observations.ts";
import { tryPreparation } from "./try-preparation.ts";

/** Why a VM can't be planned, as far as that is a fact of the VM and not of the moment. */
const refusals = ["InvalidInput", "NotFound", "Conflict", "UnsupportedCapability", "QuotaExceeded"] as const;

/** As {@link planOne} does, where one VM's refusal is to be told among others' plans. */
export async function planOrRefusal(
  deps: ActivityDeps,
  input: { readonly planId: string; readonly request: MigrationRequest; readonly admitted?: boolean },
  signal: AbortSignal,
): Promise<PlannedMember> {
  try {
    return { plan: await planOne(deps, input, signal) };
  } catch (error) {
    if (!isProviderError(error, ...refusals)) throw error;
    return { refused: { reason: error.details.reason, remedy: error.details.action } };
  }
}

/** A VM that is no machine of its site: what a recovery point shows of one. */
export interface PlannedSource {
  readonly side: SourceSide;
  readonly vm: Vm;
}

/** Looks at both sites and stores the pinned plan of one migration; a known plan id gives the stored one. With a `source` of its
 *  own it may be for the site where that lies. */
export async function planOne(
  deps: ActivityDeps,
  input: {
    readonly planId: string;
    readonly request: MigrationRequest;
    readonly source?: PlannedSource;
    /** Whether policies hold for it. Ways home, tests and protection are none of their business. */
    readonly admitted?: boolean;
  } & Pick<MigrationObservations, "homeward">,
  signal: AbortSignal,
): Promise<Plan> {
  const { registry, store, transfer, defaults, settings } = deps;
  const known = await store.plans.get(input.planId);
  if (known) return known;
  const { request, map } = await resolveMap(store, input.request);
  await refuseWrongMapHome(store, request);
  if (request.from === request.to && !input.source) {
    throw new ProviderError("InvalidInput", {
      operation: "plan the migration",
      resource: `site/${request.to}`,
      reason: "source and target are the same site",
      action: "Name another target with --to.",
    });
  }
  const target = await registry.provider(request.to);
  const { side: source, vm } = input.source ?? (await findSource(registry, request, signal));
  // What a guest has drivers for takes the longest to find, and matters where its hardware changes.
  const look = { drivers: source.kind !== target.kind || target.compute.listInstanceTypes !== undefined };
  const mapsTypes = request.diskTypes === "match" || request.diskTypeMap !== undefined;
  const [inspected, guest, sourceSide, targetSide, history, firewall, diskTypes] = await Promise.all([
    source.disks.inspectSource(vm.vmId, signal),
    lookIntoGuest(source, vm, transfer.inspectGuest, look, signal),
    lookAtSource(source, settings(request.from), store, vm.vmId, signal),
    lookAtTarget(target, settings(request.to), store, signal, { networkRules: translatesRules({ request }) }),
    store.migrations.stepSamples(request.from, request.to),
    translatesRules({ request }) ? source.network.firewallOf?.(vm.vmId, signal) : undefined,
    mapsTypes ? typesOf(source, vm, signal) : undefined,
  ]);
  const sides = { request, defaults, source: sourceSide, target: targetSide };
  const live = await lookAtRunning(sides, vm, { source, target }, signal);
  const traffic = await lookAtTraffic(deps, request.traffic, vm, signal);
  const observed = await Promise.all(
    inspected.map((disk) => observeDisk({ sourceSite: source.site, target, store, transfer, signal }, disk)),
  );
  const { freeBytes } = targetSide;
  const disks = await withKnownBytes(observed, inspected, { site: source.site, freeBytes, store, transfer });
  const seen = {
    ...{ ...sides, at: new Date().toISOString(), vm, disks, guest, live, traffic, history },
    ...(input.homeward ? { homeward: true } : {}),
    ...(map ? { map } : {}),
    ...(firewall ? { firewall } : {}),
    ...(diskTypes ? { diskTypes } : {}),
  };
  const wanted = planMigration(seen);
  // What a point shows is what will be prepared.
  const tried: Vm = input.source ? { ...vm, state: "stopped" } : vm;
  const preparationRefused = await tryPreparation(source, tried, wanted, transfer.prepareGuest, signal);
  const parts = preparationRefused === undefined ? wanted : planMigration({ ...seen, preparationRefused });
  const judged = input.admitted ? await admit(deps, parts, seen) : parts;
  const hash = hashOf(judged);
  const subjects = [
    ...[request.from, request.to].map((site) => ({ site, tags: vm.tags })),
    ...trafficSubjects(request.traffic),
  ];
  const plan: Plan = { ...judged, planId: input.planId, hash, subjects, createdAt: new Date().toISOString() };
  await store.plans.insert(plan);
  // Another attempt may have been quicker: what is stored is what will be carried out.
  return (await store.plans.get(plan.planId)) ?? plan;
}

/** With what policies say of the VM as it would be at the target. */
async function admit(
  { registry, store, settings }: ActivityDeps,
  parts: MigrationPlanParts,
  { request, vm, target, disks }: MigrationObservations,
): Promise<MigrationPlanParts> {
  const [judge, { backupAt }] = await Promise.all([admissionNow(store), besideOf(store, vm.site, vm.vmId)]);
  const known = registry.sites.find(({ site }) => site === request.to);
  const { region } = known ?? {};
  const provider = known?.provider ?? target.kind ?? "";
  const place = { site: request.to, provider, ...(region === undefined ? {} : { region }) };
  const subject = movedVm(place, vm, parts, {
    target,
    diskBytes: disks.map(({ targetSizeBytes }) => targetSizeBytes),
    residency: settings(request.to).residency ?? [],
    backupAt,
  });
  const checks = [...parts.checks, ...judge([subject])];
  return { ...parts, checks, judged: [subject], executable: checks.every(({ result }) => result !== "fail") };
}

async function findSource(
  registry: ActivityDeps["registry"],
  { from, vm }: MigrationRequest,
  signal: AbortSignal,
): Promise<PlannedSource> {
  const side = await registry.provider(from);
  return { side, vm: await findVm(side, vm, signal) };
}

/** The request with what its map says, if it names one. @throws ProviderError NotFound, InvalidInput. */
async function resolveMap(
  store: ActivityDeps["store"],
  request: MigrationRequest,
): Promise<{ request: MigrationRequest; map?: MigrationMap }> {
  if (request.map === undefined) return { request };
  const map = await store.maps.get(request.map);
  if (map) return { request: applyMap(request, map), map };
  throw noMap(request.map, "--map");
}

/** @throws ProviderError NotFound, InvalidInput where the map of a way home is none. */
async function refuseWrongMapHome(store: ActivityDeps["store"], { from, to, undo }: MigrationRequest): Promise<void> {
  if (undo?.map === undefined) return;
  const map = await store.maps.get(undo.map);
  if (!map) throw noMap(undo.map, "--undo-map");
  applyMap({ vm: "", from: to, to: from }, map);
}

function noMap(name: string, option: string): ProviderError {
  return new ProviderError("NotFound", {
    operation: "apply the map",
    resource: `map/${name}`,
    reason: "there is no map of that name",
    action: `List the maps with novacron maps list, or leave ${option} out.`,
  });
}

/** Records and pools belong to their sites, whoever's VM they lead to; a proxy to the installation as a whole. */
function trafficSubjects(traffic: MigrationRequest["traffic"]): ScopedResource[] {
  const { dns = [], pools = [], proxies = [] } = traffic ?? {};
  return [...[...dns, ...pools].map(({ site }) => ({ site })), ...proxies.map(() => ({}))];
}
