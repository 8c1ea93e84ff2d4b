import { type AddressPool, firstFree, lengthOf, openRange } from "./address-pool.ts";
import { type AddressRange, overlap, readRange, toCidrs } from "./address-range.ts";

/** A range of addresses that a network of a site has. */
export interface PlannedRange {
  readonly site: string;
  /** The network that routes by itself (VPC, VNet, VCN, a host's network): its own parts don't clash with it. */
  readonly networkId: string;
  readonly name: string;
  readonly cidr: string;
}

/** `equal`, or which of the two lies inside of the other; ranges of CIDRs never overlap in another way. */
export type OverlapRelation = "equal" | "first-contains-second" | "second-contains-first";

export interface AddressOverlap {
  readonly first: PlannedRange;
  readonly second: PlannedRange;
  readonly relation: OverlapRelation;
}

/** What could be done about a range that clashes with ranges that may stay. */
export interface AddressProposal {
  readonly range: PlannedRange;
  readonly clashesWith: readonly PlannedRange[];
  /** A range of the same size that is free everywhere; absent where none is. */
  readonly renumberTo?: { readonly cidr: string; readonly pool?: string };
  /** What the others would see it as, address by address, where it can't be renumbered; IPv4 only. */
  readonly translateTo?: { readonly cidr: string };
}

export interface AddressPlan {
  readonly ranges: readonly PlannedRange[];
  readonly overlaps: readonly AddressOverlap[];
  readonly proposals: readonly AddressProposal[];
  /** Ranges that no network between sites can use, with the reason. */
  readonly unusable: readonly { readonly range: PlannedRange; readonly reason: string }[];
}

/** Ranges that never lead to another site (RFC 6890). */
const neverRouted: readonly (readonly [AddressRange, string])[] = (
  [
    ["0.0.0.0/8", "it means this network"],
    ["127.0.0.0/8", "it is every machine's own loopback"],
    ["169.254.0.0/16", "it is link-local; tunnels use it inside"],
    ["224.0.0.0/3", "it is multicast or reserved"],
    ["::1/128", "it is every machine's own loopback"],
    ["fe80::/10", "it is link-local"],
    ["ff00::/8", "it is multicast"],
  ] as const
).flatMap(([cidr, reason]) => {
  const range = readRange(cidr);
  return range ? [[range, reason] as const] : [];
});

/** Where new ranges come from when no pool is kept (RFC 1918, RFC 4193). */
const privateSpace: Readonly<Record<4 | 6, readonly string[]>> = {
  4: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
  6: ["fd00::/8"],
};
/** Set aside for translation between networks (RFC 6598). */
const translationSpace = "100.64.0.0/10";

interface Placed extends AddressRange {
  readonly range: PlannedRange;
}

/** All ranges in one view. What is first in the order of addresses, sites and ids is taken to stay. `taken` are ranges that are in
 *  use without being a network that is seen: allocations, what pools leave out. */
export function planAddresses(
  ranges: readonly PlannedRange[],
  pools: readonly AddressPool[] = [],
  taken: readonly string[] = [],
): AddressPlan {
  const placed = ranges
    .flatMap((range): Placed[] => {
      const read = readRange(range.cidr);
      return read ? [{ ...read, range }] : [];
    })
    .sort(inOrder);
  const reasons = new Map(placed.map((one) => [one, whyNotRouted(one)]));
  const unusable = placed.flatMap((one) => {
    const reason = reasons.get(one);
    return reason === undefined ? [] : [{ range: one.range, reason }];
  });
  const routed = placed.filter((one) => reasons.get(one) === undefined);
  const pairs = overlapsOf(routed);
  return {
    ranges: placed.map(({ range }) => range),
    overlaps: pairs.map(([first, second]) => ({
      first: first.range,
      second: second.range,
      relation: relationOf(first, second),
    })),
    proposals: proposalsFor(pairs, pools, [...routed, ...taken.flatMap((cidr) => readRange(cidr) ?? [])]),
    unusable,
  };
}

