import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import { isMigrationEnded } from "../domain/migration.ts";
import type { SeenVm } from "../domain/operate-decision.ts";
import { planOperation } from "../domain/operate-plan.ts";
import { type OperateVmsRequest, type OperationItem, operationItems, type VmReference } from "../domain/operation.ts";
import type { Plan } from "../domain/plan.ts";
import { remediationPlanKind } from "../domain/policy/remediation-request.ts";
import { tagKeys, type Vm } from "../domain/vm.ts";
import type { Provider } from "../providers/provider.ts";
import { admissionNow, besideOf, refuseBlocked } from "./admission.ts";
import type { ActivityDeps } from "./deps.ts";
import { hashOf, readApproved, refuseDrift } from "./pinned-plan.ts";
import { pricesAt } from "./plan-observations.ts";

const newestMigrations = 20;

export function operationPlanActivities(deps: ActivityDeps) {
  const { registry, store, defaults, settings } = deps;
  return {
    /** Looks at the VMs and stores the pinned plan. Repeating it for a known plan id returns the stored one. */
    async makeOperationPlan(input: { planId: string; request: OperateVmsRequest }): Promise<Plan> {
      const known = await store.plans.get(input.planId);
      if (known) return known;
      const { request } = input;
      const bySite = Map.groupBy(request.vms, ({ site }) => site);
      const seen = await Promise.all([...bySite].map(([site, wanted]) => lookAt(site, wanted, request)));
      const vms = oneEach(seen.flat());
      refuseMissing(vms);
      const admit = request.action === "resize" ? await admissionNow(store) : undefined;
      const parts = planOperation({ request, defaults, vms, ...(admit ? { admit } : {}) });
      const subjects = vms.map(({ site, vm }) => (vm ? { site, tags: vm.tags } : { site }));
      const createdAt = new Date().toISOString();
      const plan: Plan = { ...parts, planId: input.planId, hash: hashOf(parts), subjects, createdAt };
      await store.plans.insert(plan);
      return plan;
    },

    /** What a run has to do, if the plan is the one that was approved. */
    async openOperation(input: {
      planId: string;
      planHash: string;
    }): Promise<{ kind: string; parallel: number; items: Omit<OperationItem, "steps">[] }> {
      const plan = await readApproved(store, input);
      const items = operationItems(plan).map(({ steps: _kept, ...item }) => item);
      return { kind: plan.kind, parallel: Number(plan.inputs.parallel ?? 1), items };
    },

    /** The steps for one VM with their words, if it still is what the plan saw and no policy forbids it by now. */
    async openItem(input: {
      planId: string;
      planHash: string;
      item: number;
    }): Promise<OperationItem & { details: string[] }> {
      const plan = await readApproved(store, input);
      const item = operationItems(plan).find((candidate) => candidate.item === input.item);
      if (!item) throw new Error(`Plan ${plan.planId} has no item ${input.item}`);
      const actions = plan.actions.filter(({ parameters }) => parameters.item === input.item);
      const touched = new Set(actions.map(({ resource }) => `${resource.site}/${resource.id}`));
      const own = plan.observed.filter(({ site, kind, id }) =>
        plan.kind === remediationPlanKind
          ? touched.has(`${site}/${id}`)
          : site === item.site && (item.vmId === undefined || kind !== "vm" || id === item.vmId),
      );
      await refuseDrift(deps, plan, own);
      const judged = (plan.judged ?? []).filter(
        ({ resource }) => resource.site === item.site && (item.vmId === undefined || resource.resourceId === item.vmId),
      );
      await refuseBlocked(store, plan, judged);
      return { ...item, details: actions.map(({ detail }) => detail) };
    },
  };

  async function lookAt(
    site: string,
    wanted: readonly VmReference[],
    request: OperateVmsRequest,
  ): Promise<readonly SeenVm[]> {
    const signal = Context.current().cancellationSignal;
    const provider = await registry.provider(site);
    const { compute, snapshots, networkAdmin, capabilities } = provider;
    const { action } = request;
    const all = await Array.fromAsync(compute.listVms(signal));
    const [types, prices, points, addresses] = await Promise.all([
      action === "resize" && compute.listInstanceTypes ? Array.fromAsync(compute.listInstanceTypes(signal)) : undefined,
      action === "resize" ? pricesAt(provider, settings(site), store) : undefined,
      action === "delete" && snapshots ? Array.fromAsync(snapshots.listSnapshots(signal)) : [],
      action === "delete" && networkAdmin ? Array.fromAsync(networkAdmin.listAddresses(signal)) : [],
    ]);
    const looked = wanted.map(async ({ vm: asked }): Promise<SeenVm> => {
      const found = named(provider, all, asked);
      if ("missing" in found) return { site, asked, capabilityGaps: capabilities, missing: found.missing };
      const { vm } = found;
      return {
        site,
        asked,
        vm,
        capabilityGaps: capabilities,
        migrationId: await migrationOf(vm),
        instanceTypes: types,
        prices,
        sharedVolumes: sharedBy(all, vm),
        snapshots: points,
        addresses: addresses.filter(({ vmId }) => vmId === vm.vmId),
        ...(action === "resize" ? await judgedBy(site, vm) : {}),
      };
    });
    return Promise.all(looked);
  }

  async function judgedBy(site: string, vm: Vm): Promise<Pick<SeenVm, "place" | "beside">> {
    const known = registry.sites.find((candidate) => candidate.site === site);
    if (!known) return {};
    const { provider, region } = known;
    const place = { site, provider, ...(region === undefined ? {} : { region }) };
    const residency = settings(site).residency ?? [];
    return { place, beside: { residency, ...(await besideOf(store, site, vm.vmId)) } };
  }

  async function migrationOf(vm: Vm): Promise<string | undefined> {
    const { items } = await store.migrations.list({ vm: vm.vmId, limit: newestMigrations });
    const leaving = items.find(({ from, state }) => from === vm.site && !isMigrationEnded(state));
    if (leaving) return leaving.migrationId;
    const cameBy = vm.tags[tagKeys.migration];
    const migration = cameBy === undefined ? undefined : await store.migrations.get(cameBy);
    const arriving = migration && migration.vm.targetVmId === vm.vmId && !isMigrationEnded(migration.state);
    return arriving ? cameBy : undefined;
  }
}

