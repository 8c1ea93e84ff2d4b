import { attribute, child, children, type Element, escapeXml } from "./xml.ts";

/** The namespace of our element in a domain's metadata; a documented contract, see README.md. */
export const metadataUri = "urn:novacron:libvirt:1";
export const metadataKey = "novacron";

/** What libvirt has no place for. */
export interface VmMetadata {
  /** The name to show; the domain's own when absent. */
  readonly name?: string;
  readonly createdAt?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly publishPorts: readonly number[];
}

export function readMetadata(domain: Element): VmMetadata {
  const vm = child(domain, "metadata", "vm");
  const tags = children(vm, "tag").map((tag) => [attribute(tag, "key") ?? "", attribute(tag, "value") ?? ""]);
  return {
    name: attribute(vm, "name"),
    createdAt: attribute(vm, "created"),
    tags: Object.fromEntries(tags.filter(([key]) => key !== "")),
    publishPorts: children(vm, "publish")
      .map((publish) => Number(attribute(publish, "port")))
      .filter((port) => Number.isInteger(port) && port > 0),
  };
}

/** Our element, with its namespace (for a domain's XML) or without (virsh adds it). */
export function metadataXml(metadata: VmMetadata, prefixed: boolean): string {
  const prefix = prefixed ? `${metadataKey}:` : "";
  const namespace = prefixed ? ` xmlns:${metadataKey}="${metadataUri}"` : "";
  const name = metadata.name === undefined ? "" : ` name="${escapeXml(metadata.name)}"`;
  const created = metadata.createdAt === undefined ? "" : ` created="${escapeXml(metadata.createdAt)}"`;
  const tags = Object.entries(metadata.tags).map(
    ([key, value]) => `<${prefix}tag key="${escapeXml(key)}" value="${escapeXml(value)}"/>`,
  );
  const ports = metadata.publishPorts.map((port) => `<${prefix}publish port="${port}"/>`);
  return `<${prefix}vm${namespace}${name}${created}>${tags.join("")}${ports.join("")}</${prefix}vm>`;
}