/** The overlaps between two groups of ranges that are to be joined. */
export function overlapsBetween(near: readonly PlannedRange[], far: readonly PlannedRange[]): AddressOverlap[] {
  return planAddresses([...near, ...far]).overlaps.filter(
    ({ first, second }) => isOf(near, first) !== isOf(near, second),
  );
}

/** Why addresses of the range never lead to another site; undefined where they can. */
export function whyNotRouted(range: AddressRange): string | undefined {
  return neverRouted.find(([never]) => overlap(range, never) !== undefined)?.[1];
}

/** Sweeps over the ranges in the order of their starts, so that only those that are open together are compared. */
function overlapsOf(placed: readonly Placed[]): (readonly [Placed, Placed])[] {
  const pairs: (readonly [Placed, Placed])[] = [];
  let open: Placed[] = [];
  for (const one of placed) {
    open = open.filter(({ family, last }) => family === one.family && last >= one.first);
    for (const other of open) if (!sameNetwork(other.range, one.range)) pairs.push([other, one]);
    open.push(one);
  }
  return pairs;
}

function proposalsFor(
  pairs: readonly (readonly [Placed, Placed])[],
  pools: readonly AddressPool[],
  inUse: readonly AddressRange[],
): AddressProposal[] {
  const clashes = new Map<Placed, Placed[]>();
  for (const [stays, goes] of pairs) {
    // What goes itself is in nobody's way any more.
    if (clashes.has(stays)) continue;
    clashes.set(goes, [...(clashes.get(goes) ?? []), stays]);
  }
  const taken = [...inUse];
  return [...clashes].map(([one, others]) => {
    const renumberTo = newHome(one, pools, taken);
    const translateTo = one.family === 4 ? roomIn(translationSpace, one, taken) : undefined;
    for (const cidr of [renumberTo?.cidr, translateTo]) {
      const range = cidr === undefined ? undefined : readRange(cidr);
      if (range) taken.push(range);
    }
    return {
      range: one.range,
      clashesWith: others.map(({ range }) => range),
      ...(renumberTo ? { renumberTo } : {}),
      ...(translateTo === undefined ? {} : { translateTo: { cidr: translateTo } }),
    };
  });
}

function newHome(one: Placed, pools: readonly AddressPool[], taken: readonly AddressRange[]) {
  for (const pool of pools) {
    const cidr = roomIn(pool.cidr, one, [...taken, ...pool.excluded.flatMap((text) => readRange(text) ?? [])]);
    if (cidr !== undefined) return { cidr, pool: pool.name };
  }
  if (pools.some(({ cidr }) => readRange(cidr)?.family === one.family)) return undefined;
  for (const space of privateSpace[one.family]) {
    const cidr = roomIn(space, one, taken);
    if (cidr !== undefined) return { cidr };
  }
  return undefined;
}

function roomIn(space: string, one: Placed, taken: readonly AddressRange[]): string | undefined {
  const within = readRange(space);
  if (within?.family !== one.family) return undefined;
  const free = firstFree(openRange(within, taken), lengthOf(one), one.family);
  return free && toCidrs(free)[0];
}

function relationOf(first: Placed, second: Placed): OverlapRelation {
  if (first.first === second.first && first.last === second.last) return "equal";
  return first.last >= second.last && first.first <= second.first ? "first-contains-second" : "second-contains-first";
}

function sameNetwork(one: PlannedRange, other: PlannedRange): boolean {
  return one.site === other.site && one.networkId === other.networkId;
}

function isOf(ranges: readonly PlannedRange[], wanted: PlannedRange): boolean {
  return ranges.some((range) => sameNetwork(range, wanted));
}

/** The widest first where several begin together, so that what holds others stays. */
function inOrder(one: Placed, other: Placed): number {
  if (one.family !== other.family) return one.family - other.family;
  if (one.first !== other.first) return one.first < other.first ? -1 : 1;
  if (one.last !== other.last) return one.last > other.last ? -1 : 1;
  const [a, b] = [one.range, other.range].map(({ site, networkId }) => `${site} ${networkId}`);
  return (a ?? "") < (b ?? "") ? -1 : 1;
}
