/** Addresses from the first to the last, as numbers. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** A CIDR or a single address; undefined for anything else. */
export function readRange(text: string): AddressRange | undefined {
  const [, address = "", written] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text.trim()) ?? [];
  const family = address.includes(":") ? 6 : 4;
  const value = family === 4 ? readV4(address) : readV6(address);
  const bits = bitsOf(family);
  const length = written === undefined ? bits : Number(written);
  if (value === undefined || length > bits) return undefined;
  const size = 1n << BigInt(bits - length);
  const first = (value / size) * size;
  return { family, first, last: first + size - 1n };
}

/** As few CIDRs as say exactly that. */
export function toCidrs({ family, first, last }: AddressRange): string[] {
  const bits = bitsOf(family);
  const cidrs: string[] = [];
  for (let next = first; next <= last; ) {
    let size = 1n;
    let length = bits;
    while (length > 0 && next % (size * 2n) === 0n && next + size * 2n - 1n <= last) {
      size *= 2n;
      length -= 1;
    }
    cidrs.push(`${textOf(family, next)}/${length}`);
    next += size;
  }
  return cidrs;
}

export function isEverybody({ family, first, last }: AddressRange): boolean {
  return first === 0n && last === (1n << BigInt(bitsOf(family))) - 1n;
}

export function overlap(one: AddressRange, other: AddressRange): AddressRange | undefined {
  if (one.family !== other.family) return undefined;
  const first = one.first > other.first ? one.first : other.first;
  const last = one.last < other.last ? one.last : other.last;
  return first <= last ? { family: one.family, first, last } : undefined;
}

/** What of the first one is not in the other one. */
export function without(one: AddressRange, other: AddressRange): AddressRange[] {
  const both = overlap(one, other);
  if (!both) return [one];
  const { family } = one;
  return [
    ...(one.first < both.first ? [{ family, first: one.first, last: both.first - 1n }] : []),
    ...(both.last < one.last ? [{ family, first: both.last + 1n, last: one.last }] : []),
  ];
}

function readV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function readV6(text: string): bigint | undefined {
  const [head = "", tail, ...more] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const missing = 8 - before.length - after.length;
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return undefined;
  const all = [...before, ...Array.from({ length: missing }, () => "0"), ...after];
  if (all.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function textOf(family: 4 | 6, value: bigint): string {
  const part = family === 4 ? 8 : 16;
  const parts = Array.from({ length: bitsOf(family) / part }, (_, index) => {
    const shift = BigInt(bitsOf(family) - part * (index + 1));
    return (value >> shift) & ((1n << BigInt(part)) - 1n);
  });
  if (family === 4) return parts.join(".");
  // The longest run of zeros is left out, as everybody writes it.
  const groups = parts.map((each) => each.toString(16)).join(":");
  const runs = [...groups.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].toSorted((a, b) => b[0].length - a[0].length);
  const run = runs[0];
  if (!run) return groups;
  return `${groups.slice(0, run.index)}::${groups.slice(run.index + run[0].length).replace(/^:/, "")}`;
}
