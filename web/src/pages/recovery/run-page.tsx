import { Button, Modal, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { duration, time, words } from "../../lib/format.ts";
import { stateColumn } from "../../parts/columns.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { downloadFrom } from "../../parts/download.ts";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { useNow } from "../../parts/now.tsx";
import { Facts, PageHead, Panel, Stat } from "../../parts/panel.tsx";
import { ProblemPanel } from "../../parts/problem-panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Failed, Loading } from "../../parts/states.tsx";

type Run = Schemas["RecoveryRunDetail"];
type Step = Schemas["RecoveryRunStep"];

/** A failover or drill as it happens: each step, what it waits for, and what was measured against the objectives. */
export function RecoveryRunPage() {
  const { id } = useParams({ from: "/recovery/runs/$id" });
  const now = useNow();
  const writes = useMay("protection:write");
  const query = useQuery({
    queryKey: ["recovery-runs", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/recovery-runs/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (state) => (state.state.data?.ended_at ? false : 1_000),
  });
  if (query.isPending) return <Loading label="Reading the run" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const run = query.data;
  const { report } = run;
  const seconds = ((run.ended_at ? Date.parse(run.ended_at) : now) - Date.parse(run.created_at)) / 1000;
  return (
    <>
      <PageHead
        trail={
          <>
            <Link to="/recovery">Recovery</Link>/
            <Link to="/recovery/$id" params={{ id: run.group_id }}>
              {run.group_id}
            </Link>
          </>
        }
        title={
          <>
            {words(run.mode)}
            <StateBadge state={run.state} />
          </>
        }
        sub={`${run.from} → ${run.to} · ${run.reason}`}
        actions={
          <>
            <SameBy
              cli={`recovery show ${id} --watch`}
              api={`GET /v1/recovery-runs/${id}`}
              workflowId={run.workflow_id}
            />
            <Button
              variant="default"
              leftSection={<Icon name="download" size={14} />}
              onClick={() =>
                void downloadFrom(`/v1/recovery-runs/${id}/report`, `report-${id}.html`).catch(tell.failure)
              }
            >
              Report
            </Button>
            {writes ? <RunOrders run={run} /> : undefined}
          </>
        }
      />
      {run.waits_for ? (
        <div className="frozen" role="alert">
          {run.waits_for}
        </div>
      ) : undefined}
      <div className="grid grid-stats">
        <Stat label={run.ended_at ? "Took" : "Since"} value={duration(Math.max(0, seconds))} />
        <Stat
          label="RTO, measured"
          value={duration(report?.rto_seconds)}
          sub={report ? `objective ${duration(report.rto_objective_seconds)}` : "when users are led there"}
          {...(report
            ? {
                ring: {
                  share: report.rto_seconds / report.rto_objective_seconds,
                  tone: report.rto_seconds > report.rto_objective_seconds ? "bad" : "good",
                },
              }
            : {})}
        />
        <Stat
          label="RPO, measured"
          value={duration(report?.rpo_seconds)}
          sub={report ? `objective ${duration(report.rpo_objective_seconds)}` : "what was lost at most"}
          {...(report
            ? {
                ring: {
                  share: report.rpo_seconds / report.rpo_objective_seconds,
                  tone: report.rpo_seconds > report.rpo_objective_seconds ? "bad" : "good",
                },
              }
            : {})}
        />
        <Stat label="VMs proven" value={report?.vms.length ?? "–"} />
      </div>
      {run.problem ? <ProblemPanel problem={run.problem} /> : undefined}
      <div className="grid grid-main">
        <Panel
          title="Steps"
          aside={<CsvButton name="recovery-steps" columns={stepColumns} rows={() => run.steps} />}
          flush
        >
          <DataTable
            label="Steps"
            columns={stepColumns}
            rows={run.steps}
            rowKey={({ position }) => String(position)}
            maxHeight={560}
          />
        </Panel>
        <Panel title="About it">
          <Facts
            items={[
              ["Asked by", run.created_by],
              ["Begun", `${time(run.created_at)} UTC`],
              ["Ended", run.ended_at ? `${time(run.ended_at)} UTC` : undefined],
              ["Approved by", run.approvals.map(({ by, decision }) => `${by} (${decision})`).join(", ") || undefined],
              ["Point", report ? `${report.point_id}, shows ${time(report.point_taken_at)} UTC` : undefined],
              ["Left over", report?.left_over],
              [
                "Plan's hash",
                run.plan_hash ? (
                  <span key="hash" className="mono">
                    {run.plan_hash}
                  </span>
                ) : undefined,
              ],
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

function RunOrders({ run }: { readonly run: Run }) {
  const queries = useQueryClient();
  const id = run.run_id;
  const [asking, setAsking] = useState<"fencing" | "give-up">();
  const [said, setSaid] = useState("");
  const manual = run.steps.find(({ step, state }) => step === "manual" && state === "running");
  const fences = run.state === "waiting" && manual === undefined;
  const order = useMutation({
    mutationFn: (what: "done" | "fencing" | "retry" | "give-up") => {
      const to = { params: { path: { id } } };
      if (what === "done") {
        const name = manual?.detail.split(":")[0] ?? "";
        return answer(
          api.POST("/v1/recovery-runs/{id}/step-done", {
            ...to,
            body: { boot_group: manual?.boot_group ?? "", step: name },
          }),
        );
      }
      if (what === "fencing") {
        return answer(
          api.POST("/v1/recovery-runs/{id}/confirm-fencing", { ...to, body: { made_sure_of: said.trim() } }),
        );
      }
      return what === "retry"
        ? answer(api.POST("/v1/recovery-runs/{id}/retry", to))
        : answer(api.POST("/v1/recovery-runs/{id}/give-up", to));
    },
    onSuccess: async () => {
      setAsking(undefined);
      await queries.invalidateQueries({ queryKey: ["recovery-runs"] });
    },
    onError: tell.failure,
  });
  if (run.ended_at) return undefined;
  return (
    <>
      {manual ? (
        <Button loading={order.isPending} onClick={() => order.mutate("done")}>
          The manual step is done
        </Button>
      ) : undefined}
      {fences ? <Button onClick={() => setAsking("fencing")}>Confirm the fencing…</Button> : undefined}
      {run.state === "attention" ? (
        <Button loading={order.isPending} onClick={() => order.mutate("retry")}>
          Try again
        </Button>
      ) : undefined}
      <Button variant="default" onClick={() => setAsking("give-up")}>
        Give up…
      </Button>
      <Modal
        opened={asking !== undefined}
        onClose={() => setAsking(undefined)}
        title={asking === "fencing" ? "Nothing writes there any more" : "Give this run up"}
      >
        {asking === "fencing" ? (
          <div className="stack">
            <p>
              Two sites that write as one group destroy data. Say what you have made sure of; it is kept with the lease.
            </p>
            <Textarea
              label="What you have made sure of"
              value={said}
              onChange={(event) => setSaid(event.currentTarget.value)}
              required
              data-autofocus
            />
            <div>
              <Button
                color="red"
                disabled={said.trim() === ""}
                loading={order.isPending}
                onClick={() => order.mutate("fencing")}
              >
                I am sure
              </Button>
            </div>
          </div>
        ) : (
          <div className="stack">
            <p>What it made is removed, and the group stands as before it.</p>
            <div>
              <Button color="red" loading={order.isPending} onClick={() => order.mutate("give-up")}>
                Give it up
              </Button>
            </div>
          </div>
        )}
      </Modal>
    </>
  );
}

const stepColumns: readonly Column<Step>[] = [
  { id: "step", head: "Step", width: 140, csv: ({ step }) => step, cell: ({ step }) => <strong>{words(step)}</strong> },
  {
    id: "group",
    head: "Group",
    width: 100,
    csv: ({ boot_group: group }) => group,
    cell: ({ boot_group: group }) => group ?? "–",
  },
  { id: "vm", head: "VM", width: 110, csv: ({ vm }) => vm, cell: ({ vm }) => vm ?? "–" },
  stateColumn(110),
  {
    ...{ id: "took", head: "Took", width: 84, align: "right" as const },
    csv: ({ started_at: from, ended_at: to }) => (to ? (Date.parse(to) - Date.parse(from)) / 1000 : undefined),
    cell: ({ started_at: from, ended_at: to }) => (to ? duration((Date.parse(to) - Date.parse(from)) / 1000) : "…"),
  },
  {
    ...{
      id: "detail",
      head: "What",
      width: 260,
      grows: true,
      csv: ({ detail, outcome, problem }: Step) => problem?.message ?? outcome ?? detail,
    },
    cell: ({ detail, outcome, problem }) => {
      const text = problem?.message ?? (outcome ? `${detail}: ${outcome}` : detail);
      return <span title={text}>{text}</span>;
    },
  },
];
