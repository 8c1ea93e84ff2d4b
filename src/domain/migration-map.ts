import { ProviderError } from "./errors.ts";
import type { MigrationRequest } from "./migration.ts";

/** What a map says, member by member as a {@link MigrationRequest} does. */
export const mappedMembers = [
  "networkMap",
  "securityGroups",
  "rules",
  "untranslatableRules",
  "peerMap",
  "addresses",
  "diskTypes",
  "diskTypeMap",
  "publicAddress",
  "encryptionKey",
] as const;
export type MapContent = Pick<MigrationRequest, (typeof mappedMembers)[number]>;

/** What VMs of one site get at another for what they have, under a name: what is said once for many migrations. */
export interface MigrationMap extends MapContent {
  readonly name: string;
  /** From 1, one more with each change; a plan holds on to the one that it was made with. */
  readonly version: number;
  readonly from: string;
  readonly to: string;
  readonly createdBy: string;
  readonly createdAt: string;
}

/** What is said of it when it is set. */
export type NewMap = MapContent & Pick<MigrationMap, "from" | "to">;

/** Members whose entries are said one by one. */
const entryMembers = ["networkMap", "peerMap", "diskTypeMap"] as const;

/** The request with what the map says where it says nothing itself. @throws ProviderError InvalidInput. */
export function applyMap(request: MigrationRequest, map: MigrationMap): MigrationRequest {
  if (map.from !== request.from || map.to !== request.to) {
    throw new ProviderError("InvalidInput", {
      operation: "apply the map",
      resource: `map/${map.name}`,
      reason: `it maps ${map.from} to ${map.to}, and this goes from ${request.from} to ${request.to}`,
      action: "Name a map of these two sites: novacron maps list.",
    });
  }
  const { rules, securityGroups, ...rest } = contentOf(map);
  // Groups that a request names go instead of what its map would translate, and the other way round.
  const said: MapContent = {
    ...rest,
    ...(rules && !request.securityGroups ? { rules } : {}),
    ...(securityGroups && request.rules !== "translate" ? { securityGroups } : {}),
  };
  const entries = entryMembers.flatMap((member) =>
    said[member] || request[member] ? [[member, { ...said[member], ...request[member] }] as const] : [],
  );
  return { ...said, ...request, ...Object.fromEntries(entries) };
}

/** Without what is about the map itself. */
export function contentOf(map: MapContent): MapContent {
  return Object.fromEntries(mappedMembers.flatMap((key) => (map[key] === undefined ? [] : [[key, map[key]]])));
}
