import { XMLBuilder, XMLParser } from "fast-xml-parser";
import { metadataKey, metadataUri, metadataXml, type VmMetadata } from "../metadata.ts";
import { escapeXml } from "../xml.ts";

/** An element of XML whose order is kept: `{ name: children, ":@": attributes }`. */
type Node = { [name: string]: unknown; ":@"?: Record<string, string> };

/** Read and written as it stands: entities stay what they are. */
const shared = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  processEntities: false,
} as const;
const parser = new XMLParser({ ...shared, parseTagValue: false, parseAttributeValue: false, trimValues: true });
const builder = new XMLBuilder({ ...shared, suppressEmptyNode: true });

/** What differs between a guest's definition at its host and at the one that takes it over: where things are. What the
 *  guest sees of its machine stays as it is. */
export interface Relocation {
  readonly metadata: VmMetadata;
  /** By the disk's target device. */
  readonly disks: Readonly<Record<string, { readonly path: string; readonly format: string }>>;
  readonly consolePath: string;
  /** Sources of its network interfaces, in order. */
  readonly networks: readonly string[];
}

export function relocate(definition: string, { metadata, disks, consolePath, networks }: Relocation): string {
  const document = parser.parse(definition) as Node[];
  const domain = childrenOf(document, "domain")[0] ?? [];
  setMetadata(domain, metadata);
  const devices = childrenOf(domain, "devices")[0] ?? [];
  for (const disk of devices.filter((node) => "disk" in node)) {
    const inner = disk.disk as Node[];
    const place = disks[attributesOf(inner, "target")?.["@dev"] ?? ""];
    if (place) placeDisk(disk, inner, place);
  }
  for (const kind of ["serial", "console"]) {
    for (const device of devices.filter((node) => kind in node && node[":@"]?.["@type"] === "file")) {
      const source = attributesOf(device[kind] as Node[], "source");
      if (source) source["@path"] = escapeXml(consolePath);
    }
  }
  for (const [index, nic] of devices.filter((node) => "interface" in node).entries()) {
    const source = attributesOf(nic.interface as Node[], "source");
    const network = networks[index]?.replace(/^bridge:/, "");
    if (!source || network === undefined) continue;
    const member = nic[":@"]?.["@type"] === "bridge" ? "@bridge" : "@network";
    source[member] = escapeXml(network);
  }
  return builder.build(document);
}

function placeDisk(disk: Node, inner: Node[], { path, format }: { path: string; format: string }): void {
  disk[":@"] = { ...disk[":@"], "@type": "file" };
  const kept = inner.filter((node) => !("backingStore" in node) && !("mirror" in node) && !("source" in node));
  const driver = attributesOf(kept, "driver");
  if (driver) driver["@type"] = format;
  inner.splice(0, inner.length, ...kept, { source: [], ":@": { "@file": escapeXml(path) } });
}

function setMetadata(domain: Node[], metadata: VmMetadata): void {
  const own = parser.parse(metadataXml(metadata, true)) as Node[];
  const others = (childrenOf(domain, "metadata")[0] ?? []).filter((node) => !isOurs(node));
  const rest = domain.filter((node) => !("metadata" in node));
  // Where libvirt itself writes it: after name, uuid and the like, before the memory.
  const at = rest.findIndex((node) => "memory" in node);
  domain.splice(0, domain.length, ...rest.toSpliced(Math.max(0, at), 0, { metadata: [...others, ...own] }));
}

function isOurs(node: Node): boolean {
  return `${metadataKey}:vm` in node || Object.values(node[":@"] ?? {}).includes(metadataUri);
}

function childrenOf(nodes: readonly Node[], name: string): Node[][] {
  return nodes.flatMap((node) => (name in node ? [node[name] as Node[]] : []));
}

function attributesOf(nodes: readonly Node[], name: string): Record<string, string> | undefined {
  const found = nodes.find((node) => name in node);
  if (!found) return undefined;
  found[":@"] ??= {};
  return found[":@"];
}
