import { isIPv6 } from "node:net";
import { portName, textPieces } from "../../providers/dns-records.ts";
import { type DnsRecord, type DnsRecordType, dnsRecordTypes } from "../../providers/traffic-facets.ts";
import { classes, decodeName, encodeName, type ResourceRecord, recordTypes, WireError } from "./wire.ts";

/** The port's word for a type's number; undefined for types that it has not. */
export function portTypeOf(number: number): DnsRecordType | undefined {
  return dnsRecordTypes.find((type) => recordTypes[type] === number);
}

/** One for each of its values. */
export function recordsOf({ name, type, ttlSeconds, values }: DnsRecord): ResourceRecord[] {
  return [...new Set(values)].map((value) => {
    return { name, type: recordTypes[type], class: classes.IN, ttl: ttlSeconds, data: encodeValue(type, value) };
  });
}

function encodeValue(type: DnsRecordType, value: string): Buffer {
  if (type === "A") return Buffer.from(value.split(".").map(Number));
  if (type === "AAAA") return ipv6Bytes(value);
  if (type === "CNAME") return encodeName(portName(value));
  return Buffer.concat(
    textPieces(value).map((piece) => Buffer.concat([Buffer.of(Buffer.byteLength(piece)), Buffer.from(piece)])),
  );
}

export function valueOf(type: DnsRecordType, data: Buffer): string {
  if (type === "A") return [...data].join(".");
  if (type === "AAAA") return ipv6Text(data);
  if (type === "CNAME") return portName(decodeName(data, 0).name);
  const pieces: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const end = at + 1 + (data[at] ?? 0);
    if (end > data.length) throw new WireError("a text ends too early");
    pieces.push(data.subarray(at + 1, end));
    at = end;
  }
  return Buffer.concat(pieces).toString("utf8");
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser writes each of its spellings in one way, without dotted parts.
  const text = isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function ipv6Text(data: Buffer): string {
  const groups = [...(data.toString("hex").match(/.{4}/g) ?? [])].map((group) => group.replace(/^0{1,3}/, ""));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
