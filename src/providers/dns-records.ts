import { isIPv4, isIPv6 } from "node:net";
import type { ProviderError } from "../domain/errors.ts";
import { conflict, invalid, type Subject } from "./failures.ts";
import {
  absentRecord,
  type DnsRecord,
  type DnsRecordType,
  dnsRecordTypes,
  type SeenDnsRecord,
} from "./traffic-facets.ts";

/** Of one character string of a TXT record: RFC 1035, 3.3. */
const textBytes = 255;
/** RFC 2181, 8. */
const longestTtlSeconds = 2 ** 31 - 1;

/** As the port has names: in lower case, without the dot at their end. */
export function portName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

export function isPortType(type: string): type is DnsRecordType {
  return (dnsRecordTypes as readonly string[]).includes(type);
}

/** The part of a name before its zone's; empty for the zone's own. @throws InvalidInput for a name outside of it. */
export function withinZone(name: string, zone: string, subject: Subject): string {
  if (name === zone) return "";
  if (name.endsWith(`.${zone}`)) return name.slice(0, -zone.length - 1);
  throw invalid(subject, `${name} is no name of the zone ${zone}`, `Use a name that ends with .${zone}.`);
}

/** @throws InvalidInput for what no name server would take. */
export function checkRecord({ name, type, ttlSeconds, values }: DnsRecord, zone: string, subject: Subject): void {
  withinZone(name, zone, subject);
  const refuse = (reason: string, action: string) => {
    throw invalid(subject, reason, action);
  };
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > longestTtlSeconds)
    refuse(`a TTL of ${ttlSeconds} s can't be`, "Use whole seconds.");
  if (values.length === 0) refuse("it has no value", "Give a value, or delete the record.");
  if (type === "CNAME" && values.length > 1) refuse("a CNAME has one value", "Give one name.");
  if (type === "CNAME" && name === zone) refuse("a zone's own name can't be a CNAME", "Use A and AAAA records there.");
  const isAddress = type === "A" ? isIPv4 : type === "AAAA" ? isIPv6 : () => true;
  const wrong = values.find((value) => !isAddress(value));
  if (wrong !== undefined) refuse(`${wrong} is no address of an ${type} record`, "Correct the value.");
}

/** Whether it says the same, in whatever order; an IPv6 address and the name of a CNAME may be written in several ways. */
export function sameRecord(one: DnsRecord, other: DnsRecord): boolean {
  const text = ({ name, type, ttlSeconds, values }: DnsRecord) =>
    JSON.stringify([name, type, ttlSeconds, [...new Set(values.map((value) => plain(type, value)))].sort()]);
  return text(one) === text(other);
}

function plain(type: DnsRecordType, value: string): string {
  if (type === "CNAME") return portName(value);
  return type === "AAAA" && isIPv6(value) ? new URL(`http://[${value}]`).hostname : value;
}

/** @throws Conflict unless `version` may be changed. */
export function checkVersion(version: string | undefined, seen: SeenDnsRecord | undefined, subject: Subject): void {
  if (version === undefined || version === (seen?.version ?? absentRecord)) return;
  throw staleRecord(subject, seen);
}

export function staleRecord(subject: Subject, seen: SeenDnsRecord | undefined): ProviderError {
  const now = seen ? `${seen.values.join(", ")} for ${seen.ttlSeconds} s` : "gone";
  return conflict(subject, `somebody else has changed it: now it is ${now}`, "Look at the record and plan again.");
}

/** The character strings that a text goes into. */
export function textPieces(text: string): string[] {
  const pieces = [""];
  for (const character of text) {
    const longer = `${pieces.at(-1)}${character}`;
    if (Buffer.byteLength(longer) > textBytes) pieces.push(character);
    else pieces[pieces.length - 1] = longer;
  }
  return pieces;
}

/** A value as a zone file has it: RFC 1035, 5.1. */
export function zoneFileValue(type: DnsRecordType, value: string): string {
  if (type === "CNAME") return `${portName(value)}.`;
  if (type !== "TXT") return value;
  return textPieces(value)
    .map((piece) => `"${piece.replace(/["\\]/g, "\\$&")}"`)
    .join(" ");
}

/** The reverse of {@link zoneFileValue}: names and texts as the port has them, however the site has written them. */
export function fromZoneFile(type: DnsRecordType, raw: string): string {
  if (type === "CNAME") return portName(raw);
  if (type !== "TXT") return raw;
  const pieces = [...raw.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain = ""]) => quoted ?? plain);
  return Buffer.concat(pieces.flatMap(unescaped)).toString("utf8");
}

/** A backslash is before a character that stands for itself, or before an octet's three digits: RFC 1035, 5.1. */
function unescaped(piece: string): Buffer[] {
  return [...piece.matchAll(/\\(\d{3})|\\(.)|[^\\]+/gs)].map(([part, digits, character]) =>
    digits === undefined ? Buffer.from(character ?? part) : Buffer.from([Number(digits)]),
  );
}
