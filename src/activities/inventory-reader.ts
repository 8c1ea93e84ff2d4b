import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { KindSync, SiteSync } from "../domain/inventory.ts";
import type { Place, ResourceKind } from "../domain/resource.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";
import { type KindReading, listers, vmOf } from "./resource-kinds.ts";

const newerReadingMs = 5_000;
const readingPollMs = 50;

/** Reads sites into the inventory, from inside of an activity. */
export class InventoryReader {
  readonly #deps: Pick<ActivityDeps, "registry" | "store">;

  constructor(deps: Pick<ActivityDeps, "registry" | "store">) {
    this.#deps = deps;
  }

  /** One VM by itself, as after a change that somebody was told of. */
  async readVm(site: string, resourceId: string): Promise<void> {
    const at = new Date().toISOString();
    const reading = await this.#readingOf(site);
    const vm = await goneIsFine(reading.provider.compute.getVm(resourceId, reading.signal));
    const about = { kind: "vm", resourceId } as const;
    await this.#deps.store.inventory.refresh(reading.place, about, vm && vmOf(reading, vm), at);
  }

  /** The kinds one after the other; one that fails keeps its rows and doesn't keep the others from being read.
   *  @throws ProviderError when none could be read. */
  async syncKinds(site: string, wanted: readonly ResourceKind[]): Promise<SiteSync> {
    const startedAt = new Date().toISOString();
    const results: KindSync[] = [];
    let failure: unknown;
    for (const kind of wanted) {
      const at = new Date().toISOString();
      try {
        const reading = await this.#readingOf(site);
        // A site that has no such thing has none of it, which is known then.
        const resources = listers[kind](reading) ?? [];
        const { seen, changed, superseded } = await this.#deps.store.inventory.replace(
          reading.place,
          kind,
          resources,
          at,
        );
        // Who asked for this reading wants rows that are as new: the newer one's.
        if (superseded) await this.#untilRead(reading.place, kind, at, reading.signal);
        results.push({ kind, seen, changed });
      } catch (error) {
        if (!isProviderError(error) || Context.current().cancellationSignal.aborted) throw error;
        failure = error;
        await this.#deps.store.inventory.noteFailure(this.#placeOf(site), kind, error.message, at);
        results.push({ kind, seen: 0, changed: 0, error: error.message });
      }
    }
    if (failure !== undefined && results.every(({ error }) => error !== undefined)) throw failure;
    return { site, startedAt, kinds: results };
  }

  /** Not for ever: the newer reading's worker may have died, and then its next attempt comes late. */
  async #untilRead(place: Place, kind: ResourceKind, startedAt: string, signal: AbortSignal): Promise<void> {
    for (const end = Date.now() + newerReadingMs; Date.now() < end; ) {
      if (await this.#deps.store.inventory.hasEndedSince(place, kind, startedAt)) return;
      await sleep(readingPollMs, undefined, { signal });
    }
  }

  async #readingOf(site: string): Promise<KindReading> {
    const place = this.#placeOf(site);
    const provider = await this.#deps.registry.provider(site);
    const prices =
      place.region === undefined ? undefined : await this.#deps.store.prices.book(place.provider, place.region);
    return { place, provider, prices, signal: Context.current().cancellationSignal };
  }

  #placeOf(site: string): Place {
    const known = this.#deps.registry.sites.find((candidate) => candidate.site === site);
    if (known)
      return { site, provider: known.provider, ...(known.region === undefined ? {} : { region: known.region }) };
    throw new ProviderError("InvalidInput", {
      operation: "read the inventory",
      resource: site,
      reason: "there is no such enabled site in the configuration",
      action: `Use one of: ${this.#deps.registry.sites.map((other) => other.site).join(", ") || "none is configured"}.`,
    });
  }
}
