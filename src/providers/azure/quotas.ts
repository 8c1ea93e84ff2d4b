import type { Quota, QuotasFacet } from "../cloud-facets.ts";
import type { Azure } from "./client.ts";
import type { InstanceTypes } from "./instance-types.ts";

/** "Check vCPU quotas": what Azure counts for all sizes together, and our names for it. Deallocated VMs count. */
const named: Readonly<Record<string, { readonly quota: string; readonly unit: string; readonly spot?: boolean }>> = {
  cores: { quota: "vcpus", unit: "vCPUs" },
  lowprioritycores: { quota: "spot-vcpus", unit: "vCPUs", spot: true },
  virtualmachines: { quota: "vms", unit: "VMs" },
};
const addresses = "publicipaddresses";

export class AzureQuotas implements QuotasFacet {
  readonly #azure: Azure;
  readonly #types: InstanceTypes;

  constructor(azure: Azure, types: InstanceTypes) {
    this.#azure = azure;
    this.#types = types;
  }

  async *listQuotas(signal: AbortSignal): AsyncGenerator<Quota> {
    const subject = { operation: "list quotas", resource: this.#azure.site };
    const { region } = this.#azure.entry;
    const families = new Map<string, string>();
    for await (const { family } of this.#types.list(signal)) families.set(family.toLowerCase(), family);
    const usages = this.#azure.computeList(subject, signal, (client, { options }) =>
      client.usage.list(region, options),
    );
    for await (const { name, currentValue = 0, limit = 0 } of usages) {
      const key = (name?.value ?? "").toLowerCase();
      const title = name?.localizedValue ?? name?.value ?? key;
      const known = named[key];
      if (known) {
        yield {
          quota: known.quota,
          title,
          limit,
          used: currentValue,
          unit: known.unit,
          ...(known.unit === "vCPUs" && {
            instanceFamilies: [...families.values()].toSorted(),
            capacityType: known.spot ? ("spot" as const) : ("on-demand" as const),
          }),
        };
        continue;
      }
      const family = families.get(key);
      // Of a family that has no VM in this region there is nothing to say.
      if (family === undefined) continue;
      yield {
        quota: `vcpus-${family}`,
        title,
        limit,
        used: currentValue,
        unit: "vCPUs",
        capacityType: "on-demand",
        instanceFamilies: [family],
      };
    }
    const networks = this.#azure.networkList(subject, signal, (client, { options }) =>
      client.usages.list(region, options),
    );
    for await (const { name, currentValue, limit } of networks) {
      if ((name.value ?? "").toLowerCase() !== addresses) continue;
      const title = name.localizedValue ?? "Public IP addresses";
      yield { quota: "addresses", title, limit, used: currentValue, unit: "addresses" };
    }
  }
}
