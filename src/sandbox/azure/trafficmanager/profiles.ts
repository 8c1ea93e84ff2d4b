import type { Kinds } from "../arm/kinds.ts";
import type { ArmRequest, Route } from "../arm/request.ts";
import { takeTags } from "../arm/tags.ts";
import { AzureError, resourceNotFound } from "../errors.ts";
import { newEtag } from "../ids.ts";
import type { Json, Resource } from "../state.ts";
import { textOf } from "../text.ts";

export const profileType = "Microsoft.Network/trafficManagerProfiles";
export const profileSuffix = "trafficmanager.net";
const kinds = {
  azureendpoints: "azureEndpoints",
  externalendpoints: "externalEndpoints",
  nestedendpoints: "nestedEndpoints",
};
/** https://learn.microsoft.com/azure/traffic-manager/traffic-manager-routing-methods#weighted */
const weights = { least: 1, most: 1_000 } as const;
const methods = ["Performance", "Priority", "Weighted", "Geographic", "MultiValue", "Subnet"];

export interface StoredEndpoint {
  /** `externalEndpoints`. */
  readonly kind: string;
  readonly name: string;
  readonly properties: Json;
}

export interface ProfileFacts {
  readonly endpoints: readonly StoredEndpoint[];
}

type Profile = Resource<ProfileFacts>;

/** Traffic Manager: https://learn.microsoft.com/rest/api/trafficmanager/. Everything is done at once; it probes nothing, and
 *  what is enabled counts as online. */
export function profileRoutes(all: Kinds): Route[] {
  const base = `resourcegroups/:group/providers/${profileType.toLowerCase()}`;
  const one = `${base}/:profile`;
  const part = `${one}/:kind/:endpoint`;
  const route = (operation: string, method: string, path: string, right: string, run: Route["run"]): Route => ({
    ...{ service: "trafficmanager", operation, method, path, run },
    // Each kind of endpoints has rights of its own.
    action: ({ kind = "" }) => `${profileType}/${right.replace(":kind", () => kindOf(kind))}`,
  });
  const find = ({ params }: ArmRequest): Profile => {
    const { group = "", profile: name = "" } = params;
    const found = all.byId<ProfileFacts>(all.path(profileType, group, name), profileType);
    if (!found) throw resourceNotFound(profileType, name, group);
    return found;
  };
  const list: Route["run"] = ({ params }) => {
    const group = params.group?.toLowerCase();
    if (group !== undefined) all.checkGroup(group);
    const value = all
      .of<ProfileFacts>(profileType)
      .filter(
        (profile) => (group === undefined || profile.group.toLowerCase() === group) && all.cloud.isListed(profile),
      );
    return { status: 200, body: { value: value.map(showProfile) } };
  };
  const write = (request: ArmRequest, before: Profile | undefined, properties: Json, tags: unknown): Profile => {
    const { group = "", profile: name = "" } = request.params;
    const held = all.checkGroup(group);
    const path = all.path(profileType, group, name);
    const { endpoints: given, ...own } = properties;
    const endpoints = Array.isArray(given)
      ? given.map((endpoint: Json) => {
          const kind = kindOf(textOf(endpoint.type).split("/").at(-1) ?? "");
          return { kind, name: textOf(endpoint.name), properties: checked((endpoint.properties ?? {}) as Json) };
        })
      : (before?.facts.endpoints ?? []);
    checkProfile(all, path, own);
    return all.put<ProfileFacts>({
      id: path.toLowerCase(),
      path: before?.path ?? path,
      type: profileType,
      group: held.group,
      name: before?.name ?? name,
      location: "global",
      createdAt: before?.createdAt ?? Date.now(),
      tags: takeTags(tags, before?.tags, profileType),
      properties: own,
      provisioningState: "Succeeded",
      etag: newEtag(),
      facts: { endpoints },
    });
  };
  const putEndpoint = (request: ArmRequest, merge: boolean) => {
    const profile = find(request);
    const kind = kindOf(request.params.kind ?? "");
    const name = request.params.endpoint ?? "";
    const before = profile.facts.endpoints.find(isIt(kind, name));
    if (merge && !before) throw resourceNotFound(`${profileType}/${kind}`, name, profile.group);
    const given = (request.body.properties ?? {}) as Json;
    const properties = checked(merge ? { ...before?.properties, ...given } : given);
    const twin = profile.facts.endpoints.find(
      (other) => other !== before && textOf(other.properties.target) === properties.target,
    );
    if (twin)
      throw new AzureError(
        "BadRequest",
        `The target '${textOf(properties.target)}' is of the endpoint ${twin.name}, too.`,
      );
    const endpoint = { kind, name: before?.name ?? name, properties };
    const endpoints = before
      ? profile.facts.endpoints.map((other) => (other === before ? endpoint : other))
      : [...profile.facts.endpoints, endpoint];
    const written = all.put<ProfileFacts>({ ...profile, facts: { endpoints } });
    return { status: before ? 200 : 201, body: showEndpoint(written, endpoint) };
  };
  return [
    route("profiles.listByResourceGroup", "GET", base, "read", list),
    route("profiles.listBySubscription", "GET", `providers/${profileType.toLowerCase()}`, "read", list),
    route("profiles.get", "GET", one, "read", (request) => ({ status: 200, body: showProfile(find(request)) })),
    route("profiles.createOrUpdate", "PUT", one, "write", (request) => {
      const { group = "", profile: name = "" } = request.params;
      const before = all.byId<ProfileFacts>(all.path(profileType, group, name), profileType);
      const { body } = request;
      const profile = write(request, before, { ...((body.properties ?? {}) as Json) }, body.tags);
      return { status: before ? 200 : 201, body: showProfile(profile) };
    }),
    route("profiles.update", "PATCH", one, "write", (request) => {
      const before = find(request);
      const { properties, tags } = request.body as { properties?: Json; tags?: unknown };
      const profile = write(request, before, { ...before.properties, ...properties }, tags ?? before.tags);
      return { status: 200, body: showProfile(profile) };
    }),
    route("profiles.delete", "DELETE", one, "delete", ({ params }) => {
      const { group = "", profile: name = "" } = params;
      const before = all.byId<ProfileFacts>(all.path(profileType, group, name), profileType);
      if (!before) return { status: 204 };
      all.cloud.tables.resources.delete(before.id);
      return { status: 200, body: { operationResult: true } };
    }),
    route("endpoints.get", "GET", part, ":kind/read", (request) => {
      const profile = find(request);
      const kind = kindOf(request.params.kind ?? "");
      const endpoint = profile.facts.endpoints.find(isIt(kind, request.params.endpoint ?? ""));
      if (!endpoint) throw resourceNotFound(`${profileType}/${kind}`, request.params.endpoint ?? "", profile.group);
      return { status: 200, body: showEndpoint(profile, endpoint) };
    }),
    route("endpoints.createOrUpdate", "PUT", part, ":kind/write", (request) => putEndpoint(request, false)),
    route("endpoints.update", "PATCH", part, ":kind/write", (request) => putEndpoint(request, true)),
    route("endpoints.delete", "DELETE", part, ":kind/delete", (request) => {
      const profile = find(request);
      const isOne = isIt(kindOf(request.params.kind ?? ""), request.params.endpoint ?? "");
      const endpoints = profile.facts.endpoints.filter((endpoint) => !isOne(endpoint));
      if (endpoints.length === profile.facts.endpoints.length) return { status: 204 };
      all.put<ProfileFacts>({ ...profile, facts: { endpoints } });
      return { status: 200, body: { operationResult: true } };
    }),
  ];
}

