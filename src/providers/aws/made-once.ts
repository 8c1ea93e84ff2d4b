import { notFound, type Subject } from "../failures.ts";
import type { Ec2View } from "./describe.ts";
import { createdTags, tagSpecification } from "./tags.ts";

export type Keyed = { readonly key: string; readonly tags: Readonly<Record<string, string>>; readonly name: string };

/** A kind of thing whose creation takes no client token. */
export interface KeyedThing<T> {
  /** Those that were made with its key. */
  readonly find: () => Promise<T[]>;
  readonly create: () => Promise<void>;
  readonly remove: (extra: T) => Promise<void>;
  readonly idOf: (found: T) => string;
}

/** Makes a thing unless it is there, and keeps one of several that lost answers have made, the same for whoever looks. */
export async function makeOnce<T>(
  view: Ec2View,
  subject: Subject,
  thing: KeyedThing<T>,
  signal: AbortSignal,
): Promise<T> {
  if ((await thing.find()).length === 0) await thing.create();
  const found = await view.shown(async () => {
    const all = await thing.find();
    return all.length > 0 ? all : undefined;
  }, signal);
  const [first, ...extra] = (found ?? []).toSorted((a, b) => (thing.idOf(a) < thing.idOf(b) ? -1 : 1));
  for (const other of extra) await thing.remove(other);
  if (first === undefined) throw notFound(subject, "AWS does not show what it has made");
  return first;
}

export function specification(type: Parameters<typeof tagSpecification>[0], { key, tags, name }: Keyed) {
  return tagSpecification(type, createdTags(tags, key), { name });
}
