import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
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
  };
}
