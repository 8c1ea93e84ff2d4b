import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";

export function poolQuery(id: string) {
  return queryOptions({
    queryKey: ["burst-pools", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/burst-pools/{id}", { params: { path: { id } }, signal })),
    refetchInterval: 5_000,
  });
}
