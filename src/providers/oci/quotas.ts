import { isProviderError } from "../../domain/errors.ts";
import type { Quota, QuotasFacet } from "../cloud-facets.ts";
import type { Oci } from "./client.ts";
import type { Shape } from "./models.ts";
import { isArm, type Shapes } from "./shapes.ts";
import { items, type OciView } from "./view.ts";

/** The series that VMs go to by themselves, where the region has it. */
const usualSeries = "standard-e4";

interface Known {
  readonly quota: string;
  readonly service: string;
  readonly name: string;
  readonly unit: string;
}

/** "Service Limits": the names of the limits, as the Limits API lists them. */
const others: readonly Known[] = [
  { quota: "volume-gib", service: "block-storage", name: "total-storage-gb", unit: "GiB" },
  { quota: "volumes", service: "block-storage", name: "volume-count", unit: "volumes" },
  { quota: "snapshots", service: "block-storage", name: "backup-count", unit: "backups" },
  { quota: "addresses", service: "vcn", name: "reserved-public-ip-count", unit: "addresses" },
];

/** Limits of availability domains are those of the first one, where what nothing binds to a place goes. */
export class OciQuotas implements QuotasFacet {
  readonly #oci: Oci;
  readonly #view: OciView;
  readonly #shapes: Shapes;

  constructor(oci: Oci, parts: { view: OciView; shapes: Shapes }) {
    this.#oci = oci;
    this.#view = parts.view;
    this.#shapes = parts.shapes;
  }

  async *listQuotas(signal: AbortSignal): AsyncGenerator<Quota> {
    const limits = await this.#limits("compute", signal);
    const series = new Map<string, Shape>();
    for await (const { family, name } of this.#shapes.list(signal)) {
      const shape = await this.#shapes.find(name.split(":")[0] ?? name, signal);
      if (shape && !series.has(family)) series.set(family, shape);
    }
    const usual = series.has(usualSeries) ? usualSeries : [...series.keys()].sort()[0];
    for (const [family, shape] of [...series].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const known = {
        quota: family === usual ? "vcpus" : `vcpus-${family}`,
        service: "compute",
        name: `${family}-core-count`,
        // An OCPU of Arm is one core to its guests, which is what cores are counted as.
        unit: isArm(shape) ? "cores" : "OCPUs",
      };
      const quota = await this.#quota(known, limits, signal);
      if (quota) yield { ...quota, instanceFamilies: [family] };
    }
    for (const service of new Set(others.map((known) => known.service))) {
      const limitsOf = await this.#limits(service, signal);
      for (const known of others.filter((other) => other.service === service)) {
        const quota = await this.#quota(known, limitsOf, signal);
        if (quota) yield quota;
      }
    }
  }

  async #quota(
    { quota, service, name, unit }: Known,
    limits: ReadonlyMap<string, { value: number; domain?: string }>,
    signal: AbortSignal,
  ): Promise<Quota | undefined> {
    const limit = limits.get(name);
    if (!limit) return undefined;
    const subject = this.#subject(`look up limit ${name}`);
    const request = {
      serviceName: service,
      limitName: name,
      compartmentId: await this.#oci.tenancy(),
      ...(limit.domain !== undefined && { availabilityDomain: limit.domain }),
    };
    // Of some limits Oracle does not say how much is used.
    const answer = await this.#oci.limits
      .call("getResourceAvailability", request, subject, signal)
      .catch((error: unknown) => {
        if (isProviderError(error, "NotFound", "InvalidInput", "UnsupportedCapability")) return undefined;
        throw error;
      });
    const used = answer?.resourceAvailability.used ?? answer?.resourceAvailability.fractionalUsage;
    return { quota, title: name, limit: limit.value, ...(used !== undefined && { used }), unit };
  }

  async #limits(serviceName: string, signal: AbortSignal): Promise<Map<string, { value: number; domain?: string }>> {
    const subject = this.#subject(`list limits of ${serviceName}`);
    const [firstDomain] = await this.#view.availabilityDomains(subject, signal);
    const request = { compartmentId: await this.#oci.tenancy(), serviceName, limit: 1_000 };
    const found = new Map<string, { value: number; domain?: string }>();
    const listed = items((page) => this.#oci.limits.call("listLimitValues", { ...request, page }, subject, signal));
    for await (const { name = "", value = 0, availabilityDomain } of listed) {
      if (availabilityDomain !== undefined && availabilityDomain !== firstDomain) continue;
      found.set(name, { value, ...(availabilityDomain !== undefined && { domain: availabilityDomain }) });
    }
    return found;
  }

  #subject(operation: string) {
    return { operation, resource: this.#oci.site };
  }
}
