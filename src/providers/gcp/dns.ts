import type { DNS } from "@google-cloud/dns";
import { isProviderError } from "../../domain/errors.ts";
import {
  checkRecord,
  checkVersion,
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
  #client: Promise<DNS> | undefined;

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

  async #send<T>(method: string, request: Request, subject: Subject, signal: AbortSignal): Promise<T> {
    const client = await (this.#client ??= this.#connect());
    return this.#gcp.send("dns", method, () => ask<T>(client, request, signal), subject, signal);
  }

  async #connect(): Promise<DNS> {
    const connecting = (async () => {
      const [{ DNS: Client }, { auth }] = await Promise.all([import("@google-cloud/dns"), this.#gcp.signer()]);
      const { endpoint } = this.#gcp.entry;
      const client = new Client({
        projectId: await this.#gcp.project(),
        authClient: (await auth.getClient()) as never,
        // Repeating is decided in one place, `client.ts`.
        autoRetry: false,
        timeout: this.#gcp.patience.requestTimeoutMs,
      } as never);
      if (endpoint !== undefined) client.baseUrl = `${endpoint}/dns/v1`;
      return client;
    })();
    connecting.catch(() => {
      this.#client = undefined;
    });
    return connecting;
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("dns", id) };
  }
}

/** The client knows no signal: whoever gives up does not wait for it. A change that goes through all the same is found by a
 *  repeat. */
function ask<T>(client: DNS, request: Request, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    client.request(request, (error: Error | null, body: unknown) => {
      signal.removeEventListener("abort", onAbort);
      if (error) reject(error);
      else resolve(body as T);
    });
  });
}

/** Undefined for types that the port has not, and for what answers by a policy. */
function toRecord({ name, type, ttl, rrdatas, routingPolicy }: RecordSet): SeenDnsRecord | undefined {
  if (!isPortType(type) || routingPolicy !== undefined || ttl === undefined || !rrdatas) return undefined;
  const version = digest(32, ttl, ...[...rrdatas].sort());
  return { name: portName(name), type, ttlSeconds: ttl, values: rrdatas.map((value) => toValue(type, value)), version };
}

function toSet({ name, type, ttlSeconds, values }: DnsRecord): RecordSet {
  return {
    name: `${name}.`,
    type,
    ttl: ttlSeconds,
    rrdatas: [...new Set(values)].map((value) => zoneFileValue(type, value)),
  };
}

function toValue(type: DnsRecordType, raw: string): string {
  if (type === "CNAME") return portName(raw);
  if (type !== "TXT") return raw;
  const pieces = [...raw.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain = ""]) => quoted ?? plain);
  return pieces.map((piece) => piece.replace(/\\(.)/g, "$1")).join("");
}
