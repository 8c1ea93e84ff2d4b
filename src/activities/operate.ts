import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { VmSize } from "../domain/operation.ts";
import type { SecurityRule } from "../domain/security-rule.ts";
import { tagKeys } from "../domain/vm.ts";
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
      if (!compute.resizeVm) {
        throw unsupported("resize VM", `${input.site}/vm/${input.vmId}`, capabilities["compute.resize"]);
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
      const { snapshots, capabilities } = await registry.provider(input.site);
      if (!snapshots) {
        throw unsupported("delete snapshot", `${input.site}/snapshot/${input.snapshotId}`, capabilities.snapshots);
      }
      await goneIsFine(snapshots.deleteSnapshot(input.snapshotId, Context.current().cancellationSignal));
    },

    async setVmTags(input: {
      site: string;
      vmId: string;
      set: Readonly<Record<string, string>>;
      remove: readonly string[];
    }): Promise<void> {
      const { compute } = await registry.provider(input.site);
      const removed = Object.fromEntries(input.remove.map((key) => [key, undefined]));
      await compute.setTags(input.vmId, { ...removed, ...input.set }, Context.current().cancellationSignal);
    },

    async setSecurityRules(input: {
      site: string;
      securityGroupId: string;
      rules: readonly SecurityRule[];
    }): Promise<void> {
      const { networkAdmin, capabilities } = await registry.provider(input.site);
      const { securityGroupId } = input;
      if (!networkAdmin) {
        const reason = capabilities["network.security-groups"];
        throw unsupported("set security rules", `${input.site}/security-group/${securityGroupId}`, reason);
      }
      await networkAdmin.setSecurityRules(securityGroupId, input.rules, Context.current().cancellationSignal);
    },

    async createSnapshot(input: { site: string; volumeId: string; key: string }): Promise<string> {
      const { snapshots, capabilities } = await registry.provider(input.site);
      const { volumeId, key } = input;
      if (!snapshots) throw unsupported("take a snapshot", `${input.site}/volume/${volumeId}`, capabilities.snapshots);
      const tags = { [tagKeys.managed]: "true" };
      return (await snapshots.createSnapshot({ volumeId, key, tags }, Context.current().cancellationSignal)).snapshotId;
    },

    async releaseAddress(input: { site: string; addressId: string }): Promise<void> {
      const { networkAdmin, capabilities } = await registry.provider(input.site);
      const signal = Context.current().cancellationSignal;
      if (!networkAdmin) {
        const reason = capabilities["network.public-address"];
        throw unsupported("release address", `${input.site}/address/${input.addressId}`, reason);
      }
      await goneIsFine(networkAdmin.releaseAddress(input.addressId, signal));
    },
  };
}

function unsupported(operation: string, resource: string, reason: string | undefined): ProviderError {
  return new ProviderError("UnsupportedCapability", {
    operation,
    resource,
    reason: reason ?? "the site can't",
    action: "Do it with the site's own tools, or make a new plan.",
  });
}