export function relativeName({ properties }: Resource): string {
  return textOf((properties.dnsConfig as Json | undefined)?.relativeName).toLowerCase();
}

export function isEnabled({ properties }: { readonly properties: Json }, of = "endpointStatus"): boolean {
  return properties[of] !== "Disabled";
}

function isIt(kind: string, name: string): (endpoint: StoredEndpoint) => boolean {
  return (endpoint) => endpoint.kind === kind && endpoint.name.toLowerCase() === name.toLowerCase();
}

function kindOf(kind: string): string {
  const known = kinds[kind.toLowerCase() as keyof typeof kinds];
  if (known === undefined) throw new AzureError("BadRequest", `'${kind}' is no type of an endpoint.`);
  return known;
}

function checked(properties: Json): Json {
  const { weight = 1, endpointStatus = "Enabled", target, targetResourceId } = properties;
  if (typeof weight !== "number" || !Number.isInteger(weight) || weight < weights.least || weight > weights.most)
    throw new AzureError("BadRequest", `The weight must be between ${weights.least} and ${weights.most}.`);
  if (textOf(target) === "" && textOf(targetResourceId) === "")
    throw new AzureError("BadRequest", "The endpoint has neither a target nor a target resource.");
  if (endpointStatus !== "Enabled" && endpointStatus !== "Disabled")
    throw new AzureError("BadRequest", `'${textOf(endpointStatus)}' is no status of an endpoint.`);
  return { ...properties, weight, endpointStatus };
}

function checkProfile(all: Kinds, path: string, properties: Json): void {
  const refuse = (message: string) => {
    throw new AzureError("BadRequest", message);
  };
  const { relativeName: name, ttl } = (properties.dnsConfig ?? {}) as { relativeName?: unknown; ttl?: unknown };
  if (!methods.includes(textOf(properties.trafficRoutingMethod))) refuse("The traffic routing method is not valid.");
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(textOf(name))) refuse("The relative DNS name is not valid.");
  if (typeof ttl !== "number" || ttl < 0 || ttl > 2 ** 31 - 1) refuse("The TTL is not valid.");
  if (properties.monitorConfig === undefined) refuse("The profile has no monitor configuration.");
  const taken = all
    .of(profileType)
    .some((other) => other.id !== path.toLowerCase() && relativeName(other) === textOf(name).toLowerCase());
  if (taken) throw new AzureError("Conflict", `The domain name ${textOf(name)}.${profileSuffix} is taken.`, 409);
}

function showProfile(profile: Profile) {
  const { path, name, tags, properties, facts } = profile;
  const dnsConfig = properties.dnsConfig as Json;
  const isOn = isEnabled(profile, "profileStatus");
  const status = !isOn ? "Disabled" : facts.endpoints.some((endpoint) => isEnabled(endpoint)) ? "Online" : "Inactive";
  return {
    ...{ id: path, name, type: profileType, location: "global", tags },
    properties: {
      profileStatus: "Enabled",
      trafficViewEnrollmentStatus: "Disabled",
      ...properties,
      dnsConfig: { ...dnsConfig, fqdn: `${relativeName(profile)}.${profileSuffix}` },
      monitorConfig: { ...(properties.monitorConfig as Json), profileMonitorStatus: status },
      endpoints: facts.endpoints.map((endpoint) => showEndpoint(profile, endpoint)),
    },
  };
}

function showEndpoint(profile: Profile, { kind, name, properties }: StoredEndpoint) {
  const monitored = isEnabled(profile, "profileStatus") && isEnabled({ properties });
  return {
    ...{ id: `${profile.path}/${kind}/${name}`, name, type: `${profileType}/${kind}` },
    properties: { ...properties, endpointMonitorStatus: monitored ? "Online" : "Disabled" },
  };
}
