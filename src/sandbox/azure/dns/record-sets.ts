import { isIPv4, isIPv6 } from "node:net";
import type { Kinds } from "../arm/kinds.ts";
import { page } from "../arm/paging.ts";
import type { ArmRequest, Route } from "../arm/request.ts";
import { AzureError, PlainAzureError } from "../errors.ts";
import { newEtag } from "../ids.ts";
import type { Json, Resource } from "../state.ts";
import { textOf } from "../text.ts";
import { checkCondition, findZone, isInZone, ownName, typeOf, zoneType } from "./zone.ts";

/** How each type's values are called: https://learn.microsoft.com/rest/api/dns/record-sets/create-or-update */
const members: Readonly<Record<string, string>> = {
  A: "ARecords",
  AAAA: "AAAARecords",
  CAA: "caaRecords",
  CNAME: "CNAMERecord",
  MX: "MXRecords",
  NS: "NSRecords",
  PTR: "PTRRecords",
  SOA: "SOARecord",
  SRV: "SRVRecords",
  TXT: "TXTRecords",
};
const recordsAtMost = 20;

/** Sets of records. Every change is made at once, and names are told apart without regard to case. */
export function recordSetRoutes(kinds: Kinds): Route[] {
  const { resources } = kinds.cloud.tables;
  const base = `resourcegroups/:group/providers/${zoneType.toLowerCase()}/:zone`;
  const route = (operation: string, method: string, path: string, right: string, run: Route["run"]): Route => ({
    ...{ service: "dns", operation: `recordSets.${operation}`, method, path: `${base}/${path}`, run },
    // Each type of records has rights of its own.
    action: ({ type = "" }) => `Microsoft.Network/dnsZones/${right.replace(":type", () => knownType(type))}`,
  });
  const list = (request: ArmRequest, type?: string) => {
    const zone = findZone(kinds, request);
    const suffix = (request.query.get("$recordsetnamesuffix") ?? "").toLowerCase();
    const shown = resources.where(
      (set) =>
        isInZone(set, zone.path) &&
        kinds.cloud.isListed(set) &&
        (type === undefined || typeOf(set) === type) &&
        ownName(set).toLowerCase().endsWith(suffix),
    );
    const top = Number(request.query.get("$top") ?? kinds.cloud.settings.pageSize);
    return page(request, shown, top, (set) => show(set, zone));
  };
  const idOf = ({ params }: ArmRequest, zone: Resource) =>
    `${zone.path}/${knownType(params.type)}/${params.name}`.toLowerCase();
  return [
    route("listByDnsZone", "GET", "recordsets", "recordsets/read", (request) => list(request)),
    route("listAllByDnsZone", "GET", "all", "all/read", (request) => list(request)),
    route("listByType", "GET", ":type", ":type/read", (request) => list(request, knownType(request.params.type))),
    route("get", "GET", ":type/:name", ":type/read", (request) => {
      const zone = findZone(kinds, request);
      const set = resources.get(idOf(request, zone));
      if (!set) throw recordNotFound(request);
      return { status: 200, body: show(set, zone) };
    }),
    route("createOrUpdate", "PUT", ":type/:name", ":type/write", (request) => {
      const zone = findZone(kinds, request);
      const type = knownType(request.params.type);
      const name = request.params.name ?? "";
      const before = resources.get(idOf(request, zone));
      checkCondition(request, before, `The Record set ${name}`);
      const properties = (request.body.properties ?? {}) as Json;
      checkProperties(type, name, properties);
      if (!before) checkCname(kinds, zone, name, type);
      const set = putSet(kinds, zone, { type, name: before ? ownName(before) : name, properties, before });
      return { status: before ? 200 : 201, body: show(set, zone) };
    }),
    route("delete", "DELETE", ":type/:name", ":type/delete", (request) => {
      const zone = findZone(kinds, request);
      const set = resources.get(idOf(request, zone));
      if (!set) return { status: 204 };
      checkCondition(request, set, `The Record set ${request.params.name}`);
      if (ownName(set) === "@" && /^(NS|SOA)$/.test(typeOf(set)))
        throw new PlainAzureError("BadRequest", `RecordSets of type '${typeOf(set)}' with name '@' cannot be deleted.`);
      resources.delete(set.id);
      return { status: 200 };
    }),
  ];
}

