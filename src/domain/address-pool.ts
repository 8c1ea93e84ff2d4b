import { type AddressRange, overlap, readRange, toCidrs, without } from "./address-range.ts";

/** A range that new networks get theirs of. */
export interface AddressPool {
  readonly name: string;
  readonly cidr: string;
  /** Parts of it that nobody gets: what is in use where no site shows it. */
  readonly excluded: readonly string[];
  readonly createdBy: string;
  readonly createdAt: string;
}

/** A range that was given out of a pool, and is kept free for its site until it is given back. */
export interface AddressAllocation {
  readonly allocationId: string;
  readonly pool: string;
  readonly cidr: string;
  readonly site: string;
  /** What it is for. */
  readonly name: string;
  readonly createdBy: string;
  readonly createdAt: string;
}

/** What of the range nobody of the others has; in the order of addresses. */
export function openRange(range: AddressRange, taken: readonly AddressRange[]): AddressRange[] {
  const inside = taken.flatMap((each) => overlap(range, each) ?? []).sort((a, b) => (a.first < b.first ? -1 : 1));
  const open: AddressRange[] = [];
  let rest: AddressRange | undefined = range;
  for (const each of inside) {
    if (!rest || each.last < rest.first) continue;
    const parts: AddressRange[] = without(rest, each);
    const [before, behind] = [
      parts.find(({ last }) => last < each.first),
      parts.find(({ first }) => first > each.last),
    ];
    if (before) open.push(before);
    rest = behind;
  }
  return rest ? [...open, rest] : open;
}

/** The first block of that prefix length in what is open; undefined where no gap has room for it. */
export function firstFree(
  open: readonly AddressRange[],
  prefixLength: number,
  family: 4 | 6,
): AddressRange | undefined {
  const size = 1n << BigInt(widthOf(family) - prefixLength);
  for (const gap of open) {
    const first = ((gap.first + size - 1n) / size) * size;
    if (first + size - 1n <= gap.last) return { family, first, last: first + size - 1n };
  }
  return undefined;
}

/** The prefix length of a range that is one CIDR. */
export function lengthOf({ family, first, last }: AddressRange): number {
  return widthOf(family) - ((last - first + 1n).toString(2).length - 1);
}

/** The lowest free range of the pool with that prefix length. `taken`: networks of sites, and what was given out. */
export function nextOf(
  pool: Pick<AddressPool, "cidr" | "excluded">,
  prefixLength: number,
  taken: readonly string[],
): string | undefined {
  const range = readRange(pool.cidr);
  if (!range || prefixLength < lengthOf(range) || prefixLength > widthOf(range.family)) return undefined;
  const inUse = [...taken, ...pool.excluded].flatMap((cidr) => readRange(cidr) ?? []);
  const free = firstFree(openRange(range, inUse), prefixLength, range.family);
  return free && toCidrs(free)[0];
}

export function widthOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}
