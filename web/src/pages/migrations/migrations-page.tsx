import { Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { bytes, count, duration, plural, words } from "../../lib/format.ts";
import { toneOf } from "../../lib/tone.ts";
import { begunColumn, stateColumn } from "../../parts/columns.tsx";
import { type Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Bar, PageHead, Panel, Stat } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Empty, Forbidden } from "../../parts/states.tsx";

type Migration = Schemas["Migration"];

const states = [
  "running",
  "queued",
  "paused",
  "awaiting-cutover",
  "awaiting-finalize",
  "undoing",
  "undone",
  "finalized",
  "rolling-back",
  "rolled-back",
  "cancelled",
  "failed",
] as const satisfies readonly Migration["state"][];

export function MigrationsPage() {
  const search = useSearch({ from: "/migrations" });
  const navigate = useNavigate({ from: "/migrations" });
  const [reads, writes] = [useMay("migrations:read"), useMay("migrations:write")];
  const [vm, setVm] = useState(search.vm ?? "");
  const [askedVm] = useDebouncedValue(vm.trim(), 250);
  useEffect(() => {
    void navigate({ search: (before) => ({ ...before, vm: askedVm || undefined }), replace: true });
  }, [askedVm, navigate]);
  const query = {
    ...(search.state ? { state: search.state as Migration["state"] } : {}),
    ...(askedVm ? { vm: askedVm } : {}),
  };
  const pages = usePages<Migration>({
    key: ["migrations", "list", query],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/migrations", {
          params: { query: { ...query, limit: 100, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    refetchMs: 3_000,
    enabled: reads,
    keeps: true,
  });
  if (!reads) return <Forbidden permission="migrations:read" />;
  return (
    <>
      <PageHead
        title="Migrations"
        sub="Moves of VMs between sites, the newest first"
        actions={
          <>
            <SameBy cli="migrations list" api={`GET /v1/migrations?${new URLSearchParams(query)}`} />
            {writes ? (
              <LinkButton to="/migrations/new" leftSection={<Icon name="plus" size={14} />}>
                Migrate a VM
              </LinkButton>
            ) : undefined}
          </>
        }
      />
      <Statistics />
      <Panel className="fills" flush>
        <div className="toolbar">
          <TextInput
            value={vm}
            onChange={(event) => setVm(event.currentTarget.value)}
            placeholder="VM, by its name or id at the source"
            aria-label="VM, by its name or id at the source"
            leftSection={<Icon name="search" size={14} />}
            w={280}
            data-page-search
          />
          <Select
            data={states.map((value) => ({ value, label: words(value) }))}
            value={search.state ?? null}
            onChange={(state) => void navigate({ search: (before) => ({ ...before, state: state ?? undefined }) })}
            placeholder="Any state"
            aria-label="State"
            clearable
            w={180}
          />
          <span className="toolbar-count">
            {pages.rows.length > 0 ? `${count(pages.rows.length)}${pages.hasNextPage ? "+" : ""}` : ""}
          </span>
          <CsvButton name="migrations" columns={migrationColumns} rows={pages.readAll} />
        </div>
        <List
          label="Migrations"
          columns={migrationColumns}
          pages={pages}
          rowKey={({ migration_id: id }) => id}
          onOpen={({ migration_id: id }) => void navigate({ to: "/migrations/$id", params: { id } })}
          empty={
            <Empty
              icon="migrations"
              title={search.state || askedVm ? "No migration is like that" : "Nothing was moved yet"}
            >
              {writes ? "Pick a VM in the inventory and migrate it, or begin here." : undefined}
            </Empty>
          }
        />
      </Panel>
    </>
  );
}

function Statistics() {
  const { data } = useQuery({
    queryKey: ["migrations", "statistics"],
    queryFn: ({ signal }) => answer(api.GET("/v1/migrations/statistics", { signal })),
    refetchInterval: 15_000,
  });
  if (!data) return undefined;
  const of = (...wanted: readonly Migration["state"][]) =>
    wanted.reduce((sum, state) => sum + (data.states.find((each) => each.state === state)?.migrations ?? 0), 0);
  const kept = data.completed_migrations;
  const ended = kept + data.failed_migrations + of("cancelled");
  return (
    <div className="grid grid-stats">
      <Stat label="All" value={count(data.total_migrations)} sub={plural(data.routes.length, "route")} />
      <Stat
        label="Under way"
        value={count(of("running", "queued", "paused", "awaiting-cutover", "undoing", "rolling-back"))}
      />
      <Stat label="To be finalized" value={count(of("awaiting-finalize"))} sub="they can still go back" />
      <Stat
        label="Came through"
        value={ended === 0 ? "–" : `${Math.round((100 * kept) / ended)} %`}
        sub={`${data.failed_migrations} failed`}
        {...(ended === 0 ? {} : { ring: { share: kept / ended, tone: "good" } })}
      />
      <Stat label="Moved" value={bytes(data.bytes_copied)} />
    </div>
  );
}

export const migrationColumns: readonly Column<Migration>[] = [
  {
    ...{ id: "vm", head: "VM", width: 180, grows: true, csv: ({ vm }: Migration) => vm.name },
    cell: ({ migration_id: id, vm }) => (
      <Link to="/migrations/$id" params={{ id }} className="link-like">
        {vm.name}
      </Link>
    ),
  },
  stateColumn(150),
  { id: "from", head: "From", width: 140, csv: ({ from }) => from, cell: ({ from }) => from },
  { id: "to", head: "To", width: 150, csv: ({ to }) => to, cell: ({ to }) => to },
  {
    ...{ id: "progress", head: "Progress", width: 150, csv: ({ progress }: Migration) => progress },
    cell: ({ progress, state, vm }) => (
      <span className="bar-row">
        <Bar value={progress} label={`Progress of ${vm.name}`} tone={toneOf(state)} />
        <span className="quiet">{Math.round(progress)} %</span>
      </span>
    ),
  },
  { id: "step", head: "Step", width: 100, csv: ({ step }) => step, cell: ({ step }) => step ?? "–" },
  {
    ...{
      id: "moved",
      head: "Moved",
      width: 90,
      align: "right" as const,
      csv: ({ bytes_copied: copied }: Migration) => copied,
    },
    cell: ({ bytes_copied: copied }) => bytes(copied),
  },
  {
    ...{ id: "downtime", head: "Downtime", width: 96, align: "right" as const },
    csv: ({ downtime_seconds: seconds }) => seconds,
    cell: ({ downtime_seconds: seconds }) => duration(seconds),
  },
  begunColumn("begun", 100),
];
