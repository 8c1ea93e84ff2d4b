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
import { type Subject, unsupported } from "../failures.ts";
import { waitUntil } from "../poll.ts";
import type {
  DnsChange,
  DnsFacet,
  DnsRecord,
  DnsRecordPlace,
  DnsRecordType,
  DnsZone,
  SeenDnsRecord,
} from "../traffic-facets.ts";
import type { Gcp } from "./client.ts";
import { seenOf } from "./labels.ts";
import { digest } from "./names.ts";

/** So often somebody else may come in between before it is given up. */
const tries = 3;

/** As Cloud DNS has it: "ResourceRecordSets" and "ManagedZones" of its reference. */
interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl?: number;
  readonly rrdatas?: readonly string[];
  readonly routingPolicy?: object;
}
interface Zone {
  readonly name: string;
  readonly dnsName: string;
  readonly visibility?: string;
  readonly nameServers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}
interface Listed {
  readonly managedZones?: readonly Zone[];
  readonly rrsets?: readonly RecordSet[];
  readonly nextPageToken?: string;
}

interface Request {
  readonly method?: "GET" | "POST";
  readonly uri: string;
  readonly qs?: Readonly<Record<string, string>>;
  readonly json?: object;
}

/**
 * Cloud DNS. A change is carried out as a whole or not at all, and what it takes away has to be there exactly as it is named:
 * with that, a record is replaced only if it is still the one that was seen.
 */
export class GcpDns implements DnsFacet {
  readonly #gcp: Gcp;
  /** A zone's name never changes. */
  readonly #names = new Map<string, string>();

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *listZones(signal: AbortSignal): AsyncGenerator<DnsZone> {
    const subject = this.#subject("list zones", "all");
    for await (const { managedZones = [] } of this.#pages("managedZones.list", "managedZones", {}, subject, signal)) {
      for (const { name, dnsName, visibility, nameServers, labels } of managedZones) {
        yield {
          zoneId: name,
          name: portName(dnsName),
          private: visibility === "private",
          ...(nameServers && { nameServers: nameServers.map(portName) }),
          tags: seenOf({ ...(labels && { labels }) }).tags,
        };
      }
    }
  }

  async *listRecords(zoneId: string, signal: AbortSignal): AsyncGenerator<SeenDnsRecord> {
    const subject = this.#subject("list records", zoneId);
    const uri = `managedZones/${encodeURIComponent(zoneId)}/rrsets`;
    for await (const { rrsets = [] } of this.#pages("resourceRecordSets.list", uri, {}, subject, signal)) {
      for (const set of rrsets) {
        const record = toRecord(set);
        if (record) yield record;
      }
    }
  }

  async getRecord({ zoneId, name, type }: DnsRecordPlace, signal: AbortSignal): Promise<SeenDnsRecord | undefined> {
    const subject = this.#subject("read record", `${zoneId}/${name}`);
    const set = await this.#find(zoneId, portName(name), type, subject, signal);
    return set && toRecord(set);
  }

