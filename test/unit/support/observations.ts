import type { InstanceType } from "../../../src/domain/instance-type.ts";
import type { MigrationObservations } from "../../../src/domain/migration-parts.ts";
import type { Price, PriceBook } from "../../../src/domain/prices.ts";
import { awsTagRules } from "../../../src/domain/tag-rules.ts";
import type { Vm } from "../../../src/domain/vm.ts";

export const gib = 2 ** 30;

export function sizeOf(name: string, cpus: number, memoryGib: number, over: Partial<InstanceType> = {}): InstanceType {
  return {
    name,
    family: name.split(".")[0] ?? name,
    cpus,
    memoryBytes: memoryGib * gib,
    architecture: "x86_64",
    firmwares: ["bios", "uefi"],
    diskBus: "nvme",
    nicModel: "ena",
    burstable: false,
    gpus: 0,
    bareMetal: false,
    maxDisks: 28,
    maxNics: 3,
    ...over,
  };
}

export function priceOf(over: Partial<Price>): Price {
  return {
    provider: "acme",
    region: "mars-1",
    kind: "instance",
    item: "m6.large",
    terms: "on-demand",
    above: 0,
    price: { micros: 96_000, currency: "USD" },
    unit: "hour",
    pricedOn: "2026-07-20",
    source: "the tariff",
    ...over,
  };
}

export function bookOf(...prices: Price[]): PriceBook {
  return { provider: "acme", region: "mars-1", prices };
}

export function vmAt(site: string, over: Partial<Vm> = {}): Vm {
  return {
    vmId: "vm-1",
    site,
    name: "web-1",
    state: "running",
    cpus: 1,
    memoryBytes: gib / 4,
    firmware: "bios",
    architecture: "x86_64",
    disks: [{ diskId: "vda", volumeId: "v-1", sizeBytes: gib / 8, bus: "virtio-blk", boot: true }],
    nics: [{ nicId: "net0", networkId: "lan", mac: "52:54:00:12:34:56" }],
    publishPorts: [8080],
    endpoints: [],
    tags: { owner: "web team" },
    ...over,
  };
}

type Side<K extends "source" | "target"> = MigrationObservations[K];

export const host: Side<"target"> & Side<"source"> = {
  capabilityGaps: { "compute.instance-types": "any size will do", prices: "no price list" },
  fixedShapes: false,
  networks: [{ networkId: "lan", name: "lan", active: true }],
  freeBytes: 100 * gib,
  vmNames: [],
  ceilings: [],
};

export const cloud: Side<"target"> & Side<"source"> = {
  capabilityGaps: {
    "network.fixed-mac": "the cloud makes them",
    "compute.create-stopped": "it starts what it creates",
  },
  fixedShapes: true,
  networks: [
    { networkId: "subnet-a", name: "front", active: true, virtualNetworkId: "vpc-1", zone: "mars-1a" },
    { networkId: "subnet-b", name: "back", active: true, virtualNetworkId: "vpc-1", zone: "mars-1b", isDefault: true },
  ],
  vmNames: [],
  ceilings: [],
  instanceTypes: [
    sizeOf("m6.large", 2, 8),
    sizeOf("c6.large", 2, 4),
    sizeOf("m6.xlarge", 4, 16),
    sizeOf("t3.micro", 2, 1, { burstable: true }),
    sizeOf("m6.metal", 96, 384, { bareMetal: true }),
    sizeOf("g5.xlarge", 4, 16, { gpus: 1 }),
    sizeOf("m7g.large", 2, 8, { architecture: "aarch64" }),
    sizeOf("n1.large", 2, 8),
  ],
  tagRules: awsTagRules,
  quotas: [],
  prices: bookOf(
    priceOf({}),
    priceOf({ item: "c6.large", price: { micros: 85_000, currency: "USD" } }),
    priceOf({ item: "c6.large", terms: "spot", price: { micros: 31_000, currency: "USD" } }),
    priceOf({ item: "m6.xlarge", price: { micros: 192_000, currency: "USD" } }),
    priceOf({ kind: "disk", item: "ssd", unit: "gib-month", price: { micros: 80_000, currency: "USD" } }),
    priceOf({ kind: "egress", item: "internet", unit: "gib", price: { micros: 90_000, currency: "USD" } }),
  ),
  diskType: "ssd",
  securityGroups: [
    { securityGroupId: "sg-1", name: "web", virtualNetworkId: "vpc-1" },
    { securityGroupId: "sg-2", name: "web", virtualNetworkId: "vpc-2" },
    { securityGroupId: "sg-3", name: "ssh", virtualNetworkId: "vpc-1" },
  ],
};

/** A move from a KVM host into a cloud, unless told otherwise. */
export function observed(over: Partial<MigrationObservations> = {}): MigrationObservations {
  const vm = over.vm ?? vmAt("onprem-a");
  const rounds = (over.target ?? cloud).instanceTypes !== undefined;
  return {
    request: { vm: "web-1", from: "onprem-a", to: "mars" },
    defaults: { stopGraceMs: 60_000, bootTimeoutMs: 1, probeTimeoutMs: 1, verify: true, rollbackOnFailure: true },
    disks: vm.disks.map(({ diskId, sizeBytes }) => ({
      diskId,
      sizeBytes,
      targetSizeBytes: rounds ? Math.ceil(sizeBytes / gib) * gib : sizeBytes,
      allocatedBytes: 42 * 2 ** 20,
      bases: [],
    })),
    source: host,
    target: cloud,
    history: [],
    ...over,
    vm,
  };
}
