import { createHash } from "node:crypto";
import { isProviderError, type ProviderError } from "../../domain/errors.ts";
import {
  checkRecord,
  checkVersion,
  portName,
  sameRecord,
  staleRecord,
  withinZone,
} from "../../providers/dns-records.ts";
import { conflict, invalid, notFound, type Subject } from "../../providers/failures.ts";
import type { CallBudget, NameServerFacet, SiteCheck } from "../../providers/provider.ts";
import type { DnsChange, DnsRecord, DnsRecordPlace, DnsZone, SeenDnsRecord } from "../../providers/traffic-facets.ts";
import { NameServer } from "./name-server.ts";
import { portTypeOf, recordsOf, valueOf } from "./record-sets.ts";
import type { TsigAlgorithm } from "./tsig.ts";
import { classes, decodeName, encodeName, type ResourceRecord, recordTypes } from "./wire.ts";

export interface NameServerOptions {
  readonly site: string;
  /** `host:port` of the zones' primary. */
  readonly address: string;
  readonly zones: readonly string[];
  readonly keyName: string;
  readonly algorithm: TsigAlgorithm;
  /** The key's bytes in base64. Asked for at each use, as it may be rotated. */
  key(): Promise<string>;
  readonly budget: CallBudget;
}

/** So often anything in the zone may change while a record is read and replaced, before it is given up. */
const tries = 8;

/**
 * The zones of a name server that takes dynamic updates (RFC 2136) signed with a key of ours (RFC 8945). A record is replaced
 * as it was seen under the condition that the zone's serial is still the one from before it was read: with that no change of
 * anybody's is lost, also not one of the TTL, which the protocol can't compare.
 */
export class NameServerDns implements NameServerFacet {
  readonly #site: string;
  readonly #address: string;
  readonly #zones: readonly string[];
  readonly #server: NameServer;

  constructor({ site, address, zones, keyName, algorithm, key, budget }: NameServerOptions) {
    this.#site = site;
    this.#address = address;
    this.#zones = zones.map(portName);
    const at = address.lastIndexOf(":");
    const place = { host: address.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(address.slice(at + 1)) };
    const read = async () => ({ name: keyName, algorithm, secret: Buffer.from(await key(), "base64") });
    this.#server = new NameServer(place, read, budget);
  }

