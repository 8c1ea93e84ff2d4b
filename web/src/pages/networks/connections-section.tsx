import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { sitesQuery } from "../../api/queries.ts";
import { connectionTone, pathText } from "../../lib/topology.ts";
import { begunColumn } from "../../parts/columns.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { ListPanel } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";
import { Topology } from "./topology.tsx";

type Connection = Schemas["Connection"];

/** Which sites are joined, by how many tunnels, and how well. */
export function ConnectionsSection() {
  const navigate = useNavigate();
  const sites = useQuery(sitesQuery);
  const pages = usePages<Connection>({
    key: ["connections", "list"],
    fetch: (cursor, signal) =>
      answer(api.GET("/v1/connections", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } }, signal })),
    refetchMs: 4_000,
  });
  const names = useMemo(() => (sites.data ?? []).map(({ site }) => site), [sites.data]);
  return (
    <>
      <Panel title="Topology" aside={<span>tunnels up · round trip, loss</span>} flush>
        <Topology sites={names} connections={pages.rows} />
      </Panel>
      <ListPanel
        title="Connections"
        csv="connections"
        label="Connections"
        columns={columns}
        pages={pages}
        rowKey={({ connection_id: id }) => id}
        onOpen={({ connection_id: id }) => void navigate({ to: "/networks/$id", params: { id } })}
        empty={
          <Empty icon="networks" title="No two sites are connected">
            A connection is two IPsec tunnels, so that either may fail.
          </Empty>
        }
      />
    </>
  );
}

const up = ({ seen }: Connection) => (seen ? `${seen.up.filter(Boolean).length} of ${seen.up.length}` : undefined);

const columns: readonly Column<Connection>[] = [
  {
    ...{
      id: "between",
      head: "Between",
      width: 250,
      grows: true,
      csv: ({ near, far }: Connection) => `${near} ${far}`,
    },
    cell: ({ connection_id: id, near, far }) => (
      <Link to="/networks/$id" params={{ id }} className="link-like">
        {near} ↔ {far}
      </Link>
    ),
  },
  {
    ...{ id: "state", head: "State", width: 130, csv: ({ state }: Connection) => state },
    cell: (connection) => <StateBadge state={connection.state} tone={connectionTone(connection)} />,
  },
  { id: "up", head: "Tunnels up", width: 96, csv: up, cell: (connection) => up(connection) ?? "–" },
  {
    ...{ id: "trip", head: "Path", width: 190, csv: ({ seen }: Connection) => seen?.path?.round_trip_ms },
    cell: ({ seen }) => pathText(seen?.path),
  },
  {
    ...{
      id: "loss",
      head: "Lost",
      width: 70,
      align: "right" as const,
      csv: ({ seen }: Connection) => seen?.path?.loss_ratio,
    },
    cell: ({ seen }) => (seen?.path ? `${Number((seen.path.loss_ratio * 100).toFixed(1))} %` : "–"),
  },
  {
    ...{ id: "why", head: "What is wrong", width: 240 },
    csv: ({ problem, seen }) => problem?.message ?? seen?.degraded,
    cell: ({ problem, seen }) => {
      const text = problem?.message ?? seen?.degraded ?? "";
      return <span title={text}>{text}</span>;
    },
  },
  { id: "keys", head: "Keys of", width: 96, csv: ({ keys_at: at }) => at, cell: ({ keys_at: at }) => <Ago at={at} /> },
  begunColumn("at", 96),
];