  async putRecord(
    { zoneId, record, version }: { zoneId: string; record: DnsRecord; version?: string },
    signal: AbortSignal,
  ): Promise<DnsChange> {
    const subject = this.#subject("set record", `${zoneId}/${record.name}`);
    const wanted = { ...record, name: portName(record.name) };
    checkRecord(wanted, await this.#nameOf(zoneId, subject, signal), subject);
    return this.#replace({ zoneId, name: wanted.name, type: wanted.type, subject, version, wanted }, signal);
  }

  async deleteRecord(
    { zoneId, name: given, type, version }: DnsRecordPlace & { readonly version?: string },
    signal: AbortSignal,
  ): Promise<DnsChange> {
    const subject = this.#subject("delete record", `${zoneId}/${given}`);
    const name = portName(given);
    withinZone(name, await this.#nameOf(zoneId, subject, signal), subject);
    return this.#replace({ zoneId, name, type, subject, version }, signal);
  }

  async waitForChange(
    { zoneId, change, onWaiting }: { zoneId: string; change: DnsChange; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<void> {
    const { changeId } = change;
    if (changeId === undefined) return;
    const subject = this.#subject("wait for a change", `${zoneId}/${changeId}`);
    const uri = `managedZones/${encodeURIComponent(zoneId)}/changes/${encodeURIComponent(changeId)}`;
    const isDone = async (): Promise<boolean> => {
      const { status } = await this.#send<{ status?: string }>("changes.get", { uri }, subject, signal);
      return status === "done";
    };
    await waitUntil(isDone, { onWaiting }, this.#gcp.patience, signal);
  }

  /** What is so already is set again: only a change of one's own tells when the name servers have it. */
  async #replace(
    input: DnsRecordPlace & {
      subject: Subject;
      version?: string | undefined;
      wanted?: DnsRecord;
    },
    signal: AbortSignal,
  ): Promise<DnsChange> {
    const { zoneId, name, type, subject, version, wanted } = input;
    const uri = `managedZones/${encodeURIComponent(zoneId)}/changes`;
    for (let attempt = 1; ; attempt++) {
      const set = await this.#find(zoneId, name, type, subject, signal);
      const seen = set && toRecord(set);
      if (set && !seen) {
        throw unsupported(
          subject,
          "the record answers by a routing policy",
          "Change it at Cloud DNS, or use a name with a plain record.",
        );
      }
      if (!wanted && !set) return {};
      if (!wanted || !seen || !sameRecord(seen, wanted)) checkVersion(version, seen, subject);
      const json = { additions: wanted ? [toSet(wanted)] : [], deletions: set ? [set] : [] };
      try {
        const { id } = await this.#send<{ id: string }>(
          "changes.create",
          { method: "POST", uri, json },
          subject,
          signal,
        );
        return { changeId: id };
      } catch (error) {
        if (!isProviderError(error, "Conflict", "NotFound")) throw error;
        const now = await this.#find(zoneId, name, type, subject, signal);
        if (JSON.stringify(now) === JSON.stringify(set)) throw error;
        if (attempt >= tries) throw staleRecord(subject, now && toRecord(now));
      }
    }
  }

  async #find(
    zoneId: string,
    name: string,
    type: DnsRecordType,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<RecordSet | undefined> {
    const uri = `managedZones/${encodeURIComponent(zoneId)}/rrsets`;
    const qs = { name: `${name}.`, type };
    const { rrsets = [] } = await this.#send<Listed>("resourceRecordSets.list", { uri, qs }, subject, signal);
    return rrsets[0];
  }

  async #nameOf(zoneId: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const known = this.#names.get(zoneId);
    if (known !== undefined) return known;
    const uri = `managedZones/${encodeURIComponent(zoneId)}`;
    const { dnsName } = await this.#send<Zone>("managedZones.get", { uri }, subject, signal);
    const name = portName(dnsName);
    this.#names.set(zoneId, name);
    return name;
  }

  async *#pages(
    method: string,
    uri: string,
    asked: Readonly<Record<string, string>>,
    subject: Subject,
    signal: AbortSignal,
  ): AsyncGenerator<Listed> {
    let pageToken: string | undefined;
    do {
      const qs = { ...asked, ...(pageToken !== undefined && { pageToken }) };
      const page: Listed = await this.#send<Listed>(method, { uri, qs }, subject, signal);
      yield page;
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
  }

  /** Google's client of Cloud DNS repeats by itself what gets no answer, past the budget, and takes no signal. */
  async #send<T>(method: string, request: Request, subject: Subject, signal: AbortSignal): Promise<T> {
    const { entry, patience } = this.#gcp;
    const [{ auth }, project] = await Promise.all([this.#gcp.signer(), this.#gcp.project()]);
    const url = new URL(`${entry.endpoint ?? "https://dns.googleapis.com"}/dns/v1/projects/${project}/${request.uri}`);
    for (const [name, value] of Object.entries(request.qs ?? {})) url.searchParams.set(name, value);
    const ask = async (): Promise<T> => {
      const limit = AbortSignal.timeout(patience.requestTimeoutMs);
      try {
        const answer = await auth.request<T>({
          url: url.href,
          method: request.method ?? "GET",
          signal: AbortSignal.any([signal, limit]),
          // Repeating is decided in one place, `client.ts`.
          retryConfig: { retry: 0, noResponseRetries: 0 },
          ...(request.json && { data: request.json }),
        });
        return answer.data;
      } catch (error) {
        if (!limit.aborted) throw error;
        throw Object.assign(new Error("no answer came in time", { cause: error }), { code: "ETIMEDOUT" });
      }
    };
    return this.#gcp.send("dns", method, ask, subject, signal);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("dns", id) };
  }
}

/** Undefined for types that the port has not, and for what answers by a policy. */
function toRecord({ name, type, ttl, rrdatas, routingPolicy }: RecordSet): SeenDnsRecord | undefined {
  if (!isPortType(type) || routingPolicy !== undefined || ttl === undefined || !rrdatas) return undefined;
  const version = digest(32, ttl, ...[...rrdatas].sort());
  return {
    name: portName(name),
    type,
    ttlSeconds: ttl,
    values: rrdatas.map((value) => fromZoneFile(type, value)),
    version,
  };
}

function toSet({ name, type, ttlSeconds, values }: DnsRecord): RecordSet {
  return {
    name: `${name}.`,
    type,
    ttl: ttlSeconds,
    rrdatas: [...new Set(values)].map((value) => zoneFileValue(type, value)),
  };
}
