import type { GuestIdentity, GuestNetwork, GuestOs, NamedDevice } from "../../domain/guest.ts";
import { Unreadable } from "./disk-bytes.ts";
import type { FileSystem } from "./file-tree.ts";
import { assignments, configLines, printable, shellWords } from "./text.ts";

const maxConfigFiles = 50;

/** What an installed Linux says of itself in `/etc`. @throws Unreadable for a file that cannot be read. */
export async function readOs(root: FileSystem): Promise<GuestOs> {
  const text = (await root.text("etc/os-release", 65_536)) ?? (await root.text("usr/lib/os-release", 65_536));
  if (text === undefined) throw new Unreadable("there is no os-release on it");
  const release = assignments(text);
  const value = (name: string) => {
    const said = printable(release.get(name) ?? "");
    return said === "" ? undefined : said;
  };
  const id = value("ID");
  return {
    family: "linux",
    id,
    versionId: value("VERSION_ID"),
    name: value("PRETTY_NAME") ?? value("NAME") ?? id ?? "Linux",
  };
}

export interface Mount {
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly options: readonly string[];
}

export async function readFstab(root: FileSystem): Promise<Mount[]> {
  const lines = configLines((await root.text("etc/fstab")) ?? "");
  return lines.flatMap((line) => {
    const [device, mountPoint, type = "auto", options = "defaults"] = line.split(/\s+/);
    if (device === undefined || mountPoint === undefined) return [];
    return [{ device: printable(device), mountPoint: printable(mountPoint), type, options: options.split(",") }];
  });
}

/** Kernel names, which follow the controller and the order of discovery; links that say where a disk hangs. */
const hanging = /^\/dev\/(?:(?:x?v|s|h)d[a-z]{1,2}\d*|nvme\d+n\d+(?:p\d+)?|disk\/by-(?:path|id)\/.*)$/;

export function namedDevices(mounts: readonly Mount[]): NamedDevice[] {
  return mounts
    .filter(({ device }) => hanging.test(device))
    .map(({ device, mountPoint, type, options }) => ({
      device,
      mountPoint: type === "swap" ? "swap" : mountPoint,
      required: type !== "swap" && !options.includes("nofail") && !options.includes("noauto"),
    }));
}

/** The styles whose files are there; a system may have several, of which one is in charge. */
export async function readNetwork(root: FileSystem): Promise<GuestNetwork> {
  const styles: string[] = [];
  const interfaces = new Set<string>();
  for (const { style, folder, file, names } of networkStyles) {
    const found = (await root.names(folder)).filter((name) => file.test(name)).slice(0, maxConfigFiles);
    if (found.length > 0) styles.push(style);
    for (const name of found) {
      for (const used of names((await root.text(`${folder}/${name}`)) ?? "", name)) interfaces.add(printable(used, 20));
    }
  }
  if (await usesCloudInit(root)) styles.push("cloud-init");
  const takesLinkFiles = await root.exists("etc/systemd/network");
  return {
    styles: [...new Set(styles)],
    interfaces: [...interfaces].filter((name) => name !== "lo").sort(),
    ...(takesLinkFiles ? { takesLinkFiles } : {}),
  };
}

interface NetworkStyle {
  readonly style: string;
  readonly folder: string;
  readonly file: RegExp;
  /** Interfaces that the text calls by their names. */
  readonly names: (text: string, fileName: string) => readonly string[];
}

