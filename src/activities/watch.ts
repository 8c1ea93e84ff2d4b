import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { ResourceKind } from "../domain/resource.ts";
import type { EventsFacet, SiteChange } from "../providers/events-facet.ts";
import type { ActivityDeps } from "./deps.ts";
import type { InventoryReader } from "./inventory-reader.ts";

/** In the store a listener counts as dead after three times this. */
const renewEveryMs = 10_000;
/** Another try after a failure: soon, then less often; one that was set up meanwhile is noticed within minutes. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** More single resources than this of one kind are quicker read as a list. */
const mostAlone = 20;

/** Listening to sites, in one long activity each: what comes is in the store, nothing of it in a history. */
export function watchActivities({ registry, store, log }: ActivityDeps, reader: InventoryReader) {
  return {
    /** Reads again what the site says has changed, as it says so, for `forMs`; then the next round takes over.
     *  `watched` is false where the site tells of nothing. */
    async watchSite(input: { site: string; forMs: number }): Promise<{ watched: boolean }> {
      const { site, forMs } = input;
      const { cancellationSignal } = Context.current();
      const { events } = await registry.provider(site);
      if (!events) return { watched: false };
      const until = AbortSignal.timeout(forMs);
      const signal = AbortSignal.any([cancellationSignal, until]);
      let said: string | undefined;
      for (let pauseMs = firstPauseMs; !until.aborted; ) {
        try {
          await listen(site, events, signal);
          pauseMs = firstPauseMs;
        } catch (error) {
          if (cancellationSignal.aborted) throw error;
          if (until.aborted) break;
          if (!isProviderError(error)) throw error;
          // A store that is away ends this attempt here: the next one comes when it is back.
          await store.watches.stopped(site, error.message);
          if (error.message !== said) log.warn(`Nobody listens to ${site}: ${error.message}`, error);
          said = error.message;
          await sleep(pauseMs, undefined, { signal }).catch(() => cancellationSignal.throwIfAborted());
          pauseMs = Math.min(pauseMs * 2, longestPauseMs);
        }
      }
      return { watched: true };
    },
  };

  async function listen(site: string, events: EventsFacet, signal: AbortSignal): Promise<void> {
    let renewal: NodeJS.Timeout | undefined;
    try {
      for await (const changes of events.watch(signal)) {
        if (renewal === undefined) {
          await store.watches.listening(site);
          renewal = setInterval(() => void store.watches.listening(site).catch(() => undefined), renewEveryMs);
          // What changed while nobody listened.
          await reader.syncKinds(site, ["vm"]);
          continue;
        }
        await readAgain(site, changes);
        await store.watches.listening(site, changes.length);
      }
    } finally {
      clearInterval(renewal);
    }
  }

  async function readAgain(site: string, changes: readonly SiteChange[]): Promise<void> {
    const whole = new Set<ResourceKind>();
    for (const [kind, of] of Map.groupBy(changes, (change) => change.kind)) {
      const alone = of.flatMap(({ resourceId }) => resourceId ?? []);
      if (kind !== "vm" || alone.length < of.length || alone.length > mostAlone) whole.add(kind);
      else for (const vmId of new Set(alone)) await reader.readVm(site, vmId);
    }
    if (whole.size === 0) return;
    const { kinds } = await reader.syncKinds(site, [...whole]);
    const missed = kinds.find(({ error }) => error !== undefined);
    if (!missed) return;
    // Not taken: the site tells it again.
    throw new ProviderError("Unavailable", {
      operation: "read what has changed",
      resource: `${site}/${missed.kind}`,
      reason: missed.error ?? "it could not be read",
      action: "Nothing: it is read again.",
    });
  }
}
