import { createHash } from "node:crypto";
import { Context } from "@temporalio/activity";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import type { Ceiling, DiskBase, DiskObservation } from "../domain/migration-parts.ts";
import { planMigration } from "../domain/migration-plan.ts";
import { canonicalJson, findDrift, type ObservedResource, type Plan, planContent } from "../domain/plan.ts";
import { type Vm, vmVersion } from "../domain/vm.ts";
import type { Provider, SourcePointDisk } from "../providers/provider.ts";
import type { ActivityDeps, SiteCeilings } from "./deps.ts";
import { goneIsFine } from "./gone.ts";

export function planActivities({ registry, store, defaults, ceilings }: ActivityDeps) {
  return {
    /** Looks at both sites and stores the pinned plan. Repeating it for a known plan id returns the stored one. */
    async makeMigrationPlan(input: { planId: string; request: MigrationRequest }): Promise<Plan> {
      const known = await store.plans.get(input.planId);
      if (known) return known;
      const signal = Context.current().cancellationSignal;
      const { request } = input;
      if (request.from === request.to) {
        throw new ProviderError("InvalidInput", {
          operation: "plan the migration",
          resource: `site/${request.to}`,
          reason: "source and target are the same site",
          action: "Name another target with --to.",
        });
      }
      const [source, target] = await Promise.all([registry.provider(request.from), registry.provider(request.to)]);
      const vm = await findVm(source, request.vm, signal);
      const [inspected, targetSide, measured, measuredSteps] = await Promise.all([
        source.disks.inspectSource(vm.vmId, signal),
        lookAtTarget(target, vm, ceilings(request.to), signal),
        store.migrations.measuredRate(request.from, request.to),
        store.migrations.measuredSteps(request.from, request.to),
      ]);
      const disks = await Promise.all(inspected.map((disk) => findBases(source.site, target, disk, signal)));
      const parts = planMigration({
        request,
        defaults,
        vm,
        disks,
        source: { capabilityGaps: source.capabilities },
        target: targetSide,
        measuredBytesPerSecond: measured,
        measuredSteps,
      });
      const hash = hashOf(parts);
      const subjects = [request.from, request.to].map((site) => ({ site, tags: vm.tags }));
      const plan: Plan = { ...parts, planId: input.planId, hash, subjects, createdAt: new Date().toISOString() };
      await store.plans.insert(plan);
      return plan;
    },

    /** The approved plan, if it is the one that was approved, can be executed and nothing it rests on has changed. */
    async openPlan(input: { migrationId: string; planId: string; planHash: string }): Promise<Plan> {
      const plan = await store.plans.get(input.planId);
      const refuse = (reason: string, action: string, facts?: Record<string, unknown>): never => {
        throw new ProviderError("Conflict", {
          operation: "execute the plan",
          resource: `plan/${input.planId}`,
          reason,
          action,
          facts,
        });
      };
      if (!plan) {
        throw new ProviderError("NotFound", {
          operation: "execute the plan",
          resource: `plan/${input.planId}`,
          reason: "there is no such plan",
          action: "Make a new one with --dry-run.",
        });
      }
      if (plan.hash !== input.planHash || hashOf(plan) !== plan.hash) {
        refuse("its content is not what was approved", "Look at the plan again and approve the hash it has now.");
      }
      if (!plan.executable) {
        const failed = plan.checks.filter((check) => check.result === "fail");
        refuse(
          `${failed.length} check(s) failed: ${failed.map((check) => check.detail).join("; ")}`,
          failed.map((check) => check.remedy).join(" "),
        );
      }
      const drift = findDrift(plan.observed, await observe(plan.observed));
      if (drift.length > 0) {
        refuse(
          `it has drifted: ${drift.map((d) => `${d.resource.site}/${d.resource.kind}/${d.resource.id}: ${d.difference}`).join("; ")}`,
          "Make a new plan and approve that.",
          { drift },
        );
      }
      return plan;
    },

    async checkNetworks(input: { site: string; networkIds: readonly string[] }): Promise<void> {
      const { network } = await registry.provider(input.site);
      const active = new Set<string>();
      for await (const entry of network.listNetworks(Context.current().cancellationSignal)) {
        if (entry.active) active.add(entry.networkId);
      }
      const missing = input.networkIds.filter((id) => !active.has(id));
      if (missing.length === 0) return;
      throw new ProviderError("Conflict", {
        operation: "use the target network",
        resource: `${input.site}/network/${missing.join(", ")}`,
        reason: "it is not active",
        action: "Start the network at the target, or plan again with another mapping.",
      });
    },
  };

  async function observe(planned: readonly ObservedResource[]): Promise<ObservedResource[]> {
    return Promise.all(planned.map(async (resource) => ({ ...resource, version: await versionOf(resource) })));
  }

  async function versionOf({ site, kind, id }: ObservedResource): Promise<string> {
    const signal = Context.current().cancellationSignal;
    const provider = await registry.provider(site);
    if (kind === "vm") {
      const vm = await goneIsFine(provider.compute.getVm(id, signal));
      return vm ? vmVersion(vm) : "absent";
    }
    if (kind === "recovery-point") return (await isIntact(provider, id, signal)) ? "intact" : "changed or gone";
    for await (const network of provider.network.listNetworks(signal)) {
      if (network.networkId === id) return network.active ? "active" : "inactive";
    }
    return "absent";
  }

  async function findBases(
    sourceSite: string,
    target: Provider,
    disk: SourcePointDisk,
    signal: AbortSignal,
  ): Promise<DiskObservation> {
    const bases: DiskBase[] = [];
    const targetSizeBytes = target.disks.volumeSize(disk.sizeBytes);
    for (const { baselineId, tracking, changedBytes } of disk.baselines) {
      const known = await store.points.get(sourceSite, baselineId);
      if (!known) continue;
      const twins = await store.points.findByRootHash(target.site, known.rootHash, ["sealed", "adopted"]);
      for (const twin of twins) {
        // A point may be smaller than the replica that goes on from it; the manifest already counts the zeros behind it.
        const manifest = await store.checkpoints.state(twin.manifestId);
        if (manifest?.sizeBytes !== targetSizeBytes || twin.sizeBytes > targetSizeBytes) continue;
        if (!(await isIntact(target, twin.pointId, signal))) continue;
        const { pointId: parentPointId, manifestId: parentManifestId } = twin;
        bases.push({ baselineId, tracking, changedBytes, parentPointId, parentManifestId });
        break;
      }
    }
    const { diskId, sizeBytes, allocatedBytes } = disk;
    return { diskId, sizeBytes, targetSizeBytes, allocatedBytes, bases };
  }
}

