import type { ServedRecord, ServedZone } from "../../cloud/dns/zones.ts";
import type { Kinds } from "../arm/kinds.ts";
import type { Json, Resource } from "../state.ts";
import { textOf } from "../text.ts";
import { isInZone, ownName, typeOf, zoneType } from "./zone.ts";

/** What the name servers of the zones answer: each change from the moment that it was made. Azure gives itself a minute. */
export function servedZones(kinds: Kinds): ServedZone[] {
  const { resources } = kinds.cloud.tables;
  return kinds.of(zoneType).map((zone) => {
    const name = zone.name.toLowerCase();
    return {
      name,
      records: resources.where((set) => isInZone(set, zone.path)).flatMap((set) => served(set, name)),
    };
  });
}

function served(set: Resource, zone: string): ServedRecord[] {
  const own = ownName(set).toLowerCase();
  const type = typeOf(set);
  const values = valuesOf(type, set.properties);
  // Azure answers for an alias itself; the sandbox's follow nothing.
  if (values.length === 0) return [];
  return [{ name: own === "@" ? zone : `${own}.${zone}`, type, ttlSeconds: Number(set.properties.TTL), values }];
}

function valuesOf(type: string, properties: Json): string[] {
  const records = (name: string) => (properties[name] ?? []) as Record<string, unknown>[];
  switch (type) {
    case "A":
      return records("ARecords").map(({ ipv4Address }) => textOf(ipv4Address));
    case "AAAA":
      return records("AAAARecords").map(({ ipv6Address }) => textOf(ipv6Address));
    case "NS":
      return records("NSRecords").map(({ nsdname }) => textOf(nsdname));
    case "MX":
      return records("MXRecords").map(({ preference, exchange }) => `${Number(preference)} ${textOf(exchange)}`);
    case "TXT":
      return records("TXTRecords").map(({ value }) =>
        (value as string[]).map((text) => JSON.stringify(text)).join(" "),
      );
    case "CNAME": {
      const { cname } = (properties.CNAMERecord ?? {}) as { cname?: unknown };
      return cname === undefined ? [] : [textOf(cname)];
    }
    case "SOA": {
      const soa = (properties.SOARecord ?? {}) as Record<string, unknown>;
      const numbers = [soa.serialNumber, soa.refreshTime, soa.retryTime, soa.expireTime, soa.minimumTTL];
      return [[textOf(soa.host), textOf(soa.email), ...numbers.map(Number)].join(" ")];
    }
    default:
      return [];
  }
}
