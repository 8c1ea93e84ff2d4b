import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import type { CensusRow } from "../domain/census.ts";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { KindSync, SiteSync } from "../domain/inventory.ts";
import { isListed, type Place, type ResourceKind, resourceKinds } from "../domain/resource.ts";
import { tagKeys } from "../domain/vm.ts";
import type { SiteCheck } from "../providers/provider.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";
import { type KindReading, listers, vmOf } from "./resource-kinds.ts";

const newerReadingMs = 5_000;
const readingPollMs = 50;

export function inventoryActivities({ registry, store, log }: ActivityDeps) {
  return {
    /** Reads the kinds (all that the site has, by default) one after the other; a kind that fails keeps its rows and
     *  doesn't keep the others from being read. Fails when none could be read. */
    async syncSite(input: { site: string; kinds?: readonly ResourceKind[] }): Promise<SiteSync> {
      return syncKinds(input.site, input.kinds ?? resourceKinds);
    },

    /** Reads sites' VMs again after a move; a failure is noted with the rows and never fails the move. */
    async refreshSites(input: { sites: readonly string[] }): Promise<void> {
      for (const site of input.sites) {
        try {
          await syncKinds(site, ["vm"]);
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
      const signal = Context.current().cancellationSignal;
      const whole = new Map<string, Set<ResourceKind>>();
      for (const { site, kind, resourceId } of input.resources) {
        if (kind !== "vm") {
          whole.set(site, (whole.get(site) ?? new Set()).add(kind));
          continue;
        }
        const at = new Date().toISOString();
        const reading = await readingOf(site);
        const vm = await goneIsFine(reading.provider.compute.getVm(resourceId, signal));
        await store.inventory.refresh(reading.place, { kind, resourceId }, vm && vmOf(reading, vm), at);
      }
      for (const [site, kinds] of whole) await syncKinds(site, [...kinds]);
    },

    async dropOldRecords(input: {
      historyMs: number;
      logsMs?: number;
    }): Promise<{ historyRows: number; logLines: number }> {
      const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
      const before = ago(input.historyMs);
      const historyRows = await store.inventory.dropHistory(before);
      const linesBefore = input.logsMs === undefined ? undefined : ago(input.logsMs);
      const logLines = linesBefore === undefined ? 0 : await store.logs.drop(linesBefore);
      const { workflowExecution, activityId } = Context.current().info;
      await store.audit.append({
        at: new Date().toISOString(),
        actor: "schedule/housekeeping",
        action: "activity.dropOldRecords",
        resource: "store/old-records",
        requestId: `${workflowExecution?.runId ?? ""}/${activityId}`,
        workflowId: workflowExecution?.workflowId ?? "",
        outcome: "done",
        after: { before, historyRows, linesBefore, logLines },
      });
      return { historyRows, logLines };
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

  async function syncKinds(site: string, wanted: readonly ResourceKind[]): Promise<SiteSync> {
    const startedAt = new Date().toISOString();
    const results: KindSync[] = [];
    let failure: unknown;
    for (const kind of wanted.filter(isListed)) {
      const at = new Date().toISOString();
      try {
        const reading = await readingOf(site);
        // A site that has no such thing has none of it, which is known then.
        const resources = listers[kind](reading) ?? [];
        const { seen, changed, superseded } = await store.inventory.replace(reading.place, kind, resources, at);
        // Who asked for this reading wants rows that are as new: the newer one's.
        if (superseded) await untilRead(reading.place, kind, at, reading.signal);
        results.push({ kind, seen, changed });
      } catch (error) {
        if (!isProviderError(error) || Context.current().cancellationSignal.aborted) throw error;
        failure = error;
        await store.inventory.noteFailure(placeOf(site), kind, error.message, at);
        results.push({ kind, seen: 0, changed: 0, error: error.message });
      }
    }
    if (failure !== undefined && results.every(({ error }) => error !== undefined)) throw failure;
    return { site, startedAt, kinds: results };
  }

  /** Not for ever: the newer reading's worker may have died, and then its next attempt comes late. */
  async function untilRead(place: Place, kind: ResourceKind, startedAt: string, signal: AbortSignal): Promise<void> {
    for (const end = Date.now() + newerReadingMs; Date.now() < end; ) {
      if (await store.inventory.hasEndedSince(place, kind, startedAt)) return;
      await sleep(readingPollMs, undefined, { signal });
    }
  }

  async function readingOf(site: string): Promise<KindReading> {
    const place = placeOf(site);
    const provider = await registry.provider(site);
    const prices = place.region === undefined ? undefined : await store.prices.book(place.provider, place.region);
    return { place, provider, prices, signal: Context.current().cancellationSignal };
  }

  function placeOf(site: string): Place {
    const known = registry.sites.find((candidate) => candidate.site === site);
    if (known)
      return { site, provider: known.provider, ...(known.region === undefined ? {} : { region: known.region }) };
    throw new ProviderError("InvalidInput", {
      operation: "read the inventory",
      resource: site,
      reason: "there is no such enabled site in the configuration",
      action: `Use one of: ${registry.sites.map((other) => other.site).join(", ") || "none is configured"}.`,
    });
  }
}
