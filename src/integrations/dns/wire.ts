/** Names and records as they go over the wire: RFC 1035, 3 and 4. Nothing that we write is compressed. */

export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  TXT: 16,
  AAAA: 28,
  TSIG: 250,
  AXFR: 252,
  ANY: 255,
} as const;
export const classes = { IN: 1, NONE: 254, ANY: 255 } as const;

const longestLabel = 63;
const longestName = 255;
const [dot, backslash] = [0x2e, 0x5c];

/** Of what we are given or read: it is no name, or no message. */
export class WireError extends Error {}

export interface ResourceRecord {
  /** With its escapes, without the dot at its end. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** Names in it are written out where the type's are known to us. */
  readonly data: Buffer;
}

/** @throws WireError for what is no name. */
export function encodeName(name: string): Buffer {
  const labels = labelsOf(name).map((label) => {
    if (label.length === 0 || label.length > longestLabel) throw new WireError(`${name} is no name`);
    return Buffer.concat([Buffer.of(label.length), label]);
  });
  const whole = Buffer.concat([...labels, Buffer.of(0)]);
  if (whole.length > longestName) throw new WireError(`${name} is too long for a name`);
  return whole;
}

function labelsOf(name: string): Buffer[] {
  const text = name.replace(/(?<!\\)\.$/, "");
  if (text === "") return [];
  const labels: number[][] = [[]];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const escaped = /^\\(?:(\d{3})|(.))/s.exec(text.slice(at, at + 4));
    if (character === ".") labels.push([]);
    else if (escaped) {
      labels.at(-1)?.push(escaped[1] === undefined ? byteOf(escaped[2] ?? "", name) : Number(escaped[1]) & 0xff);
      at += escaped[0].length - 1;
    } else labels.at(-1)?.push(byteOf(character, name));
  }
  return labels.map((label) => Buffer.from(label));
}

function byteOf(character: string, name: string): number {
  const code = character.charCodeAt(0);
  if (code > 0x7e || code < 0x21) throw new WireError(`${name} has characters that a name has not`);
  return code;
}

/** The name that begins there, and where what follows it begins. @throws WireError. */
export function decodeName(message: Buffer, from: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let end: number | undefined;
  let length = 0;
  for (let at = from; ; ) {
    const size = byteAt(message, at);
    if (size >= 0xc0) {
      end ??= at + 2;
      const to = ((size & 0x3f) << 8) | byteAt(message, at + 1);
      // Each of them points before itself, so that none goes round in a circle.
      if (to >= at) throw new WireError("a name points at itself");
      at = to;
      continue;
    }
    if (size > longestLabel) throw new WireError("a label of an unknown kind");
    at += 1;
    length += size + 1;
    if (length > longestName) throw new WireError("a name is too long");
    if (size === 0) return { name: labels.join("."), end: end ?? at };
    if (at + size > message.length) throw new WireError("the message ends within a name");
    labels.push(labelText(message.subarray(at, at + size)));
    at += size;
  }
}

function byteAt(message: Buffer, at: number): number {
  const byte = message[at];
  if (byte === undefined) throw new WireError("the message ends too early");
  return byte;
}

function labelText(label: Buffer): string {
  return [...label]
    .map((byte) => {
      if (byte === dot || byte === backslash) return `\\${String.fromCharCode(byte)}`;
      return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, "0")}`;
    })
    .join("");
}

export function encodeRecord({ name, type, class: kind, ttl, data }: ResourceRecord): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(kind, 2);
  head.writeUInt32BE(ttl, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), head, data]);
}

/** The record that begins there. @throws WireError. */
export function decodeRecord(message: Buffer, from: number): { readonly record: ResourceRecord; readonly end: number } {
  const { name, end: at } = decodeName(message, from);
  if (at + 10 > message.length) throw new WireError("the message ends within a record");
  const type = message.readUInt16BE(at);
  const size = message.readUInt16BE(at + 8);
  const [begin, end] = [at + 10, at + 10 + size];
  if (end > message.length) throw new WireError("the message ends within a record");
  const data = writtenOut(message, type, begin, end);
  return { record: { name, type, class: message.readUInt16BE(at + 2), ttl: message.readUInt32BE(at + 4), data }, end };
}

/** A record's data may point at names before it. */
function writtenOut(message: Buffer, type: number, begin: number, end: number): Buffer {
  if (type === recordTypes.CNAME || type === recordTypes.NS) return encodeName(decodeName(message, begin).name);
  if (type === recordTypes.SOA) {
    const primary = decodeName(message, begin);
    const mailbox = decodeName(message, primary.end);
    return Buffer.concat([encodeName(primary.name), encodeName(mailbox.name), message.subarray(mailbox.end, end)]);
  }
  return Buffer.from(message.subarray(begin, end));
}
