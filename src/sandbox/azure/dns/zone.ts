import type { Kinds } from "../arm/kinds.ts";
import type { ArmRequest } from "../arm/request.ts";
import { PlainAzureError, resourceNotFound } from "../errors.ts";
import type { Resource } from "../state.ts";

export const zoneType = "Microsoft.Network/dnszones";

/** @throws AzureError ResourceNotFound */
export function findZone(kinds: Kinds, { params }: ArmRequest): Resource {
  const { group = "", zone: name = "" } = params;
  const zone = kinds.byId<object>(kinds.path(zoneType, group, name), zoneType);
  if (!zone) throw resourceNotFound(zoneType, name, group);
  return zone;
}

export function isInZone({ id }: Resource, zonePath: string): boolean {
  return id.startsWith(`${zonePath.toLowerCase()}/`);
}

/** Of a set of records. */
export function typeOf({ type }: Resource): string {
  return type.split("/").at(-1) ?? "";
}

/** Of a set of records, relative to its zone. */
export function ownName({ name }: Resource): string {
  return name.split("/").slice(1).join("/");
}

/** https://learn.microsoft.com/azure/dns/dns-zones-records#etags: zones and sets of records alike. */
export function checkCondition({ headers }: ArmRequest, before: Resource | undefined, what: string): void {
  const ifMatch = headers["if-match"];
  if (headers["if-none-match"] === "*" && before)
    throw new PlainAzureError("PreconditionFailed", `${what} exists already and hence cannot be created again.`, 412);
  if (ifMatch !== undefined && ifMatch !== "*" && ifMatch !== before?.etag)
    throw new PlainAzureError("PreconditionFailed", `${what} has been modified (etag mismatch).`, 412);
}
