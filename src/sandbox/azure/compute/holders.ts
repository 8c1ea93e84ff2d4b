import type { Kinds } from "../arm/kinds.ts";

/** Lets a disk or a network card go. */
export function release(kinds: Kinds, id: string): void {
  const one = kinds.cloud.tables.resources.get(id);
  if (!one) return;
  const { virtualMachine: _v, managedBy: _m, ...properties } = one.properties;
  kinds.put({ ...one, properties });
}
