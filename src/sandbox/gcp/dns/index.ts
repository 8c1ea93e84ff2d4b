import type { IncomingMessage } from "node:http";
import * as z from "zod";
import { type Answer, readBody } from "../../cloud/http-front.ts";
import type { GcpCloud } from "../cloud.ts";
import { newNumericId } from "../compute/ids.ts";
import { checkedLabels } from "../compute/labels.ts";
import { alreadyExists, badRequest, GcpError, invalid } from "../errors.ts";
import { perform } from "../perform.ts";
import { projectId } from "../places.ts";
import { applyChange } from "./changes.ts";
import { changeBody, describeSet, parsed } from "./record-sets.ts";
import { type DnsState, dnsStateOf, type ManagedZone, type ZoneChange } from "./state.ts";

export const dnsPrefix = "/dns/v1/projects/";
const bodyLimit = 2 ** 20;
const aPage = 100;

/** https://cloud.google.com/dns/docs/reference/rest/v1/managedZones */
const zoneBody = z.strictObject({
  kind: z.literal("dns#managedZone").optional(),
  name: z.string().regex(/^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/),
  dnsName: z.string().regex(/^[a-z0-9.-]+\.$/),
  description: z.string(),
  visibility: z.enum(["public", "private"]).default("public"),
  labels: z.record(z.string(), z.string()).default({}),
});

interface DnsCall {
  readonly zone: string;
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Cloud DNS: managed zones and their record sets, without routing policies. */
export class Dns {
  readonly state: DnsState;
  readonly #cloud: GcpCloud;
  readonly #calls: Readonly<Record<string, (call: DnsCall) => object | undefined>>;

  constructor(cloud: GcpCloud) {
    this.#cloud = cloud;
    this.state = dnsStateOf(cloud.documents);
    const { zones, changes, records } = this.state;
    this.#calls = {
      "managedZones.create": ({ body }) => describeZone(this.#createZone(body)),
      "managedZones.get": ({ zone }) => describeZone(this.#zone(zone)),
      "managedZones.list": ({ query }) => {
        const { items, next } = pageOf([...zones.values()], query);
        return { kind: "dns#managedZonesListResponse", managedZones: items.map(describeZone), ...next };
      },
      "managedZones.delete": ({ zone }) => {
        const { id, dnsName } = this.#zone(zone);
        if (records.of(id).some(({ name, type }) => `${name}.` !== dnsName || !["SOA", "NS"].includes(type))) {
          throw new GcpError(
            400,
            "containerNotEmpty",
            `The resource named '${zone}' cannot be deleted because it is not empty`,
          );
        }
        records.forget(id);
        for (const change of changes.where(({ zoneId }) => zoneId === id)) changes.delete(change.id);
        zones.delete(id);
        return undefined;
      },
      "resourceRecordSets.list": ({ zone, query }) => {
        const { id } = this.#zone(zone);
        const [name, type] = [query.get("name"), query.get("type")];
        if (type !== null && name === null) throw badRequest("'parameters.type' needs 'parameters.name'");
        const found = records
          .of(id)
          .filter((record) => name === null || `${record.name}.` === name.toLowerCase())
          .filter((record) => type === null || record.type === type);
        const { items, next } = pageOf(found, query);
        const rrsets = items.map((record) => describeSet(record.name, record.type, record.current));
        return { kind: "dns#resourceRecordSetsListResponse", rrsets, ...next };
      },
      "changes.create": ({ zone, body }) => describeChange(this.#change(this.#zone(zone), body)),
      "changes.get": ({ zone, id }) => {
        const found = changes.get(`${this.#zone(zone).id}/${id}`);
        if (!found)
          throw new GcpError(404, "notFound", `The 'parameters.changeId' resource named '${id}' does not exist.`);
        return describeChange(found);
      },
    };
  }

  /** `path` begins behind `/dns/v1/projects/`. */
  async handle(request: IncomingMessage, path: string, query: URLSearchParams): Promise<Answer> {
    const [project = "", collection, zone = "", inner, id = ""] = path.split("/").map(decodeURIComponent);
    const operation = collection === "managedZones" ? operationOf(request.method ?? "GET", zone, inner, id) : undefined;
    const run = operation === undefined ? undefined : this.#calls[operation];
    if (operation === undefined || !run) {
      throw new GcpError(501, "notImplemented", `The sandbox does not simulate ${request.method} ${path}`);
    }
    const text = (await readBody(request, bodyLimit)).toString("utf8");
    const body = text === "" ? {} : json(text);
    const call = { service: "dns", operation, region: "global", scope: `managedZones/${zone}` } as const;
    const answer = await perform(this.#cloud, call, () => {
      if (project !== projectId) throw new GcpError(403, "forbidden", `Permission denied on project ${project}.`);
      return this.#cloud.documents.together(() => run({ zone, id, query, body }));
    });
    if (answer === undefined) return { status: 204, headers: {} };
    return {
      status: 200,
      headers: { "content-type": "application/json; charset=UTF-8" },
      body: JSON.stringify(answer),
    };
  }

  /** By its name, or by its number. @throws GcpError 404. */
  #zone(name: string): ManagedZone {
    const { zones } = this.state;
    const found = zones.get(name) ?? zones.find(({ numericId }) => numericId === name);
    if (found) return found;
    throw new GcpError(404, "notFound", `The 'parameters.managedZone' resource named '${name}' does not exist.`);
  }

