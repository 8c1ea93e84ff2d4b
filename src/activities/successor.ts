import type { MigrationState, MigrationView } from "../domain/migration.ts";
import { tagKeys } from "../domain/vm.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";

/** The target serves, or served until the VM moved on. */
const arrived: readonly MigrationState[] = ["awaiting-finalize", "undoing", "undone", "finalized"];
const newestMigrations = 100;

/** Where a VM is that was moved: at the target, or where migrations of ours moved it on to; undefined where it is gone. */
export async function successorOf(
  { registry, store }: Pick<ActivityDeps, "registry" | "store">,
  move: Pick<MigrationView, "from" | "to" | "vm">,
  signal: AbortSignal,
): Promise<{ readonly site: string; readonly vmId: string } | undefined> {
  const passed = new Set([`${move.from}/${move.vm.sourceVmId}`]);
  let site = move.to;
  let vmId = move.vm.targetVmId;
  while (vmId !== undefined && !passed.has(`${site}/${vmId}`)) {
    passed.add(`${site}/${vmId}`);
    const { compute } = await registry.provider(site);
    const vm = await goneIsFine(compute.getVm(vmId, signal));
    const holder = vm?.tags[tagKeys.fencedBy];
    if (vm && holder === undefined) return { site, vmId };
    const onward: MigrationView | undefined =
      holder === undefined ? await movedOn(site, vmId) : await store.migrations.get(holder);
    // Until that has arrived, the VM is still this one.
    if (vm && onward && !arrived.includes(onward.state)) return { site, vmId };
    if (!onward) return undefined;
    site = onward.to;
    vmId = onward.vm.targetVmId;
  }
  return undefined;

  async function movedOn(site: string, vmId: string): Promise<MigrationView | undefined> {
    const { items } = await store.migrations.list({ vm: vmId, limit: newestMigrations });
    for (const migration of items) {
      const { from, vm, state, planId } = migration;
      if (from !== site || vm.sourceVmId !== vmId || !arrived.includes(state)) continue;
      // A copy of one moment is not what the VM became.
      if ((await store.plans.get(planId))?.inputs.point !== "freeze") return migration;
    }
    return undefined;
  }
}
