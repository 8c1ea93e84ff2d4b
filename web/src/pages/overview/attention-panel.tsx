import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { groupsQuery } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { attention } from "../../lib/attention.ts";
import { Icon } from "../../parts/icons.tsx";
import { Ago, useNow } from "../../parts/now.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty } from "../../parts/states.tsx";

export interface LookedAt {
  readonly migrations?: readonly Schemas["Migration"][] | undefined;
  readonly waves?: readonly Schemas["Wave"][] | undefined;
  readonly groups?: readonly Schemas["ProtectionGroup"][] | undefined;
  readonly runs?: readonly Schemas["RecoveryRun"][] | undefined;
  readonly backups?: Schemas["ControlPlane"]["places"] | undefined;
  readonly sites?: Schemas["InventoryFreshness"]["sites"] | undefined;
}

const everyMs = 4_000;

/** What the roles let one look at; the rest stays out. */
export function useLooked(sites: LookedAt["sites"]): LookedAt {
  const [moves, protection] = [useMay("migrations:read"), useMay("protection:read")];
  const backsUp = useMay("metrics:read");
  const migrations = useQuery({
    queryKey: ["migrations", "newest"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/v1/migrations", { params: { query: { limit: 200 } }, signal }))).items,
    refetchInterval: everyMs,
    enabled: moves,
  });
  const waves = useQuery({
    queryKey: ["waves", "newest"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/v1/waves", { params: { query: { limit: 20 } }, signal }))).items,
    refetchInterval: everyMs,
    enabled: moves,
  });
  const groups = useQuery({ ...groupsQuery, enabled: protection });
  const taken = (groups.data ?? []).filter(({ takeover }) => takeover !== undefined);
  const runs = useQuery({
    queryKey: ["recovery-runs", "taken", taken.map(({ group_id: id }) => id)],
    queryFn: ({ signal }) =>
      Promise.all(
        taken.map(({ takeover }) =>
          answer(api.GET("/v1/recovery-runs/{id}", { params: { path: { id: takeover?.failover_id ?? "" } }, signal })),
        ),
      ),
    enabled: taken.length > 0,
    refetchInterval: everyMs,
  });
  const controlPlane = useQuery({
    queryKey: ["control-plane"],
    queryFn: ({ signal }) => answer(api.GET("/v1/control-plane", { signal })),
    enabled: backsUp,
    refetchInterval: 60_000,
  });
  return {
    migrations: migrations.data,
    waves: waves.data,
    groups: groups.data,
    runs: runs.data,
    backups: controlPlane.data?.places,
    sites,
  };
}

export function AttentionPanel({ looked }: { readonly looked: LookedAt }) {
  const items = attention(looked, useNow());
  return (
    <Panel title="Needs a person" aside={items.length > 0 ? String(items.length) : undefined} flush>
      {items.length === 0 ? (
        <Empty icon="check" title="Nothing waits for you">
          Moves that want a decision, groups beyond their objective, sites that can't be read and failures come up here.
        </Empty>
      ) : (
        <ul className="attention">
          {items.slice(0, 12).map((item) => (
            <li key={item.key} data-tone={item.tone}>
              <Link to={item.to}>
                <span className="state-mark" />
                <span className="attention-title">{item.title}</span>
                <span className="attention-detail">{item.detail}</span>
                <span className="quiet nowrap">{item.since ? <Ago at={item.since} /> : undefined}</span>
                <Icon name="chevron" size={13} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
