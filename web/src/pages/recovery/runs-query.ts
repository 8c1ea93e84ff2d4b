import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";

/** Failovers and drills of a group, the newest first. */
export function useRuns(groupId: string) {
  return useQuery({
    queryKey: ["recovery-runs", "of", groupId],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/v1/recovery-runs", { params: { query: { group_id: groupId, limit: 50 } }, signal })))
        .items,
    refetchInterval: 5_000,
  });
}
