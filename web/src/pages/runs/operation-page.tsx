import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { duration, time, words } from "../../lib/format.ts";
import { stateColumn } from "../../parts/columns.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { PageHead, Panel, Stat } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Failed, Loading } from "../../parts/states.tsx";

type Item = Schemas["OperationItem"];

export function OperationPage() {
  const { id } = useParams({ from: "/runs/operations/$id" });
  const queries = useQueryClient();
  const writes = useMay("vms:write");
  const query = useQuery({
    queryKey: ["operations", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/operations/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (state) => (state.state.data?.ended_at ? false : 1_000),
  });
  const cancel = useMutation({
    mutationFn: () => answer(api.POST("/v1/operations/{id}/cancel", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["operations"] }),
    onError: tell.failure,
  });
  if (query.isPending) return <Loading label="Reading the operation" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const operation = query.data;
  return (
    <>
      <PageHead
        trail={<Link to="/runs">Runs</Link>}
        title={
          <>
            {words(operation.kind)}
            <StateBadge state={operation.state} />
          </>
        }
        sub={`asked by ${operation.created_by}, ${time(operation.created_at)} UTC`}
        actions={
          <>
            <SameBy cli={`operations show ${id}`} api={`GET /v1/operations/${id}`} workflowId={operation.workflow_id} />
            {writes && operation.state === "running" ? (
              <Button
                variant="default"
                leftSection={<Icon name="close" size={14} />}
                loading={cancel.isPending}
                onClick={() => cancel.mutate()}
              >
                Cancel
              </Button>
            ) : undefined}
          </>
        }
      />
      <div className="grid grid-stats">
        <Stat
          label="Done"
          value={`${operation.done} of ${operation.total}`}
          ring={{
            share: operation.total === 0 ? 0 : operation.done / operation.total,
            tone: operation.failed > 0 ? "warn" : "good",
          }}
        />
        <Stat label="Failed" value={operation.failed} />
        <Stat label="Plan" value={<span className="mono plan-id">{operation.plan_id}</span>} />
      </div>
      <Panel
        title="VM by VM"
        aside={<CsvButton name="operation" columns={columns} rows={() => operation.items} />}
        flush
      >
        <DataTable
          label="VM by VM"
          columns={columns}
          rows={operation.items}
          rowKey={({ item }) => String(item)}
          maxHeight={560}
        />
      </Panel>
    </>
  );
}

const columns: readonly Column<Item>[] = [
  { id: "name", head: "VM", width: 180, csv: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
  { id: "site", head: "Site", width: 150, csv: ({ site }) => site, cell: ({ site }) => site },
  stateColumn(120),
  { id: "step", head: "Step", width: 130, csv: ({ step }) => step, cell: ({ step }) => step ?? "–" },
  {
    ...{ id: "took", head: "Took", width: 90, align: "right" as const },
    cell: ({ started_at: from, ended_at: to }) =>
      from && to ? duration((Date.parse(to) - Date.parse(from)) / 1000) : "–",
  },
  {
    ...{ id: "problem", head: "Why not", width: 360, grows: true, csv: ({ problem }: Item) => problem?.message },
    cell: ({ problem }) => <span title={problem?.message}>{problem?.message ?? ""}</span>,
  },
];
