import { contentOf, type MigrationMap, type NewMap } from "../../domain/migration-map.ts";
import { fromWire } from "../../domain/wire.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, route } from "../route.ts";
import { mapBody, mapListQuery, mapListSchema, mapQuery, mapSchema } from "../schemas/map.ts";
import { type ApiContext, configuredSite, defaultPageSize, idParams, notFound, requireReach } from "./context.ts";

/** What VMs of one site get at another, by name: networks, groups, keys. */
export function mapRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/maps",
      operationId: "listMaps",
      tag: "plans",
      summary: "Maps from one site to another, in the order of their names",
      permission: "plans:read",
      actor: "signed-in",
      audit: undefined,
      query: mapListQuery,
      responses: { 200: { description: "One page", schema: mapListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access: { scopes } }): Promise<Answer> {
        return { status: 200, body: await store.maps.list({ ...query, limit, scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/maps/{id}",
      operationId: "getMap",
      tag: "plans",
      summary: "One map, as it is or as it was",
      permission: "plans:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      query: mapQuery,
      responses: { 200: { description: "The map", schema: mapSchema } },
      async handle({ params: { id }, query: { version }, access }): Promise<Answer> {
        return { status: 200, body: await reachedMap(access, id, version) };
      },
    }),
    route({
      method: "post",
      path: "/v1/maps/{id}",
      operationId: "setMap",
      tag: "plans",
      summary: "Make a map, or change all of it",
      description: "Plans that were made with an earlier version are refused from then on, as for any other drift.",
      permission: "plans:write",
      actor: "signed-in",
      audit: "map.set",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      body: mapBody,
      responses: { 200: { description: "The map as it is now", schema: mapSchema } },
      async handle({ params: { id }, body, access, actor }): Promise<Answer> {
        const wanted = fromWire<NewMap>(body);
        const { from, to } = wanted;
        requireReach(access, [{ site: from }, { site: to }]);
        for (const site of [from, to]) configuredSite(context, access, site, "whole");
        if (from === to) {
          throw new ProblemError("InvalidInput", {
            detail: "A map leads from one site to another one",
            action: "Name two sites.",
          });
        }
        if (wanted.rules === "translate" && wanted.securityGroups) {
          throw new ProblemError("InvalidInput", {
            detail: "The map has the source's rules translated, and names groups that would go instead",
            action: "Say one of the two: `rules` or `security_groups`.",
          });
        }
        const before = await store.maps.get(id);
        if (before) requireReach(access, sitesOf(before));
        const createdBy = actor?.responsible ?? "";
        const after = await store.maps.set({ name: id, from, to, ...contentOf(wanted), createdBy });
        return { status: 200, body: after, ...(before ? { before } : {}), after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/maps/{id}",
      operationId: "removeMap",
      tag: "plans",
      summary: "Remove a map; its versions stay readable",
      permission: "plans:write",
      actor: "signed-in",
      audit: "map.remove",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The map that was removed", schema: mapSchema } },
      async handle({ params: { id }, access, actor }): Promise<Answer> {
        const before = await reachedMap(access, id, undefined);
        await store.maps.remove(id, actor?.responsible ?? "");
        return { status: 200, body: before, before };
      },
    }),
  ];

  async function reachedMap(access: Access, name: string, version: number | undefined): Promise<MigrationMap> {
    const map = await store.maps.get(name, version);
    if (map && access.covers(sitesOf(map))) return map;
    throw notFound("map", name, "GET /v1/maps lists those that you reach.");
  }
}

function sitesOf({ from, to }: MigrationMap) {
  return [{ site: from }, { site: to }];
}
