import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import type * as dns from "oci-dns";
import type { ServedZone } from "../../cloud/dns/zones.ts";
import type { Document } from "../../cloud/documents.ts";
import { conflict, invalid, OciError } from "../errors.ts";
import { type Call, type Operation, operations, type Reply } from "../operation.ts";
import type { Kind, Registry } from "../registry.ts";
import type { Wire } from "../wire.ts";
import { findZone, nameServers, type Zone } from "./zones.ts";

/** All records of one name and type. */
export interface RecordSet extends Document {
  readonly zoneId: string;
  readonly domain: string;
  readonly rtype: string;
  readonly ttl: number;
  readonly data: readonly string[];
  /** The zone's serial when it last changed. */
  readonly version: number;
  readonly isProtected: boolean;
}

const servedTypes = ["A", "AAAA", "CNAME", "MX", "NS", "SOA", "TXT"];

/** The records of all zones. A change is there at once, in the API as at the name servers. */
export class ZoneRecords {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** What every public zone has from its start. */
  begin(zone: Zone): void {
    const put = (rtype: string, ttl: number, data: readonly string[]) =>
      this.#table.put({
        ...{ id: idOf(zone, zone.name, rtype), zoneId: zone.id, domain: zone.name, rtype, ttl, data },
        ...{ version: zone.serial, isProtected: true },
      });
    const [host = ""] = nameServers;
    put(
      "NS",
      86_400,
      nameServers.map((name) => `${name}.`),
    );
    put("SOA", 300, [`${host}. hostmaster.${zone.name}. ${zone.serial} 3600 600 604800 1800`]);
  }

  forget(zone: Zone): void {
    for (const { id } of this.of(zone)) this.#table.delete(id);
  }

  of({ id }: Zone): RecordSet[] {
    return this.#table.where(({ zoneId }) => zoneId === id);
  }

  get(zone: Zone, domain: string, rtype: string): RecordSet | undefined {
    return this.#table.get(idOf(zone, domain, rtype));
  }

  /** Makes the set these values, or none. */
  set(zone: Zone, domain: string, rtype: string, wanted: { ttl: number; data: readonly string[] }): void {
    const { zones } = this.#registry.cloud.tables;
    const version = zone.serial + 1;
    this.#registry.cloud.documents.together(() => {
      zones.change(zone.id, { serial: version });
      const id = idOf(zone, domain, rtype);
      if (wanted.data.length === 0) this.#table.delete(id);
      else this.#table.put({ ...{ id, zoneId: zone.id, domain, rtype, version, isProtected: false }, ...wanted });
    });
  }

  /** What the name servers of the public zones answer. */
  served(): ServedZone[] {
    return this.#registry.cloud.tables.zones
      .where((zone) => zone.deletedAt === undefined && !zone.private)
      .map((zone) => ({
        name: zone.name,
        records: this.of(zone)
          .filter(({ rtype }) => servedTypes.includes(rtype))
          .map(({ domain, rtype, ttl, data }) => ({ name: domain, type: rtype, ttlSeconds: ttl, values: data })),
      }));
  }

  get #table() {
    return this.#registry.cloud.tables.recordSets;
  }
}

