import { Link, useNavigate } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { bytes, duration, plural } from "../../lib/format.ts";
import { begunColumn, stateColumn } from "../../parts/columns.tsx";
import { type Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { ListPanel } from "../../parts/list.tsx";
import { PageHead } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Empty, Forbidden } from "../../parts/states.tsx";
import { Shares } from "./shares.tsx";

type Wave = Schemas["Wave"];

export function WavesPage() {
  const navigate = useNavigate();
  const [reads, writes] = [useMay("migrations:read"), useMay("migrations:write")];
  const pages = usePages<Wave>({
    key: ["waves", "list"],
    fetch: (cursor, signal) =>
      answer(api.GET("/v1/waves", { params: { query: { limit: 50, ...(cursor ? { cursor } : {}) } }, signal })),
    refetchMs: 3_000,
    enabled: reads,
  });
  if (!reads) return <Forbidden permission="migrations:read" />;
  return (
    <>
      <PageHead
        title="Waves"
        sub="Many VMs as one: a plan, an order, so many at a time, one report"
        actions={
          <>
            <SameBy cli="waves list" api="GET /v1/waves" />
            {writes ? (
              <LinkButton to="/waves/new" leftSection={<Icon name="plus" size={14} />}>
                Plan a wave
              </LinkButton>
            ) : undefined}
          </>
        }
      />
      <ListPanel
        title="All waves"
        csv="waves"
        label="Waves"
        columns={columns}
        pages={pages}
        rowKey={({ wave_id: id }) => id}
        onOpen={({ wave_id: id }) => void navigate({ to: "/waves/$id", params: { id } })}
        empty={
          <Empty icon="waves" title="No wave was planned yet">
            Mark VMs of one site in the inventory, or name them by a search.
          </Empty>
        }
      />
    </>
  );
}

const columns: readonly Column<Wave>[] = [
  {
    ...{ id: "name", head: "Name", width: 200, grows: true, csv: ({ name }: Wave) => name },
    cell: ({ wave_id: id, name }) => (
      <Link to="/waves/$id" params={{ id }} className="link-like">
        {name}
      </Link>
    ),
  },
  stateColumn(130),
  {
    id: "vms",
    head: "VMs",
    width: 90,
    csv: ({ totals }) => totals.vms,
    cell: ({ totals }) => plural(totals.vms, "VM"),
  },
  { id: "shares", head: "How they stand", width: 220, cell: ({ totals }) => <Shares totals={totals} /> },
  {
    id: "moved",
    head: "Moved",
    width: 80,
    align: "right",
    csv: ({ totals }) => totals.moved,
    cell: ({ totals }) => totals.moved,
  },
  {
    id: "failed",
    head: "Failed",
    width: 80,
    align: "right",
    csv: ({ totals }) => totals.failed,
    cell: ({ totals }) => totals.failed,
  },
  {
    ...{
      id: "bytes",
      head: "Bytes",
      width: 100,
      align: "right" as const,
      csv: ({ totals }: Wave) => totals.bytes_copied,
    },
    cell: ({ totals }) => bytes(totals.bytes_copied),
  },
  {
    ...{
      id: "downtime",
      head: "Downtime",
      width: 110,
      align: "right" as const,
      csv: ({ totals }: Wave) => totals.downtime_seconds,
    },
    cell: ({ totals }) => duration(totals.downtime_seconds),
  },
  begunColumn("begun", 100),
];
