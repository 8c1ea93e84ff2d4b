import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answer, api, type Schemas } from "./client.ts";

/** What several pages ask for, under one key each. */

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => answer(api.GET("/v1/health", { signal })),
  refetchInterval: 10_000,
  retry: false,
});

export const freezeQuery = queryOptions({
  queryKey: ["freeze"],
  queryFn: ({ signal }) => answer(api.GET("/v1/freeze", { signal })),
  refetchInterval: 15_000,
});

export const sitesQuery = queryOptions({
  queryKey: ["sites"],
  queryFn: async ({ signal }) => (await answer(api.GET("/v1/sites", { signal }))).items,
  staleTime: 15_000,
  refetchInterval: 30_000,
});

export const savedSearchesQuery = queryOptions({
  queryKey: ["searches"],
  queryFn: async ({ signal }) =>
    (await answer(api.GET("/v1/searches", { params: { query: { limit: 200 } }, signal }))).items,
  staleTime: 30_000,
});

export const groupsQuery = queryOptions({
  queryKey: ["protection-groups"],
  queryFn: async ({ signal }) =>
    (await answer(api.GET("/v1/protection-groups", { params: { query: { limit: 200 } }, signal }))).items,
  refetchInterval: 5_000,
});

export function unifiedViewQuery(q: string | undefined, asOf: string | undefined) {
  return queryOptions({
    queryKey: ["unified-view", q, asOf],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/v1/unified-view", {
          params: { query: { ...(q ? { q } : {}), ...(asOf ? { as_of: asOf } : {}) } },
          signal,
        }),
      ),
    refetchInterval: asOf ? false : 10_000,
    placeholderData: keepPreviousData,
  });
}

/** A page of the inventory. @throws ApiProblem */
export async function searchResources(
  query: {
    readonly q?: string;
    readonly sort?: string;
    readonly as_of?: string;
    readonly limit?: number;
    readonly cursor?: string;
  },
  signal: AbortSignal,
): Promise<Schemas["ResourceList"]> {
  // The same address also exports text; without a `format` it is a page.
  return (await answer(api.GET("/v1/resources", { params: { query }, signal }))) as Schemas["ResourceList"];
}
