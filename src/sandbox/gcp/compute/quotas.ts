import type { GcpCloud } from "../cloud.ts";
import { OperationError } from "../errors.ts";
import { regionOfPath } from "../places.ts";
import { machineTypeNamed } from "./machine-types.ts";

/** As a young project finds them; the setting `quotas` overrides. */
const usualLimits: Readonly<Record<string, number>> = {
  CPUS: 72,
  PREEMPTIBLE_CPUS: 72,
  INSTANCES: 720,
  DISKS_TOTAL_GB: 40_960,
  SSD_TOTAL_GB: 10_240,
  IN_USE_ADDRESSES: 69,
  STATIC_ADDRESSES: 69,
};
const usualGlobalLimits: Readonly<Record<string, number>> = {
  SNAPSHOTS: 10_000,
  IMAGES: 2_000,
  NETWORKS: 15,
  FIREWALLS: 500,
  SUBNETWORKS: 275,
};

export interface Quota {
  readonly metric: string;
  readonly limit: number;
  readonly usage: number;
}

/** What of the project's limits is used, in a region or (`global`) in all. */
export class Quotas {
  readonly #cloud: GcpCloud;

  constructor(cloud: GcpCloud) {
    this.#cloud = cloud;
  }

  list(region: string): Quota[] {
    const limits = region === "global" ? usualGlobalLimits : usualLimits;
    return Object.entries(limits).map(([metric, limit]) => ({
      metric,
      limit: this.#cloud.settings.quotas[metric] ?? limit,
      usage: this.#usage(region, metric),
    }));
  }

  /** @throws OperationError QUOTA_EXCEEDED: https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-vm-creation */
  check(region: string, metric: string, more: number): void {
    const quota = this.list(region).find((one) => one.metric === metric);
    if (!quota || quota.usage + more <= quota.limit) return;
    throw quotaExceeded(metric, quota.limit, region);
  }

  #usage(region: string, metric: string): number {
    const { disks, instances, addresses, snapshots, images, networks, firewalls, subnetworks } = this.#cloud.tables;
    const here = <T extends { id: string }>(items: Iterable<T>): T[] =>
      [...items].filter(({ id }) => regionOfPath(id) === region);
    const sizes = (wanted: (type: string) => boolean) =>
      here(disks.values())
        .filter(({ type }) => wanted(type))
        .reduce((sum, { sizeGb }) => sum + sizeGb, 0);
    const cpus = (spot: boolean) =>
      here(instances.values())
        .filter((one) => one.spot === spot && one.status !== "TERMINATED")
        .reduce((sum, { machineType }) => sum + (machineTypeNamed(machineType)?.cpus ?? 0), 0);
    switch (metric) {
      case "CPUS":
        return cpus(false);
      case "PREEMPTIBLE_CPUS":
        return cpus(true);
      case "INSTANCES":
        return here(instances.values()).length;
      case "DISKS_TOTAL_GB":
        return sizes((type) => type === "pd-standard");
      case "SSD_TOTAL_GB":
        return sizes((type) => type !== "pd-standard");
      case "STATIC_ADDRESSES":
        return here(addresses.values()).length;
      case "IN_USE_ADDRESSES":
        return here(instances.values())
          .flatMap(({ nics }) => nics)
          .filter(({ access }) => access?.natIp).length;
      case "SNAPSHOTS":
        return snapshots.size;
      case "IMAGES":
        return images.where(({ project }) => project !== "debian-cloud").length;
      case "NETWORKS":
        return networks.size;
      case "FIREWALLS":
        return firewalls.size;
      case "SUBNETWORKS":
        return subnetworks.size;
      default:
        return 0;
    }
  }
}

export function quotaExceeded(metric: string, limit: number, region: string): OperationError {
  const where = region === "global" ? "globally" : `in region ${region}`;
  return new OperationError("QUOTA_EXCEEDED", `Quota '${metric}' exceeded.  Limit: ${limit.toFixed(1)} ${where}.`, 403);
}

/** The disk quota's metric that a disk type counts for: https://cloud.google.com/compute/resource-usage */
export function diskMetric(type: string): string {
  return type === "pd-standard" ? "DISKS_TOTAL_GB" : "SSD_TOTAL_GB";
}
