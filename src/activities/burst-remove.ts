import { Context } from "@temporalio/activity";
import { isLeaseOpen, leaseTag } from "../domain/burst.ts";
import type { CensusKind } from "../domain/census.ts";
import { isProviderError } from "../domain/errors.ts";
import { tagKeys } from "../domain/vm.ts";
import type { Provider } from "../providers/provider.ts";
import type { KeptLease } from "../store/index.ts";
import type { ActivityDeps, SiteDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";

/** A lease whose end was just noted may still have its VM for a moment. */
const graceMs = 120_000;

export interface BurstSweep {
  readonly removed: readonly string[];
  readonly failed: readonly string[];
  /** Carries a tag of a lease that this control plane does not know: somebody else's, and left alone. */
  readonly unknown: readonly string[];
}

/** What is done at a lease's own site. */
export function burstRemoveActivities({ registry }: SiteDeps) {
  return {
    /** Removes the VM that was made with the key, with its disks, also when the answer to its create was lost. */
    async removeBurst(input: { site: string; key: string; vmId?: string }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const provider = await registry.provider(input.site);
      if (input.vmId !== undefined) await removeVm(provider, input.vmId, signal);
      const tagged = await Array.fromAsync(provider.census(signal));
      await removeEntries(
        provider,
        tagged.filter(({ tags }) => tags[tagKeys.key] === input.key),
        signal,
      );
    },
  };
}

/** What needs the store beside the sites. */
export function burstSweepActivities({ registry, store, runIsOpen, log }: ActivityDeps) {
  return {
    /** Compares what carries the tag of a lease with the leases there are: what no run looks after any more is removed. */
    async sweepBursts(): Promise<BurstSweep> {
      const signal = Context.current().cancellationSignal;
      const removed: string[] = [];
      const failed: string[] = [];
      const unknown: string[] = [];
      for (const site of await store.burstLeases.sites()) {
        if (!registry.sites.some((known) => known.site === site)) continue;
        try {
          const provider = await registry.provider(site);
          const tagged = (await Array.fromAsync(provider.census(signal))).filter(({ tags }) => tags[leaseTag]);
          const ids = [...new Set(tagged.flatMap(({ tags }) => tags[leaseTag] ?? []))];
          const known = new Map((await store.burstLeases.byIds(ids)).map((lease) => [lease.leaseId, lease]));
          for (const id of ids) {
            const entries = tagged.filter(({ tags }) => tags[leaseTag] === id);
            const named = entries.map((entry) => `${site}/${entry.kind}/${entry.id}`);
            const lease = known.get(id);
            if (!lease) {
              unknown.push(...named);
              continue;
            }
            const ended = lease.endedAt !== undefined && Date.now() - Date.parse(lease.endedAt) > graceMs;
            const lost =
              isLeaseOpen(lease) && lease.runId !== undefined && !(await runIsOpen(`burst-lease/${id}`, lease.runId));
            if (!ended && !lost) continue;
            await takeOff(lease, signal);
            await removeEntries(provider, entries, signal);
            removed.push(...named);
            if (!lost) continue;
            const endedAt = new Date().toISOString();
            await store.burstLeases.update(id, { state: "removed", endedAt, leaveReason: "its run was ended" });
          }
        } catch (error) {
          if (!isProviderError(error) || signal.aborted) throw error;
          failed.push(`${site}: ${error.message}`);
          log.warn(`Could not look for left burst VMs at ${site}`, error);
        }
      }
      return { removed, failed, unknown };
    },
  };

  /** Off its pool's balancer, where it is still in. */
  async function takeOff({ poolId, targetId }: KeptLease, signal: AbortSignal): Promise<void> {
    const balancer = (await store.burstPools.get(poolId))?.balancer;
    if (!balancer || targetId === undefined) return;
    const { loadBalancing } = await registry.provider(balancer.site);
    const target = { poolId: balancer.poolId, targetId };
    if (loadBalancing) await goneIsFine(loadBalancing.removeTarget(target, signal));
  }
}

async function removeVm(provider: Provider, vmId: string, signal: AbortSignal): Promise<void> {
  const vm = await goneIsFine(provider.compute.getVm(vmId, signal));
  if (!vm) return;
  await goneIsFine(provider.compute.deleteVm(vmId, signal));
  for (const { volumeId } of vm.disks) await goneIsFine(provider.disks.deleteVolume(volumeId, signal));
}

async function removeEntries(
  provider: Provider,
  entries: readonly { readonly kind: CensusKind; readonly id: string }[],
  signal: AbortSignal,
): Promise<void> {
  const ids = (kind: CensusKind) => entries.filter((entry) => entry.kind === kind).map(({ id }) => id);
  for (const id of ids("vm")) await removeVm(provider, id, signal);
  for (const id of ids("volume")) await goneIsFine(provider.disks.deleteVolume(id, signal));
}
