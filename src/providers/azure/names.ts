import { createHash } from "node:crypto";

/** Names that Azure gives nobody but us: what is made again for the same reason gets the same name, so that a repeated PUT
 *  finds what the first one made. */
export function nameFor(kind: string, ...parts: readonly (string | number)[]): string {
  return `novacron-${kind}-${digest(kind, ...parts).slice(0, 24)}`;
}

/** The same with as much of a person's name for it as Azure takes. */
export function namedFor(name: string, ...parts: readonly (string | number)[]): string {
  const readable = name
    .normalize("NFKD")
    .replace(/[^a-zA-Z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return `${readable || "novacron"}-${digest(name, ...parts).slice(0, 12)}`;
}

export function digest(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** In the form of a GUID, as leases are named. */
export function guidFor(...parts: readonly (string | number)[]): string {
  const hex = digest(...parts);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

export interface ResourceId {
  readonly group: string;
  readonly name: string;
  /** Of a subnet: its virtual network. */
  readonly parent?: string;
}

/** `/subscriptions/…/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s`. */
export function parseId(id: string | undefined): ResourceId {
  const parts = (id ?? "").split("/");
  const group = parts[parts.findIndex((part) => part.toLowerCase() === "resourcegroups") + 1] ?? "";
  const types = parts.slice(parts.findIndex((part) => part.toLowerCase() === "providers") + 2);
  const name = types.at(-1) ?? "";
  return { group, name, ...(types.length >= 4 && { parent: types[1] ?? "" }) };
}
