import { useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "../../api/client.ts";
import { words } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";

type Cut = Schemas["ControlPlane"]["interrupted"][number];

/** What was under way when the backup was made that this control plane was rebuilt from. */
export function Interrupted() {
  const query = useQuery({
    queryKey: ["control-plane"],
    queryFn: ({ signal }) => answer(api.GET("/v1/control-plane", { signal })),
  });
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const rows = query.data.interrupted;
  return (
    <Panel
      className="fills"
      title="What a recovery of the control plane interrupted"
      aside={<CsvButton name="interrupted" columns={cutColumns} rows={() => rows} />}
      flush
    >
      <DataTable
        label="Interrupted"
        columns={cutColumns}
        rows={rows}
        rowKey={({ workflow_id: id }) => id}
        instead={
          rows.length === 0 ? (
            <Empty icon="check" title="Nothing was interrupted">
              This control plane was not rebuilt from a backup, or nothing was under way then.
            </Empty>
          ) : undefined
        }
      />
    </Panel>
  );
}

const cutColumns: readonly Column<Cut>[] = [
  {
    id: "run",
    head: "Run",
    width: 220,
    grows: true,
    csv: ({ workflow_id: id }) => id,
    cell: ({ workflow_id: id }) => <span className="mono">{id}</span>,
  },
  { id: "kind", head: "Kind", width: 140, csv: ({ kind }) => kind, cell: ({ kind }) => words(kind) },
  { id: "subject", head: "Of", width: 150, csv: ({ subject }) => subject, cell: ({ subject }) => subject },
  {
    id: "outcome",
    head: "Came of it",
    width: 120,
    csv: ({ outcome }) => outcome,
    cell: ({ outcome }) => <StateBadge state={outcome} tone={outcome === "lost" ? "bad" : "good"} />,
  },
  {
    id: "advice",
    head: "What to do",
    width: 360,
    csv: ({ advice }) => advice,
    cell: ({ advice }) => <span title={advice}>{advice ?? "–"}</span>,
  },
];