  #createZone(body: unknown): ManagedZone {
    const { zones, records } = this.state;
    const { name, dnsName, description, visibility, labels } = parsed(zoneBody, body);
    if (zones.has(name)) throw alreadyExists(`entity.managedZone' named '${name}`);
    const nameServers = [1, 2, 3, 4].map((at) => `ns-cloud-a${at}.simulated.example.`);
    const zone = zones.put({
      ...{ id: name, numericId: newNumericId(), createdAt: Date.now(), description, dnsName, nameServers },
      ...{ private: visibility === "private", labels: checkedLabels(labels, "entity.managedZone.labels") },
    });
    const apex = dnsName.replace(/\.$/, "");
    const soa = `${nameServers[0]} hostmaster.simulated.example. 1 21600 3600 259200 300`;
    records.set(name, apex, "NS", { ttlSeconds: 21_600, values: nameServers }, 0);
    records.set(name, apex, "SOA", { ttlSeconds: 21_600, values: [soa] }, 0);
    return zone;
  }

  #change(zone: ManagedZone, body: unknown): ZoneChange {
    const { changes } = this.state;
    const { additions, deletions } = parsed(changeBody, body);
    if (additions.length + deletions.length === 0)
      throw invalid("entity.change", "", "A change has at least one part.");
    const at = Date.now();
    const doneAt = at + this.#cloud.settings.dnsPendingMs;
    applyChange(this.state, zone, { additions, deletions }, doneAt);
    const number = changes.where(({ zoneId }) => zoneId === zone.id).length + 1;
    return changes.put({ id: `${zone.id}/${number}`, zoneId: zone.id, number, at, doneAt, additions, deletions });
  }
}

function operationOf(method: string, zone: string, inner: string | undefined, id: string): string | undefined {
  const place = `${zone === "" ? "-" : "*"}/${inner ?? "-"}/${id === "" ? "-" : "*"}`;
  const known: Readonly<Record<string, string>> = {
    "GET -/-/-": "managedZones.list",
    "POST -/-/-": "managedZones.create",
    "GET */-/-": "managedZones.get",
    "DELETE */-/-": "managedZones.delete",
    "GET */rrsets/-": "resourceRecordSets.list",
    "POST */changes/-": "changes.create",
    "GET */changes/*": "changes.get",
  };
  return known[`${method} ${place}`];
}

function describeZone(zone: ManagedZone): object {
  return {
    kind: "dns#managedZone",
    id: zone.numericId,
    name: zone.id,
    dnsName: zone.dnsName,
    description: zone.description ?? "",
    visibility: zone.private ? "private" : "public",
    nameServers: zone.private ? [] : zone.nameServers,
    creationTime: new Date(zone.createdAt).toISOString(),
    ...(Object.keys(zone.labels).length > 0 && { labels: zone.labels }),
  };
}

function describeChange({ number, at, doneAt, additions, deletions }: ZoneChange): object {
  const done = Date.now() >= doneAt;
  return {
    kind: "dns#change",
    ...{ id: String(number), startTime: new Date(at).toISOString(), status: done ? "done" : "pending" },
    ...{ isServing: done, additions, deletions },
  };
}

function pageOf<T>(all: readonly T[], query: URLSearchParams): { items: readonly T[]; next: object } {
  const most = Number(query.get("maxResults") ?? aPage);
  const from = Number(query.get("pageToken") ?? 0);
  if (!Number.isInteger(most) || most < 1 || !Number.isInteger(from))
    throw badRequest("Invalid value for 'parameters'");
  const size = Math.min(most, aPage);
  const end = from + size;
  return { items: all.slice(from, end), next: end < all.length ? { nextPageToken: String(end) } : {} };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GcpError(400, "parseError", "Parse Error");
  }
}
