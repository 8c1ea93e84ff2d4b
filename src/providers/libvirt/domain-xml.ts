import { type DiskBus, type Firmware, isolatedNetworkId } from "../../domain/vm.ts";
import { metadataXml, readMetadata, type VmMetadata } from "./metadata.ts";
import { attribute, child, children, type Element, escapeXml, parseXml, textOf } from "./xml.ts";

/** A domain's XML in the port's words; what the port has no word for is left out. */
export interface Domain {
  readonly uuid: string;
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly firmware: Firmware;
  readonly architecture: "x86_64" | "aarch64";
  readonly disks: readonly DomainDisk[];
  readonly nics: readonly { readonly nicId: string; readonly networkId: string; readonly mac?: string }[];
  readonly consolePath?: string;
  /** Of a guest agent's channel; absent where there is none. Only a running domain's can be connected. */
  readonly agent?: "connected" | "disconnected";
  readonly metadata: VmMetadata;
}

export interface DomainDisk {
  /** The target device: `vda`. */
  readonly diskId: string;
  readonly path: string;
  readonly format: string;
  readonly bus: DiskBus;
  readonly boot: boolean;
}

/** The id of QEMU's user-mode network; every host has it. */
export const userNetworkId = "user";

/** QEMU's name of an isolated NIC's other end. */
export const isolatedNetdev = "hostiso0";

const busNames: Readonly<Record<string, DiskBus>> = {
  virtio: "virtio-blk",
  scsi: "virtio-scsi",
  ide: "ide",
  sata: "sata",
  nvme: "nvme",
};

const targets: Readonly<Record<Exclude<DiskBus, "nvme" | "xen" | "hyperv">, { bus: string; prefix: string }>> = {
  "virtio-blk": { bus: "virtio", prefix: "vd" },
  "virtio-scsi": { bus: "scsi", prefix: "sd" },
  ide: { bus: "ide", prefix: "hd" },
  sata: { bus: "sata", prefix: "sd" },
};

export function parseDomain(text: string): Domain | undefined {
  const domain = parseXml(text, "domain");
  if (!domain) return undefined;
  const disks = children(child(domain, "devices"), "disk").flatMap(parseDisk);
  const anyBoot = disks.some((disk) => disk.boot);
  const memory = child(domain, "memory");
  const serial = [...children(child(domain, "devices"), "serial"), ...children(child(domain, "devices"), "console")];
  return {
    uuid: textOf(child(domain, "uuid")) ?? "",
    name: textOf(child(domain, "name")) ?? "",
    cpus: Number(textOf(child(domain, "vcpu")) ?? 1),
    memoryBytes: Number(textOf(memory) ?? 0) * memoryUnit(attribute(memory, "unit") ?? "KiB"),
    firmware: isUefi(domain) ? "uefi" : "bios",
    architecture: attribute(child(domain, "os", "type"), "arch") === "aarch64" ? "aarch64" : "x86_64",
    disks: disks.map((disk, index) => ({ ...disk, boot: anyBoot ? disk.boot : index === 0 })),
    nics: [...children(child(domain, "devices"), "interface").map(parseNic), ...isolatedNics(domain)],
    consolePath: serial
      .filter((device) => attribute(device, "type") === "file")
      .map((device) => attribute(child(device, "source"), "path"))
      .find((path) => path !== undefined),
    ...agentOf(domain),
    metadata: readMetadata(domain),
  };
}

function agentOf(domain: Element): Pick<Domain, "agent"> {
  const channel = children(child(domain, "devices"), "channel")
    .map((device) => child(device, "target"))
    .find((target) => attribute(target, "name") === "org.qemu.guest_agent.0");
  if (!channel) return {};
  return { agent: attribute(channel, "state") === "connected" ? "connected" : "disconnected" };
}

