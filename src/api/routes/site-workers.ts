import { randomBytes } from "node:crypto";
import * as z from "zod";
import { writeJoinToken } from "../../site/join-token.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, route } from "../route.ts";
import { siteId } from "../schemas/common.ts";
import { joinTokenBody, joinTokenSchema, siteWorkerListSchema, siteWorkerSchema } from "../schemas/site-worker.ts";
import { hashToken } from "../tokens.ts";
import { type ApiContext, configuredSite, idParams, notFound } from "./context.ts";

const minuteMs = 60_000;
const defaultMinutes = 60;

export function siteWorkerRoutes(context: ApiContext) {
  const { store } = context;
  const known = async (access: Access, id: string) => {
    const worker = await store.siteWorkers.get(id);
    if (worker && access.covers({ site: worker.site })) return worker;
    throw notFound("site worker", id, "GET /v1/site-workers lists them.");
  };
  return [
    route({
      method: "get",
      path: "/v1/site-workers",
      operationId: "listSiteWorkers",
      tag: "site-workers",
      summary: "Machines that work for one site",
      permission: "sites:check",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them, but those that were removed", schema: siteWorkerListSchema } },
      async handle({ access }): Promise<Answer> {
        const items = (await store.siteWorkers.list()).filter(({ site }) => access.covers({ site }));
        return { status: 200, body: { items } };
      },
    }),
    route({
      method: "post",
      path: "/v1/sites/{site}/join-tokens",
      operationId: "createJoinToken",
      tag: "site-workers",
      summary: "Make what a machine becomes a worker of the site with, once",
      description: "The answer holds the secret, once. Whoever has it gets the site's credentials.",
      permission: "access:write",
      actor: "signed-in",
      audit: "site-worker.join-token",
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      confidential: true,
      params: z.strictObject({ site: siteId }),
      body: joinTokenBody,
      responses: { 201: { description: "The token", schema: joinTokenSchema } },
      async handle({ params: { site }, body, actor, access }): Promise<Answer> {
        configuredSite(context, access, site, "whole");
        const { sitePort } = context;
        if (!sitePort) {
          throw new ProblemError("UnsupportedCapability", {
            detail: "This API has no port for workers of sites",
            action: "Set site_workers.port in the configuration, and start the API again.",
          });
        }
        const secret = randomBytes(32).toString("base64url");
        const expiresAt = new Date(Date.now() + (body.expires_in_minutes ?? defaultMinutes) * minuteMs).toISOString();
        await store.siteWorkers.addJoinToken({ hash: hashToken(secret), site, createdBy: actor?.id ?? "", expiresAt });
        const { url, authority } = sitePort;
        const token = writeJoinToken({ url, authority, secret });
        return { status: 201, body: { site, token, url, expiresAt }, after: { site, expiresAt } };
      },
    }),
    route({
      method: "post",
      path: "/v1/site-workers/{id}/drain",
      operationId: "drainSiteWorker",
      tag: "site-workers",
      summary: "Give a worker nothing new; what it is at goes on for a while and is then taken up by others",
      permission: "access:write",
      actor: "signed-in",
      audit: "site-worker.drain",
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The worker, draining", schema: siteWorkerSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const before = await known(access, id);
        await store.siteWorkers.drain(id);
        const after = await known(access, id);
        return { status: 200, body: after, before, after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/site-workers/{id}",
      operationId: "removeSiteWorker",
      tag: "site-workers",
      summary: "Remove a worker: its certificate is not accepted any more",
      description: "Every process stops accepting it within two seconds. What it was at is taken up by others.",
      permission: "access:write",
      actor: "signed-in",
      audit: "site-worker.remove",
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The worker, removed", schema: siteWorkerSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const before = await known(access, id);
        await store.siteWorkers.remove(id);
        const after = await known(access, id);
        return { status: 200, body: after, before, after };
      },
    }),
  ];
}
