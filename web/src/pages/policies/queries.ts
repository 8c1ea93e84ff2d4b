import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";

export const policiesQuery = queryOptions({
  queryKey: ["policies", "all"],
  queryFn: async ({ signal }) => (await answer(api.GET("/v1/policies", { signal }))).items,
  refetchInterval: 10_000,
});
