import * as z from "zod";
import { type Answer, type Route, route } from "../route.ts";
import { entityId } from "../schemas/common.ts";
import { pointListQuery, pointListSchema, wholePointSchema } from "../schemas/protection.ts";
import { foundGroup } from "../start-protection.ts";
import { type ApiContext, defaultPageSize, idParams, notFound } from "./context.ts";

const pointParams = z.strictObject({ id: entityId, point: entityId });

export function protectionPointRoutes(context: ApiContext): readonly Route[] {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/protection-groups/{id}/points",
      operationId: "listGroupPoints",
      tag: "recovery",
      summary: "The catalogue of a group's recovery points, the newest first",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      query: pointListQuery,
      responses: { 200: { description: "One page", schema: pointListSchema } },
      async handle({ params: { id }, query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        await foundGroup(context, access, id);
        return { status: 200, body: await store.groupPoints.list(id, { ...query, limit }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/protection-groups/{id}/points/{point}",
      operationId: "getGroupPoint",
      tag: "recovery",
      summary: "A recovery point with its VMs, their disks and the roots of their manifests",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: pointParams,
      responses: { 200: { description: "The point", schema: wholePointSchema } },
      async handle({ params: { id, point }, access }): Promise<Answer> {
        await foundGroup(context, access, id);
        const found = await store.groupPoints.get(point);
        if (found?.groupId !== id)
          throw notFound("group-point", point, `GET /v1/protection-groups/${id}/points lists them.`);
        return { status: 200, body: found };
      },
    }),
  ];
}