  async check(signal: AbortSignal): Promise<SiteCheck> {
    try {
      for (const zone of this.#zones) await this.#soa(zone, this.#subject("look at the name server", zone), signal);
      const detail = `${this.#address} serves ${this.#zones.join(", ")}`;
      return { check: "name-server", result: "pass", detail };
    } catch (error) {
      if (!isProviderError(error)) throw error;
      const { resource, reason, action } = error.details;
      return { check: "name-server", result: "fail", detail: `${resource}: ${reason}`, remedy: action };
    }
  }

  async *listZones(signal: AbortSignal): AsyncGenerator<DnsZone> {
    for (const name of this.#zones) {
      const subject = this.#subject("list zones", name);
      await this.#soa(name, subject, signal);
      const { answers } = await this.#server.query(name, recordTypes.NS, subject, signal);
      const servers = answers.filter(({ type }) => type === recordTypes.NS);
      const nameServers = servers.map(({ data }) => portName(decodeName(data, 0).name));
      yield { zoneId: name, name, private: false, nameServers, tags: {} };
    }
  }

  async *listRecords(zoneId: string, signal: AbortSignal): AsyncGenerator<SeenDnsRecord> {
    const subject = this.#subject("list records", zoneId);
    const zone = this.#zone(zoneId, subject);
    const sets = new Map<string, ResourceRecord[]>();
    for await (const record of this.#server.transfer(zone, subject, signal)) {
      if (portTypeOf(record.type) === undefined) continue;
      const key = `${portName(record.name)}/${record.type}`;
      sets.set(key, [...(sets.get(key) ?? []), record]);
    }
    for (const records of sets.values()) {
      const seen = toSeen(records);
      if (seen) yield seen;
    }
  }

  async getRecord({ zoneId, name, type }: DnsRecordPlace, signal: AbortSignal): Promise<SeenDnsRecord | undefined> {
    const subject = this.#subject("read record", `${zoneId}/${name}`);
    this.#zone(zoneId, subject);
    checkName(portName(name), subject);
    return toSeen(await this.#find({ zoneId, name: portName(name), type }, subject, signal));
  }

  async putRecord(
    { zoneId, record, version }: { zoneId: string; record: DnsRecord; version?: string },
    signal: AbortSignal,
  ): Promise<DnsChange> {
    const subject = this.#subject("set record", `${zoneId}/${record.name}`);
    const wanted = { ...record, name: portName(record.name) };
    checkRecord(wanted, this.#zone(zoneId, subject), subject);
    checkName(wanted.name, subject);
    if (wanted.type === "CNAME") for (const value of wanted.values) checkName(value, subject);
    const place = { zoneId, name: wanted.name, type: wanted.type };
    await this.#replace({ ...place, subject, version, wanted }, signal);
    // What may not stand beside another type is passed over without a word: RFC 2136, 3.4.2.2.
    const seen = toSeen(await this.#find(place, subject, signal));
    if (seen && sameRecord(seen, wanted)) return {};
    if (seen) throw staleRecord(subject, seen);
    const reason = "the name server took it and has it not, as a CNAME stands alone at its name";
    throw conflict(subject, reason, "Delete the name's other records first, or use another name.");
  }

  async deleteRecord(
    { zoneId, name: given, type, version }: DnsRecordPlace & { readonly version?: string },
    signal: AbortSignal,
  ): Promise<DnsChange> {
    const subject = this.#subject("delete record", `${zoneId}/${given}`);
    const name = portName(given);
    withinZone(name, this.#zone(zoneId, subject), subject);
    checkName(name, subject);
    await this.#replace({ zoneId, name, type, subject, version }, signal);
    return {};
  }

  async waitForChange(): Promise<void> {
    // The primary has what it has acknowledged; of its secondaries nothing tells.
  }

  async #replace(
    input: DnsRecordPlace & {
      readonly subject: Subject;
      readonly version?: string | undefined;
      readonly wanted?: DnsRecord;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { zoneId, name, type, subject, version, wanted } = input;
    const zone = portName(zoneId);
    for (let attempt = 1; ; attempt++) {
      const soa = await this.#soa(zone, subject, signal);
      const records = await this.#find(input, subject, signal);
      const seen = toSeen(records);
      if (!wanted && !seen) return;
      if (wanted && seen && sameRecord(seen, wanted)) return;
      checkVersion(version, seen, subject);
      const gone: ResourceRecord = {
        ...{ name, type: recordTypes[type], class: classes.ANY, ttl: 0 },
        data: Buffer.alloc(0),
      };
      const unchanged = version === undefined ? [] : [{ ...soa, ttl: 0 }];
      const changes = [gone, ...(wanted ? recordsOf(wanted) : [])];
      if (await this.#server.update(zone, unchanged, changes, subject, signal)) return;
      if (attempt >= tries) throw this.#busy(subject);
    }
  }

  async #find({ name, type }: DnsRecordPlace, subject: Subject, signal: AbortSignal): Promise<ResourceRecord[]> {
    const number = recordTypes[type];
    const { answers, authoritative } = await this.#server.query(name, number, subject, signal);
    if (!authoritative) throw notFound(subject, "the name server does not keep that name itself");
    return answers.filter((record) => record.type === number && portName(record.name) === portName(name));
  }

  /** @throws NotFound for a zone that the server does not keep. */
  async #soa(zone: string, subject: Subject, signal: AbortSignal): Promise<ResourceRecord> {
    const { answers, authoritative } = await this.#server.query(zone, recordTypes.SOA, subject, signal);
    const soa = answers.find(({ type, name }) => type === recordTypes.SOA && portName(name) === zone);
    if (soa && authoritative) return soa;
    throw notFound(subject, `${this.#address} does not serve the zone ${zone}`);
  }

  #zone(zoneId: string, subject: Subject): string {
    const zone = this.#zones.find((name) => name === portName(zoneId));
    if (zone !== undefined) return zone;
    throw notFound(subject, `the site's name_server has the zones ${this.#zones.join(", ")}`);
  }

  #busy(subject: Subject): ProviderError {
    return conflict(subject, "the zone is changed all the while", "Try again when less changes in it.");
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: `${this.#site}/dns/${id}` };
  }
}

function checkName(name: string, subject: Subject): void {
  try {
    encodeName(name);
  } catch (cause) {
    throw invalid(subject, (cause as Error).message, "Correct the name.");
  }
}

/** In the order of their bytes: a server turns them round from answer to answer. */
function toSeen(records: readonly ResourceRecord[]): SeenDnsRecord | undefined {
  const sorted = [...records].sort((one, other) => one.data.compare(other.data));
  const [first] = sorted;
  const type = first && portTypeOf(first.type);
  if (!first || !type) return undefined;
  const ttlSeconds = Math.min(...sorted.map(({ ttl }) => ttl));
  const said = JSON.stringify([ttlSeconds, sorted.map(({ data }) => data.toString("base64"))]);
  const version = createHash("sha256").update(said).digest("hex").slice(0, 32);
  return {
    name: portName(first.name),
    type,
    ttlSeconds,
    values: sorted.map(({ data }) => valueOf(type, data)),
    version,
  };
}