function parseDisk(disk: Element): DomainDisk[] {
  const device = attribute(disk, "device") ?? "disk";
  const path = attribute(child(disk, "source"), "file") ?? attribute(child(disk, "source"), "dev");
  const diskId = attribute(child(disk, "target"), "dev");
  if (device !== "disk" || path === undefined || diskId === undefined) return [];
  return [
    {
      diskId,
      path,
      format: attribute(child(disk, "driver"), "type") ?? "raw",
      bus: busNames[attribute(child(disk, "target"), "bus") ?? ""] ?? "virtio-blk",
      boot: child(disk, "boot") !== undefined,
    },
  ];
}

function parseNic(nic: Element, index: number) {
  const source = child(nic, "source");
  const bridge = attribute(nic, "type") === "bridge" ? attribute(source, "bridge") : undefined;
  const networkId = bridge ? `bridge:${bridge}` : attribute(nic, "type") === "user" ? userNetworkId : undefined;
  return {
    nicId: `net${index}`,
    networkId: networkId ?? attribute(source, "network") ?? attribute(nic, "type") ?? "unknown",
    mac: attribute(child(nic, "mac"), "address"),
  };
}

/** libvirt has no word for them; they are arguments of QEMU's. */
function isolatedNics(domain: Element): Domain["nics"] {
  const args = children(child(domain, "commandline"), "arg").flatMap((arg) => attribute(arg, "value") ?? []);
  return args.flatMap((arg) => {
    const [, nicId, mac] = /^virtio-net-pci,netdev=hostiso0,id=(net\d+),[^ ]*?(?:,mac=([0-9a-f:]+))?$/i.exec(arg) ?? [];
    return nicId === undefined ? [] : [{ nicId, networkId: isolatedNetworkId, ...(mac ? { mac } : {}) }];
  });
}

function isUefi(domain: Element): boolean {
  const os = child(domain, "os");
  return attribute(os, "firmware") === "efi" || attribute(child(os, "loader"), "type") === "pflash";
}

function memoryUnit(unit: string): number {
  const powers: Readonly<Record<string, number>> = { b: 0, bytes: 0, k: 1, kib: 1, m: 2, mib: 2, g: 3, gib: 3 };
  return 1024 ** (powers[unit.toLowerCase()] ?? 1);
}

export interface DomainSpec {
  readonly uuid: string;
  readonly name: string;
  readonly type: "qemu" | "kvm";
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly firmware: Firmware;
  readonly architecture: "x86_64" | "aarch64";
  readonly disks: readonly {
    readonly path: string;
    readonly format: string;
    readonly bus: Exclude<DiskBus, "nvme" | "xen" | "hyperv">;
    readonly boot: boolean;
  }[];
  readonly nics: readonly { readonly networkId: string; readonly mac?: string }[];
  readonly consolePath: string;
  /** A session daemon keeps the agent's socket below the user's folders, where its path easily gets too long. */
  readonly guestAgent: boolean;
  readonly metadata: VmMetadata;
}

export function domainXml(spec: DomainSpec): string {
  const machine = machineOf(spec);
  const efi = spec.firmware === "uefi";
  const secureBootOff = efi ? "<firmware><feature enabled='no' name='secure-boot'/></firmware>" : "";
  const scsi = spec.disks.some((disk) => disk.bus === "virtio-scsi")
    ? "<controller type='scsi' index='0' model='virtio-scsi'/>"
    : "";
  const connected = spec.nics.filter(({ networkId }) => networkId !== isolatedNetworkId);
  return `<domain type='${spec.type}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>${escapeXml(spec.name)}</name>
  <uuid>${spec.uuid}</uuid>
  <metadata>${metadataXml(spec.metadata, true)}</metadata>
  <memory unit='KiB'>${Math.ceil(spec.memoryBytes / 1024)}</memory>
  <vcpu>${spec.cpus}</vcpu>
  <os${efi ? " firmware='efi'" : ""}><type arch='${spec.architecture}' machine='${machine}'>hvm</type>${secureBootOff}</os>
  <features><acpi/>${spec.architecture === "x86_64" ? "<apic/>" : ""}</features>
  <cpu mode='maximum'/>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <devices>
    ${diskXml(spec.disks).join("\n    ")}
    ${scsi}
    ${connected.map(nicXml).join("\n    ")}
    <serial type='file'><source path='${escapeXml(spec.consolePath)}' append='off'/><target port='0'/></serial>
    ${spec.guestAgent ? "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>" : ""}
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <memballoon model='virtio'><stats period='2'/></memballoon>
  </devices>
  ${isolatedXml(
    spec.nics.find(({ networkId }) => networkId === isolatedNetworkId),
    machine,
  )}
</domain>
`;
}

