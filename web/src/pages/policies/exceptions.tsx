import { useQuery } from "@tanstack/react-query";
import { useNow } from "../../parts/now.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { policiesQuery } from "./queries.ts";

/** Exceptions name their policy by its id; people know it by its name. */
export function usePolicyNames(): (policyId: string) => string {
  const { data } = useQuery(policiesQuery);
  return (policyId) => data?.find(({ policy_id: id }) => id === policyId)?.name ?? policyId;
}

/** Whether something that was given until a moment is still given. */
export function EndsBadge({
  of,
}: {
  readonly of: { readonly expires_at: string; readonly revoked_at?: string | undefined };
}) {
  const now = useNow();
  const state = of.revoked_at ? "ended" : Date.parse(of.expires_at) < now ? "over" : "given";
  return <StateBadge state={state} tone={state === "given" ? "good" : "idle"} />;
}
