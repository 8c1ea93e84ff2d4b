import { type AddressRange, isEverybody, overlap, readRange, toCidrs, without } from "./address-range.ts";
import type { SecurityRule } from "./security-rule.ts";

export type Place = { readonly group: string } | AddressRange;
export const ports = { first: 0, last: 65_535 };
const plain = ["tcp", "udp", "icmp"] as const;

/** Packets of one direction: those of a protocol, to certain ports, from or to certain peers. */
export interface PacketSet {
  readonly protocol: SecurityRule["protocol"];
  /** Of TCP and UDP; of ICMP type and code, -1 for any. */
  readonly from: number;
  readonly to: number;
  readonly place: Place;
  /** Who that is at the source, where a map says that it is somebody else at the target. */
  readonly was?: Place;
  /** The rules that let it through. */
  readonly origins: readonly string[];
}

/** What is left, and whether that is less than exactly what should be: some sets can't be said by what is let through. */
export interface Left {
  readonly sets: readonly PacketSet[];
  readonly lost: boolean;
}

const nothing: Left = { sets: [], lost: false };

/** What of the one is not in the other. */
export function subtract(one: PacketSet, other: PacketSet): Left {
  const untouched: Left = { sets: [one], lost: false };
  const places = placesWithout(one.place, other.place);
  if (!places) return untouched;
  if (one.protocol === "all" && other.protocol !== "all") {
    const parts = expand(one).map((part) => subtract(part, other));
    return { sets: parts.flatMap(({ sets }) => sets), lost: true };
  }
  if (other.protocol !== "all" && one.protocol !== other.protocol) return untouched;
  const numbers = other.protocol === "all" ? { left: [], lost: false } : numbersWithout(one, other);
  if (!numbers) return untouched;
  return {
    sets: [
      ...places.left.map((place) => ({ ...one, place })),
      ...numbers.left.map((range) => ({ ...one, ...range, place: places.both })),
    ],
    lost: numbers.lost || places.lost,
  };
}

/** What of the one is left when the other one is refused. Whom a map takes elsewhere is refused as who it was at the source:
 *  of those that are refused in part nobody knows at the target which they are. */
export function refuse(one: PacketSet, other: PacketSet): Left {
  if (!one.was || other.was) return subtract(one, other);
  const part = partOf(one.was, other.place);
  if (part === "none") return subtract(one, other);
  const left = subtract(one, { ...other, place: one.place });
  const touched = left.sets.length !== 1 || left.sets[0] !== one;
  return { sets: left.sets, lost: left.lost || (touched && part === "some") };
}

/** What both let through. */
export function intersect(one: PacketSet, other: PacketSet): Left {
  const protocol = one.protocol === "all" ? other.protocol : one.protocol;
  if (other.protocol !== "all" && other.protocol !== protocol) return nothing;
  const numbers = one.protocol === "all" ? other : other.protocol === "all" ? one : bothNumbers(one, other);
  if (!numbers) return nothing;
  const place = agreedPlace(one, other);
  if (!place) return nothing;
  if (place === "unknown") return { sets: [], lost: true };
  const origins = [...new Set([...one.origins, ...other.origins])];
  const was = one.was ?? other.was;
  const { from, to } = numbers;
  return { sets: [{ protocol, from, to, place, origins, ...(was && { was }) }], lost: false };
}

export function contains(one: PacketSet, other: PacketSet): boolean {
  if (one.protocol !== "all" && one.protocol !== other.protocol) return false;
  if (one.protocol !== "all") {
    const both = bothNumbers(one, other);
    if (both?.from !== other.from || both.to !== other.to) return false;
  }
  if ("group" in one.place) return "group" in other.place && one.place.group === other.place.group;
  if ("group" in other.place) return false;
  const both = overlap(one.place, other.place);
  return both?.first === other.place.first && both.last === other.place.last;
}

