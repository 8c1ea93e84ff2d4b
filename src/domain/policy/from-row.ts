import type { Resource, ResourceStamps } from "../resource.ts";

/** A row of the inventory, as the store gives it. */
type Row = Omit<Resource, "tags" | "type" | "inUse"> & ResourceStamps;

/** The resource that the row was written from: what isn't in members of its own is in its document. */
export function resourceOfRow(row: Row): Resource & ResourceStamps {
  const { tags, instance_type: instanceType, type: written, vm_id: vmId } = row.document;
  const type = row.kind === "vm" ? instanceType : written;
  return {
    ...row,
    tags: (tags ?? {}) as Readonly<Record<string, string>>,
    ...(typeof type === "string" ? { type } : {}),
    ...(row.kind === "volume" || row.kind === "address" ? { inUse: vmId !== undefined } : {}),
  };
}
