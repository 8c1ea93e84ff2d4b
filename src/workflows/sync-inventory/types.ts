import type { ResourceKind } from "../../domain/resource.ts";

export interface SyncInventoryInput {
  readonly site: string;
  /** Default: all that the site has. */
  readonly kinds?: readonly ResourceKind[];
}

/** What is known to have changed, or may have: by our own doing, or because a site told of it. */
export interface RefreshResourcesInput {
  readonly resources: readonly { readonly site: string; readonly kind: ResourceKind; readonly resourceId: string }[];
}
