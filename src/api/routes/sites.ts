import * as z from "zod";
import type { SiteWatch } from "../../store/index.ts";
import { type Access, type Answer, route } from "../route.ts";
import { siteId } from "../schemas/common.ts";
import { censusSchema, providerListSchema, siteCheckSchema, siteListSchema, siteSchema } from "../schemas/site.ts";
import { type ApiContext, configuredSite } from "./context.ts";
import { siteFreshness } from "./inventory.ts";
import { describeProviders } from "./providers.ts";

const siteParams = z.strictObject({ site: siteId });

export function siteRoutes(context: ApiContext) {
  const reached = (access: Access) => context.sites.filter(({ site }) => access.touches(site));
  const describeSites = async (access: Access) => {
    const [freshness, watches] = await Promise.all([siteFreshness(context, access), context.store.watches.list()]);
    const ages = new Map(freshness.map((row) => [row.site, row]));
    const listeners = new Map(watches.map((row) => [row.site, changeEvents(row)]));
    return reached(access).map((site) => ({
      ...site,
      inventory: ages.get(site.site),
      changeEvents: listeners.get(site.site),
    }));
  };
  return [
    route({
      method: "get",
      path: "/v1/providers",
      operationId: "listProviders",
      tag: "inventory",
      summary: "Kinds of sites, what each can do, and why it can't do the rest",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them", schema: providerListSchema } },
      async handle({ access }): Promise<Answer> {
        return { status: 200, body: { items: describeProviders(reached(access)) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/sites",
      operationId: "listSites",
      tag: "inventory",
      summary: "The configured sites",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them", schema: siteListSchema } },
      async handle({ access }): Promise<Answer> {
        return { status: 200, body: { items: await describeSites(access) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/sites/{site}",
      operationId: "getSite",
      tag: "inventory",
      summary: "One site",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      params: siteParams,
      responses: { 200: { description: "The site", schema: siteSchema } },
      async handle({ params, access }): Promise<Answer> {
        configuredSite(context, access, params.site);
        return { status: 200, body: (await describeSites(access)).find(({ site }) => site === params.site) };
      },
    }),
    route({
      method: "get",
      path: "/v1/sites/{site}/census",
      operationId: "takeCensus",
      tag: "inventory",
      summary: "Everything at a site that is there because of us, looked at now",
      permission: "sites:check",
      actor: "signed-in",
      audit: undefined,
      params: siteParams,
      responses: { 200: { description: "One row a resource", schema: censusSchema } },
      async handle({ params: { site }, access }): Promise<Answer> {
        configuredSite(context, access, site, "whole");
        return { status: 200, body: { site, items: await context.runs.takeCensus({ site }) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/sites/{site}/check",
      operationId: "checkSite",
      tag: "inventory",
      summary: "Reachability, credentials, permissions and versions of a site, looked at now",
      permission: "sites:check",
      actor: "signed-in",
      audit: "site.check",
      duringFreeze: true,
      idempotent: true,
      params: siteParams,
      responses: { 200: { description: "One row a check", schema: siteCheckSchema } },
      async handle({ params: { site }, access }): Promise<Answer> {
        configuredSite(context, access, site, "whole");
        const checks = await context.runs.checkSite({ site });
        const ok = checks.every((check) => check.result !== "fail");
        return { status: 200, body: { site, ok, checks }, workflowId: `check/${site}` };
      },
    }),
  ];
}

function changeEvents({ listeningSince: since, changedAt, changes, error }: SiteWatch) {
  return { listening: since !== undefined, since, changedAt, changes, error };
}