const networkStyles: readonly NetworkStyle[] = [
  { style: "netplan", folder: "etc/netplan", file: /\.yaml$/, names: netplanNames },
  { style: "ifupdown", folder: "etc/network", file: /^interfaces$/, names: ifupdownNames },
  { style: "ifupdown", folder: "etc/network/interfaces.d", file: /^[\w-]+$/, names: ifupdownNames },
  {
    style: "networkmanager",
    folder: "etc/NetworkManager/system-connections",
    file: /\.nmconnection$/,
    names: (text) => valuesOf(text, "interface-name"),
  },
  { style: "systemd-networkd", folder: "etc/systemd/network", file: /\.network$/, names: networkdNames },
  {
    style: "ifcfg",
    folder: "etc/sysconfig/network-scripts",
    file: /^ifcfg-(?!lo$)/,
    names: (text) => valuesOf(text, "DEVICE"),
  },
  { style: "wicked", folder: "etc/sysconfig/network", file: /^ifcfg-(?!lo$)/, names: (_text, name) => [name.slice(6)] },
];

function valuesOf(text: string, name: string): string[] {
  const value = assignments(text).get(name);
  return value === undefined || value === "" ? [] : [value];
}

function ifupdownNames(text: string): string[] {
  return configLines(text).flatMap((line) => {
    const [word, name] = line.split(/\s+/);
    return word === "iface" && name !== undefined ? [name] : [];
  });
}

/** `Name=` of a `[Match]` section; patterns match whatever comes. */
function networkdNames(text: string): string[] {
  let section = "";
  const names: string[] = [];
  for (const line of configLines(text)) {
    if (line.startsWith("[")) section = line;
    else if (section === "[Match]" && line.startsWith("Name=")) names.push(...shellWords(line.slice(5)));
  }
  return names.filter((name) => !/[*?[!]/.test(name));
}

/** The keys below `ethernets:` that have no `match:` of their own: then the key is the interface's name. */
function netplanNames(text: string): string[] {
  const names: string[] = [];
  let [section, level] = [-1, -1];
  for (const line of text.split("\n")) {
    const content = line.trim();
    if (content === "" || content.startsWith("#") || line.length > 1000) continue;
    const indent = line.length - line.trimStart().length;
    if (content === "ethernets:") {
      [section, level] = [indent, -1];
    } else if (section >= 0 && indent <= section) {
      section = -1;
    } else if (section >= 0) {
      if (level < 0) level = indent;
      const key = /^["']?([\w.-]+)["']?:/.exec(content)?.[1];
      if (indent === level && key !== undefined) names.push(key);
      else if (key === "match") names.pop();
    }
  }
  return names;
}

export async function usesCloudInit(root: FileSystem): Promise<boolean> {
  const [settings, disabled] = [
    await root.exists("etc/cloud/cloud.cfg"),
    await root.exists("etc/cloud/cloud-init.disabled"),
  ];
  return settings && !disabled;
}

export async function hasGuestAgent(root: FileSystem): Promise<boolean> {
  return (await root.exists("usr/sbin/qemu-ga")) || root.exists("usr/bin/qemu-ga");
}

/** Units that make SSH host keys at a start without any, as Red Hat's, SUSE's and later Debian's packages have them. */
const keyMakers = ["sshd-keygen.target", "sshd-keygen@.service", "sshd-keygen.service", "sshd.service.d/keygen.conf"];

export async function readIdentity(root: FileSystem): Promise<GuestIdentity> {
  const hostKeys = (await root.names("etc/ssh")).filter((name) => /^ssh_host_\w+_key(?:\.pub)?$/.test(name));
  const machineId = await root.find("etc/machine-id");
  const busId = await root.find("var/lib/dbus/machine-id");
  let makesHostKeys: string | undefined;
  for (const unit of keyMakers) {
    if (makesHostKeys === undefined && (await root.exists(`usr/lib/systemd/system/${unit}`))) makesHostKeys = unit;
  }
  return {
    hasMachineId: machineId?.kind === "file",
    ...(busId?.kind === "file" && busId.id !== machineId?.id ? { hasBusId: true } : {}),
    hostKeys: hostKeys.map((name) => `etc/ssh/${name}`),
    ...(makesHostKeys === undefined ? {} : { makesHostKeys }),
    takesCloudSettings: (await root.find("etc/cloud/cloud.cfg.d"))?.kind === "folder",
  };
}
