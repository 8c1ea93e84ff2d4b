import type { GcpCloud } from "../cloud.ts";
import { badRequest, invalid } from "../errors.ts";
import { zonesByRegion } from "../places.ts";
import { type ComputeCall, scopeOfCall } from "./call.ts";
import { matcher } from "./filter.ts";
import { link, nameOf, scopeOf } from "./links.ts";

/** One resource of a list: where it is, since when, and how it is described. */
export interface Listed {
  readonly id: string;
  readonly createdAt: number;
  readonly json: object;
}

interface Page {
  readonly items: readonly Listed[];
  readonly nextPageToken?: string;
}

/** The call's page of resources, in the order of their names, or the newest first. */
function pageOf(cloud: GcpCloud, call: ComputeCall, all: readonly Listed[]): Page {
  const { maxResults, pageToken, filter, orderBy } = call.query;
  const { pageSize, consistencyMs, emptyFirstPage } = cloud.settings;
  const least = Number(maxResults ?? pageSize);
  if (!Number.isInteger(least) || least < 0 || least > 500)
    throw invalid("maxResults", maxResults, "Must be 0 to 500.");
  const matches = matcher(filter);
  const visible = all.filter(({ createdAt, json }) => Date.now() - createdAt >= consistencyMs && matches(json));
  switch (orderBy ?? "name") {
    case "name":
      visible.sort((a, b) => (a.id < b.id ? -1 : 1));
      break;
    case "creationTimestamp desc":
      visible.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
      break;
    default:
      throw invalid("orderBy", orderBy, "Only ordering by name or creationTimestamp desc is supported.");
  }
  if (emptyFirstPage && pageToken === undefined) return { items: [], nextPageToken: tokenFor(0) };
  const from = pageToken === undefined ? 0 : startOf(pageToken);
  const size = Math.min(least || pageSize, pageSize);
  const items = visible.slice(from, from + size);
  return { items, ...(from + size < visible.length ? { nextPageToken: tokenFor(from + size) } : {}) };
}

/** The answer to a `list`. */
export function listAnswer(cloud: GcpCloud, call: ComputeCall, kind: string, all: readonly Listed[]): object {
  const scope = scopeOfCall(call);
  const { items, nextPageToken } = pageOf(cloud, call, all);
  const collection = call.operation.slice(0, call.operation.indexOf("."));
  const path = scope === "global" && ["zones", "regions"].includes(collection) ? collection : `${scope}/${collection}`;
  return {
    kind: `compute#${kind}List`,
    id: `projects/${call.project}/${path}`,
    selfLink: link(path, call.project),
    ...(items.length > 0 ? { items: items.map(({ json }) => json) } : {}),
    ...(nextPageToken ? { nextPageToken } : {}),
  };
}

/** The answer to an `aggregatedList`: by zone or region, those without any with a warning. */
export function aggregatedAnswer(
  cloud: GcpCloud,
  call: ComputeCall,
  kind: string,
  collection: string,
  all: readonly Listed[],
): object {
  const { items, nextPageToken } = pageOf(cloud, call, all);
  const byScope = Map.groupBy(items, ({ id }) => scopeOf(id));
  const places = collection === "addresses" || collection === "subnetworks" ? regionScopes() : zoneScopes();
  const scopes = new Set([...places, ...byScope.keys()]);
  const entries = [...scopes].map((scope) => {
    const found = byScope.get(scope);
    return [scope, found ? { [collection]: found.map(({ json }) => json) } : { warning: noResults(scope) }];
  });
  return {
    kind: `compute#${kind}AggregatedList`,
    id: `projects/${call.project}/aggregated/${collection}`,
    selfLink: link(`aggregated/${collection}`, call.project),
    items: Object.fromEntries(entries),
    ...(nextPageToken ? { nextPageToken } : {}),
  };
}

function zoneScopes(): string[] {
  return Object.values(zonesByRegion)
    .flat()
    .map((zone) => `zones/${zone}`);
}

function regionScopes(): string[] {
  return Object.keys(zonesByRegion).map((region) => `regions/${region}`);
}

function noResults(scope: string): object {
  const message = `There are no results for scope '${scope}' on this page.`;
  return { code: "NO_RESULTS_ON_PAGE", message, data: [{ key: "scope", value: scope }] };
}

function tokenFor(from: number): string {
  return Buffer.from(`from ${from}`).toString("base64url");
}

function startOf(pageToken: string): number {
  const from = /^from (\d+)$/.exec(Buffer.from(pageToken, "base64url").toString("utf8"))?.[1];
  if (from === undefined)
    throw badRequest(`Invalid value for field 'pageToken': '${pageToken}'. Page token is malformed.`);
  return Number(from);
}

/** Fields that every resource has. */
export function commonFields(
  kind: string,
  resource: { id: string; numericId: string; createdAt: number; description?: string },
): object {
  return {
    kind: `compute#${kind}`,
    id: resource.numericId,
    name: nameOf(resource.id),
    creationTimestamp: timestamp(resource.createdAt),
    ...(resource.description ? { description: resource.description } : {}),
  };
}

export function timestamp(at: number): string {
  return new Date(at).toISOString();
}
