import type { models } from "oci-dns";
import { isProviderError } from "../../domain/errors.ts";
import {
  checkRecord,
  checkVersion,
  fromZoneFile,
  isPortType,
  portName,
  sameRecord,
  staleRecord,
  withinZone,
  zoneFileValue,
} from "../dns-records.ts";
import type { Subject } from "../failures.ts";
import {
  absentRecord,
  type DnsChange,
  type DnsFacet,
  type DnsRecord,
  type DnsRecordPlace,
  type DnsRecordType,
  type DnsZone,
  type SeenDnsRecord,
} from "../traffic-facets.ts";
import type { Oci } from "./client.ts";
import { fromWire } from "./tags.ts";
import { alive, goneIsUndefined, items } from "./view.ts";

/** The SDK's enumerations are their words. */
type Scope = models.Scope.Global | models.Scope.Private;
const scopes = ["GLOBAL", "PRIVATE"] as unknown as readonly Scope[];
const limit = 100;

/** The public and private zones of the compartment. A set of records has an entity tag, which a change may ask for. */
export class OciDns implements DnsFacet {
  readonly #oci: Oci;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  async *listZones(signal: AbortSignal): AsyncGenerator<DnsZone> {
    const subject = { operation: "list DNS zones", resource: this.#oci.site };
    const compartmentId = await this.#oci.compartment();
    for (const scope of scopes) {
      const found = items((page) =>
        this.#oci.dns.call("listZones", { compartmentId, scope, limit, page }, subject, signal),
      );
      for await (const { id } of alive(found)) {
        // A list does not tell the name servers.
        const answer = await goneIsUndefined(this.#oci.dns.call("getZone", { zoneNameOrId: id }, subject, signal));
        if (answer) yield toZone(answer.zone);
      }
    }
  }

  async *listRecords(zoneId: string, signal: AbortSignal): AsyncGenerator<SeenDnsRecord> {
    const subject = this.#subject("list DNS records", zoneId);
    const listed = items(async (page) => {
      const request = { zoneNameOrId: zoneId, limit, page };
      const { recordCollection, opcNextPage } = await this.#oci.dns.call("getZoneRecords", request, subject, signal);
      return { items: recordCollection.items, opcNextPage };
    });
    const names = new Map<string, { name: string; type: DnsRecordType }>();
    for await (const { domain = "", rtype = "", isProtected } of listed) {
      const name = portName(domain);
      if (isPortType(rtype) && !isProtected) names.set(`${name}/${rtype}`, { name, type: rtype });
    }
    // A set's entity tag comes with the set alone.
    for (const { name, type } of names.values()) {
      const record = await this.#get({ zoneId, name, type }, subject, signal);
      if (record) yield record;
    }
  }

  async getRecord(input: DnsRecordPlace, signal: AbortSignal): Promise<SeenDnsRecord | undefined> {
    const subject = this.#subject("look up a DNS record", `${input.name}/${input.type}`);
    withinZone(input.name, await this.#zoneName(input.zoneId, subject, signal), subject);
    return this.#get(input, subject, signal);
  }

  /** All of the set is replaced in one call, which has its conditions with it. */
  async putRecord(
    input: { readonly zoneId: string; readonly record: DnsRecord; readonly version?: string },
    signal: AbortSignal,
  ): Promise<DnsChange> {
    const { zoneId, record, version } = input;
    const { name, type } = record;
    const subject = this.#subject("set a DNS record", `${name}/${type}`);
    checkRecord(record, await this.#zoneName(zoneId, subject, signal), subject);
    const seen = await this.#get({ zoneId, name, type }, subject, signal);
    if (seen && sameRecord(seen, record)) return {};
    checkVersion(version, seen, subject);
    const set = { zoneNameOrId: zoneId, domain: name, rtype: type };
    const wanted = record.values.map((value) => ({
      ...{ domain: name, rtype: type, ttl: record.ttlSeconds },
      // "Supported Resource Records": as in a zone file.
      rdata: zoneFileValue(type, value),
    }));
    try {
      if (version === absentRecord) {
        // "RecordOperation": a record that is prohibited keeps all of the call from being carried out.
        const none = { domain: name, rtype: type, operation: "PROHIBIT" as models.RecordOperation.Operation };
        const added = wanted.map((one) => ({ ...one, operation: "ADD" as models.RecordOperation.Operation }));
        const request = { ...set, patchRRSetDetails: { items: [none, ...added] } };
        await this.#oci.dns.call("patchRRSet", request, subject, signal);
      } else {
        const condition = version === undefined ? {} : { ifMatch: version };
        const request = { ...set, ...condition, updateRRSetDetails: { items: wanted } };
        await this.#oci.dns.call("updateRRSet", request, subject, signal);
      }
    } catch (error) {
      if (!isProviderError(error, "Conflict")) throw error;
      // It may be our own change whose answer was lost.
      const now = await this.#get({ zoneId, name, type }, subject, signal);
      if (now && sameRecord(now, record)) return {};
      if (version === undefined) throw error;
      throw staleRecord(subject, now);
    }
    return {};
  }

  async deleteRecord(input: DnsRecordPlace & { readonly version?: string }, signal: AbortSignal): Promise<DnsChange> {
    const { zoneId, name, type, version } = input;
    const subject = this.#subject("delete a DNS record", `${name}/${type}`);
    const seen = await this.#get(input, subject, signal);
    if (!seen) return {};
    checkVersion(version, seen, subject);
    const request = {
      zoneNameOrId: zoneId,
      domain: name,
      rtype: type,
      ...(version !== undefined && { ifMatch: version }),
    };
    try {
      await goneIsUndefined(this.#oci.dns.call("deleteRRSet", request, subject, signal));
    } catch (error) {
      if (!isProviderError(error, "Conflict")) throw error;
      const now = await this.#get(input, subject, signal);
      if (now && version === undefined) throw error;
      if (now) throw staleRecord(subject, now);
    }
    return {};
  }

  /** Oracle says nothing of when its name servers have a change. */
  async waitForChange(): Promise<void> {}

  /** Undefined where there is none. @throws NotFound for a zone. */
  async #get(
    { zoneId, name, type }: DnsRecordPlace,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<SeenDnsRecord | undefined> {
    const request = { zoneNameOrId: zoneId, domain: name, rtype: type };
    const answer = await goneIsUndefined(this.#oci.dns.call("getRRSet", request, subject, signal));
    // What is missing is not told apart: it may be the zone.
    if (!answer) await this.#zoneName(zoneId, subject, signal);
    const records = answer?.rRSet.items ?? [];
    const [first] = records;
    if (!answer || !first) return undefined;
    const values = records.map(({ rdata = "" }) => fromZoneFile(type, rdata));
    return { name, type, ttlSeconds: first.ttl ?? 0, values, version: answer.eTag };
  }

  async #zoneName(zoneId: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const { zone } = await this.#oci.dns.call("getZone", { zoneNameOrId: zoneId }, subject, signal);
    return portName(zone.name);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("dns", id) };
  }
}

function toZone(zone: models.Zone): DnsZone {
  const { id, name, nameservers } = zone;
  const scope: string = zone.scope;
  return {
    zoneId: id,
    name: portName(name),
    private: scope === "PRIVATE",
    nameServers: nameservers.map(({ hostname }) => portName(hostname)),
    tags: fromWire(zone).tags,
  };
}
