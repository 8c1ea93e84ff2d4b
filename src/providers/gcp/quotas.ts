import type * as Compute from "@google-cloud/compute";
import type { Quota, QuotasFacet } from "../cloud-facets.ts";
import type { Gcp } from "./client.ts";
import type { MachineTypes } from "./machine-types.ts";

type Region = Compute.protos.google.cloud.compute.v1.IRegion;

/** Metrics of the region that more than one kind of thing counts against: "Allocation quotas". */
const metrics: Readonly<Record<string, { quota: string; title: string; unit: string }>> = {
  INSTANCES: { quota: "vms", title: "VM instances", unit: "VMs" },
  SSD_TOTAL_GB: { quota: "volume-gib", title: "SSD persistent disks, balanced ones among them", unit: "GiB" },
  DISKS_TOTAL_GB: { quota: "standard-volume-gib", title: "Standard persistent disks", unit: "GiB" },
  STATIC_ADDRESSES: { quota: "addresses", title: "Static external addresses", unit: "addresses" },
};
/** `C2_CPUS`, `N2_CPUS` and so on are those of one family; CPUS is that of the families without one of their own. */
const ownMetric = /^([A-Z0-9]+)_CPUS$/;

export class GcpQuotas implements QuotasFacet {
  readonly #gcp: Gcp;
  readonly #types: MachineTypes;

  constructor(gcp: Gcp, types: MachineTypes) {
    this.#gcp = gcp;
    this.#types = types;
  }

  async *listQuotas(signal: AbortSignal): AsyncGenerator<Quota> {
    const { region } = this.#gcp;
    const subject = { operation: "list quotas", resource: this.#gcp.resource("region", region) };
    const { quotas = [] } = await this.#gcp.call<Region>("regions", "get", { region }, subject, signal);
    const families = new Set<string>();
    for await (const { family } of this.#types.list(signal)) families.add(family);
    const own = (quotas ?? []).flatMap(({ metric }) => ownMetric.exec(metric ?? "")?.[1]?.toLowerCase() ?? []);
    const common = [...families].filter((family) => !own.includes(family)).sort();
    for (const { metric, limit, usage } of quotas ?? []) {
      const facts = { limit: limit ?? 0, used: usage ?? 0 };
      const family = ownMetric.exec(metric ?? "")?.[1]?.toLowerCase();
      const known = metrics[metric ?? ""];
      if (metric === "CPUS") {
        yield {
          ...{ quota: "vcpus", title: "CPUs", unit: "vCPUs", ...facts },
          ...{ instanceFamilies: common, capacityType: "on-demand" },
        };
      } else if (metric === "PREEMPTIBLE_CPUS") {
        yield {
          ...{ quota: "spot-vcpus", title: "Preemptible CPUs", unit: "vCPUs", ...facts },
          ...{ instanceFamilies: [...families].sort(), capacityType: "spot" },
        };
      } else if (family !== undefined && families.has(family)) {
        yield {
          ...{ quota: `${family}-vcpus`, title: `${family.toUpperCase()} CPUs`, unit: "vCPUs", ...facts },
          ...{ instanceFamilies: [family], capacityType: "on-demand" },
        };
      } else if (known) yield { ...known, ...facts };
    }
  }
}
