import { authorise } from "../../domain/access.ts";
import type { SavedSearch } from "../../store/index.ts";
import { ProblemError } from "../problem.ts";
import { type Actor, type Answer, route } from "../route.ts";
import {
  savedSearchBody,
  savedSearchListQuery,
  savedSearchListSchema,
  savedSearchPatch,
  savedSearchSchema,
} from "../schemas/search.ts";
import { readSearch } from "../search-text.ts";
import { type ApiContext, defaultPageSize, idParams, notFound } from "./context.ts";

/** Searches that somebody kept: one's own, and those that others share. */
export function searchRoutes({ store }: ApiContext) {
  return [
    route({
      method: "get",
      path: "/v1/searches",
      operationId: "listSearches",
      tag: "inventory",
      summary: "Saved searches: one's own and shared ones, in the order of their names",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      query: savedSearchListQuery,
      responses: { 200: { description: "One page", schema: savedSearchListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, actor }): Promise<Answer> {
        const page = await store.searches.list({ ...query, limit, reader: ownerOf(actor) });
        return { status: 200, body: { ...page, items: page.items.map((search) => view(search, actor)) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/searches/{id}",
      operationId: "getSearch",
      tag: "inventory",
      summary: "One saved search",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The search", schema: savedSearchSchema } },
      async handle({ params: { id }, actor }): Promise<Answer> {
        return { status: 200, body: view(await seenSearch(store, actor, id), actor) };
      },
    }),
    route({
      method: "post",
      path: "/v1/searches",
      operationId: "saveSearch",
      tag: "inventory",
      summary: "Keep a search",
      permission: "inventory:read",
      actor: "signed-in",
      audit: "search.save",
      duringFreeze: true,
      idempotent: true,
      body: savedSearchBody,
      responses: { 201: { description: "The search", schema: savedSearchSchema } },
      async handle({ body: { name, query, shared = false }, actor, stableId }): Promise<Answer> {
        readSearch(query, undefined, Date.now(), "query");
        const searchId = stableId("search");
        await store.searches.create({ searchId, name, query, shared, owner: ownerOf(actor) });
        const after = view(await seenSearch(store, actor, searchId), actor);
        return { status: 201, body: after, after };
      },
    }),
    route({
      method: "post",
      path: "/v1/searches/{id}",
      operationId: "changeSearch",
      tag: "inventory",
      summary: "Change a saved search of one's own",
      permission: "inventory:read",
      actor: "signed-in",
      audit: "search.change",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      body: savedSearchPatch,
      responses: { 200: { description: "The search as it is now", schema: savedSearchSchema } },
      async handle({ params: { id }, body: { name, query, shared }, actor }): Promise<Answer> {
        if (query !== undefined) readSearch(query, undefined, Date.now(), "query");
        const found = await ownSearch(id, actor);
        const before = view(found, actor);
        await store.searches.update(id, {
          ...(name === undefined ? {} : { name }),
          ...(query === undefined ? {} : { query }),
          ...(shared === undefined ? {} : { shared }),
        });
        const after = view((await store.searches.get(id)) ?? found, actor);
        return { status: 200, body: after, before, after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/searches/{id}",
      operationId: "removeSearch",
      tag: "inventory",
      summary: "Remove a saved search of one's own",
      permission: "inventory:read",
      actor: "signed-in",
      audit: "search.remove",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The search that was removed", schema: savedSearchSchema } },
      async handle({ params: { id }, actor }): Promise<Answer> {
        const before = view(await ownSearch(id, actor), actor);
        await store.searches.remove(id);
        return { status: 200, body: before, before };
      },
    }),
  ];

  /** An admin of the whole installation clears up after owners who are gone; what isn't shared stays out of their sight. */
  async function ownSearch(id: string, actor: Actor | undefined): Promise<SavedSearch> {
    const search = await seenSearch(store, actor, id);
    const administers = actor !== undefined && authorise(actor.grants, "access:write", {});
    if (search.owner === ownerOf(actor) || administers) return search;
    throw new ProblemError("Forbidden", {
      detail: `The search ${search.name} belongs to ${search.owner}`,
      action: "Save one of your own, with its query.",
    });
  }
}

/** @throws ProblemError NotFound, also for what somebody else keeps to themselves. */
export async function seenSearch(
  store: ApiContext["store"],
  actor: Actor | undefined,
  id: string,
): Promise<SavedSearch> {
  const search = await store.searches.get(id);
  if (search && (search.shared || search.owner === ownerOf(actor))) return search;
  throw notFound("search", id, "GET /v1/searches lists those that you see.");
}

function view(search: SavedSearch, actor: Actor | undefined) {
  return { ...search, mine: search.owner === ownerOf(actor) };
}

/** A person's searches are the same in the console and by a token of theirs. */
function ownerOf(actor: Actor | undefined): string {
  return actor?.responsible ?? "";
}
