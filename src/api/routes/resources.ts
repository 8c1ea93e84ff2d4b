import { once as event } from "node:events";
import type { Request, Response } from "express";
import type { Freshness } from "../../domain/freshness.ts";
import { allOf, defaultSort, type SearchQuery } from "../../domain/search/query.ts";
import { toWire } from "../../domain/wire.ts";
import type { ResourceChange } from "../../store/index.ts";
import { freshness } from "../inventory-freshness.ts";
import { csvHead, csvRow } from "../resource-export.ts";
import { resourceView } from "../resource-view.ts";
import { type Answer, route } from "../route.ts";
import {
  changesQuery,
  changesSchema,
  type exportFormats,
  resourceAnswerSchema,
  resourceListQuery,
  resourceListSchema,
  resourceParams,
} from "../schemas/resource.ts";
import { readPast, readSearch } from "../search-text.ts";
import { type ApiContext, defaultPageSize, notFound } from "./context.ts";
import { seenSearch } from "./searches.ts";

type Format = (typeof exportFormats)[number];

const mediaTypes: Readonly<Record<Format, string>> = {
  json: "application/json",
  csv: "text/csv",
  jsonl: "application/x-ndjson",
};
const largestPage = 1_000;

export function resourceRoutes(context: ApiContext) {
  const { store, historyMs } = context;
  return [
    route({
      method: "get",
      path: "/v1/resources",
      operationId: "searchResources",
      tag: "inventory",
      summary: "Search everything that the sites have, now or as it was",
      description:
        "As JSON, page by page; as CSV or JSON lines all that matches, with the freshness in the headers X-Freshness and X-Complete.",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      query: resourceListQuery,
      responses: {
        200: {
          description: "One page, or an export",
          schema: resourceListSchema,
          alsoAs: [mediaTypes.csv, mediaTypes.jsonl],
          headers: { "X-Freshness": "Of an export: how old it is", "X-Complete": "Of an export: true or false" },
        },
      },
      async handle({ query, access, actor, request, response, signal }): Promise<Answer | undefined> {
        const { q = "", sort, as_of, limit, cursor } = query;
        const now = Date.now();
        const asOf = as_of === undefined ? undefined : readPast("as_of", as_of, { now, historyMs });
        const at = asOf === undefined ? now : Date.parse(asOf);
        const saved = query.search === undefined ? undefined : await seenSearch(store, actor, query.search);
        const search = within(saved && readSearch(saved.query, undefined, at, "search"), readSearch(q, sort, at));
        const reading = { ...search, scopes: access.scopes, ...(asOf === undefined ? {} : { asOf }) };
        const format = query.format ?? formatOf(request);
        const age = await freshness(context, access, { where: search.where, asOf });
        if (format !== "json") {
          await sendExport(response, signal, format, age, store.resources.all({ ...reading, limit }));
          return undefined;
        }
        const page = await store.resources.search({
          ...reading,
          limit: Math.min(limit ?? defaultPageSize, largestPage),
          ...(cursor === undefined ? {} : { cursor }),
        });
        const body = {
          items: page.items.map(resourceView),
          next_cursor: page.nextCursor,
          as_of: asOf,
          freshness: toWire(age),
        };
        return { status: 200, json: JSON.stringify(body) };
      },
    }),
    route({
      method: "get",
      path: "/v1/resources/changes",
      operationId: "listResourceChanges",
      tag: "inventory",
      summary: "What is otherwise at one moment than at another",
      description: "What came and went between the two is not shown, nor what is the same at both.",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      query: changesQuery,
      responses: { 200: { description: "One page, in the order of first sight", schema: changesSchema } },
      async handle({ query, access }): Promise<Answer> {
        const now = Date.now();
        const from = readPast("from", query.from, { now, historyMs });
        const to = query.to === undefined ? new Date(now).toISOString() : readPast("to", query.to, { now, historyMs });
        const { where } = readSearch(query.q ?? "", undefined, Date.parse(to));
        const { limit = defaultPageSize, cursor } = query;
        const [age, page] = await Promise.all([
          freshness(context, access, { where, asOf: to }),
          store.resources.changes({
            ...{ from, to, where, limit, scopes: access.scopes },
            ...(cursor === undefined ? {} : { cursor }),
          }),
        ]);
        const body = {
          from,
          to,
          items: page.items.map(changeView),
          next_cursor: page.nextCursor,
          freshness: toWire(age),
        };
        return { status: 200, json: JSON.stringify(body) };
      },
    }),
    route({
      method: "get",
      path: "/v1/resources/{site}/{kind}/{id}",
      operationId: "getResource",
      tag: "inventory",
      summary: "One resource, with its history",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      params: resourceParams,
      responses: { 200: { description: "As it is, or as it was last", schema: resourceAnswerSchema } },
      async handle({ params: { site, kind, id }, access }): Promise<Answer> {
        const key = { site, kind, resourceId: id };
        const [versions, current] = await Promise.all([
          store.resources.versions(key, { scopes: access.scopes }),
          store.resources.get(key),
        ]);
        const [newest] = versions;
        if (!newest) throw notFound("resource", `${site}/${kind}/${id}`, "GET /v1/resources lists what there is.");
        const isThere = newest.validTo === undefined;
        // The newest version is as it is now; only the row itself knows when it was seen last.
        const shown = isThere && current ? { ...newest.resource, observedAt: current.observedAt } : newest.resource;
        const history = versions.map(({ validFrom, validTo, gone, resource }) => ({
          valid_from: validFrom,
          valid_to: validTo,
          gone,
          resource: resourceView(resource),
        }));
        const match = (field: "site" | "kind", value: string) =>
          ({ type: "match", field, pattern: { type: "exact", value } }) as const;
        const where = { type: "and", items: [match("site", site), match("kind", kind)] } as const;
        const age = await freshness(context, access, { where });
        const body = { ...resourceView(shown), gone_at: newest.validTo, history, freshness: toWire(age) };
        return { status: 200, json: JSON.stringify(body) };
      },
    }),
  ];
}