/** A user-mode network of its own that lets nothing out; what is forwarded to it gets in (`restrict` of QEMU's user netdev). */
function isolatedXml(nic: { readonly mac?: string } | undefined, machine: string): string {
  if (!nic) return "";
  // Behind the places that libvirt gives away itself: it doesn't know of this one.
  const place = `bus=${machine === "pc" ? "pci.0" : "pcie.0"},addr=0x1e`;
  const mac = nic.mac === undefined ? "" : `,mac=${nic.mac}`;
  const device = `virtio-net-pci,netdev=${isolatedNetdev},id=net0,${place}${mac}`;
  const args = ["-netdev", `user,id=${isolatedNetdev},restrict=on`, "-device", device];
  return `<qemu:commandline>${args.map((arg) => `<qemu:arg value='${escapeXml(arg)}'/>`).join("")}</qemu:commandline>`;
}

/** The definition with another size; all else of it, ours or not, stays as it is. */
export function withSize(xml: string, { cpus, memoryBytes }: Pick<DomainSpec, "cpus" | "memoryBytes">): string {
  const memory = `unit='KiB'>${Math.ceil(memoryBytes / 1024)}<`;
  // The first of each is the domain's own; of a guest that got less than it may have, the lesser figures go.
  return xml
    .replace(/<memory unit='[^']*'>\d+</, `<memory ${memory}`)
    .replace(/\s*<currentMemory[^>]*>\d+<\/currentMemory>/, "")
    .replace(/<vcpu([^>]*)>\d+</, (_all, attributes: string) => {
      return `<vcpu${attributes.replace(/ current='\d+'/, "")}>${cpus}<`;
    });
}

/** q35 has no IDE controller. */
function machineOf(spec: DomainSpec): string {
  if (spec.architecture === "aarch64") return "virt";
  return spec.disks.some((disk) => disk.bus === "ide") ? "pc" : "q35";
}

function diskXml(disks: DomainSpec["disks"]): string[] {
  const used: Record<string, number> = {};
  const ordered = [...disks].sort((a, b) => Number(b.boot) - Number(a.boot));
  return disks.map((disk) => {
    const { bus, prefix } = targets[disk.bus];
    const index = used[prefix] ?? 0;
    used[prefix] = index + 1;
    const order = disk.boot ? `<boot order='${ordered.indexOf(disk) + 1}'/>` : "";
    return (
      `<disk type='file' device='disk'><driver name='qemu' type='${disk.format}' discard='unmap'/>` +
      `<source file='${escapeXml(disk.path)}'/><target dev='${deviceName(prefix, index)}' bus='${bus}'/>${order}</disk>`
    );
  });
}

/** `vda`…`vdz`, `vdaa`… as Linux counts. */
function deviceName(prefix: string, index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? prefix + letter : deviceName(prefix, Math.floor(index / 26) - 1) + letter;
}

function nicXml(nic: { networkId: string; mac?: string }): string {
  const mac = nic.mac === undefined ? "" : `<mac address='${escapeXml(nic.mac)}'/>`;
  const model = "<model type='virtio'/>";
  if (nic.networkId === userNetworkId) return `<interface type='user'>${mac}${model}</interface>`;
  if (nic.networkId.startsWith("bridge:")) {
    const bridge = escapeXml(nic.networkId.slice("bridge:".length));
    return `<interface type='bridge'>${mac}<source bridge='${bridge}'/>${model}</interface>`;
  }
  return `<interface type='network'>${mac}<source network='${escapeXml(nic.networkId)}'/>${model}</interface>`;
}
