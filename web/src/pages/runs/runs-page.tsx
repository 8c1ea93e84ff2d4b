import { Tabs } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { bytes, words } from "../../lib/format.ts";
import { begunColumn, stateColumn } from "../../parts/columns.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { ListPanel } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { PageHead } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Empty, Forbidden } from "../../parts/states.tsx";
import { Interrupted } from "./interrupted-panel.tsx";
import { LogPanel } from "./log-panel.tsx";

const kinds = ["operations", "restores", "assessments", "interrupted", "log"] as const;
type Kind = (typeof kinds)[number];

const ways: Readonly<Record<Kind, { label: string; permission: string; cli: string; api: string }>> = {
  operations: { label: "Operations", permission: "operations:read", cli: "operations list", api: "GET /v1/operations" },
  restores: { label: "Restores", permission: "protection:read", cli: "restore list", api: "GET /v1/restores" },
  assessments: { label: "Assessments", permission: "plans:read", cli: "assessments list", api: "GET /v1/assessments" },
  interrupted: {
    label: "Interrupted",
    permission: "metrics:read",
    cli: "control-plane show",
    api: "GET /v1/control-plane",
  },
  log: { label: "Log", permission: "logs:read", cli: "logs", api: "GET /v1/logs" },
};

/** What runs or ran beside migrations and failovers, and what the processes say meanwhile. */
export function RunsPage() {
  const search = useSearch({ from: "/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const kind = kinds.find((each) => each === search.show) ?? "operations";
  const mayRead = useMay(ways[kind].permission);
  return (
    <>
      <PageHead
        title="Runs"
        sub="Every long job is a workflow of Temporal, and its result is kept here longer than there"
        actions={<SameBy cli={ways[kind].cli} api={ways[kind].api} />}
      />
      <Tabs
        value={kind}
        onChange={(show) =>
          void navigate({ search: { show: show === "operations" ? undefined : (show ?? undefined) } })
        }
      >
        <Tabs.List>
          {kinds.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {ways[each].label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      {!mayRead ? <Forbidden permission={ways[kind].permission} /> : undefined}
      {mayRead && kind === "operations" ? <Operations /> : undefined}
      {mayRead && kind === "restores" ? <Restores /> : undefined}
      {mayRead && kind === "assessments" ? <Assessments /> : undefined}
      {mayRead && kind === "interrupted" ? <Interrupted /> : undefined}
      {mayRead && kind === "log" ? <LogPanel /> : undefined}
    </>
  );
}

function Operations() {
  const navigate = useNavigate();
  const pages = usePages<Schemas["OperationRow"]>({
    key: ["operations", "list"],
    fetch: (cursor, signal) =>
      answer(api.GET("/v1/operations", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } }, signal })),
    refetchMs: 3_000,
  });
  return (
    <ListPanel
      title="Operations"
      csv="operations"
      label="Operations"
      columns={operationColumns}
      pages={pages}
      rowKey={({ operation_id: id }) => id}
      onOpen={({ operation_id: id }) => void navigate({ to: "/runs/operations/$id", params: { id } })}
      empty={
        <Empty icon="runs" title="Nothing was done to VMs yet">
          Mark VMs in the inventory to start, stop or delete them.
        </Empty>
      }
    />
  );
}

const operationColumns: readonly Column<Schemas["OperationRow"]>[] = [
  {
    ...{ id: "kind", head: "What", width: 160, grows: true, csv: ({ kind }: Schemas["OperationRow"]) => kind },
    cell: ({ operation_id: id, kind }) => (
      <Link to="/runs/operations/$id" params={{ id }} className="link-like">
        {words(kind)}
      </Link>
    ),
  },
  stateColumn(130),
  { id: "total", head: "VMs", width: 80, align: "right", csv: ({ total }) => total, cell: ({ total }) => total },
  { id: "done", head: "Done", width: 80, align: "right", csv: ({ done }) => done, cell: ({ done }) => done },
  {
    id: "failed",
    head: "Failed",
    width: 80,
    align: "right",
    csv: ({ failed }) => failed,
    cell: ({ failed }) => failed,
  },
  {
    id: "by",
    head: "Asked by",
    width: 220,
    csv: ({ created_by: by }) => by,
    cell: ({ created_by: by }) => <span className="quiet">{by}</span>,
  },
  begunColumn("at", 110),
];

function Restores() {
  const pages = usePages<Schemas["Restore"]>({
    key: ["restores"],
    fetch: (cursor, signal) =>
      answer(api.GET("/v1/restores", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } }, signal })),
    refetchMs: 3_000,
  });
  return (
    <ListPanel
      title="Restores"
      csv="restores"
      label="Restores"
      columns={restoreColumns}
      pages={pages}
      rowKey={({ restore_id: id }) => id}
      empty={
        <Empty icon="recovery" title="Nothing was restored yet">
          Restores begin at a group's recovery points.
        </Empty>
      }
    />
  );
}

const restoreColumns: readonly Column<Schemas["Restore"]>[] = [
  {
    id: "vm",
    head: "VM",
    width: 170,
    grows: true,
    csv: ({ vm_name: vm }) => vm,
    cell: ({ vm_name: vm }) => <strong>{vm}</strong>,
  },
  stateColumn(130),
  { id: "step", head: "Step", width: 110, csv: ({ step }) => step, cell: ({ step }) => step ?? "–" },
  { id: "from", head: "Point at", width: 140, csv: ({ from }) => from, cell: ({ from }) => from },
  { id: "to", head: "To", width: 140, csv: ({ to }) => to, cell: ({ to }) => to },
  {
    ...{ id: "taken", head: "Shows", width: 110, csv: ({ point_taken_at: at }: Schemas["Restore"]) => at },
    cell: ({ point_taken_at: at }) => <Ago at={at} />,
  },
  {
    ...{
      id: "bytes",
      head: "Copied",
      width: 90,
      align: "right" as const,
      csv: ({ bytes_copied: copied }: Schemas["Restore"]) => copied,
    },
    cell: ({ bytes_copied: copied }) => bytes(copied),
  },
  {
    ...{ id: "problem", head: "Problem", width: 240, csv: ({ problem }: Schemas["Restore"]) => problem?.message },
    cell: ({ problem }) => <span title={problem?.message}>{problem?.message ?? ""}</span>,
  },
  begunColumn("at", 110),
];

function Assessments() {
  const pages = usePages<Schemas["AssessmentList"]["items"][number]>({
    key: ["assessments"],
    fetch: (cursor, signal) =>
      answer(api.GET("/v1/assessments", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } }, signal })),
    refetchMs: 5_000,
  });
  return (
    <ListPanel
      title="Assessments"
      csv="assessments"
      label="Assessments"
      columns={assessmentColumns}
      pages={pages}
      rowKey={({ assessment_id: id }) => id}
      empty={
        <Empty icon="runs" title="Nothing was assessed yet">
          novacron assess --from SITE --to SITE finds out which VMs could go, and what that costs.
        </Empty>
      }
    />
  );
}

const assessmentColumns: readonly Column<Schemas["AssessmentList"]["items"][number]>[] = [
  {
    id: "id",
    head: "Assessment",
    width: 260,
    grows: true,
    csv: ({ assessment_id: id }) => id,
    cell: ({ assessment_id: id }) => <span className="mono">{id}</span>,
  },
  stateColumn(130),
  begunColumn("at", 110),
];
