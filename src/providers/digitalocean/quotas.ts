import type { Quota, QuotasFacet } from "../cloud-facets.ts";
import type { DigitalOcean } from "./client.ts";
import type { Account } from "./wire.ts";

interface Counted {
  readonly meta: { readonly total: number };
}

/** What DigitalOcean tells of a team's limits; there are others, such as that of volumes, which it does not. */
export class DigitalOceanQuotas implements QuotasFacet {
  readonly #cloud: DigitalOcean;

  constructor(cloud: DigitalOcean) {
    this.#cloud = cloud;
  }

  /** A size of any kind counts as one droplet. */
  async *listQuotas(signal: AbortSignal): AsyncGenerator<Quota> {
    const subject = { operation: "list quotas", resource: this.#cloud.site };
    const { account } = await this.#cloud.call<{ account: Account }>(
      { operation: "account_get", path: "account" },
      subject,
      signal,
    );
    const count = async (operation: string, path: string) => {
      const answer = await this.#cloud.call<Counted>({ operation, path, query: { per_page: 1 } }, subject, signal);
      return answer.meta.total;
    };
    const droplets = await count("droplets_list", "droplets");
    yield { quota: "vms", title: "Droplets", limit: account.droplet_limit, used: droplets, unit: "VMs" };
    const addresses = await count("reservedIPs_list", "reserved_ips");
    yield {
      quota: "addresses",
      title: "Reserved IPs",
      limit: account.floating_ip_limit,
      used: addresses,
      unit: "addresses",
    };
  }
}
