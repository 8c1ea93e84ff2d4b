import type { Json } from "../state.ts";
import { textOf } from "../text.ts";

/** A child of a network resource as requests and answers carry it. */
export interface Child {
  readonly name: string;
  readonly properties: Json;
}

export function childrenOf(value: unknown): Child[] {
  return Array.isArray(value)
    ? value.map((one: { name?: unknown; properties?: unknown }) => ({
        name: textOf(one.name),
        properties: (one.properties ?? {}) as Json,
      }))
    : [];
}

/** Children as answers show them, below their parent's id. */
export function showChildren(children: unknown, parent: string, etag: string, type: string, list: string): Json[] {
  return childrenOf(children).map((child) => showChild(child, parent, etag, type, list));
}

export function showChild({ name, properties }: Child, parent: string, etag: string, type: string, list: string): Json {
  return {
    name,
    id: `${parent}/${list}/${name}`,
    etag,
    type,
    properties: { ...properties, provisioningState: "Succeeded" },
  };
}

export function idOf(reference: unknown): string | undefined {
  const id = (reference as { id?: unknown } | undefined)?.id;
  return typeof id === "string" ? id.toLowerCase() : undefined;
}
