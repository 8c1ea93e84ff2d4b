/**
 * What leaves us is in snake_case, our own types are in camelCase. Keys of our types are converted at every depth; the
 * values of the members named in {@link mapMembers} are maps of other people's keys and stay as they are.
 */
const mapMembers = ["tags", "networkMap", "peerMap", "diskTypeMap"] as const;
type MapMember = (typeof mapMembers)[number];

type SnakeKey<Key extends string> = Key extends `${infer Head}${infer Rest}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeKey<Rest>}`
    : `_${Lowercase<Head>}${SnakeKey<Rest>}`
  : Key;

/** A type of ours as it looks on the wire. */
export type Wire<T> = T extends readonly (infer Item)[]
  ? readonly Wire<Item>[]
  : T extends object
    ? { [Key in keyof T as Key extends string ? SnakeKey<Key> : Key]: Key extends MapMember ? T[Key] : Wire<T[Key]> }
    : T;

const opaque = new Set<string>([...mapMembers, "network_map", "peer_map", "disk_type_map"]);

/** camelCase → snake_case; members that are undefined are left out. Dates become ISO 8601 text. */
export function toWire<T>(value: T): Wire<T> {
  return convertKeys(value, snakeKey) as Wire<T>;
}

/** snake_case → camelCase. */
export function fromWire<T>(value: Wire<T>): T {
  return convertKeys(value, camelKey) as T;
}

function convertKeys(value: unknown, rename: (key: string) => string): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => convertKeys(item, rename));
  if (value instanceof Date) return value.toISOString();
  const renamed: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    // Assigning to `__proto__` would change the object instead of adding a member.
    if (member === undefined || key === "__proto__") continue;
    renamed[rename(key)] = opaque.has(key) ? member : convertKeys(member, rename);
  }
  return renamed;
}

/** The name of a member as it is on the wire. */
export const snakeKey = remembered((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
const camelKey = remembered((key) =>
  key.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()),
);

/** Our types have a few hundred keys, and a list has them thousands of times: looking one up is ten times as quick as
 *  renaming it. Bounded, as some keys come from outside. */
function remembered(rename: (key: string) => string): (key: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const renamed = rename(key);
    if (known.size < 2_000) known.set(key, renamed);
    return renamed;
  };
}
