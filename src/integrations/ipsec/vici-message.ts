/** Messages of strongSwan's control interface:
 *  https://github.com/strongswan/strongswan/blob/5.9.8/src/libcharon/plugins/vici/README.md */

export type ViciValue = string | readonly string[] | ViciSection;
export interface ViciSection {
  readonly [name: string]: ViciValue;
}

const element = { sectionStart: 1, sectionEnd: 2, keyValue: 3, listStart: 4, listItem: 5, listEnd: 6 } as const;
const longestName = 255;
const longestValue = 65_535;

export function encodeMessage(section: ViciSection): Buffer {
  return Buffer.concat(Object.entries(section).flatMap(([name, value]) => encodeValue(name, value)));
}

function encodeValue(name: string, value: ViciValue): Buffer[] {
  if (typeof value === "string") return [Buffer.from([element.keyValue]), encodeName(name), encodeText(value)];
  if (isList(value)) {
    const items = value.flatMap((item) => [Buffer.from([element.listItem]), encodeText(item)]);
    return [Buffer.from([element.listStart]), encodeName(name), ...items, Buffer.from([element.listEnd])];
  }
  const start = [Buffer.from([element.sectionStart]), encodeName(name)];
  return [...start, encodeMessage(value), Buffer.from([element.sectionEnd])];
}

function isList(value: ViciValue): value is readonly string[] {
  return Array.isArray(value);
}

export function encodeName(name: string): Buffer {
  const bytes = Buffer.from(name, "utf8");
  if (bytes.length > longestName) throw new RangeError(`a name of ${bytes.length} bytes is too long`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length > longestValue) throw new RangeError(`a value of ${bytes.length} bytes is too long`);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** @throws RangeError for bytes that are no message. */
export function decodeMessage(bytes: Buffer): ViciSection {
  const reader = { bytes, at: 0 };
  const section = decodeSection(reader, false);
  if (reader.at !== bytes.length) throw new RangeError("there are bytes behind the message");
  return section;
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

function decodeSection(reader: Reader, inner: boolean): ViciSection {
  const entries: [string, ViciValue][] = [];
  while (reader.at < reader.bytes.length) {
    const type = reader.bytes.readUInt8(reader.at++);
    if (type === element.sectionEnd && inner) return Object.fromEntries(entries);
    const name = take(reader, reader.bytes.readUInt8(reader.at++));
    if (type === element.sectionStart) entries.push([name, decodeSection(reader, true)]);
    else if (type === element.keyValue) entries.push([name, takeText(reader)]);
    else if (type === element.listStart) entries.push([name, decodeList(reader)]);
    else throw new RangeError(`${type} begins no element`);
  }
  if (inner) throw new RangeError("a section has no end");
  return Object.fromEntries(entries);
}

function decodeList(reader: Reader): string[] {
  const items: string[] = [];
  for (;;) {
    const type = reader.bytes.readUInt8(reader.at++);
    if (type === element.listEnd) return items;
    if (type !== element.listItem) throw new RangeError(`${type} is no item of a list`);
    items.push(takeText(reader));
  }
}

function takeText(reader: Reader): string {
  const length = reader.bytes.readUInt16BE(reader.at);
  reader.at += 2;
  return take(reader, length);
}

function take(reader: Reader, length: number): string {
  const end = reader.at + length;
  if (end > reader.bytes.length) throw new RangeError("the message ends too early");
  const text = reader.bytes.toString("utf8", reader.at, end);
  reader.at = end;
  return text;
}
