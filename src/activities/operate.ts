import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { VmSize } from "../domain/operation.ts";
import type { SiteDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";

/** What is done to VMs, a call each. */
export function operateActivities({ registry }: SiteDeps) {
  return {
    async startVm(input: { site: string; vmId: string }): Promise<void> {
      const { compute } = await registry.provider(input.site);
      await compute.startVm(input.vmId, Context.current().cancellationSignal);
    },

    async resizeVm(input: { site: string; vmId: string; size: VmSize }): Promise<void> {
      const { compute, capabilities } = await registry.provider(input.site);
      const resource = `${input.site}/vm/${input.vmId}`;
      if (!compute.resizeVm) {
        throw new ProviderError("UnsupportedCapability", {
          operation: "resize VM",
          resource,
          reason: capabilities["compute.resize"] ?? "the site can't",
          action: "Move it to a site that can.",
        });
      }
      await compute.resizeVm(input.vmId, input.size, Context.current().cancellationSignal);
    },

    async deleteVm(input: { site: string; vmId: string }): Promise<void> {
      const { compute } = await registry.provider(input.site);
      await goneIsFine(compute.deleteVm(input.vmId, Context.current().cancellationSignal));
    },

    async deleteVolume(input: { site: string; volumeId: string }): Promise<void> {
      const { disks } = await registry.provider(input.site);
      await goneIsFine(disks.deleteVolume(input.volumeId, Context.current().cancellationSignal));
    },

    async deleteSnapshot(input: { site: string; snapshotId: string }): Promise<void> {
      const { snapshots } = await registry.provider(input.site);
      if (snapshots) await goneIsFine(snapshots.deleteSnapshot(input.snapshotId, Context.current().cancellationSignal));
    },

    async releaseAddress(input: { site: string; addressId: string }): Promise<void> {
      const { networkAdmin } = await registry.provider(input.site);
      const signal = Context.current().cancellationSignal;
      if (networkAdmin) await goneIsFine(networkAdmin.releaseAddress(input.addressId, signal));
    },
  };
}
