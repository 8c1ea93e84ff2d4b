/** Domains as an administrator of a sandbox host would define them; the metadata is the contract in the libvirt
 *  provider's README. Always software emulation: a sandbox must not depend on what the processor can do. */

import type { Firmware } from "../domain/vm.ts";

export interface DomainDisk {
  readonly path: string;
  readonly boot: boolean;
}

export function sandboxDomainXml(spec: {
  vmId: string;
  name: string;
  memoryMib: number;
  disks: readonly DomainDisk[];
  network: boolean;
  consolePath: string;
  publishPorts: readonly number[];
  tags: Readonly<Record<string, string>>;
  /** The host's end of the guest agent's channel; libvirt's own place for it has too long a path. */
  agentSocket?: string;
  firmware?: Firmware;
}): string {
  const tags = Object.entries(spec.tags).map(
    ([key, value]) => `<novacron:tag key="${xml(key)}" value="${xml(value)}"/>`,
  );
  const ports = spec.publishPorts.map((port) => `<novacron:publish port="${port}"/>`);
  const disks = spec.disks.map(
    ({ path, boot }, index) =>
      `<disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source file='${xml(path)}'/>` +
      `<target dev='vd${String.fromCharCode(97 + index)}' bus='virtio'/>${boot ? "<boot order='1'/>" : ""}</disk>`,
  );
  const agent =
    spec.agentSocket === undefined
      ? ""
      : `<channel type='unix'><source mode='bind' path='${xml(spec.agentSocket)}'/>` +
        "<target type='virtio' name='org.qemu.guest_agent.0'/></channel>";
  const type = "<type arch='x86_64' machine='q35'>hvm</type>";
  // libvirt chooses the flash images itself; those with keys enrolled would refuse our boot loader.
  const os =
    spec.firmware === "uefi"
      ? `<os firmware='efi'>${type}<firmware><feature enabled='no' name='secure-boot'/></firmware></os>`
      : `<os>${type}</os>`;
  return `<domain type='qemu'>
  <name>${xml(spec.name)}</name>
  <uuid>${spec.vmId}</uuid>
  <metadata><novacron:vm xmlns:novacron="urn:novacron:libvirt:1">${tags.join("")}${ports.join("")}</novacron:vm></metadata>
  <memory unit='MiB'>${spec.memoryMib}</memory>
  <vcpu>1</vcpu>
  ${os}
  <features><acpi/><apic/></features>
  <cpu mode='maximum'/>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <devices>
    ${disks.join("\n    ")}
    ${spec.network ? "<interface type='user'><model type='virtio'/></interface>" : ""}
    <serial type='file'><source path='${xml(spec.consolePath)}' append='off'/><target port='0'/></serial>
    ${agent}
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <memballoon model='virtio'><stats period='2'/></memballoon>
  </devices>
</domain>
`;
}

function xml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&apos;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
