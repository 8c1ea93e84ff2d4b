import { isProviderError, ProviderError } from "../domain/errors.ts";
import { type Lease, leaseName, readLease } from "../domain/lease.ts";
import type { absentDocument, DocumentsFacet } from "../providers/documents-facet.ts";
import type { SiteDeps } from "./deps.ts";

const absent: typeof absentDocument = "absent";
/** Writers of one lease are few; who loses so often decides on what is never true for long. */
const attempts = 5;

export interface SeenLease {
  readonly lease: Lease;
  readonly version: string;
}

/** Leases as documents at recovery sites. */
export class GroupLeases {
  readonly #registry: SiteDeps["registry"];

  constructor({ registry }: Pick<SiteDeps, "registry">) {
    this.#registry = registry;
  }

  async look(at: string, groupId: string, signal: AbortSignal): Promise<SeenLease | undefined> {
    const documents = await this.#documents(at);
    const kept = await documents.get(leaseName(groupId), signal);
    return kept && { lease: readLease(kept.value, groupId), version: kept.version };
  }

  /** Decides on what is there now and writes that if it is still so; a repeat with the key gives what the first one wrote. */
  async change(
    place: { readonly at: string; readonly groupId: string; readonly key: string },
    decide: (lease: Lease | undefined, version: string) => Lease,
    signal: AbortSignal,
  ): Promise<Lease> {
    const { at, groupId, key } = place;
    const documents = await this.#documents(at);
    const name = leaseName(groupId);
    for (let attempt = 1; ; attempt++) {
      const kept = await documents.get(name, signal);
      const before = kept && readLease(kept.value, groupId);
      if (before && kept.key === key) return before;
      const version = kept?.version ?? absent;
      const value = decide(before, version);
      // What already is so needs no write.
      if (value === before) return value;
      try {
        await documents.put({ name, value, version, key }, signal);
        return value;
      } catch (error) {
        if (!isProviderError(error, "Conflict") || attempt >= attempts) throw error;
      }
    }
  }

  async #documents(at: string): Promise<DocumentsFacet> {
    const provider = await this.#registry.provider(at);
    if (provider.documents) return provider.documents;
    throw new ProviderError("UnsupportedCapability", {
      operation: "keep a lease",
      resource: at,
      reason: provider.capabilities.documents ?? "the site keeps no documents",
      action: "Choose another recovery site.",
    });
  }
}