/** Where one was asked for there is nothing to plan without it. */
function refuseMissing([only, second]: readonly SeenVm[]): void {
  if (!only || second || only.vm) return;
  throw new ProviderError("NotFound", {
    operation: "find the VM",
    resource: `${only.site}/vm/${only.asked}`,
    reason: only.missing ?? "there is none",
    action: "List the site's VMs with `novacron vms list --refresh`, and name one by its id.",
  });
}

/** A VM may be named twice, by its id and by its name. */
function oneEach(vms: readonly SeenVm[]): SeenVm[] {
  return [...new Map(vms.map((each) => [JSON.stringify([each.site, each.vm?.vmId ?? each.asked]), each])).values()];
}

/** By id, else by a name that only one has; fenced predecessors only count when nothing else has it. */
function named({ site }: Provider, all: readonly Vm[], asked: string): { vm: Vm } | { missing: string } {
  const byId = all.find(({ vmId }) => vmId === asked);
  if (byId) return { vm: byId };
  const same = all.filter(({ name }) => name === asked);
  const live = same.filter(({ tags }) => tags[tagKeys.fencedBy] === undefined);
  const candidates = live.length > 0 ? live : same;
  const [only] = candidates;
  if (only && candidates.length === 1) return { vm: only };
  return {
    missing: only
      ? `${candidates.length} VMs at ${site} are called ${asked}: ${candidates.map(({ vmId }) => vmId).join(", ")}`
      : `No VM at ${site} has the id or name ${asked}`,
  };
}

/** Which other VM uses the same volumes, by volume. */
export function sharedBy(
  all: readonly Vm[],
  vm: Pick<Vm, "vmId"> & { readonly disks: readonly { readonly volumeId: string }[] },
): Record<string, string> {
  const own = new Set(vm.disks.map(({ volumeId }) => volumeId));
  return Object.fromEntries(
    all
      .filter(({ vmId }) => vmId !== vm.vmId)
      .flatMap(({ name, disks }) =>
        disks.filter(({ volumeId }) => own.has(volumeId)).map(({ volumeId }) => [volumeId, name]),
      ),
  );
}