/** What every zone has from its start. */
export function makeApex(kinds: Kinds, zone: Resource, nameServers: readonly string[]): void {
  const [host = ""] = nameServers;
  const records = nameServers.map((nsdname) => ({ nsdname }));
  putSet(kinds, zone, { type: "NS", name: "@", properties: { TTL: 172_800, NSRecords: records } });
  const SOARecord = {
    ...{ host, email: "azuredns-hostmaster.microsoft.com", serialNumber: 1 },
    ...{ refreshTime: 3_600, retryTime: 300, expireTime: 2_419_200, minimumTTL: 300 },
  };
  putSet(kinds, zone, { type: "SOA", name: "@", properties: { TTL: 3_600, SOARecord } });
}

function putSet(
  kinds: Kinds,
  zone: Resource,
  set: { type: string; name: string; properties: Json; before?: Resource | undefined },
): Resource {
  const path = `${zone.path}/${set.type}/${set.name}`;
  return kinds.put<object>({
    id: path.toLowerCase(),
    path,
    type: `${zoneType}/${set.type}`,
    group: zone.group,
    name: `${zone.name}/${set.name}`,
    location: "global",
    createdAt: set.before?.createdAt ?? Date.now(),
    tags: {},
    properties: set.properties,
    provisioningState: "Succeeded",
    etag: newEtag(),
    facts: {},
  });
}

function show(set: Resource, zone: Resource) {
  const name = ownName(set);
  const fqdn = name === "@" ? `${zone.name}.` : `${name}.${zone.name}.`;
  return {
    ...{ id: set.path, name, type: set.type, etag: set.etag },
    properties: {
      ...set.properties,
      fqdn,
      targetResource: set.properties.targetResource ?? {},
      provisioningState: "Succeeded",
    },
  };
}

function knownType(type: string | undefined): string {
  const known = type?.toUpperCase() ?? "";
  if (members[known] !== undefined) return known;
  throw new AzureError("InvalidResourceType", `The resource type 'dnszones/${type}' could not be found.`, 404);
}

function recordNotFound({ params }: ArmRequest): AzureError {
  return new PlainAzureError(
    "NotFound",
    `The resource record '${params.name}' does not exist in resource group '${params.group}'.`,
    404,
  );
}

function checkProperties(type: string, name: string, properties: Json): void {
  const refuse = (message: string) => {
    throw new PlainAzureError("BadRequest", message);
  };
  if (!/^(@|(\*|[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*)$/i.test(name))
    refuse(`The domain name '${name}' is invalid.`);
  const ttl = properties.TTL;
  if (typeof ttl !== "number" || !Number.isInteger(ttl) || ttl < 0 || ttl > 2 ** 31 - 1)
    refuse("The value for the TTL must be between 0 and 2147483647.");
  const alias = (properties.targetResource as { id?: unknown } | undefined)?.id;
  const given = properties[members[type] ?? ""];
  const records = (Array.isArray(given) ? given : given === undefined ? [] : [given]) as Record<string, unknown>[];
  if (alias === undefined && records.length === 0) refuse(`The record set of type '${type}' has no records.`);
  if (records.length > recordsAtMost) refuse(`A record set has at most ${recordsAtMost} records.`);
  for (const record of records) {
    if (type === "A" && !isIPv4(textOf(record.ipv4Address))) refuse("The IPv4 address is invalid.");
    if (type === "AAAA" && !isIPv6(textOf(record.ipv6Address))) refuse("The IPv6 address is invalid.");
    if (type === "CNAME" && !/^[a-z0-9_.-]+$/i.test(textOf(record.cname)))
      refuse(`The domain name '${textOf(record.cname)}' is invalid.`);
    if (type === "TXT" && (record.value as string[]).some((piece) => Buffer.byteLength(piece) > 255))
      refuse("A text of a TXT record has at most 255 characters.");
  }
}

/** RFC 1034, 3.6.2, in the words that Azure has for it. */
function checkCname(kinds: Kinds, zone: Resource, name: string, type: string): void {
  const others = kinds.cloud.tables.resources.where(
    (set) => isInZone(set, zone.path) && ownName(set).toLowerCase() === name.toLowerCase(),
  );
  if (type === "CNAME" && others.length > 0) {
    throw new PlainAzureError(
      "Conflict",
      "The CNAME record could not be created because another record with the same name already exists in this zone.",
      409,
    );
  }
  if (others.some((set) => typeOf(set) === "CNAME")) {
    throw new PlainAzureError(
      "Conflict",
      "The record could not be created because a CNAME record with the same name already exists in this zone.",
      409,
    );
  }
}
