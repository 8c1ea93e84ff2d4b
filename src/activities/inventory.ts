import { Context } from "@temporalio/activity";
import type { CensusRow } from "../domain/census.ts";
import { isProviderError } from "../domain/errors.ts";
import { tagKeys } from "../domain/vm.ts";
import type { SiteCheck } from "../providers/provider.ts";
import type { ActivityDeps } from "./deps.ts";

export function inventoryActivities({ registry, store, log }: ActivityDeps) {
  return {
    async syncSite(input: { site: string }): Promise<{ site: string; vms: number }> {
      return syncOne(input.site);
    },

    /** Reads sites again after a move; a failure is noted with the rows and never fails the move. */
    async refreshSites(input: { sites: readonly string[] }): Promise<void> {
      for (const site of input.sites) {
        try {
          await syncOne(site);
        } catch (error) {
          if (Context.current().cancellationSignal.aborted) throw error;
          log.warn(`The inventory of ${site} is not fresh: ${String(error)}`, error);
        }
      }
    },

    async checkSite(input: { site: string }): Promise<readonly SiteCheck[]> {
      const provider = await registry.provider(input.site);
      return provider.check(Context.current().cancellationSignal);
    },

    async listCensus(input: { site: string }): Promise<CensusRow[]> {
      const provider = await registry.provider(input.site);
      const entries = await Array.fromAsync(provider.census(Context.current().cancellationSignal));
      return entries.map((entry) => ({ ...entry, site: input.site, migrationId: entry.tags[tagKeys.migration] }));
    },
  };

  async function syncOne(site: string): Promise<{ site: string; vms: number }> {
    const at = new Date().toISOString();
    try {
      const provider = await registry.provider(site);
      const vms = await Array.fromAsync(provider.compute.listVms(Context.current().cancellationSignal));
      await store.vms.replaceSite(site, vms, at);
      return { site, vms: vms.length };
    } catch (error) {
      if (isProviderError(error)) await store.vms.noteFailure(site, error.message, at);
      throw error;
    }
  }
}
