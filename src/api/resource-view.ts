import { ownerOf, projectOf } from "../domain/resource.ts";
import type { InventoryResource } from "../store/index.ts";
import type { ResourceView } from "./schemas/resource.ts";

/** A resource as answers show it. Its details are in snake_case already, and are not to be touched again. */
export function resourceView(resource: InventoryResource): ResourceView {
  const { document } = resource;
  const tags = (document.tags ?? {}) as Readonly<Record<string, string>>;
  const { monthlyCostMicros: micros } = resource;
  return {
    site: resource.site,
    kind: resource.kind,
    resource_id: resource.resourceId,
    provider: resource.provider,
    name: resource.name,
    ...defined({
      region: resource.region,
      state: resource.state,
      state_since: resource.stateSince,
      cpus: resource.cpus,
      memory_bytes: resource.memoryBytes,
      size_bytes: resource.sizeBytes,
      monthly_cost: micros === undefined ? undefined : { micros, currency: "USD" },
      type: typeOf(resource),
      owner: ownerOf(tags),
      project: projectOf(tags),
    }),
    tags,
    ...defined({ created_at: resource.createdAt }),
    first_seen_at: resource.firstSeenAt,
    changed_at: resource.changedAt,
    observed_at: resource.observedAt,
    details: document,
  };
}

function typeOf({ kind, document }: InventoryResource): string | undefined {
  const type = kind === "vm" ? document.instance_type : kind === "volume" ? document.type : undefined;
  return typeof type === "string" ? type : undefined;
}

function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