/** What both find; the request's own order goes before that of the saved search. */
function within(saved: SearchQuery | undefined, asked: SearchQuery): SearchQuery {
  if (!saved) return asked;
  return { where: allOf(saved.where, asked.where), sort: asked.sort === defaultSort ? saved.sort : asked.sort };
}

function changeView({ change, site, kind, resourceId, before, after }: ResourceChange) {
  return {
    change,
    site,
    kind,
    resource_id: resourceId,
    before: before && resourceView(before),
    after: after && resourceView(after),
  };
}

function formatOf(request: Request): Format {
  const accepted = request.accepts(Object.values(mediaTypes));
  const found = (Object.keys(mediaTypes) as Format[]).find((format) => mediaTypes[format] === accepted);
  return found ?? "json";
}

async function sendExport(
  response: Response,
  signal: AbortSignal,
  format: Exclude<Format, "json">,
  age: Freshness,
  portions: ReturnType<ApiContext["store"]["resources"]["all"]>,
): Promise<void> {
  let begun = false;
  for await (const portion of portions) {
    // What fails before the first row is still a problem of its own.
    if (!begun) begin();
    const views = portion.map(resourceView);
    const text =
      format === "csv" ? views.map(csvRow).join("") : views.map((view) => `${JSON.stringify(view)}\n`).join("");
    const ready = response.write(text);
    if (signal.aborted) return;
    if (!ready) await event(response, "drain", { signal }).catch(() => undefined);
  }
  if (!begun) begin();
  response.end();

  function begin(): void {
    begun = true;
    response.status(200).setHeader("Content-Type", `${mediaTypes[format]}; charset=utf-8`);
    response.setHeader("X-Freshness", age.summary);
    response.setHeader("X-Complete", String(age.complete));
    if (format === "csv") response.write(csvHead);
  }
}
