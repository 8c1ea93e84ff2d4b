import type { HostedZone, ResourceRecordSet } from "@aws-sdk/client-route-53";
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
import { notFound, type Subject, unsupported } from "../failures.ts";
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
import type { Aws } from "./client.ts";
import { vendorCode } from "./errors.ts";
import { fromWire, token } from "./tags.ts";

/** "ListTagsForResources" takes so many zones at once. */
const taggedAtOnce = 10;
/** So often somebody else may come in between before it is given up. */
const tries = 3;
/** What `*` is in Route 53's answers. */
const wildcard = "\\052";

interface Seen {
  readonly record: SeenDnsRecord;
  /** As Route 53 has it: what is to be deleted must be named exactly. */
  readonly set: ResourceRecordSet;
}

/**
 * Route 53. A batch is carried out as a whole or not at all, and a deletion has to name what is there: with both, a record is
 * replaced only if it is still the one that was seen.
 */
export class AwsDns implements DnsFacet {
  readonly #aws: Aws;
  /** A zone's name never changes. */
  readonly #names = new Map<string, string>();

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  async *listZones(signal: AbortSignal): AsyncGenerator<DnsZone> {
    const subject = this.#subject("list zones", "all");
    let Marker: string | undefined;
    do {
      const input = { Marker };
      const page = await this.#aws.route53.send((sdk) => new sdk.ListHostedZonesCommand(input), subject, signal);
      const zones = page.HostedZones ?? [];
      for (let at = 0; at < zones.length; at += taggedAtOnce) {
        const part = zones.slice(at, at + taggedAtOnce);
        const tags = await this.#tagsOf(part, subject, signal);
        for (const zone of part) yield toZone(zone, tags.get(idOf(zone.Id)) ?? {});
      }
      Marker = page.IsTruncated ? page.NextMarker : undefined;
    } while (Marker !== undefined);
  }

  async *listRecords(zoneId: string, signal: AbortSignal): AsyncGenerator<SeenDnsRecord> {
    const subject = this.#subject("list records", zoneId);
    let from: {
      StartRecordName?: string;
      StartRecordType?: ResourceRecordSet["Type"];
      StartRecordIdentifier?: string;
    } = {};
    for (;;) {
      const input = { HostedZoneId: zoneId, ...from };
      const page = await this.#aws.route53.send((sdk) => new sdk.ListResourceRecordSetsCommand(input), subject, signal);
      for (const set of page.ResourceRecordSets ?? []) {
        const record = toRecord(set);
        if (record) yield record;
      }
      if (!page.IsTruncated || page.NextRecordName === undefined) return;
      const { NextRecordName, NextRecordType, NextRecordIdentifier } = page;
      from = {
        StartRecordName: NextRecordName,
        ...(NextRecordType && { StartRecordType: NextRecordType }),
        ...(NextRecordIdentifier === undefined ? {} : { StartRecordIdentifier: NextRecordIdentifier }),
      };
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
    const { name, type } = wanted;
    return this.#replace({ zoneId, name, type, subject, version, wanted }, signal);
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
    { change, onWaiting }: { zoneId: string; change: DnsChange; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<void> {
    const { changeId: Id } = change;
    if (Id === undefined) return;
    const subject = this.#subject("wait for a change", Id);
    const isInSync = async (): Promise<boolean> => {
      const { ChangeInfo } = await this.#aws.route53.send((sdk) => new sdk.GetChangeCommand({ Id }), subject, signal);
      return ChangeInfo?.Status === "INSYNC";
    };
    await waitUntil(isInSync, { onWaiting }, this.#aws.patience, signal);
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
    for (let attempt = 1; ; attempt++) {
      const seen = await this.#seen(zoneId, name, type, subject, signal);
      if (!wanted && !seen) return {};
      const isDone = wanted !== undefined && seen !== undefined && sameRecord(seen.record, wanted);
      if (!isDone) checkVersion(version, seen?.record, subject);
      const Changes = [
        ...(seen ? [{ Action: "DELETE" as const, ResourceRecordSet: seen.set }] : []),
        ...(wanted ? [{ Action: "CREATE" as const, ResourceRecordSet: toSet(wanted) }] : []),
      ];
      try {
        const { ChangeInfo } = await this.#aws.route53.send(
          (sdk) => new sdk.ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes } }),
          subject,
          signal,
        );
        return { changeId: idOf(ChangeInfo?.Id) };
      } catch (error) {
        if (vendorCode(error) !== "InvalidChangeBatch") throw error;
        const now = await this.#seen(zoneId, name, type, subject, signal);
        if (now?.record.version === seen?.record.version) throw error;
        if (attempt >= tries) throw staleRecord(subject, now?.record);
      }
    }
  }

