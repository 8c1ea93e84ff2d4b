import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { begunColumn, stateColumn } from "../../parts/columns.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { ListPanel } from "../../parts/list.tsx";
import { Empty } from "../../parts/states.tsx";
import { useRemediation } from "./remediate.tsx";

type Row = Schemas["OperationRow"];

/** What was mended by plans, and the way back of each. */
export function RemediationsSection() {
  const navigate = useNavigate();
  const plans = useMay("plans:write");
  const { modal, ask } = useRemediation();
  const pages = usePages<Row>({
    key: ["operations", "remediations"],
    fetch: async (cursor, signal) => {
      const query = { limit: 100, ...(cursor ? { cursor } : {}) };
      const { items, next_cursor } = await answer(api.GET("/v1/operations", { params: { query }, signal }));
      return { items: items.filter(({ kind }) => kind === "remediate-findings"), next_cursor };
    },
    refetchMs: 4_000,
  });
  const columns: readonly Column<Row>[] = [
    ...told,
    {
      ...{ id: "undo", head: "Actions", width: 120 },
      cell: ({ operation_id: id, state, done }) =>
        plans && state !== "running" && done > 0 ? (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label={`Take it back: ${id}`}
            onClick={() => ask({ undo: id })}
          >
            Take it back…
          </Button>
        ) : undefined,
    },
  ];
  return (
    <>
      <ListPanel
        title="Remediations"
        csv="remediations"
        label="Remediations"
        columns={columns}
        pages={pages}
        rowKey={({ operation_id: id }) => id}
        onOpen={({ operation_id: id }) => void navigate({ to: "/runs/operations/$id", params: { id } })}
        empty={
          <Empty icon="policies" title="Nothing was mended yet">
            A finding of a policy that says how opens with its plan.
          </Empty>
        }
      />
      {modal}
    </>
  );
}

const told: readonly Column<Row>[] = [
  {
    ...{ id: "id", head: "Run", width: 280, grows: true, csv: ({ operation_id: id }: Row) => id },
    cell: ({ operation_id: id }) => (
      <Link to="/runs/operations/$id" params={{ id }} className="link-like mono">
        {id}
      </Link>
    ),
  },
  stateColumn(130),
  { id: "total", head: "Resources", width: 90, align: "right", csv: ({ total }) => total, cell: ({ total }) => total },
  { id: "done", head: "Mended", width: 80, align: "right", csv: ({ done }) => done, cell: ({ done }) => done },
  { id: "failed", head: "Not", width: 70, align: "right", csv: ({ failed }) => failed, cell: ({ failed }) => failed },
  {
    ...{ id: "by", head: "Asked by", width: 220, csv: ({ created_by: by }: Row) => by },
    cell: ({ created_by: by }) => <span className="quiet">{by}</span>,
  },
  begunColumn("at", 110),
];
