// Long because it is the table of everything that is asked of cost rows.
import { billedMonths, forecastGroups } from "../../costs/index.ts";
import { nextMonth } from "../../domain/cost.ts";
import { addDays } from "../../domain/cost-forecast.ts";
import { reconcile } from "../../domain/reconcile.ts";
import { daysOf, readDimensions, readFilters } from "../cost-filters.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, route } from "../route.ts";
import {
  costImportBody,
  costImportListQuery,
  costImportListSchema,
  costImportSchema,
  costQuery,
  costSourceListSchema,
  costSumsSchema,
  costUploadQuery,
  rateBody,
  rateListSchema,
  reconciliationListSchema,
  reconciliationQuery,
  statementBody,
} from "../schemas/cost.ts";
import { costForecastQuery, costForecastSchema } from "../schemas/cost-forecast.ts";
import { storeUpload } from "../store-upload.ts";
import { type ApiContext, configuredSite, defaultPageSize, idParams, notFound, requireReach } from "./context.ts";

export function costRoutes(context: ApiContext) {
  const { store, costs, runs } = context;
  return [
    route({
      method: "get",
      path: "/v1/costs",
      operationId: "sumCosts",
      tag: "costs",
      summary: "What it cost: list, contracted, billed and effective, grouped as asked",
      description:
        "By the days that use was on. Only rows of sites and tags that the caller reaches are in it. A cost that a row doesn't say is absent from its group, never taken as nothing.",
      permission: "costs:read",
      actor: "signed-in",
      audit: undefined,
      query: costQuery,
      responses: { 200: { description: "The sums", schema: costSumsSchema } },
      async handle({ query, access }): Promise<Answer> {
        const { from, to, group_by: groups, where, currency, limit } = query;
        const sums = await costs.sum({
          ...daysOf(from, to),
          groupBy: readDimensions(groups),
          where: readFilters(where),
          scopes: access.scopes,
          ...(currency === undefined ? {} : { currency }),
          ...(limit === undefined ? {} : { limit }),
        });
        return { status: 200, body: sums };
      },
    }),
    route({
      method: "get",
      path: "/v1/costs/forecast",
      operationId: "forecastCosts",
      tag: "costs",
      summary:
        "What days to come will cost, with intervals and its error on the past; and what providers expect themselves",
      description:
        "By effective costs of up to 120 days. Only rows of sites and tags that the caller reaches count, and forecasts of providers are of whole sites.",
      permission: "costs:read",
      actor: "signed-in",
      audit: undefined,
      query: costForecastQuery,
      responses: { 200: { description: "The forecasts", schema: costForecastSchema } },
      async handle({ query, access }): Promise<Answer> {
        const { days = usualForecastDays, group_by: groups, where, currency } = query;
        const groupBy = readDimensions(groups);
        if (groupBy.length > 2) {
          const action = "Name two at most; the days are a dimension of their own.";
          throw new ProblemError("InvalidInput", { detail: `group_by names ${groupBy.length} dimensions`, action });
        }
        const now = Date.now();
        const until = addDays(new Date(now).toISOString().slice(0, 10), days);
        const asked = { days, groupBy, where: readFilters(where), scopes: access.scopes, now };
        const made = await forecastGroups(costs, { ...asked, ...(currency === undefined ? {} : { currency }) });
        const said = (await store.costs.forecasts()).filter(({ site }) => access.covers({ site }));
        const providers = said.map((each) => ({ ...each, days: each.days.filter(({ day }) => day < until) }));
        return { status: 200, body: { groups: made, providers } };
      },
    }),
    route({
      method: "get",
      path: "/v1/costs/sources",
      operationId: "listCostSources",
      tag: "costs",
      summary: "Whose costs are here, and up to when",
      permission: "costs:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them that the caller reaches", schema: costSourceListSchema } },
      async handle({ access }): Promise<Answer> {
        const sources = await store.costs.sources();
        return { status: 200, body: { items: sources.filter(({ site }) => access.covers(site ? { site } : {})) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/costs/imports",
      operationId: "listCostImports",
      tag: "costs",
      summary: "Deliveries of costs, the newest first, with what breaks the rules of FOCUS in them",
      permission: "costs:write",
      actor: "signed-in",
      audit: undefined,
      query: costImportListQuery,
      responses: { 200: { description: "One page", schema: costImportListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        const page = await store.costs.listImports({ ...query, limit });
        const items = page.items.filter(({ site }) => access.covers(site ? { site } : {}));
        return { status: 200, body: { ...page, items } };
      },
    }),
    route({
      method: "get",
      path: "/v1/costs/imports/{id}",
      operationId: "getCostImport",
      tag: "costs",
      summary: "One delivery of costs",
      permission: "costs:write",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The import", schema: costImportSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const found = await store.costs.getImport(id);
        if (found && access.covers(found.site ? { site: found.site } : {})) return { status: 200, body: found };
        throw notFound("cost import", id, "GET /v1/costs/imports lists those that you reach.");
      },
    }),
    route({
      method: "post",
      path: "/v1/costs/uploads",
      operationId: "uploadCosts",
      tag: "costs",
      summary:
        "Import the file that is the body: FOCUS as CSV, JSON lines or Parquet, AWS CUR 2.0, Google Cloud's export",
      description:
        "Taken whole or not at all, and once: a repeat changes nothing, and a month that comes again takes the place of what was there. Answers when the bytes are here; follow the import.",
      permission: "costs:write",
      actor: "signed-in",
      audit: "costs.import",
      // It reads what is given, and touches no site.
      duringFreeze: true,
      idempotent: true,
      rawBody: "application/octet-stream",
      query: costUploadQuery,
      responses: { 202: { description: "The import goes on", schema: costImportSchema } },
      async handle({ query, access, actor, stableId, request }): Promise<Answer> {
        requireReach(access, query.site ? { site: query.site } : {});
        if (query.site) configuredSite(context, access, query.site);
        const importId = stableId("cost-import");
        const { source: sourceId, provider, site, part = "", format, file_name: fileName } = query;
        await store.costs.addImport({
          ...{ importId, sourceId, provider, site, part, format, fileName },
          createdBy: actor?.id ?? "",
        });
        await storeUpload(store, importId, request);
        await runs.importCosts({ importId, ...(format ? { format } : {}) }, `Costs of ${sourceId}: ${fileName}`);
        return imported(importId);
      },
    }),
    route({
      method: "post",
      path: "/v1/costs/imports",
      operationId: "importCosts",
      tag: "costs",
      summary: "Import an export that a cloud wrote to its object storage",
      permission: "costs:write",
      actor: "signed-in",
      audit: "costs.import",
      duringFreeze: true,
      idempotent: true,
      body: costImportBody,
      responses: { 202: { description: "The import goes on", schema: costImportSchema } },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        const { source: sourceId, provider, site, part = "", format, objects } = body;
        requireReach(access, site ? { site } : {});
        configuredSite(context, access, objects.site, "whole");
        const importId = stableId("cost-import");
        const fileName = `${objects.site}/${objects.bucket}/${objects.prefix}`;
        await store.costs.addImport({
          ...{ importId, sourceId, provider, site, part, format, fileName },
          createdBy: actor?.id ?? "",
        });
        await runs.importCosts(
          { importId, objects, ...(format ? { format } : {}) },
          `Costs of ${sourceId}: ${fileName}`,
        );
        return imported(importId);
      },
    }),
    route({
      method: "get",
      path: "/v1/costs/exchange-rates",
      operationId: "listExchangeRates",
      tag: "costs",
      summary: "Rates of exchange by month, with who says so",
      permission: "costs:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them", schema: rateListSchema } },
      async handle(): Promise<Answer> {
        return { status: 200, body: { items: await store.costs.rates() } };
      },
    }),
    route({
      method: "post",
      path: "/v1/costs/exchange-rates",
      operationId: "setExchangeRate",
      tag: "costs",
      summary: "Say what a currency was worth in a month",
      permission: "costs:write",
      actor: "signed-in",
      audit: "costs.rate",
      duringFreeze: true,
      idempotent: true,
      body: rateBody,
      responses: { 200: { description: "All of them", schema: rateListSchema } },
      async handle({ body, access }): Promise<Answer> {
        requireReach(access, {});
        await store.costs.setRate(body);
        return { status: 200, body: { items: await store.costs.rates() }, after: body };
      },
    }),
    route({
      method: "post",
      path: "/v1/costs/statements",
      operationId: "stateCosts",
      tag: "costs",
      summary: "Say what a provider says itself that a billing month cost, such as an invoice's total",
      permission: "costs:write",
      actor: "signed-in",
      audit: "costs.statement",
      duringFreeze: true,
      idempotent: true,
      body: statementBody,
      responses: { 200: { description: "The month's comparison", schema: reconciliationListSchema } },
      async handle({ body, access }): Promise<Answer> {
        requireReach(access, {});
        const { source: sourceId, month, amount, said_by: saidBy } = body;
        await store.costs.setStatement({ sourceId, month, amount, saidBy });
        return { status: 200, body: { items: await compared(month) }, after: body };
      },
    }),
    route({
      method: "get",
      path: "/v1/costs/reconciliation",
      operationId: "reconcileCosts",
      tag: "costs",
      summary: "What providers say of a billing month against what their rows add up to, and what makes the difference",
      permission: "costs:read",
      actor: "signed-in",
      audit: undefined,
      query: reconciliationQuery,
      responses: { 200: { description: "One line a source and currency", schema: reconciliationListSchema } },
      async handle({ query: { month }, access }): Promise<Answer> {
        requireReach(access, {});
        return { status: 200, body: { items: await compared(month) } };
      },
    }),
  ];

  async function imported(importId: string): Promise<Answer> {
    const body = await store.costs.getImport(importId);
    return { status: 202, body, workflowId: `cost-import/${importId}`, after: body };
  }

  async function compared(month: string) {
    const [sources, statements] = await Promise.all([store.costs.sources(), store.costs.statements(month)]);
    const months = await billedMonths(costs, sources, month);
    return reconcile(months, statements, daysOfMonth(month));
  }
}

const usualForecastDays = 30;

function daysOfMonth(month: string): number {
  return Math.round((Date.parse(nextMonth(month)) - Date.parse(`${month}-01`)) / 86_400_000);
}
