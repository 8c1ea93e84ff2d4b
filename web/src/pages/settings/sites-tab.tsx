import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { sitesQuery } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { stateColumn } from "../../parts/columns.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Checks } from "../../parts/plan-review.tsx";
import { ProviderBadge, StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";

type Site = Schemas["Site"];

/** The configured sites, each with a look at its credentials and permissions on demand, and what its kind can't do. */
export function SitesTab() {
  const sites = useQuery(sitesQuery);
  const mayCheck = useMay("sites:check");
  const [chosen, setChosen] = useState<string>();
  const workers = useQuery({
    queryKey: ["site-workers"],
    queryFn: async ({ signal }) => (await answer(api.GET("/v1/site-workers", { signal }))).items,
    enabled: mayCheck,
    refetchInterval: 10_000,
  });
  if (sites.isPending) return <Loading label="Reading the sites" />;
  if (sites.isError) return <Failed error={sites.error} onRetry={() => void sites.refetch()} />;
  const columns: readonly Column<Site>[] = [
    ...siteColumns,
    {
      ...{ id: "check", head: "Credentials", width: 100 },
      cell: ({ site }) =>
        mayCheck ? (
          <Button size="compact-xs" variant="light" onClick={() => setChosen(site)} aria-label={`Check ${site}`}>
            Check
          </Button>
        ) : undefined,
    },
  ];
  return (
    <>
      <Panel title="Sites" aside={<CsvButton name="sites" columns={siteColumns} rows={() => sites.data} />} flush>
        <DataTable
          label="Sites"
          columns={columns}
          rows={sites.data}
          rowKey={({ site }) => site}
          maxHeight={420}
          instead={
            sites.data.length === 0 ? (
              <Empty icon="inventory" title="No site is configured">
                Sites are entries of the configuration: docs/configuration.md.
              </Empty>
            ) : undefined
          }
        />
      </Panel>
      {chosen ? <SiteCheck key={chosen} site={chosen} /> : undefined}
      <Capabilities />
      {workers.data && workers.data.length > 0 ? (
        <Panel
          title="Workers of sites"
          aside={<CsvButton name="site-workers" columns={workerColumns} rows={() => workers.data} />}
          flush
        >
          <DataTable
            label="Workers of sites"
            columns={workerColumns}
            rows={workers.data}
            rowKey={({ worker_id: id }) => id}
            maxHeight={280}
          />
        </Panel>
      ) : undefined}
    </>
  );
}

function SiteCheck({ site }: { readonly site: string }) {
  const check = useMutation({
    mutationFn: () => answer(api.POST("/v1/sites/{site}/check", { params: { path: { site } } })),
  });
  const health = useQuery({
    queryKey: ["site-health", site],
    queryFn: ({ signal }) => answer(api.GET("/v1/sites/{site}/health", { params: { path: { site } }, signal })),
  });
  return (
    <Panel
      title={`Check of ${site}`}
      aside={
        <Button loading={check.isPending} onClick={() => check.mutate()}>
          {check.data ? "Look again" : "Look now"}
        </Button>
      }
    >
      {health.data ? (
        <p className="quiet">
          Seen from elsewhere: {health.data.verdict}. {health.data.reasons.join(" ")}
        </p>
      ) : undefined}
      {check.isError ? <Failed error={check.error} /> : undefined}
      {check.data ? <Checks checks={check.data.checks} /> : undefined}
      {check.data || check.isError || check.isPending ? undefined : (
        <p className="quiet">Reachability, credentials, permissions and versions are looked at when you ask.</p>
      )}
    </Panel>
  );
}

type Gap = { readonly kind: string; readonly capability: string; readonly reason: string };

/** What a kind of site can't do, and why. */
function Capabilities() {
  const providers = useQuery({
    queryKey: ["providers"],
    queryFn: async ({ signal }) => (await answer(api.GET("/v1/providers", { signal }))).items,
    staleTime: 600_000,
  });
  const gaps: Gap[] = (providers.data ?? [])
    .filter(({ sites }) => sites.length > 0)
    .flatMap(({ kind, capabilities }) =>
      capabilities
        .filter(({ supported }) => !supported)
        .map(({ capability, reason }) => ({ kind, capability, reason: reason ?? "" })),
    );
  if (gaps.length === 0) return undefined;
  return (
    <Panel
      title="What they can't do, and why"
      aside={<CsvButton name="capabilities" columns={gapColumns} rows={() => gaps} />}
      flush
    >
      <DataTable
        label="What they can't do"
        columns={gapColumns}
        rows={gaps}
        rowKey={({ kind, capability }) => `${kind}/${capability}`}
        maxHeight={300}
      />
    </Panel>
  );
}

const gapColumns: readonly Column<Gap>[] = [
  {
    id: "kind",
    head: "Kind",
    width: 130,
    csv: ({ kind }) => kind,
    cell: ({ kind }) => <ProviderBadge provider={kind} />,
  },
  {
    id: "capability",
    head: "Capability",
    width: 210,
    csv: ({ capability }) => capability,
    cell: ({ capability }) => capability,
  },
  {
    id: "reason",
    head: "Why",
    width: 400,
    grows: true,
    csv: ({ reason }) => reason,
    cell: ({ reason }) => <span title={reason}>{reason}</span>,
  },
];

const siteColumns: readonly Column<Site>[] = [
  { id: "site", head: "Site", width: 170, csv: ({ site }) => site, cell: ({ site }) => <strong>{site}</strong> },
  {
    id: "kind",
    head: "Kind",
    width: 120,
    csv: ({ kind }) => kind,
    cell: ({ kind }) => <ProviderBadge provider={kind} />,
  },
  { id: "region", head: "Region", width: 130, csv: ({ region }) => region, cell: ({ region }) => region ?? "–" },
  {
    ...{ id: "enabled", head: "State", width: 110, csv: ({ enabled }: Site) => enabled },
    cell: ({ enabled }) => <StateBadge state={enabled ? "enabled" : "disabled"} tone={enabled ? "good" : "idle"} />,
  },
  {
    id: "simulated",
    head: "What it is",
    width: 110,
    csv: ({ simulated }) => simulated,
    cell: ({ simulated }) => (simulated ? "simulated" : "real"),
  },
  {
    ...{ id: "read", head: "Read", width: 100, csv: ({ inventory }: Site) => inventory.observed_at },
    cell: ({ inventory }) => <Ago at={inventory.observed_at} />,
  },
  {
    ...{
      id: "events",
      head: "Tells of changes",
      width: 150,
      csv: ({ change_events: events }: Site) => events?.listening,
    },
    cell: ({ change_events: events }) =>
      events ? (
        <StateBadge state={events.listening ? "listening" : "not heard"} tone={events.listening ? "good" : "warn"} />
      ) : (
        <span className="quiet">–</span>
      ),
  },
  {
    ...{
      id: "error",
      head: "Problem",
      width: 220,
      grows: true,
      csv: ({ inventory, change_events: events }: Site) => inventory.error ?? events?.error,
    },
    cell: ({ inventory, change_events: events }) => {
      const text = inventory.error ?? events?.error;
      return text ? (
        <span className="tone-text" data-tone="bad" title={text}>
          {text}
        </span>
      ) : (
        "–"
      );
    },
  },
];

const workerColumns: readonly Column<Schemas["SiteWorker"]>[] = [
  { id: "name", head: "Machine", width: 180, csv: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
  { id: "site", head: "Site", width: 150, csv: ({ site }) => site, cell: ({ site }) => site },
  stateColumn(120),
  {
    id: "address",
    head: "Data address",
    width: 180,
    grows: true,
    csv: ({ data_address: address }) => address,
    cell: ({ data_address: address }) => address ?? "–",
  },
  { id: "seen", head: "Seen", width: 110, csv: ({ seen_at: at }) => at, cell: ({ seen_at: at }) => <Ago at={at} /> },
];
