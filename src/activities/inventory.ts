import { Context } from "@temporalio/activity";
import type { CensusRow } from "../domain/census.ts";
import type { SiteSync } from "../domain/inventory.ts";
import { type ResourceKind, resourceKinds } from "../domain/resource.ts";
import { tagKeys } from "../domain/vm.ts";
import type { SiteCheck } from "../providers/provider.ts";
import type { ActivityDeps } from "./deps.ts";
import type { InventoryReader } from "./inventory-reader.ts";

export function inventoryActivities({ registry, store, log }: ActivityDeps, reader: InventoryReader) {
  return {
    /** Reads the kinds (all that the site has, by default) one after the other; a kind that fails keeps its rows and
     *  doesn't keep the others from being read. Fails when none could be read. */
    async syncSite(input: { site: string; kinds?: readonly ResourceKind[] }): Promise<SiteSync> {
      return reader.syncKinds(input.site, input.kinds ?? resourceKinds);
    },

    /** Reads again after a move: at each site the VM that it was of, or all VMs where none are named. A failure is told,
     *  and never fails the move: the site's next turn comes. */
    async refreshSites(input: { sites: readonly string[]; vmIds?: readonly string[] }): Promise<void> {
      for (const [index, site] of input.sites.entries()) {
        const vmId = input.vmIds?.[index];
        try {
          if (vmId === undefined) await reader.syncKinds(site, ["vm"]);
          else await reader.readVm(site, vmId);
        } catch (error) {
          if (Context.current().cancellationSignal.aborted) throw error;
          log.warn(`The inventory of ${site} is not fresh: ${String(error)}`, error);
        }
      }
    },

    /** Reads single resources by themselves, as after a change that somebody was told of. What can't be read alone has its
     *  whole kind read. */
    async refreshResources(input: {
      resources: readonly { readonly site: string; readonly kind: ResourceKind; readonly resourceId: string }[];
    }): Promise<void> {
      const whole = new Map<string, Set<ResourceKind>>();
      for (const { site, kind, resourceId } of input.resources) {
        if (kind === "vm") await reader.readVm(site, resourceId);
        else whole.set(site, (whole.get(site) ?? new Set()).add(kind));
      }
      for (const [site, kinds] of whole) await reader.syncKinds(site, [...kinds]);
    },

    async dropOldRecords(input: {
      historyMs: number;
      logsMs?: number;
    }): Promise<{ historyRows: number; logLines: number; thinned: number }> {
      const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
      const before = ago(input.historyMs);
      const historyRows = await store.inventory.dropHistory(before);
      const linesBefore = input.logsMs === undefined ? undefined : ago(input.logsMs);
      const logLines = linesBefore === undefined ? 0 : await store.logs.drop(linesBefore);
      await store.alerts.drop(before);
      const thinned = await store.metrics.thin();
      const findings = await store.findings.drop(before);
      const { workflowExecution, activityId } = Context.current().info;
      await store.audit.append({
        at: new Date().toISOString(),
        actor: "schedule/housekeeping",
        action: "activity.dropOldRecords",
        resource: "store/old-records",
        requestId: `${workflowExecution?.runId ?? ""}/${activityId}`,
        workflowId: workflowExecution?.workflowId ?? "",
        outcome: "done",
        after: { before, historyRows, findings, linesBefore, logLines, thinned },
      });
      return { historyRows, logLines, thinned };
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
}
