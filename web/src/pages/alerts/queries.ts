import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";

export const rulesQuery = queryOptions({
  queryKey: ["alert-rules"],
  queryFn: async ({ signal }) => (await answer(api.GET("/v1/alert-rules", { signal }))).items,
  refetchInterval: 15_000,
});

/** Figures that were measured or pushed lately, by their names. */
export const metricsQuery = queryOptions({
  queryKey: ["metric-names"],
  queryFn: async ({ signal }) => (await answer(api.GET("/v1/metrics/names", { signal }))).items,
  staleTime: 60_000,
});
