import type { DiskBus, Firmware } from "./vm.ts";

/** A size that a site sells VMs in. */
export interface InstanceType {
  /** The site's own name: `m6i.large`. */
  readonly name: string;
  /** What its quotas and families go by: `m6i`. */
  readonly family: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly architecture: "x86_64" | "aarch64";
  readonly firmwares: readonly Firmware[];
  /** How its guests see their disks and their network: what an initramfs needs drivers for. */
  readonly diskBus: DiskBus;
  readonly nicModel: NicModel;
  /** True where CPU above a baseline is on credit. */
  readonly burstable: boolean;
  readonly gpus: number;
  readonly bareMetal: boolean;
  readonly maxDisks?: number;
  readonly maxNics?: number;
  /** Local disks that are lost with the host. */
  readonly localDiskBytes?: number;
  /** Zones that offer it; absent when all do. */
  readonly zones?: readonly string[];
}

export type NicModel = "virtio-net" | "ena" | "hv_netvsc" | "gve" | "e1000";

/** How capacity is bought: `spot` is cheaper, and the site may take it back. */
export const capacityTypes = ["on-demand", "spot"] as const;
export type CapacityType = (typeof capacityTypes)[number];
