import { randomBytes } from "node:crypto";
import type * as route53 from "@aws-sdk/client-route-53";
import type { AwsCloud, Call } from "../cloud.ts";
import { tagList } from "../ec2/registry.ts";
import { withTags } from "../ec2/tags.ts";
import { AwsError } from "../errors.ts";
import { applyBatch } from "./changes.ts";
import { bare, fullName, sortKey } from "./names.ts";
import { describeSet } from "./record-sets.ts";
import type { DnsChangeRecord, HostedZone, Route53State } from "./state.ts";

/** "ListHostedZones" and "ListResourceRecordSets" give so many a page at most. */
const zonesAPage = 100;
const setsAPage = 300;
/** "ListTagsForResources" takes so many. */
const taggedAtOnce = 10;
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const newId = (first: string) =>
  `${first}${[...randomBytes(20)].map((byte) => letters[byte % letters.length]).join("")}`;

/** Route 53: hosted zones, simple and alias records. What the API has, the name servers have a while later. */
export function route53Operations(cloud: AwsCloud, state: Route53State) {
  const { zones, changes, records } = state;
  const find = (given: string | undefined): HostedZone => {
    const id = (given ?? "").replace(/^\/?hostedzone\//, "");
    const zone = zones.get(id);
    if (!zone) throw new AwsError("NoSuchHostedZone", `No hosted zone found with ID: ${id}`, 404);
    return zone;
  };
  const newChange = (comment?: string): DnsChangeRecord => {
    const at = Date.now();
    const inSyncAt = at + cloud.settings.dnsPendingMs;
    return changes.put({ id: newId("C"), at, inSyncAt, ...(comment === undefined ? {} : { comment }) });
  };
  const describeChange = ({ id, at, inSyncAt, comment }: DnsChangeRecord): route53.ChangeInfo => ({
    Id: `/change/${id}`,
    Status: Date.now() >= inSyncAt ? "INSYNC" : "PENDING",
    SubmittedAt: new Date(at),
    ...(comment === undefined ? {} : { Comment: comment }),
  });
  const describe = (zone: HostedZone): route53.HostedZone => ({
    Id: `/hostedzone/${zone.id}`,
    Name: zone.name,
    CallerReference: zone.callerReference,
    Config: { PrivateZone: zone.private, ...(zone.comment === undefined ? {} : { Comment: zone.comment }) },
    ResourceRecordSetCount: records.of(zone.id).length,
  });
  const delegation = ({ nameServers }: HostedZone): route53.DelegationSet => ({ NameServers: [...nameServers] });

  return {
    CreateHostedZone: (call: Call, input: route53.CreateHostedZoneRequest): route53.CreateHostedZoneResponse => {
      const { CallerReference: callerReference = "", HostedZoneConfig: config = {} } = input;
      const name = fullName(input.Name ?? "");
      if ([...zones.values()].some((zone) => zone.callerReference === callerReference)) {
        throw new AwsError(
          "HostedZoneAlreadyExists",
          `A hosted zone has been created with the specified caller reference`,
          409,
        );
      }
      const id = newId("Z");
      const nameServers = [0, 1, 2, 3].map((at) => `ns-${at * 512 + 1}.simulated-dns-${at}.example`);
      const zone = zones.put({
        ...{ id, name, callerReference, nameServers, private: input.VPC !== undefined, region: call.region, tags: {} },
        createdAt: Date.now(),
        ...(config.Comment === undefined ? {} : { comment: config.Comment }),
      });
      const change = newChange();
      const [first = ""] = nameServers;
      const served = {
        NS: { ttlSeconds: 172_800, values: nameServers.map((server) => `${server}.`) },
        SOA: { ttlSeconds: 900, values: [`${first}. hostmaster.example. 1 7200 900 1209600 86400`] },
      };
      // There are no former answers that a resolver could still have.
      for (const [type, data] of Object.entries(served)) records.set(id, bare(name), type, data, 0);
      return {
        HostedZone: describe(zone),
        ChangeInfo: describeChange(change),
        DelegationSet: delegation(zone),
        Location: `https://route53.amazonaws.com/2013-04-01/hostedzone/${id}`,
        ...(input.VPC ? { VPC: input.VPC } : {}),
      };
    },

    GetHostedZone: (_call: Call, input: route53.GetHostedZoneRequest): route53.GetHostedZoneResponse => {
      const zone = find(input.Id);
      return { HostedZone: describe(zone), ...(zone.private ? {} : { DelegationSet: delegation(zone) }) };
    },

    ListHostedZones: (_call: Call, input: route53.ListHostedZonesRequest): route53.ListHostedZonesResponse => {
      const all = [...zones.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const size = Math.min(input.MaxItems ?? zonesAPage, zonesAPage);
      const from = input.Marker === undefined ? 0 : all.findIndex(({ id }) => id >= (input.Marker ?? ""));
      const page = from < 0 ? [] : all.slice(from, from + size);
      const next = from < 0 ? undefined : all[from + size];
      return {
        HostedZones: page.map(describe),
        Marker: input.Marker ?? "",
        IsTruncated: next !== undefined,
        ...(next ? { NextMarker: next.id } : {}),
        MaxItems: size,
      };
    },

    DeleteHostedZone: (_call: Call, input: route53.DeleteHostedZoneRequest): route53.DeleteHostedZoneResponse => {
      const zone = find(input.Id);
      if (records.of(zone.id).some(({ name, type }) => name !== bare(zone.name) || !["NS", "SOA"].includes(type))) {
        throw new AwsError(
          "HostedZoneNotEmpty",
          "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        );
      }
      records.forget(zone.id);
      zones.delete(zone.id);
      return { ChangeInfo: describeChange(newChange()) };
    },

    ChangeResourceRecordSets: (
      _call: Call,
      input: route53.ChangeResourceRecordSetsRequest,
    ): route53.ChangeResourceRecordSetsResponse => {
      const zone = find(input.HostedZoneId);
      const { Changes = [], Comment } = input.ChangeBatch ?? {};
      if (Changes.length === 0) throw new AwsError("InvalidInput", "Invalid request: a batch has at least one change");
      return cloud.documents.together(() => {
        const change = newChange(Comment);
        applyBatch(state, zone, Changes, change.inSyncAt);
        return { ChangeInfo: describeChange(change) };
      });
    },

    GetChange: (_call: Call, input: route53.GetChangeRequest): route53.GetChangeResponse => {
      const id = (input.Id ?? "").replace(/^\/?change\//, "");
      const change = changes.get(id);
      if (!change) throw new AwsError("NoSuchChange", `Could not find resource with ID: ${id}`, 404);
      return { ChangeInfo: describeChange(change) };
    },

    ListResourceRecordSets: (
      _call: Call,
      input: route53.ListResourceRecordSetsRequest,
    ): route53.ListResourceRecordSetsResponse => {
      const zone = find(input.HostedZoneId);
      const { StartRecordName, StartRecordType: startType = "" } = input;
      if (StartRecordName === undefined && startType !== "") {
        throw new AwsError("InvalidInput", "You must specify a name when a type is specified");
      }
      const place = (name: string, type: string) => `${sortKey(name)} ${type}`;
      const start = StartRecordName === undefined ? "" : place(fullName(StartRecordName), startType);
      const all = records
        .of(zone.id)
        .map((record) => ({ ...record, at: place(record.name, record.type) }))
        .filter(({ at }) => at >= start)
        .toSorted((a, b) => (a.at < b.at ? -1 : 1));
      const size = Math.min(input.MaxItems ?? setsAPage, setsAPage);
      const next = all[size];
      return {
        ResourceRecordSets: all.slice(0, size).map(({ name, type, current }) => describeSet(name, type, current)),
        IsTruncated: next !== undefined,
        MaxItems: size,
        ...(next ? { NextRecordName: `${next.name}.`, NextRecordType: next.type as route53.RRType } : {}),
      };
    },

    ChangeTagsForResource: (
      _call: Call,
      input: route53.ChangeTagsForResourceRequest,
    ): route53.ChangeTagsForResourceResponse => {
      const zone = find(input.ResourceId);
      const removed = new Set(input.RemoveTagKeys ?? []);
      const kept = Object.fromEntries(Object.entries(zone.tags).filter(([key]) => !removed.has(key)));
      zones.put({ ...zone, tags: withTags(kept, input.AddTags) });
      return {};
    },

    ListTagsForResources: (
      _call: Call,
      input: route53.ListTagsForResourcesRequest,
    ): route53.ListTagsForResourcesResponse => {
      const ids = input.ResourceIds ?? [];
      if (ids.length > taggedAtOnce) throw new AwsError("InvalidInput", `Up to ${taggedAtOnce} resources at a time`);
      return {
        ResourceTagSets: ids.map((id) => ({
          ResourceType: "hostedzone",
          ResourceId: id,
          Tags: tagList(find(id).tags),
        })),
      };
    },
  };
}
