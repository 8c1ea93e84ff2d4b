import type * as z from "zod";
import { canBeDrilled, connectionWorkflowId, type FarDevice } from "../../domain/connection.ts";
import { fromWire } from "../../domain/wire.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, route } from "../route.ts";
import {
  connectionBody,
  connectionListQuery,
  connectionListSchema,
  connectionPlanSchema,
  connectionSchema,
  deviceConfigSchema,
} from "../schemas/connection.ts";
import {
  type ConnectionWish,
  configForDevice,
  connect,
  knownConnection,
  order,
  previewConnection,
} from "../start-connection.ts";
import { type ApiContext, defaultPageSize, idParams } from "./context.ts";

/** Encrypted connections between the networks of two sites. */
export function connectionRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "post",
      path: "/v1/connections",
      operationId: "connectSites",
      tag: "networks",
      summary: "Connect two sites by two IPsec tunnels",
      description:
        "Both ends are asked and told; a failure takes away what was set at either. With `dry_run: true` nothing is built, and the answer is what both would be told.",
      permission: "networks:write",
      actor: "signed-in",
      audit: "connection.connect",
      idempotent: true,
      body: connectionBody,
      responses: {
        200: { description: "With dry_run: what both ends would be told", schema: connectionPlanSchema },
        202: {
          description: "Started; the run goes on whatever happens to the caller",
          schema: connectionSchema,
          headers: { Location: "Where the connection is" },
        },
      },
      async handle({ body: { dry_run: dryRun, ...said }, access, actor, stableId }): Promise<Answer> {
        const wish = readWish(said);
        if (dryRun) return { status: 200, body: await previewConnection(context, access, wish) };
        const connectionId = stableId("connection");
        const createdBy = actor?.responsible ?? "";
        const after = await connect(context, access, { ...wish, connectionId, createdBy });
        const headers = { Location: `/v1/connections/${connectionId}` };
        return { status: 202, body: after, headers, workflowId: connectionWorkflowId(connectionId), after };
      },
    }),
    route({
      method: "get",
      path: "/v1/connections",
      operationId: "listConnections",
      tag: "networks",
      summary: "Connections between sites, the newest first",
      permission: "networks:read",
      actor: "signed-in",
      audit: undefined,
      query: connectionListQuery,
      responses: { 200: { description: "One page", schema: connectionListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access: { scopes } }): Promise<Answer> {
        return { status: 200, body: await store.connections.list({ ...query, limit, scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/connections/{id}",
      operationId: "getConnection",
      tag: "networks",
      summary: "How a connection stands, and what its ends were told",
      permission: "networks:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The connection", schema: connectionSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: await knownConnection(context, access, id) };
      },
    }),
    route({
      method: "post",
      path: "/v1/connections/{id}/device-config",
      operationId: "showDeviceConfig",
      tag: "networks",
      summary: "What the far device is to be told, with the keys of its tunnels",
      permission: "networks:write",
      actor: "signed-in",
      audit: "connection.show-keys",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      confidential: true,
      params: idParams,
      responses: { 200: { description: "Files for the device, and what a person does", schema: deviceConfigSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return {
          status: 200,
          body: await configForDevice(context, access, id),
          headers: { "Cache-Control": "no-store" },
        };
      },
    }),
    route({
      method: "post",
      path: "/v1/connections/{id}/rotate-keys",
      operationId: "rotateTunnelKeys",
      tag: "networks",
      summary: "Exchange the keys of a connection while it carries traffic",
      permission: "networks:write",
      actor: "signed-in",
      audit: "connection.rotate-keys",
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "Started; the generation follows", schema: connectionSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const { device } = await knownConnection(context, access, id);
        if (device) {
          throw new ProblemError("Conflict", {
            detail: `${device.name} is configured by a person, who would have to exchange its keys at the same moment`,
            action: "Disconnect it, connect it anew, and give the device what `device-config` shows then.",
            resource: `connection/${id}`,
          });
        }
        const after = await order(context, access, id, { from: ["connected"], to: "rotating" });
        return { status: 202, body: after, workflowId: connectionWorkflowId(id) };
      },
    }),
    route({
      method: "post",
      path: "/v1/connections/{id}/drill",
      operationId: "drillConnection",
      tag: "networks",
      summary: "Take each tunnel down in its turn, and see that traffic goes on by the other",
      permission: "networks:write",
      actor: "signed-in",
      audit: "connection.drill",
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "Started; what is found follows", schema: connectionSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const { plan, state } = await knownConnection(context, access, id);
        if (state === "connected" && !canBeDrilled(plan)) {
          throw new ProblemError("Conflict", {
            detail: `Connection ${id} has an end without an address that answers, so nothing would be proven`,
            action: "Set `vpn_gateway.probe_address` of both sites, and connect them anew.",
            resource: `connection/${id}`,
          });
        }
        const after = await order(context, access, id, { from: ["connected"], to: "drilling" });
        return { status: 202, body: after, workflowId: connectionWorkflowId(id) };
      },
    }),
    route({
      method: "delete",
      path: "/v1/connections/{id}",
      operationId: "disconnectSites",
      tag: "networks",
      summary: "Take a connection down at both ends",
      permission: "networks:write",
      actor: "signed-in",
      audit: "connection.disconnect",
      stepUp: true,
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "Started; the state follows", schema: connectionSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const after = await order(context, access, id, { from: ["connected", "waiting"], to: "disconnecting" });
        return { status: 202, body: after, workflowId: connectionWorkflowId(id) };
      },
    }),
  ];
}

type Said = Omit<z.output<typeof connectionBody>, "dry_run">;

function readWish(said: Said): ConnectionWish {
  const { near, far, device } = fromWire<{ near: string; far?: string; device?: FarDevice }>(said);
  if (far !== undefined && !device) return { near, far };
  if (device && far === undefined) return { near, far: device.name, device };
  throw new ProblemError("InvalidInput", {
    detail: "A connection has one far end",
    action: "Say one of the two: `far`, a site, or `device`.",
  });
}
