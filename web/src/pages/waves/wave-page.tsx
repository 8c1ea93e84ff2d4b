import { Button, Modal } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { bytes, duration } from "../../lib/format.ts";
import { toneOf } from "../../lib/tone.ts";
import { stateColumn } from "../../parts/columns.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Bar, PageHead, Panel, Stat } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Failed, Loading } from "../../parts/states.tsx";
import { WaveBoard } from "./wave-board.tsx";

type Wave = Schemas["Wave"];
type Member = Schemas["WaveMember"];

/** A wave as a board of its groups, and as one table: its report. */
export function WavePage() {
  const { id } = useParams({ from: "/waves/$id" });
  const writes = useMay("migrations:write");
  const query = useQuery({
    queryKey: ["waves", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/waves/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (state) => (state.state.data?.ended_at ? false : 2_000),
  });
  if (query.isPending) return <Loading label="Reading the wave" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const wave = query.data;
  const { totals } = wave;
  return (
    <>
      <PageHead
        trail={<Link to="/waves">Waves</Link>}
        title={
          <>
            {wave.name}
            <StateBadge state={wave.state} />
          </>
        }
        sub={wave.parallel ? `at most ${wave.parallel} at once` : "as many at once as the slots allow"}
        actions={
          <>
            <SameBy cli={`waves show ${id} --watch`} api={`GET /v1/waves/${id}`} workflowId={wave.workflow_id} />
            {writes ? <WaveOrders wave={wave} /> : undefined}
          </>
        }
      />
      <div className="grid grid-stats">
        <Stat
          label="Moved"
          value={`${totals.moved} of ${totals.vms}`}
          ring={{
            share: totals.vms === 0 ? 0 : totals.moved / totals.vms,
            tone: totals.failed > 0 ? "warn" : toneOf(wave.state),
          }}
        />
        <Stat label="Under way" value={totals.running} sub={`${totals.waiting} waiting`} />
        <Stat
          label="Not moved"
          value={totals.failed + totals.skipped + totals.cancelled}
          sub={`${totals.failed} failed, ${totals.skipped} skipped`}
        />
        <Stat label="Bytes" value={bytes(totals.bytes_copied)} sub={`of ${bytes(totals.bytes_to_move)}`} />
        <Stat label="Downtime" value={duration(totals.downtime_seconds)} sub="of all of them together" />
      </div>
      <Panel title="Board">
        <WaveBoard wave={wave} />
      </Panel>
      <Panel
        title="Report"
        aside={<CsvButton name={`wave-${wave.name}`} columns={columns} rows={() => wave.members} />}
        flush
      >
        <DataTable
          label="Report"
          columns={columns}
          rows={wave.members}
          rowKey={({ position }) => String(position)}
          maxHeight={520}
        />
      </Panel>
    </>
  );
}

function WaveOrders({ wave: { wave_id: id, state, name } }: { readonly wave: Wave }) {
  const queries = useQueryClient();
  const [cancelling, setCancelling] = useState(false);
  const order = useMutation({
    mutationFn: (what: "pause" | "resume" | "cancel") => {
      const to = { params: { path: { id } } };
      if (what === "pause") return answer(api.POST("/v1/waves/{id}/pause", to));
      return what === "resume"
        ? answer(api.POST("/v1/waves/{id}/resume", to))
        : answer(api.POST("/v1/waves/{id}/cancel", to));
    },
    onSuccess: async () => {
      setCancelling(false);
      await queries.invalidateQueries({ queryKey: ["waves"] });
    },
    onError: tell.failure,
  });
  return (
    <>
      {state === "running" ? (
        <Button
          variant="default"
          leftSection={<Icon name="pause" size={14} />}
          loading={order.isPending}
          onClick={() => order.mutate("pause")}
        >
          Pause
        </Button>
      ) : undefined}
      {state === "paused" ? (
        <Button
          leftSection={<Icon name="play" size={14} />}
          loading={order.isPending}
          onClick={() => order.mutate("resume")}
        >
          Resume
        </Button>
      ) : undefined}
      {state === "running" || state === "paused" ? (
        <Button variant="default" leftSection={<Icon name="close" size={14} />} onClick={() => setCancelling(true)}>
          Cancel…
        </Button>
      ) : undefined}
      <Modal opened={cancelling} onClose={() => setCancelling(false)} title={`Cancel ${name}`}>
        <div className="stack">
          <p>No further VM is begun, and those under way are rolled back. What was moved stays moved.</p>
          <div className="wrap">
            <Button color="red" loading={order.isPending} onClick={() => order.mutate("cancel")}>
              Cancel the wave
            </Button>
            <Button variant="default" onClick={() => setCancelling(false)}>
              Leave it
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}

const columns: readonly Column<Member>[] = [
  {
    ...{ id: "vm", head: "VM", width: 170, grows: true, csv: ({ vm }: Member) => vm },
    cell: ({ vm, migration_id: id, started_at: at }) =>
      at === undefined ? (
        vm
      ) : (
        <Link to="/migrations/$id" params={{ id }} className="link-like">
          {vm}
        </Link>
      ),
  },
  { id: "group", head: "Group", width: 110, csv: ({ group }) => group, cell: ({ group }) => group },
  { id: "from", head: "From", width: 130, csv: ({ from }) => from, cell: ({ from }) => from },
  { id: "to", head: "To", width: 140, csv: ({ to }) => to, cell: ({ to }) => to },
  stateColumn(120),
  {
    ...{ id: "progress", head: "Progress", width: 130, csv: ({ progress }: Member) => progress },
    cell: ({ progress, vm, state }) => <Bar value={progress} label={`Progress of ${vm}`} tone={toneOf(state)} />,
  },
  {
    ...{
      id: "moved",
      head: "Moved",
      width: 90,
      align: "right" as const,
      csv: ({ bytes_copied: copied }: Member) => copied,
    },
    cell: ({ bytes_copied: copied }) => bytes(copied),
  },
  {
    ...{
      id: "downtime",
      head: "Downtime",
      width: 96,
      align: "right" as const,
      csv: ({ downtime_seconds: down }: Member) => down,
    },
    cell: ({ downtime_seconds: down }) => duration(down),
  },
  {
    ...{ id: "why", head: "Why not", width: 240, csv: ({ reason, problem }: Member) => problem?.message ?? reason },
    cell: ({ reason, problem }) => <span title={problem?.message ?? reason}>{problem?.message ?? reason ?? ""}</span>,
  },
];
