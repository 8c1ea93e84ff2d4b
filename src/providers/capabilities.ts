import type { Capabilities } from "./provider.ts";

/** What each kind of site cannot do, with the reason for a person. */
export const capabilities = {
  libvirt: {
    "network.create": "A host's networks are its administrator's; NovaCron uses the ones that are there",
    images: "A KVM host has no image catalogue; VMs are made from recovery points",
    snapshots: "Points of a VM's disks are recovery points here",
    objects: "A KVM host has no object storage",
    quotas: "A KVM host sets no quotas; `quotas` of the configuration are the ceilings",
  },
} as const satisfies Readonly<Record<string, Capabilities>>;
