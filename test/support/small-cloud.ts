import { ProviderError } from "../../src/domain/errors.ts";
import type { Vm } from "../../src/domain/vm.ts";
import type { Address, SecurityGroup, Snapshot } from "../../src/providers/cloud-facets.ts";
import type { ListedVolume, Network, Provider } from "../../src/providers/provider.ts";

/** What a region has. Tests change it while the inventory reads it. */
export interface Region {
  vms: Vm[];
  volumes: ListedVolume[];
  snapshots: Snapshot[];
  addresses: Address[];
  groups: SecurityGroup[];
  networks: Network[];
  /** What the site answers instead of a list. */
  failing: Partial<Record<"vms" | "volumes" | "snapshots" | "addresses" | "groups" | "networks", ProviderError>>;
  /** What the next listings wait for, one each. */
  holds: Promise<void>[];
}

export function emptyRegion(): Region {
  return { vms: [], volumes: [], snapshots: [], addresses: [], groups: [], networks: [], failing: {}, holds: [] };
}

export function vmIn(site: string, name: string, more: Partial<Vm> = {}): Vm {
  return {
    vmId: `i-${name}`,
    site,
    name,
    state: "running",
    cpus: 2,
    memoryBytes: 2 ** 33,
    firmware: "uefi",
    architecture: "x86_64",
    disks: [],
    nics: [],
    publishPorts: [],
    endpoints: [],
    tags: { Name: name },
    ...more,
  };
}

/** The part of a provider that the inventory reads, over a region in memory. Anything else is not there. */
export function regionProvider(site: string, kind: string, region: Region): Provider {
  async function* list<T>(what: keyof Region["failing"], items: () => readonly T[]): AsyncGenerator<T> {
    const failure = region.failing[what];
    if (failure) throw failure;
    await region.holds.shift();
    yield* items();
  }
  const provider = {
    site,
    kind,
    capabilities: {},
    simulated: true,
    compute: {
      listVms: () => list("vms", () => region.vms),
      async getVm(vmId: string): Promise<Vm> {
        const found = region.vms.find((vm) => vm.vmId === vmId);
        if (found) return found;
        throw new ProviderError("NotFound", {
          operation: "look at the VM",
          resource: `${site}/vm/${vmId}`,
          reason: "there is none",
          action: "List them.",
        });
      },
    },
    disks: {
      listVolumes: () => list("volumes", () => region.volumes),
      async *listPoints() {},
    },
    snapshots: { listSnapshots: () => list("snapshots", () => region.snapshots) },
    network: { listNetworks: () => list("networks", () => region.networks) },
    networkAdmin: {
      listVirtualNetworks: () => list("networks", () => []),
      listSecurityGroups: () => list("groups", () => region.groups),
      listAddresses: () => list("addresses", () => region.addresses),
    },
    async *census() {},
  };
  return provider as unknown as Provider;
}
