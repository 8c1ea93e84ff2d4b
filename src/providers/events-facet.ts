import type { ResourceKind } from "../domain/resource.ts";

/** Something that a site says has changed, come or gone; without an id, something of that kind. */
export interface SiteChange {
  readonly kind: ResourceKind;
  readonly resourceId?: string;
}

/** What a site tells by itself. It may tell a change twice, and lose one: listings find those at their turn. */
export interface EventsFacet {
  /**
   * Listens until the signal aborts or the site ends it, which is no failure. The first batch is empty and means that it
   * listens; a batch counts as taken when the next one is asked for: where a site keeps what was not taken, it tells it
   * again to whoever listens next.
   * @throws UnsupportedCapability, with what to do about it, where the site was not set up for it.
   */
  watch(signal: AbortSignal): AsyncIterable<readonly SiteChange[]>;
}
