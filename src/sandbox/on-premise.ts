import type { HostTools, ToolName } from "../host/tools.ts";
import type { ToolsManifest } from "../host/tools-manifest.ts";
import { FolderSite } from "./folder-site.ts";
import { Guests } from "./guests.ts";
import { LibvirtHost } from "./libvirt-host.ts";
import { LibvirtSite } from "./libvirt-site.ts";
import type { SandboxSite } from "./site.ts";

/** What a private libvirt host runs. */
const needed: readonly ToolName[] = ["qemu-system-x86_64", "qemu-img", "qemu-nbd", "libvirtd", "virsh"];
const names = ["onprem-a", "onprem-b"] as const;

export interface OnPremise {
  readonly sites: readonly SandboxSite[];
  /** Why no guest can be made, as a sentence for a person. */
  readonly noGuests: string | undefined;
}

/**
 * Sites for everyone: two private libvirt hosts on this machine; where it can't have them, two folders of disks. Folders
 * stay folders while there are VMs in them.
 */
export async function onPremiseSites(parts: {
  tools: HostTools;
  guests: ToolsManifest["guests"];
  instanceDir: string;
  templates: string;
  warn: (message: string, facts: object) => void;
}): Promise<OnPremise> {
  const { tools, guests, instanceDir, templates, warn } = parts;
  const missing = needed.map((tool) => tools.missing(tool)).find((reason) => reason !== undefined);
  const used = await Promise.all(names.map((site) => FolderSite.isUsed(instanceDir, site)));
  const kept = used.includes(true) ? "The sandbox's sites are folders and hold VMs." : undefined;
  const noHypervisor = missing ?? kept;
  if (noHypervisor !== undefined) {
    return { sites: names.map((site) => new FolderSite(instanceDir, site, noHypervisor)), noGuests: noHypervisor };
  }
  const maker = new Guests(tools, templates);
  return {
    sites: names.map((site, index) => {
      const host = new LibvirtHost(tools, instanceDir, site, index);
      return new LibvirtSite({ host, guests: maker, tools, index, warn });
    }),
    noGuests: guests.possible ? undefined : guests.reason,
  };
}