  /** @throws UnsupportedCapability for what answers by rules of Route 53's. */
  async #seen(
    zoneId: string,
    name: string,
    type: DnsRecordType,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Seen | undefined> {
    const set = await this.#find(zoneId, name, type, subject, signal);
    if (!set) return undefined;
    const record = toRecord(set);
    if (record) return { record, set };
    throw unsupported(
      subject,
      "the record is an alias, or one of several that Route 53 chooses from",
      "Change it at Route 53, or use a name with a plain record.",
    );
  }

  async #find(
    HostedZoneId: string,
    name: string,
    type: DnsRecordType,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<ResourceRecordSet | undefined> {
    const input = { HostedZoneId, StartRecordName: name, StartRecordType: type, MaxItems: 1 };
    const { ResourceRecordSets = [] } = await this.#aws.route53.send(
      (sdk) => new sdk.ListResourceRecordSetsCommand(input),
      subject,
      signal,
    );
    const [set] = ResourceRecordSets;
    return set && nameOf(set) === name && set.Type === type ? set : undefined;
  }

  async #nameOf(zoneId: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const known = this.#names.get(zoneId);
    if (known !== undefined) return known;
    const { HostedZone: zone } = await this.#aws.route53.send(
      (sdk) => new sdk.GetHostedZoneCommand({ Id: zoneId }),
      subject,
      signal,
    );
    if (zone?.Name === undefined) throw notFound(subject, "there is no such zone");
    const name = portName(zone.Name);
    this.#names.set(zoneId, name);
    return name;
  }

  async #tagsOf(
    zones: readonly HostedZone[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Map<string, Readonly<Record<string, string>>>> {
    const ResourceIds = zones.map(({ Id }) => idOf(Id));
    const { ResourceTagSets = [] } = await this.#aws.route53.send(
      (sdk) => new sdk.ListTagsForResourcesCommand({ ResourceType: "hostedzone", ResourceIds }),
      subject,
      signal,
    );
    return new Map(ResourceTagSets.map(({ ResourceId = "", Tags }) => [ResourceId, fromWire(Tags).tags]));
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("dns", id) };
  }
}

/** Without the path that Route 53 puts before it. */
function idOf(id: string | undefined): string {
  return (id ?? "").slice((id ?? "").lastIndexOf("/") + 1);
}

function toZone({ Id, Name = "", Config }: HostedZone, tags: Readonly<Record<string, string>>): DnsZone {
  return { zoneId: idOf(Id), name: portName(Name), private: Config?.PrivateZone ?? false, tags };
}

function nameOf({ Name = "" }: ResourceRecordSet): string {
  return portName(Name).replaceAll(wildcard, "*");
}

/** Undefined for types that the port has not, and for what answers by rules. */
function toRecord(set: ResourceRecordSet): SeenDnsRecord | undefined {
  const { Type: type = "", TTL: ttlSeconds, ResourceRecords, SetIdentifier } = set;
  if (!isPortType(type) || SetIdentifier !== undefined || ttlSeconds === undefined || !ResourceRecords)
    return undefined;
  const raw = ResourceRecords.map(({ Value = "" }) => Value);
  const version = token(ttlSeconds, ...[...raw].sort());
  return { name: nameOf(set), type, ttlSeconds, values: raw.map((value) => toValue(type, value)), version };
}

function toSet({ name, type, ttlSeconds, values }: DnsRecord): ResourceRecordSet {
  return {
    Name: name,
    Type: type,
    TTL: ttlSeconds,
    ResourceRecords: [...new Set(values)].map((value) => ({ Value: fromValue(type, value) })),
  };
}

function toValue(type: DnsRecordType, raw: string): string {
  if (type === "CNAME") return portName(raw);
  if (type !== "TXT") return raw;
  const pieces = [...raw.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inside = ""]) => inside);
  // Outside of ASCII Route 53 writes bytes as octal numbers.
  const bytes = pieces
    .join("")
    .replace(/\\([0-7]{3}|.)/g, (_, escaped: string) =>
      escaped.length === 3 ? String.fromCharCode(Number.parseInt(escaped, 8)) : escaped,
    );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function fromValue(type: DnsRecordType, value: string): string {
  if (type !== "TXT") return value;
  const quoted = textPieces(value).map((piece) => {
    const escaped = [...Buffer.from(piece, "utf8")].map((byte) => {
      const character = String.fromCharCode(byte);
      if (byte < 0x20 || byte > 0x7e) return `\\${byte.toString(8).padStart(3, "0")}`;
      return character === '"' || character === "\\" ? `\\${character}` : character;
    });
    return `"${escaped.join("")}"`;
  });
  return quoted.join(" ");
}
