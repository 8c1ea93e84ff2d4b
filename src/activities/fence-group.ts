import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import { groupFence } from "../domain/fencing.ts";
import { tagKeys } from "../domain/vm.ts";
import { cutOffVm } from "./cut-off.ts";
import type { SiteDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";

export function fenceGroupActivities({ registry }: Pick<SiteDeps, "registry">) {
  return {
    /** Turns the group's VMs at a site off that may not write any more, and holds them so. Returns when the site itself says of
     *  each that it is off or gone. */
    async fenceGroup(input: {
      site: string;
      groupId: string;
      /** The one that the site held the lease in. */
      epoch: number;
      vmIds: readonly string[];
    }): Promise<{ stopped: readonly string[] }> {
      const { site, groupId, epoch, vmIds } = input;
      const signal = Context.current().cancellationSignal;
      const { compute } = await registry.provider(site);
      const stopped = await Promise.all(
        vmIds.map(async (vmId) => ((await cutOffVm(compute, vmId, groupFence(groupId, epoch), signal)) ? [vmId] : [])),
      );
      return { stopped: stopped.flat() };
    },

    /** Ends the hold of {@link fenceGroup}, of this epoch or an earlier one. The VM stays off. */
    async releaseGroupFence(input: { site: string; groupId: string; vmIds: readonly string[] }): Promise<void> {
      const { site, groupId, vmIds } = input;
      const signal = Context.current().cancellationSignal;
      const { compute } = await registry.provider(site);
      for (const vmId of vmIds) {
        const vm = await goneIsFine(compute.getVm(vmId, signal));
        const holder = vm?.tags[tagKeys.fencedBy];
        if (holder === undefined) continue;
        if (!holder.startsWith(groupFence(groupId))) {
          throw new ProviderError("Conflict", {
            operation: "release the VM",
            resource: `${site}/vm/${vmId}`,
            reason: `it is held by ${holder}`,
            action: "Finish what holds it first.",
          });
        }
        await compute.setTags(vmId, { [tagKeys.fencedBy]: undefined }, signal);
      }
    },
  };
}
