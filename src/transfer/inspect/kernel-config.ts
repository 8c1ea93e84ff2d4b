import type { Driver } from "../../domain/guest.ts";
import { assignments } from "./text.ts";

/** The kernel's option for each driver: from the Makefiles of its sources. */
const options: Readonly<Record<Driver, string>> = {
  virtio_pci: "VIRTIO_PCI",
  virtio_blk: "VIRTIO_BLK",
  virtio_scsi: "SCSI_VIRTIO",
  virtio_net: "VIRTIO_NET",
  nvme: "BLK_DEV_NVME",
  nvme_core: "NVME_CORE",
  sd_mod: "BLK_DEV_SD",
  scsi_mod: "SCSI",
  libata: "ATA",
  ata_piix: "ATA_PIIX",
  ata_generic: "ATA_GENERIC",
  ahci: "SATA_AHCI",
  hv_vmbus: "HYPERV",
  hv_storvsc: "HYPERV_STORAGE",
  hv_netvsc: "HYPERV_NET",
  ena: "ENA_ETHERNET",
  ixgbevf: "IXGBEVF",
  gve: "GVE",
  mlx4_core: "MLX4_CORE",
  mlx5_core: "MLX5_CORE",
  mana: "MICROSOFT_MANA",
  e1000: "E1000",
  e1000e: "E1000E",
  vmxnet3: "VMXNET3",
  vmw_pvscsi: "VMWARE_PVSCSI",
  xen_blkfront: "XEN_BLKDEV_FRONTEND",
  xen_netfront: "XEN_NETDEV_FRONTEND",
};

/** The drivers that a kernel's configuration (`/boot/config-…`) builds in. */
export function builtInByConfig(config: string): string[] {
  const set = assignments(config);
  return Object.entries(options)
    .filter(([, option]) => set.get(`CONFIG_${option}`) === "y")
    .map(([driver]) => driver)
    .sort();
}