function hashOf(plan: Parameters<typeof planContent>[0]): string {
  return createHash("sha256")
    .update(canonicalJson(planContent(plan)))
    .digest("hex");
}

async function isIntact(provider: Provider, pointId: string, signal: AbortSignal): Promise<boolean> {
  try {
    await provider.disks.getPoint(pointId, signal);
    return true;
  } catch (error) {
    if (isProviderError(error, "NotFound", "Conflict")) return false;
    throw error;
  }
}

/** By id, else by its name when that is unique; fenced predecessors only count when nothing else has the name. */
async function findVm(provider: Provider, wanted: string, signal: AbortSignal): Promise<Vm> {
  const named: Vm[] = [];
  for await (const vm of provider.compute.listVms(signal)) {
    if (vm.vmId === wanted) return vm;
    if (vm.name === wanted) named.push(vm);
  }
  const live = named.filter((vm) => vm.tags["novacron:fenced-by"] === undefined);
  const candidates = live.length > 0 ? live : named;
  if (candidates.length === 1) return candidates[0] as Vm;
  throw new ProviderError(candidates.length === 0 ? "NotFound" : "InvalidInput", {
    operation: "find the VM",
    resource: `${provider.site}/vm/${wanted}`,
    reason:
      candidates.length === 0
        ? "no VM has that id or name"
        : `${candidates.length} VMs have that name: ${candidates.map((vm) => vm.vmId).join(", ")}`,
    action: candidates.length === 0 ? "List the site's VMs with `novacron vms list`." : "Name one by its id.",
  });
}

async function lookAtTarget(provider: Provider, moving: Vm, limits: SiteCeilings, signal: AbortSignal) {
  const networks = await Array.fromAsync(provider.network.listNetworks(signal));
  const vms = await Array.fromAsync(provider.compute.listVms(signal));
  const after = [...vms, moving];
  const sum = (value: (vm: Vm) => number) => after.reduce((total, vm) => total + value(vm), 0);
  const gib = (bytes: number) => Math.ceil(bytes / 2 ** 30);
  const all: (Ceiling | undefined)[] = [
    limits.maxVms === undefined
      ? undefined
      : { name: "max_vms", limit: limits.maxVms, used: after.length, unit: "VMs" },
    limits.maxCpus === undefined
      ? undefined
      : { name: "max_cpus", limit: limits.maxCpus, used: sum((vm) => vm.cpus), unit: "CPUs" },
    limits.maxMemoryBytes === undefined
      ? undefined
      : { name: "max_memory", limit: gib(limits.maxMemoryBytes), used: gib(sum((vm) => vm.memoryBytes)), unit: "GiB" },
    limits.maxDiskBytes === undefined
      ? undefined
      : {
          name: "max_disk",
          limit: gib(limits.maxDiskBytes),
          used: gib(sum((vm) => vm.disks.reduce((total, disk) => total + disk.sizeBytes, 0))),
          unit: "GiB",
        },
  ];
  return {
    capabilityGaps: provider.capabilities,
    networks,
    freeBytes: await provider.disks.freeBytes(signal),
    vmNames: vms.map((vm) => vm.name),
    ceilings: all.filter((ceiling) => ceiling !== undefined),
  };
}
