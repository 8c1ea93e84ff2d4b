import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { time } from "../../lib/format.ts";
import { connectionTone, pathText } from "../../lib/topology.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Facts, PageHead, Panel, Stat } from "../../parts/panel.tsx";
import { ProblemPanel } from "../../parts/problem-panel.tsx";
import { SameBy, Snippet } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Failed, Forbidden, Loading } from "../../parts/states.tsx";
import { PlannedConnection } from "./planned-connection.tsx";

type Connection = Schemas["Connection"];
interface Tunnel {
  readonly index: number;
  readonly near: string | undefined;
  readonly far: string | undefined;
  readonly up: boolean | undefined;
  readonly drill: string | undefined;
}

/** A connection: its tunnels and how well they carry, what both ends were told, and what can be done with it. */
export function ConnectionPage() {
  const { id } = useParams({ from: "/networks/$id" });
  const [reads, writes] = [useMay("networks:read"), useMay("networks:write")];
  const query = useQuery({
    queryKey: ["connections", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/connections/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (state) => (state.state.data?.ended_at ? false : 2_000),
    enabled: reads,
  });
  if (!reads) return <Forbidden permission="networks:read" />;
  if (query.isPending) return <Loading label="Reading the connection" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const connection = query.data;
  const { near, far, seen, plan, problem, drill } = connection;
  const tunnels = tunnelsOf(connection);
  const standing = tunnels.filter(({ up }) => up).length;
  return (
    <>
      <PageHead
        trail={<Link to="/networks">Networks</Link>}
        title={
          <>
            {near} ↔ {far}
            <StateBadge state={connection.state} tone={connectionTone(connection)} />
          </>
        }
        sub={`asked by ${connection.created_by}, ${time(connection.created_at)} UTC`}
        actions={
          <>
            <SameBy cli={`connections show ${id}`} api={`GET /v1/connections/${id}`} workflowId={`connection/${id}`} />
            {writes ? <ConnectionOrders connection={connection} /> : undefined}
          </>
        }
      />
      {problem ? <ProblemPanel problem={problem} /> : undefined}
      <div className="grid grid-stats">
        <Stat
          label="Tunnels up"
          value={seen ? `${standing} of ${tunnels.length}` : "–"}
          sub={
            seen ? (
              <>
                seen <Ago at={seen.at} />
              </>
            ) : (
              "not looked at yet"
            )
          }
          ring={{ share: tunnels.length ? standing / tunnels.length : 0, tone: connectionTone(connection) }}
        />
        <Stat
          label="Round trip"
          value={seen?.path?.round_trip_ms === undefined ? "–" : `${Number(seen.path.round_trip_ms.toFixed(1))} ms`}
          sub={[pathText(seen?.path), seen?.degraded].filter(Boolean).join("; ")}
        />
        <Stat label="Keys" value={<Ago at={connection.keys_at} />} sub={`generation ${connection.generation}`} />
        <Stat
          label="Drill"
          value={drill ? (drill.passed ? "passed" : "failed") : "never"}
          sub={drill ? <Ago at={drill.at} /> : "each tunnel taken down in its turn"}
        />
      </div>
      <Panel
        title="Tunnels"
        aside={<CsvButton name={`tunnels-${near}-${far}`} columns={columns} rows={() => tunnels} />}
        flush
      >
        <DataTable
          label="Tunnels"
          columns={columns}
          rows={tunnels}
          rowKey={({ index }) => String(index)}
          maxHeight={200}
        />
      </Panel>
      {plan ? (
        <Panel title="What both ends were told">
          <PlannedConnection plan={plan} />
        </Panel>
      ) : undefined}
    </>
  );
}

function tunnelsOf({ plan, seen, drill }: Connection): Tunnel[] {
  const many = Math.max(plan?.tunnels.length ?? 0, seen?.up.length ?? 0);
  return Array.from({ length: many }, (_, index) => {
    const planned = plan?.tunnels.find((each) => each.index === index);
    const drilled = drill?.tunnels.find((each) => each.index === index);
    return {
      ...{ index, near: planned?.near_address, far: planned?.far_address, up: seen?.up[index] },
      drill: drilled && (drilled.failure ?? drilled.not_set_again ?? "traffic went on by the other"),
    };
  });
}

const columns: readonly Column<Tunnel>[] = [
  { id: "index", head: "Tunnel", width: 80, csv: ({ index }) => index + 1, cell: ({ index }) => index + 1 },
  {
    ...{
      id: "up",
      head: "State",
      width: 110,
      csv: ({ up }: Tunnel) => (up === undefined ? undefined : up ? "up" : "down"),
    },
    cell: ({ up }) =>
      up === undefined ? (
        <span className="quiet">–</span>
      ) : (
        <StateBadge state={up ? "up" : "down"} tone={up ? "good" : "bad"} />
      ),
  },
  {
    id: "near",
    head: "Near address",
    width: 170,
    csv: ({ near }) => near,
    cell: ({ near }) => <span className="mono">{near ?? "–"}</span>,
  },
  {
    id: "far",
    head: "Far address",
    width: 170,
    csv: ({ far }) => far,
    cell: ({ far }) => <span className="mono">{far ?? "–"}</span>,
  },
  {
    ...{ id: "drill", head: "Newest drill", width: 300, grows: true, csv: ({ drill }: Tunnel) => drill },
    cell: ({ drill }) => <span title={drill}>{drill ?? "–"}</span>,
  },
];

function ConnectionOrders({ connection }: { readonly connection: Connection }) {
  const [asking, setAsking] = useState<"drill" | "disconnect" | "config">();
  const { connection_id: id, near, far, state, device } = connection;
  const to = { params: { path: { id } } };
  const close = () => setAsking(undefined);
  const rotate = useOrder(() => answer(api.POST("/v1/connections/{id}/rotate-keys", to)), {
    touches: ["connections"],
    done: "Its keys are exchanged while it carries traffic",
  });
  const drill = useOrder(() => answer(api.POST("/v1/connections/{id}/drill", to)), {
    touches: ["connections"],
    done: "Each tunnel is taken down in its turn",
    onDone: close,
  });
  const disconnect = useOrder(() => answer(api.DELETE("/v1/connections/{id}", to)), {
    touches: ["connections"],
    done: "It is taken down at both ends",
    onDone: close,
  });
  const config = useOrder(() => answer(api.POST("/v1/connections/{id}/device-config", to)), { touches: [] });
  const stands = state === "connected" || state === "waiting";
  if (!stands) return undefined;
  return (
    <>
      {device ? (
        <Button
          variant="default"
          onClick={() => {
            setAsking("config");
            config.mutate();
          }}
        >
          The device's configuration…
        </Button>
      ) : undefined}
      {state === "connected" ? (
        <>
          <Button
            variant="default"
            leftSection={<Icon name="refresh" size={14} />}
            loading={rotate.isPending}
            onClick={() => rotate.mutate(undefined, { onError: tell.failure })}
          >
            Exchange its keys
          </Button>
          <Button variant="default" leftSection={<Icon name="check" size={14} />} onClick={() => setAsking("drill")}>
            Drill…
          </Button>
        </>
      ) : undefined}
      <Button color="red" leftSection={<Icon name="close" size={14} />} onClick={() => setAsking("disconnect")}>
        Disconnect…
      </Button>
      <Confirm
        opened={asking === "drill"}
        title={`Drill ${near} ↔ ${far}`}
        verb="Take them down in turn"
        pending={drill.isPending}
        error={drill.error}
        onConfirm={() => drill.mutate()}
        onClose={close}
      >
        Each tunnel is taken down, traffic has to go on by the other, and it is set up again.
      </Confirm>
      <Confirm
        opened={asking === "disconnect"}
        title={`Disconnect ${near} and ${far}`}
        verb="Take it down"
        pending={disconnect.isPending}
        error={disconnect.error}
        onConfirm={() => disconnect.mutate()}
        onClose={close}
      >
        Nothing goes between their networks any more, and what was set up at both ends is removed.
      </Confirm>
      <Modal opened={asking === "config"} onClose={close} title={`What ${far} is to be told`} size={760}>
        {config.isPending ? <Loading label="Writing it" /> : undefined}
        {config.isError ? <Failed error={config.error} /> : undefined}
        {config.data ? (
          <div className="stack">
            <p className="tone-text" data-tone="warn">
              It holds the keys of the tunnels: hand it to whoever runs the device, and to nobody else.
            </p>
            <Facts items={config.data.steps.map((step, index) => [`${index + 1}.`, step] as const)} />
            {config.data.files.map(({ name, content }) => (
              <Snippet key={name} label={name} text={content} />
            ))}
          </div>
        ) : undefined}
      </Modal>
    </>
  );
}
