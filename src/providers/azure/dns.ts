import type { RecordSet, Zone } from "@azure/arm-dns";
import {
  checkRecord,
  checkVersion,
  isPortType,
  portName,
  sameRecord,
  staleRecord,
  textPieces,
  withinZone,
} from "../dns-records.ts";
import { type Subject, unsupported } from "../failures.ts";
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
import type { Azure } from "./client.ts";
import { goneIsUndefined, isStale } from "./errors.ts";
import { fromWire } from "./tags.ts";

/** The public zones of the resource group. Each set of records has an entity tag, which a change may ask for. */
export class AzureDns implements DnsFacet {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async *listZones(signal: AbortSignal): AsyncGenerator<DnsZone> {
    const subject = { operation: "list DNS zones", resource: this.#azure.site };
    const all = this.#azure.dnsList(subject, signal, (client, { group, options: { abortSignal } }) =>
      client.zones.listByResourceGroup(group, { abortSignal }),
    );
    for await (const zone of all) yield toZone(zone);
  }

  async *listRecords(zoneId: string, signal: AbortSignal): AsyncGenerator<SeenDnsRecord> {
    const subject = this.#subject("list DNS records", zoneId);
    const all = this.#azure.dnsList(subject, signal, (client, { group, options: { abortSignal } }) =>
      client.recordSets.listByDnsZone(group, zoneId, { abortSignal }),
    );
    for await (const set of all) {
      const record = isAlias(set) ? undefined : toRecord(set, zoneId);
      if (record) yield record;
    }
  }

  async getRecord(input: DnsRecordPlace, signal: AbortSignal): Promise<SeenDnsRecord | undefined> {
    const subject = this.#subject("look up a DNS record", `${input.name}/${input.type}`);
    const set = await this.#get(input, subject, signal);
    return set && !isAlias(set) ? toRecord(set, input.zoneId) : undefined;
  }

  /** A PUT is the whole of the set: what others have noted on it goes along. */
  async putRecord(
    input: { readonly zoneId: string; readonly record: DnsRecord; readonly version?: string },
    signal: AbortSignal,
  ): Promise<DnsChange> {
    const { zoneId, record, version } = input;
    const { name, type } = record;
    const subject = this.#subject("set a DNS record", `${name}/${type}`);
    checkRecord(record, zoneId, subject);
    const set = await this.#get({ zoneId, name, type }, subject, signal);
    const seen = this.#changeable(set, zoneId, subject);
    if (seen && sameRecord(seen, record)) return {};
    checkVersion(version, seen, subject);
    const condition =
      version === undefined ? {} : version === absentRecord ? { ifNoneMatch: "*" } : { ifMatch: version };
    const wanted = { ttl: record.ttlSeconds, ...(set?.metadata && { metadata: set.metadata }), ...toWire(record) };
    try {
      await this.#azure.dns(subject, signal, (client, { group, options: { abortSignal } }) =>
        client.recordSets.createOrUpdate(group, zoneId, relative(name, zoneId, subject), type, wanted, {
          ...condition,
          abortSignal,
        }),
      );
    } catch (error) {
      if (!isStale(error)) throw error;
      // It may be our own change whose answer was lost.
      const now = await this.getRecord({ zoneId, name, type }, signal);
      if (!now || !sameRecord(now, record)) throw staleRecord(subject, now);
    }
    return {};
  }

  async deleteRecord(input: DnsRecordPlace & { readonly version?: string }, signal: AbortSignal): Promise<DnsChange> {
    const { zoneId, name, type, version } = input;
    const subject = this.#subject("delete a DNS record", `${name}/${type}`);
    const seen = this.#changeable(await this.#get(input, subject, signal), zoneId, subject);
    if (!seen) return {};
    checkVersion(version, seen, subject);
    try {
      await goneIsUndefined(
        this.#azure.dns(subject, signal, (client, { group, options: { abortSignal } }) =>
          client.recordSets.delete(group, zoneId, relative(name, zoneId, subject), type, {
            ...(version !== undefined && { ifMatch: version }),
            abortSignal,
          }),
        ),
      );
    } catch (error) {
      if (!isStale(error)) throw error;
      const now = await this.getRecord(input, signal);
      if (now) throw staleRecord(subject, now);
    }
    return {};
  }

  /** Azure says nothing of when its name servers have a change. */
  async waitForChange(): Promise<void> {}

  /** Undefined where there is none. @throws NotFound for a zone. */
  async #get(
    { zoneId, name, type }: DnsRecordPlace,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<RecordSet | undefined> {
    const found = await goneIsUndefined(
      this.#azure.dns(subject, signal, (client, { group, options: { abortSignal } }) =>
        client.recordSets.get(group, zoneId, relative(name, zoneId, subject), type, { abortSignal }),
      ),
    );
    // What is missing is not told apart: it may be the zone.
    if (!found)
      await this.#azure.dns(subject, signal, (client, { group, options: { abortSignal } }) =>
        client.zones.get(group, zoneId, { abortSignal }),
      );
    return found;
  }

  #changeable(set: RecordSet | undefined, zoneId: string, subject: Subject): SeenDnsRecord | undefined {
    if (set && isAlias(set)) {
      const reason = `it answers with the addresses of ${set.targetResource?.id}`;
      throw unsupported(subject, reason, "Change it at Azure, where its target is chosen.");
    }
    return set && toRecord(set, zoneId);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("dns", id) };
  }
}

/** It follows a resource of Azure's, and has no values of its own. */
function isAlias({ targetResource }: RecordSet): boolean {
  return targetResource?.id !== undefined;
}

function relative(name: string, zone: string, subject: Subject): string {
  return withinZone(name, zone, subject) || "@";
}

function toZone({ name = "", zoneType, nameServers = [], tags }: Zone): DnsZone {
  return {
    zoneId: portName(name),
    name: portName(name),
    private: zoneType === "Private",
    nameServers: nameServers.map(portName),
    tags: fromWire(tags).tags,
  };
}

/** Undefined for types that the port does not have. */
function toRecord(set: RecordSet, zone: string): SeenDnsRecord | undefined {
  const { name: own = "", type = "", ttl: ttlSeconds = 0, etag = "" } = set;
  const recordType = type.split("/").at(-1)?.toUpperCase() ?? "";
  if (!isPortType(recordType)) return undefined;
  const name = own === "@" ? zone : `${portName(own)}.${zone}`;
  return { name, type: recordType, ttlSeconds, values: valuesOf(set, recordType), version: etag };
}

function valuesOf({ aRecords, aaaaRecords, cnameRecord, txtRecords }: RecordSet, type: DnsRecordType): string[] {
  if (type === "A") return (aRecords ?? []).flatMap(({ ipv4Address }) => ipv4Address ?? []);
  if (type === "AAAA") return (aaaaRecords ?? []).flatMap(({ ipv6Address }) => ipv6Address ?? []);
  if (type === "CNAME") return cnameRecord?.cname === undefined ? [] : [portName(cnameRecord.cname)];
  return (txtRecords ?? []).map(({ value = [] }) => value.join(""));
}

function toWire({ type, values }: DnsRecord): RecordSet {
  if (type === "A") return { aRecords: values.map((ipv4Address) => ({ ipv4Address })) };
  if (type === "AAAA") return { aaaaRecords: values.map((ipv6Address) => ({ ipv6Address })) };
  if (type === "CNAME") return { cnameRecord: { cname: values[0] ?? "" } };
  return { txtRecords: values.map((value) => ({ value: textPieces(value) })) };
}