/** As a security group has it. */
export function toRules(
  { protocol, from, to, place }: PacketSet,
  direction: SecurityRule["direction"],
): SecurityRule[] {
  const all = protocol === "all" || (protocol === "icmp" ? from === -1 : from === ports.first && to === ports.last);
  const numbers = all ? {} : { fromPort: from, ...(to === -1 ? {} : { toPort: to }) };
  const peers = "group" in place ? [place.group] : toCidrs(place);
  return peers.map((peer) => ({ direction, protocol, ...numbers, peer }));
}

/** A CIDR, an address, or the id of a group. */
export function readPlace(text: string): Place {
  return readRange(text) ?? { group: text };
}

/** As TCP, UDP and ICMP: other protocols are lost with it. */
export function expand(set: PacketSet): PacketSet[] {
  return plain.map((protocol) => ({
    ...set,
    protocol,
    ...(protocol === "icmp" ? { from: -1, to: -1 } : { from: ports.first, to: ports.last }),
  }));
}

type Numbers = Pick<PacketSet, "from" | "to">;

function numbersWithout(one: PacketSet, other: PacketSet): { left: Numbers[]; lost: boolean } | undefined {
  if (one.protocol !== "icmp") {
    if (other.to < one.from || one.to < other.from) return undefined;
    return {
      left: [
        ...(one.from < other.from ? [{ from: one.from, to: other.from - 1 }] : []),
        ...(other.to < one.to ? [{ from: other.to + 1, to: one.to }] : []),
      ],
      lost: false,
    };
  }
  const both = bothNumbers(one, other);
  if (!both) return undefined;
  return { left: [], lost: both.from !== one.from || both.to !== one.to };
}

function bothNumbers(one: PacketSet, other: PacketSet): Numbers | undefined {
  if (one.protocol !== "icmp") {
    const [from, to] = [Math.max(one.from, other.from), Math.min(one.to, other.to)];
    return from <= to ? { from, to } : undefined;
  }
  const [from, to] = [Math.max(one.from, other.from), Math.max(one.to, other.to)];
  const fits = ({ from: type, to: code }: Numbers) => (type === -1 || type === from) && (code === -1 || code === to);
  return fits(one) && fits(other) ? { from, to } : undefined;
}

function placesWithout(one: Place, other: Place): { left: Place[]; both: Place; lost: boolean } | undefined {
  if ("group" in one || "group" in other) {
    const covered = "group" in other ? "group" in one && one.group === other.group : isEverybody(other);
    // Who is in a group is not known here: it may be whoever the other one is about.
    return { left: [], both: one, lost: !covered };
  }
  const both = overlap(one, other);
  return both && { left: without(one, other), both, lost: false };
}

/** As {@link bothPlaces}; where a map takes one of the two elsewhere, they are compared as they were at the source. */
function agreedPlace(one: PacketSet, other: PacketSet): Place | "unknown" | undefined {
  const [moved, still] = one.was ? [one, other] : [other, one];
  if (!moved.was || still.was) return bothPlaces(one.place, other.place);
  const part = partOf(moved.was, still.place);
  if (part === "none") return undefined;
  return part === "all" ? moved.place : "unknown";
}

/** How much of the one is in the other; of what can't be told it may be some. */
export function partOf(one: Place, other: Place): "all" | "some" | "none" {
  if ("group" in other) return "group" in one && one.group === other.group ? "all" : "some";
  if ("group" in one) return isEverybody(other) ? "all" : "some";
  const both = overlap(one, other);
  if (!both) return "none";
  return both.first === one.first && both.last === one.last ? "all" : "some";
}

function bothPlaces(one: Place, other: Place): Place | "unknown" | undefined {
  if (!("group" in one) && !("group" in other)) return overlap(one, other);
  if ("group" in one && "group" in other) return one.group === other.group ? one : "unknown";
  const [group, range] = "group" in one ? [one, other] : [other, one];
  return !("group" in range) && isEverybody(range) ? group : "unknown";
}
