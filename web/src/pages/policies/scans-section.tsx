import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useTemporalUrl } from "../../api/server-facts.ts";
import { duration } from "../../lib/format.ts";
import { stateColumn } from "../../parts/columns.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { ListPanel } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Empty } from "../../parts/states.tsx";

type Scan = Schemas["PolicyScan"];

/** When everything was held against the policies, and how long that took; each is a run in Temporal. */
export function ScansSection() {
  const pages = usePages<Scan>({
    key: ["policy-scans"],
    fetch: (cursor, signal) =>
      answer(api.GET("/v1/policy-scans", { params: { query: { limit: 50, ...(cursor ? { cursor } : {}) } }, signal })),
    refetchMs: 3_000,
  });
  return (
    <ListPanel
      title="Scans"
      csv="policy-scans"
      label="Scans"
      columns={columns}
      pages={pages}
      rowKey={({ scan_id: id }) => id}
      empty={
        <Empty icon="policies" title="Nothing was scanned yet">
          A schedule does it every few minutes; Scan now does not wait for it.
        </Empty>
      }
    />
  );
}

const took = ({ started_at: from, ended_at: to }: Scan) =>
  to === undefined ? undefined : (Date.parse(to) - Date.parse(from)) / 1000;

function Run({ id }: { readonly id: string }) {
  const temporal = useTemporalUrl(id);
  if (temporal === undefined) return <span className="mono">{id}</span>;
  return (
    <a href={temporal} target="_blank" rel="noreferrer" className="mono">
      {id}
    </a>
  );
}

const columns: readonly Column<Scan>[] = [
  {
    ...{ id: "run", head: "Temporal run", width: 330, grows: true, csv: ({ workflow_id: id }: Scan) => id },
    cell: ({ workflow_id: id }) => <Run id={id} />,
  },
  stateColumn(110),
  {
    ...{ id: "began", head: "Began", width: 110, csv: ({ started_at: at }: Scan) => at },
    cell: ({ started_at: at }) => <Ago at={at} />,
  },
  { id: "took", head: "Took", width: 100, align: "right", csv: took, cell: (scan) => duration(took(scan)) },
  {
    ...{ id: "by", head: "Asked by", width: 200, csv: ({ asked_by: by }: Scan) => by },
    cell: ({ asked_by: by }) => <span className="quiet">{by}</span>,
  },
  {
    ...{ id: "reason", head: "Why not", width: 240, csv: ({ reason }: Scan) => reason },
    cell: ({ reason }) => <span title={reason}>{reason ?? ""}</span>,
  },
];
