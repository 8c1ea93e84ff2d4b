import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { duration, time, words } from "../../lib/format.ts";
import { rpoGauge, rtoGauge, trend } from "../../lib/objectives.ts";
import { begunColumn, stateColumn } from "../../parts/columns.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago, useNow } from "../../parts/now.tsx";
import { Facts, PageHead, Panel } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { ObjectiveGauge } from "./gauges.tsx";
import { GroupActions } from "./group-actions.tsx";
import { PointsPanel } from "./points-panel.tsx";
import { useRuns } from "./runs-query.ts";

// Drawings come with their own libraries, and only where there is something to draw.
const BootGraphView = lazy(async () => ({ default: (await import("./boot-graph-view.tsx")).BootGraphView }));
const TrendPlot = lazy(async () => ({ default: (await import("../../parts/trend-plot.tsx")).TrendPlot }));

/** A protection group: how safe it is, how it would come up, and what can be done. */
export function GroupPage() {
  const { id } = useParams({ from: "/recovery/$id" });
  const navigate = useNavigate();
  const now = useNow();
  const writes = useMay("protection:write");
  const query = useQuery({
    queryKey: ["protection-groups", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/protection-groups/{id}", { params: { path: { id } }, signal })),
    refetchInterval: 3_000,
  });
  const plan = useQuery({
    queryKey: ["recovery-plans", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/recovery-plans/{id}", { params: { path: { id } }, signal })),
    refetchInterval: 30_000,
  });
  const runs = useRuns(id);
  const events = usePages<Schemas["ProtectionEvent"]>({
    key: ["protection-events", id],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/protection-groups/{id}/events", {
          params: { path: { id }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    refetchMs: 5_000,
  });
  if (query.isPending) return <Loading label="Reading the group" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const group = query.data;
  const measured = trend(runs.data ?? []);
  const { policy } = group;
  return (
    <>
      <PageHead
        trail={<Link to="/recovery">Recovery</Link>}
        title={
          <>
            {group.name}
            <StateBadge state={group.state} />
          </>
        }
        sub={`${group.current_site} → ${group.replicates_to ?? policy.recovery_site}`}
        actions={
          <>
            <SameBy
              cli={`protection show ${id}`}
              api={`GET /v1/protection-groups/${id}`}
              workflowId={group.workflow_id}
            />
            {writes ? <GroupActions group={group} /> : undefined}
          </>
        }
      />
      {group.takeover ? (
        <div className="frozen" role="status">
          A takeover is under way since {time(group.takeover.since)} UTC.
          <Link to="/recovery/runs/$id" params={{ id: group.takeover.failover_id }}>
            Follow it
          </Link>
        </div>
      ) : undefined}
      <div className="grid grid-main">
        <div className="stack-wide">
          <Panel>
            <div className="gauges">
              <ObjectiveGauge label="RPO: lost now" gauge={rpoGauge(group, now)} none="no point" />
              <ObjectiveGauge
                label="RTO: measured"
                gauge={rtoGauge(runs.data ?? [], policy.rto_seconds)}
                none="untested"
              />
              <div>
                <div className="stat-label">Plan</div>
                <StateBadge state={plan.data?.readiness.state} />
                <div className="stat-sub">{plan.data?.readiness.because}</div>
              </div>
            </div>
          </Panel>
          <Panel
            title="How it is brought up"
            aside={
              <span>
                {plan.data && plan.data.version > 0
                  ? `version ${plan.data.version} · novacron recovery plan set ${id} FILE`
                  : "no plan of its own: all its VMs come up at once"}
              </span>
            }
            flush
          >
            {plan.data && plan.data.boot_groups.length > 0 ? (
              <Suspense fallback={<Loading rows={6} />}>
                <BootGraphView groups={plan.data.boot_groups} />
              </Suspense>
            ) : plan.isError ? (
              <Failed error={plan.error} />
            ) : (
              <Empty icon="recovery" title="It has no boot groups" />
            )}
          </Panel>
          <PointsPanel group={group} />
          <Panel
            title="Drills and failovers"
            aside={<CsvButton name="recovery-runs" columns={runColumns} rows={() => runs.data ?? []} />}
            flush
          >
            {measured.at.length > 1 ? (
              <Suspense fallback={<Loading rows={4} />}>
                <TrendPlot
                  label="Measured takeover and loss, run by run"
                  at={measured.at}
                  series={[
                    { label: "RTO", values: measured.rto, tone: "busy" },
                    { label: "RPO", values: measured.rpo, tone: "good" },
                  ]}
                  limit={{ label: "RTO objective", value: policy.rto_seconds }}
                />
              </Suspense>
            ) : undefined}
            <DataTable
              label="Drills and failovers"
              columns={runColumns}
              rows={runs.data ?? []}
              rowKey={({ run_id: run }) => run}
              onOpen={({ run_id: run }) => void navigate({ to: "/recovery/runs/$id", params: { id: run } })}
              maxHeight={260}
              instead={
                runs.data?.length === 0 ? (
                  <Empty icon="clock" title="It was never drilled">
                    A drill brings its newest point up where nobody is reached, measures that, and removes it again.
                  </Empty>
                ) : undefined
              }
            />
          </Panel>
        </div>
        <div className="stack-wide">
          <Panel title="Policy">
            <Facts
              items={[
                ["Primary site", policy.primary_site],
                ["Recovery site", policy.recovery_site],
                ["RPO", duration(policy.rpo_seconds)],
                ["RTO", duration(policy.rto_seconds)],
                ["Replication", policy.replication],
                ["Backups every", duration(policy.backup_interval_seconds)],
                ["Consistency", policy.consistency],
                ["Points", `at most ${policy.retention.count}, for ${duration(policy.retention.max_age_seconds)}`],
                ["Read again every", duration(policy.verify_interval_seconds)],
                ["Automatic failover", policy.auto_failover ? "yes" : "no"],
                ["Watchdog", policy.watchdog ? "yes" : "no"],
                ["Epoch", group.epoch],
              ]}
            />
          </Panel>
          <Panel title="VMs" flush>
            <DataTable
              label="VMs"
              columns={memberColumns}
              rows={group.members}
              rowKey={({ position }) => String(position)}
              maxHeight={260}
            />
          </Panel>
          <Panel
            title="What happened"
            aside={<CsvButton name="protection-events" columns={eventColumns} rows={events.readAll} />}
            flush
          >
            <List
              label="What happened"
              columns={eventColumns}
              pages={events}
              rowKey={({ sequence }) => String(sequence)}
              maxHeight={360}
              empty={<Empty icon="clock" title="Nothing yet" />}
            />
          </Panel>
        </div>
      </div>
    </>
  );
}

const runColumns: readonly Column<Schemas["RecoveryRun"]>[] = [
  {
    ...{ id: "mode", head: "What", width: 110, csv: ({ mode }: Schemas["RecoveryRun"]) => mode },
    cell: ({ run_id: id, mode }) => (
      <Link to="/recovery/runs/$id" params={{ id }} className="link-like">
        {mode}
      </Link>
    ),
  },
  stateColumn(110),
  {
    ...{
      id: "rto",
      head: "RTO",
      width: 90,
      align: "right" as const,
      csv: ({ report }: Schemas["RecoveryRun"]) => report?.rto_seconds,
    },
    cell: ({ report }) => duration(report?.rto_seconds),
  },
  {
    ...{
      id: "rpo",
      head: "RPO",
      width: 90,
      align: "right" as const,
      csv: ({ report }: Schemas["RecoveryRun"]) => report?.rpo_seconds,
    },
    cell: ({ report }) => duration(report?.rpo_seconds),
  },
  {
    id: "why",
    head: "Why",
    width: 200,
    grows: true,
    csv: ({ reason }) => reason,
    cell: ({ reason }) => <span title={reason}>{reason}</span>,
  },
  begunColumn("at", 100),
];

const memberColumns: readonly Column<Schemas["ProtectedVm"]>[] = [
  { id: "name", head: "VM", width: 120, cell: ({ name }) => <strong>{name}</strong> },
  { id: "id", head: "Id", width: 120, grows: true, cell: ({ vm_id: id }) => <span className="mono quiet">{id}</span> },
  {
    ...{ id: "problem", head: "Problem", width: 110 },
    cell: ({ problem }) =>
      problem ? (
        <span className="tone-text" data-tone="bad" title={problem}>
          {problem}
        </span>
      ) : (
        "–"
      ),
  },
];

const eventColumns: readonly Column<Schemas["ProtectionEvent"]>[] = [
  { id: "at", head: "When", width: 92, csv: ({ at }) => at, cell: ({ at }) => <Ago at={at} /> },
  {
    id: "type",
    head: "Kind",
    width: 90,
    csv: ({ type }) => type,
    cell: ({ type }) => <span className="quiet">{words(type)}</span>,
  },
  {
    id: "message",
    head: "What",
    width: 200,
    grows: true,
    csv: ({ message }) => message,
    cell: ({ message }) => <span title={message}>{message}</span>,
  },
];
