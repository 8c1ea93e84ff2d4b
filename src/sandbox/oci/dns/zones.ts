import type * as dns from "oci-dns";
import { conflict, invalid, missing, notFound } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import { checkTags, type Kind, type Registry } from "../registry.ts";
import type { Resource } from "../state.ts";
import type { Wire } from "../wire.ts";
import type { ZoneRecords } from "./records.ts";

/** A public zone, or a private one, which answers nobody here. */
export interface Zone extends Resource {
  readonly name: string;
  readonly private: boolean;
  readonly serial: number;
}

export const nameServers = ["ns1", "ns2", "ns3", "ns4"].map((host) => `${host}.p68.dns.oraclecloud.net`);

export function zoneKind(registry: Registry): Kind<Zone> {
  return registry.add({
    type: "dns-zone",
    table: registry.cloud.tables.zones,
    stateOf: (zone) =>
      registry.timed(zone, { making: "CREATING", ready: "ACTIVE", ending: "DELETING", ended: "DELETED" }),
    describe: (zone): Wire<dns.models.Zone> => ({
      ...summary(registry, zone),
      externalMasters: [],
      externalDownstreams: [],
      nameservers: zone.private ? [] : nameServers.map((hostname) => ({ hostname })),
      zoneTransferServers: [],
    }),
  });
}

function summary(registry: Registry, zone: Zone): Wire<dns.models.ZoneSummary> {
  const { id, compartmentId, freeformTags, definedTags, name, serial, createdAt } = zone;
  const state = registry.timed(zone, { making: "CREATING", ready: "ACTIVE", ending: "DELETING", ended: "DELETED" });
  return {
    ...{ id, name, compartmentId, freeformTags, serial },
    definedTags: { ...definedTags },
    zoneType: "PRIMARY",
    scope: zone.private ? "PRIVATE" : "GLOBAL",
    resolutionMode: "STATIC",
    dnssecState: "DISABLED",
    self: `https://dns.us-ashburn-1.oci.oraclecloud.com/20180115/zones/${id}`,
    timeCreated: new Date(createdAt),
    version: String(serial),
    lifecycleState: state as "CREATING" | "ACTIVE" | "DELETING" | "DELETED",
    isProtected: false,
  };
}

/** By OCID, or by name. @throws OciError NotAuthorizedOrNotFound */
export function findZone(kind: Kind<Zone>, nameOrId: string | undefined): Zone {
  const wanted = (nameOrId ?? "").toLowerCase();
  const [found] = kind.table.where(
    (zone) => zone.deletedAt === undefined && (zone.id === wanted || (zone.name === wanted && !zone.private)),
  );
  if (!found) throw notFound("zone");
  return found;
}

/** Zones: https://docs.oracle.com/en-us/iaas/api/#/en/dns/20180115/Zone/ */
export function zoneOperations(registry: Registry, kind: Kind<Zone>, records: ZoneRecords): Operation[] {
  const operation = operations("dns");
  const { zones } = registry.cloud.tables;
  return [
    operation("CreateZone", "POST /zones", { takes: "CreateZoneBaseDetails", answers: "Zone" }, (call) => {
      const details = call.json<Wire<dns.models.CreateZoneDetails>>();
      const name = details.name?.toLowerCase().replace(/\.$/, "");
      if (!name) throw missing("name");
      if (!/^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
        throw invalid("name", `${name} is no domain name`);
      const isPrivate = details.scope === "PRIVATE" || call.query.get("scope") === "PRIVATE";
      const [other] = zones.where(
        (zone) => zone.deletedAt === undefined && zone.name === name && zone.private === isPrivate,
      );
      if (other) throw conflict(`The zone ${name} exists already.`);
      const zone = zones.put({
        ...registry.resource("dns-zone", {
          ...details,
          displayName: name,
          freeformTags: checkTags(details.freeformTags),
        }),
        ...{ name, private: isPrivate, serial: 1 },
      });
      records.begin(zone);
      return { status: 201, ...registry.one(kind, zone) };
    }),
    operation("GetZone", "GET /zones/{zoneNameOrId}", { answers: "Zone" }, ({ params }) =>
      registry.one(kind, findZone(kind, params.zoneNameOrId)),
    ),
    operation("ListZones", "GET /zones", { answers: "ZoneSummary[]" }, (call) => {
      const compartmentId = call.query.get("compartmentId");
      if (compartmentId === null) throw missing("compartmentId");
      if (!registry.isCompartment(compartmentId)) throw notFound("compartment");
      const isPrivate = call.query.get("scope") === "PRIVATE";
      const name = call.query.get("name")?.toLowerCase();
      const shown = zones.where(
        (zone) =>
          registry.isVisible(zone) &&
          zone.compartmentId === compartmentId &&
          zone.private === isPrivate &&
          (name === undefined || zone.name === name),
      );
      const { items, headers } = registry.page(call, shown, ({ id }) => id);
      return { body: items.map((zone) => summary(registry, zone)), headers };
    }),
    operation("DeleteZone", "DELETE /zones/{zoneNameOrId}", {}, (call) => {
      const zone = findZone(kind, call.params.zoneNameOrId);
      records.forget(zone);
      zones.change(zone.id, { deletedAt: Date.now() });
      return {};
    }),
  ];
}
