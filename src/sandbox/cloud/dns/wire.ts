import { isIPv4, isIPv6 } from "node:net";

/** DNS messages, as far as an authoritative server over UDP needs them (RFC 1035, RFC 6891 for larger answers). */

export const typeNumbers: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
};
const optType = 41;
/** Without EDNS no answer over UDP is larger (RFC 1035, 4.2.1). */
const plainBytes = 512;

export const codes = { noError: 0, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5 } as const;

export interface Query {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  /** In lower case, without the dot at its end. */
  readonly name: string;
  readonly type: number;
  readonly mostBytes: number;
}

export interface WireRecord {
  readonly name: string;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly data: Buffer;
}

export interface Reply {
  readonly code: number;
  readonly authoritative: boolean;
  readonly answers: readonly WireRecord[];
  readonly authority: readonly WireRecord[];
}

/** Undefined for what is no query with one question. */
export function readQuery(packet: Buffer): Query | undefined {
  if (packet.length < 17) return undefined;
  const flags = packet.readUInt16BE(2);
  if (flags & 0x8000 || packet.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = packet[at];
    // A question comes first, so that there is nothing that a pointer could lead to.
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(packet.toString("latin1", at, at + length).toLowerCase());
    at += length;
  }
  if (at + 4 > packet.length) return undefined;
  const edns = packet.readUInt16BE(10) > 0 ? payloadSize(packet, at + 4) : undefined;
  return {
    id: packet.readUInt16BE(0),
    opcode: (flags >> 11) & 15,
    recursionDesired: (flags & 0x0100) !== 0,
    name: labels.join("."),
    type: packet.readUInt16BE(at),
    mostBytes: Math.max(plainBytes, edns ?? 0),
  };
}

/** Of an OPT record that follows the question: its class. */
function payloadSize(packet: Buffer, at: number): number | undefined {
  if (packet[at] !== 0 || at + 5 > packet.length || packet.readUInt16BE(at + 1) !== optType) return undefined;
  return packet.readUInt16BE(at + 3);
}

/** The answer's bytes; marked as cut off, and without records, where they are more than the client takes. */
export function writeReply(query: Query, { code, authoritative, answers, authority }: Reply): Buffer {
  const question = Buffer.concat([nameBytes(query.name), words(query.type, 1)]);
  const flags =
    0x8000 | (query.opcode << 11) | (authoritative ? 0x0400 : 0) | (query.recursionDesired ? 0x0100 : 0) | code;
  const header = (more: number, counts: readonly [number, number]) => words(query.id, flags | more, 1, ...counts, 0);
  const records = [...answers, ...authority].map(recordBytes);
  const whole = Buffer.concat([header(0, [answers.length, authority.length]), question, ...records]);
  return whole.length <= query.mostBytes ? whole : Buffer.concat([header(0x0200, [0, 0]), question]);
}

/** A value as people write it in the record's own format; undefined for types that are not served. @throws RangeError. */
export function recordData(type: string, value: string): Buffer | undefined {
  switch (type) {
    case "A":
      if (!isIPv4(value)) throw new RangeError(`${value} is no IPv4 address`);
      return Buffer.from(value.split(".").map(Number));
    case "AAAA":
      return addressBytes(value);
    case "CNAME":
    case "NS":
      return nameBytes(value);
    case "MX": {
      const [preference = "0", exchange = ""] = value.split(/\s+/);
      return Buffer.concat([words(Number(preference)), nameBytes(exchange)]);
    }
    case "TXT":
      return Buffer.concat(texts(value).map((text) => Buffer.concat([Buffer.from([text.length]), text])));
    case "SOA": {
      const [server = "", contact = "", ...numbers] = value.split(/\s+/);
      const tail = Buffer.alloc(20);
      for (const [index, number] of numbers.slice(0, 5).entries()) tail.writeUInt32BE(Number(number), index * 4);
      return Buffer.concat([nameBytes(server), nameBytes(contact), tail]);
    }
    default:
      return undefined;
  }
}

/** One or more texts in quotes; what has none is one text. Each has 255 bytes at most. */
function texts(value: string): Buffer[] {
  const quoted = [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inside = ""]) => inside.replace(/\\(.)/g, "$1"));
  return (quoted.length > 0 ? quoted : [value]).map((text) => {
    const bytes = Buffer.from(text, "utf8");
    if (bytes.length > 255) throw new RangeError("a text of a TXT record has 255 bytes at most");
    return bytes;
  });
}

function addressBytes(value: string): Buffer {
  if (!isIPv6(value) || value.includes(".")) throw new RangeError(`${value} is no IPv6 address`);
  const [head = "", tail] = value.split("::");
  const groups = (text: string | undefined): number[] =>
    text === undefined || text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail)];
  const zeros = Array<number>(8 - first.length - last.length).fill(0);
  return words(...first, ...zeros, ...last);
}

function recordBytes({ name, type, ttlSeconds, data }: WireRecord): Buffer {
  const middle = Buffer.alloc(10);
  middle.writeUInt16BE(type, 0);
  middle.writeUInt16BE(1, 2);
  middle.writeUInt32BE(ttlSeconds, 4);
  middle.writeUInt16BE(data.length, 8);
  return Buffer.concat([nameBytes(name), middle, data]);
}

function nameBytes(name: string): Buffer {
  const labels = name
    .replace(/\.$/, "")
    .split(".")
    .filter((label) => label !== "");
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, "latin1");
    if (bytes.length > 63) throw new RangeError(`${label} is too long for a name's part`);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, index * 2);
  return bytes;
}
