import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { severityTone } from "../../lib/tone.ts";
import type { Column } from "../../parts/data-table.tsx";
import { Ago } from "../../parts/now.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";

export type Finding = Schemas["Finding"];

export function useFindings(wanted: {
  readonly state?: Finding["state"] | undefined;
  readonly policy?: string | undefined;
  readonly severity?: Finding["severity"] | undefined;
}) {
  const { state, policy, severity } = wanted;
  return usePages<Finding>({
    key: ["policy-findings", state, policy, severity],
    fetch: (cursor, signal) => {
      const query = {
        ...{ limit: 100, ...(state ? { state } : {}), ...(policy ? { policy } : {}) },
        ...{ ...(severity ? { severity } : {}), ...(cursor ? { cursor } : {}) },
      };
      return answer(api.GET("/v1/policy-findings", { params: { query }, signal }));
    },
    refetchMs: 10_000,
    keeps: true,
  });
}

const tones = { open: "warn", exempt: "idle", resolved: "good" } as const;

export const findingColumns: readonly Column<Finding>[] = [
  {
    ...{ id: "severity", head: "Severity", width: 100, csv: ({ severity }: Finding) => severity },
    cell: ({ severity }) => <StateBadge state={severity} tone={severityTone(severity)} />,
  },
  {
    ...{ id: "name", head: "Resource", width: 190, grows: true, csv: ({ name }: Finding) => name },
    cell: ({ name }) => <strong>{name}</strong>,
  },
  { id: "kind", head: "Kind", width: 120, csv: ({ kind }) => kind, cell: ({ kind }) => kind },
  { id: "site", head: "Site", width: 150, csv: ({ site }) => site, cell: ({ site }) => site },
  { id: "policy", head: "Breaks", width: 210, csv: ({ policy }) => policy, cell: ({ policy }) => policy },
  { id: "type", head: "Type", width: 100, csv: ({ type }) => type, cell: ({ type }) => type },
  {
    ...{ id: "state", head: "State", width: 100, csv: ({ state }: Finding) => state },
    cell: ({ state }) => <StateBadge state={state} tone={tones[state]} />,
  },
  {
    ...{ id: "first", head: "First seen", width: 100, csv: ({ first_seen_at: at }: Finding) => at },
    cell: ({ first_seen_at: at }) => <Ago at={at} />,
  },
  {
    ...{ id: "last", head: "Last seen", width: 100, csv: ({ last_seen_at: at }: Finding) => at },
    cell: ({ last_seen_at: at }) => <Ago at={at} />,
  },
];