/** Records: https://docs.oracle.com/en-us/iaas/api/#/en/dns/20180115/RRSet/ */
export function recordOperations(registry: Registry, kind: Kind<Zone>, records: ZoneRecords): Operation[] {
  const operation = operations("dns");
  const zoneOf = ({ params }: Call) => findZone(kind, params.zoneNameOrId);
  const placeOf = (call: Call) => {
    const zone = zoneOf(call);
    const domain = (call.params.domain ?? "").toLowerCase().replace(/\.$/, "");
    const rtype = (call.params.rtype ?? "").toUpperCase();
    if (domain !== zone.name && !domain.endsWith(`.${zone.name}`))
      throw invalid("domain", `${domain} is not in the zone ${zone.name}`);
    return { zone, domain, rtype, before: records.get(zone, domain, rtype) };
  };
  const one = "/zones/{zoneNameOrId}/records/{domain}/{rtype}";
  const answer = (set: RecordSet | undefined): Reply => ({
    body: { items: set ? describe(set) : [] },
    headers: { etag: etagOf(set) },
  });
  /** @throws OciError 412 */
  const checkMatch = ({ headers }: Call, before: RecordSet | undefined) => {
    const wanted = headers["if-match"];
    if (wanted !== undefined && wanted !== etagOf(before))
      throw new OciError(412, "IfMatchFailed", "The RRSet was changed since its entity tag was read.");
  };
  const change = (call: Call, wish: (before: RecordSet | undefined) => readonly Wanted[]): Reply => {
    const { zone, domain, rtype, before } = placeOf(call);
    checkMatch(call, before);
    if (before?.isProtected) throw invalid("rtype", `the ${rtype} records of the zone itself are protected`);
    const items = wish(before);
    const ttl = items[0]?.ttl ?? 0;
    if (items.some((item) => item.ttl !== ttl)) throw invalid("ttl", "all records of a set have the same");
    if (!Number.isInteger(ttl) || ttl < 0 || ttl > 604_800) throw invalid("ttl", "must be between 0 and 604800");
    if (items.length > 0) checkCname(records.of(zone), domain, rtype);
    const data = [...new Set(items.map(({ rdata }) => normalised(rtype, rdata)))];
    records.set(zone, domain, rtype, { ttl, data });
    return answer(records.get(zone, domain, rtype));
  };
  return [
    operation("GetZoneRecords", "GET /zones/{zoneNameOrId}/records", { answers: "RecordCollection" }, (call) => {
      const all = records.of(zoneOf(call)).flatMap(describe);
      const wanted = { domain: call.query.get("domain")?.toLowerCase(), rtype: call.query.get("rtype")?.toUpperCase() };
      const shown = all.filter(
        ({ domain, rtype }) =>
          (wanted.domain === undefined || domain === wanted.domain) &&
          (wanted.rtype === undefined || rtype === wanted.rtype),
      );
      const { items, headers } = registry.page(call, shown, ({ recordHash = "" }) => recordHash);
      return { body: { items }, headers: { ...headers, "opc-total-items": shown.length } };
    }),
    operation("GetRRSet", `GET ${one}`, { answers: "RRSet" }, (call) => answer(placeOf(call).before)),
    operation("UpdateRRSet", `PUT ${one}`, { takes: "UpdateRRSetDetails", answers: "RecordCollection" }, (call) =>
      change(call, () => {
        const { items = [] } = call.json<Wire<dns.models.UpdateRRSetDetails>>();
        return items.map(({ ttl, rdata }) => ({ ttl, rdata }));
      }),
    ),
    operation("PatchRRSet", `PATCH ${one}`, { takes: "PatchRRSetDetails", answers: "RecordCollection" }, (call) =>
      change(call, (before) => {
        const { items = [] } = call.json<Wire<dns.models.PatchRRSetDetails>>();
        return patched(before, items);
      }),
    ),
    operation("DeleteRRSet", `DELETE ${one}`, {}, (call) => {
      const { zone, domain, rtype, before } = placeOf(call);
      checkMatch(call, before);
      if (before?.isProtected) throw invalid("rtype", `the ${rtype} records of the zone itself are protected`);
      if (before) records.set(zone, domain, rtype, { ttl: 0, data: [] });
      return {};
    }),
  ];
}

interface Wanted {
  readonly ttl: number;
  readonly rdata: string;
}

/** "RecordOperation": conditions first, and what is left out of an operation stands for any. */
function patched(before: RecordSet | undefined, steps: readonly Wire<dns.models.RecordOperation>[]): Wanted[] {
  let items: Wanted[] = (before?.data ?? []).map((rdata) => ({ ttl: before?.ttl ?? 0, rdata }));
  const fits = (step: Wire<dns.models.RecordOperation>) => (item: Wanted) =>
    (step.rdata === undefined || normalised(before?.rtype ?? step.rtype ?? "", step.rdata) === item.rdata) &&
    (step.ttl === undefined || step.ttl === item.ttl);
  for (const step of steps) {
    const there = items.some(fits(step));
    if ((step.operation === "REQUIRE" && !there) || (step.operation === "PROHIBIT" && there))
      throw conflict("A precondition of the patch is not met.");
  }
  for (const step of steps) {
    if (step.operation === "REMOVE") items = items.filter((item) => !fits(step)(item));
    if (step.operation === "ADD" && step.rdata !== undefined) {
      const added = { ttl: step.ttl ?? items[0]?.ttl ?? 3_600, rdata: step.rdata };
      items = [...items.filter(({ rdata }) => rdata !== added.rdata), added];
    }
  }
  return items;
}

function describe({ domain, rtype, ttl, data, version, isProtected }: RecordSet): Wire<dns.models.Record>[] {
  return data.map((rdata) => ({
    ...{ domain, rtype, ttl, rdata, isProtected },
    recordHash: createHash("md5").update(`${domain} ${rtype} ${rdata}`).digest("hex"),
    rrsetVersion: String(version),
  }));
}

function etagOf(set: RecordSet | undefined): string {
  return createHash("sha256")
    .update(JSON.stringify(set ? [set.version, set.ttl, set.data] : "none"))
    .digest("hex")
    .slice(0, 32);
}

function idOf({ id }: Zone, domain: string, rtype: string): string {
  return `${id}/${domain}/${rtype}`;
}

/** As Oracle gives a record's data back. @throws OciError */
function normalised(rtype: string, rdata: string): string {
  if (rtype === "A" && !isIPv4(rdata)) throw invalid("rdata", `${rdata} is no IPv4 address`);
  if (rtype === "AAAA") {
    if (!isIPv6(rdata)) throw invalid("rdata", `${rdata} is no IPv6 address`);
    return new URL(`http://[${rdata}]`).hostname.slice(1, -1);
  }
  if (rtype === "CNAME") return `${rdata.toLowerCase().replace(/\.$/, "")}.`;
  return rtype === "TXT" && !rdata.startsWith('"') ? JSON.stringify(rdata) : rdata;
}

/** RFC 1034, 3.6.2. */
function checkCname(all: readonly RecordSet[], domain: string, rtype: string): void {
  const others = all.filter((set) => set.domain === domain && set.rtype !== rtype);
  if (others.some((set) => set.rtype === "CNAME") || (rtype === "CNAME" && others.length > 0))
    throw conflict(`A CNAME record of ${domain} can't be beside other records.`);
}
