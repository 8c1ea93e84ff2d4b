import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { CreateGroupParameters } from "../domain/migration-parts.ts";
import { tagKeys } from "../domain/vm.ts";
import type { SiteDeps } from "./deps.ts";

export function networkActivities({ registry }: SiteDeps) {
  return {
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

    /** Its id; with a known key that of the group that is there. */
    async createSecurityGroup(input: {
      site: string;
      key: string;
      migrationId: string;
      group: CreateGroupParameters;
    }): Promise<string> {
      const { site, key, migrationId, group } = input;
      const { networkAdmin, capabilities } = await registry.provider(site);
      if (!networkAdmin) {
        throw new ProviderError("UnsupportedCapability", {
          operation: "create the security group",
          resource: `${site}/security-group/${group.name}`,
          reason: capabilities["network.security-groups"] ?? "the site has no security groups",
          action: "Plan again without rules to translate.",
        });
      }
      const tags = { [tagKeys.managed]: "true", [tagKeys.migration]: migrationId };
      const signal = Context.current().cancellationSignal;
      const { securityGroupId } = await networkAdmin.createSecurityGroup({ ...group, key, tags }, signal);
      return securityGroupId;
    },

    /** One that is gone is fine. */
    async deleteSecurityGroup(input: { site: string; securityGroupId: string }): Promise<void> {
      const { networkAdmin } = await registry.provider(input.site);
      await networkAdmin?.deleteSecurityGroup(input.securityGroupId, Context.current().cancellationSignal);
    },
  };
}
