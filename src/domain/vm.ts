import type { CapacityType } from "./instance-type.ts";

/** The virtual machine as every site shows it. Sizes are bytes; times are ISO 8601 UTC strings (plain JSON). */

export type PowerState = "running" | "stopped" | "paused" | "starting" | "stopping" | "crashed" | "unknown";
export type Firmware = "bios" | "uefi";
/** How the guest sees a disk; decides which driver its initramfs needs. */
export type DiskBus = "virtio-blk" | "virtio-scsi" | "nvme" | "ide" | "sata" | "xen" | "hyperv";

export interface VmDisk {
  /** Stable within the VM; on libvirt the target device (`vda`). */
  readonly diskId: string;
  readonly volumeId: string;
  readonly sizeBytes: number;
  readonly bus: DiskBus;
  readonly boot: boolean;
  /** Bytes the site stores for it, where it can say. */
  readonly allocatedBytes?: number;
  /** `qcow2`, `raw`, `gp3`…: the site's own word. */
  readonly type?: string;
}

export interface VmNic {
  readonly nicId: string;
  readonly networkId: string;
  readonly mac?: string;
  /** In its network, where the site gives it one. */
  readonly address?: string;
  /** By which the internet reaches it, where it has one. */
  readonly publicAddress?: string;
}

/** The network id of a NIC that reaches nobody, at sites where networks aren't made; published ports still reach the VM. */
export const isolatedNetworkId = "isolated";

/** Where a guest's port can be reached from the site's worker. */
export interface VmEndpoint {
  readonly guestPort: number;
  readonly host: string;
  readonly port: number;
}

export interface Vm {
  /** The site's own id (libvirt: UUID). Unique within the site only. */
  readonly vmId: string;
  readonly site: string;
  readonly name: string;
  readonly state: PowerState;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** The site's name for its size, and how it is paid, where the site has such. */
  readonly instanceType?: string;
  readonly capacityType?: CapacityType;
  readonly zone?: string;
  readonly firmware: Firmware;
  readonly architecture: "x86_64" | "aarch64";
  readonly disks: readonly VmDisk[];
  readonly nics: readonly VmNic[];
  /** Guest ports that the site publishes while the VM runs. */
  readonly publishPorts: readonly number[];
  /** Where they can be reached now; empty unless it runs. */
  readonly endpoints: readonly VmEndpoint[];
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt?: string;
}

/** Tags this product sets on resources. Everything it creates carries `managed` and `key`. */
export const tagKeys = {
  /** `true` on every resource we created. */
  managed: "novacron:managed",
  /** The idempotency key of the create call. */
  key: "novacron:key",
  /** On a VM that must not be started: the id of the migration that moved it away. */
  fencedBy: "novacron:fenced-by",
  /** The id that a VM keeps across moves; set on the first move, copied to every successor. */
  lineage: "novacron:lineage",
  /** The migration that created the resource. */
  migration: "novacron:migration",
  /** On a VM that runs what another site has no room for: which workload overflowed. */
  burst: "novacron:burst",
  /** A regular expression in the console output that proves a boot; copied to every successor. */
  bootMarker: "novacron:boot-marker",
} as const;

/** The volumes of a VM as it was seen, by disk. */
export function volumesOf(version: string): Readonly<Record<string, string>> {
  const { disks } = JSON.parse(version) as { readonly disks: readonly (readonly [string, string])[] };
  return Object.fromEntries(disks.map(([diskId, volumeId]) => [diskId, volumeId]));
}

/** What the plan compares to see whether a VM changed since: a stable text of all that a migration carries over. */
export function vmVersion(vm: Vm): string {
  return JSON.stringify({
    name: vm.name,
    state: vm.state,
    cpus: vm.cpus,
    memoryBytes: vm.memoryBytes,
    instanceType: vm.instanceType,
    firmware: vm.firmware,
    disks: vm.disks.map((disk) => [disk.diskId, disk.volumeId, disk.sizeBytes, disk.bus, disk.boot]),
    nics: vm.nics.map((nic) => [nic.nicId, nic.networkId]),
    tags: Object.entries(vm.tags).sort(([a], [b]) => (a < b ? -1 : 1)),
  });
}
