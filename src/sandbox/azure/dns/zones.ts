import type { Kinds } from "../arm/kinds.ts";
import { page } from "../arm/paging.ts";
import type { Route } from "../arm/request.ts";
import { takeTags } from "../arm/tags.ts";
import { AzureError } from "../errors.ts";
import { newEtag } from "../ids.ts";
import type { Resource } from "../state.ts";
import { makeApex } from "./record-sets.ts";
import { checkCondition, findZone, isInZone, zoneType } from "./zone.ts";

/** https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-dns-limits */
const recordSetsAtMost = 10_000;
const nameServers = [
  "ns1-01.azure-dns.com.",
  "ns2-01.azure-dns.net.",
  "ns3-01.azure-dns.org.",
  "ns4-01.azure-dns.info.",
];

/** Public DNS zones: https://learn.microsoft.com/rest/api/dns/zones. They are made and changed at once, and deleted by a long
 *  operation, with all that is in them. */
export function zoneRoutes(kinds: Kinds): Route[] {
  const { resources } = kinds.cloud.tables;
  const base = `resourcegroups/:group/providers/${zoneType.toLowerCase()}`;
  const one = `${base}/:zone`;
  const route = (operation: string, method: string, path: string, right: string, run: Route["run"]): Route => ({
    ...{ service: "dns", operation: `zones.${operation}`, action: `Microsoft.Network/dnsZones/${right}` },
    ...{ method, path, run },
  });
  const show = ({ path, name, tags, etag }: Resource) => ({
    ...{ id: path, name, type: zoneType, location: "global", tags, etag },
    properties: {
      maxNumberOfRecordSets: recordSetsAtMost,
      nameServers,
      numberOfRecordSets: resources.where((set) => isInZone(set, path)).length,
      zoneType: "Public",
    },
  });
  const list: Route["run"] = (request) => {
    const group = request.params.group?.toLowerCase();
    if (group !== undefined) kinds.checkGroup(group);
    const shown = kinds
      .of(zoneType)
      .filter((zone) => (group === undefined || zone.group.toLowerCase() === group) && kinds.cloud.isListed(zone));
    return page(request, shown, kinds.cloud.settings.pageSize, show);
  };
  return [
    route("listByResourceGroup", "GET", base, "read", list),
    route("list", "GET", `providers/${zoneType.toLowerCase()}`, "read", list),
    route("get", "GET", one, "read", (request) => ({ status: 200, body: show(findZone(kinds, request)) })),
    route("createOrUpdate", "PUT", one, "write", (request) => {
      const { group = "", zone: name = "" } = request.params;
      const held = kinds.checkGroup(group);
      if (!/^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(name))
        throw new AzureError("BadRequest", `The domain name '${name}' is invalid.`);
      if (request.body.location !== "global")
        throw new AzureError("LocationNotAvailableForResourceType", "A DNS zone's location is 'global'.");
      const path = kinds.path(zoneType, group, name);
      const before = kinds.byId<object>(path, zoneType);
      checkCondition(request, before, `The Zone ${name}`);
      const zone = kinds.put<object>({
        id: path.toLowerCase(),
        path: before?.path ?? path,
        type: zoneType,
        group: held.group,
        name: before?.name ?? name,
        location: "global",
        createdAt: before?.createdAt ?? Date.now(),
        tags: takeTags(request.body.tags, before?.tags, zoneType),
        properties: {},
        provisioningState: "Succeeded",
        etag: newEtag(),
        facts: {},
      });
      if (!before) makeApex(kinds, zone, nameServers);
      return { status: before ? 200 : 201, body: show(zone) };
    }),
    route("delete", "DELETE", one, "delete", (request) => {
      const { group = "", zone: name = "" } = request.params;
      const zone = kinds.byId<object>(kinds.path(zoneType, group, name), zoneType);
      if (!zone) return { status: 204 };
      checkCondition(request, zone, `The Zone ${name}`);
      const headers = kinds.operations.begin(request, {
        resourceId: zone.id,
        location: "global",
        showsResource: false,
        run: async () => {
          for (const set of resources.where((other) => isInZone(other, zone.path))) resources.delete(set.id);
          resources.delete(zone.id);
          return undefined;
        },
      });
      return { status: 202, headers };
    }),
  ];
}
