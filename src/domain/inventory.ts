import type { ResourceKind } from "./resource.ts";

/** What came of reading one kind of a site's resources. */
export interface KindSync {
  readonly kind: ResourceKind;
  readonly seen: number;
  readonly changed: number;
  /** Why it could not be read; what was seen before stays, with its age. */
  readonly error?: string;
}

export interface SiteSync {
  readonly site: string;
  /** By the clock of the machine that read it; UTC. */
  readonly startedAt: string;
  readonly kinds: readonly KindSync[];
}
