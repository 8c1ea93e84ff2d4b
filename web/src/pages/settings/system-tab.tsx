import { Button, Modal, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { freezeQuery } from "../../api/queries.ts";
import { useMay, useSession } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { mayEverywhere } from "../../lib/access.ts";
import { bytes, duration, time } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Facts, Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed } from "../../parts/states.tsx";

/** The freeze of all changes, and the control plane with its backups. */
export function SystemTab() {
  const reads = useMay("metrics:read");
  return (
    <>
      <FreezePanel />
      {reads ? <ControlPlane /> : undefined}
    </>
  );
}

function FreezePanel() {
  const queries = useQueryClient();
  const session = useSession();
  const freeze = useQuery(freezeQuery);
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const done = async () => {
    setAsking(false);
    await queries.invalidateQueries({ queryKey: freezeQuery.queryKey });
  };
  const put = useMutation({
    mutationFn: () => answer(api.POST("/v1/freeze", { body: { reason: reason.trim() } })),
    onSuccess: done,
  });
  const lift = useMutation({
    mutationFn: () => answer(api.DELETE("/v1/freeze")),
    onSuccess: done,
    onError: tell.failure,
  });
  const frozen = freeze.data?.frozen ?? false;
  return (
    <Panel
      title="Freeze"
      aside={
        frozen && mayEverywhere(session, "system:unfreeze") ? (
          <Button loading={lift.isPending} onClick={() => lift.mutate()}>
            Allow changes again
          </Button>
        ) : !frozen && mayEverywhere(session, "system:freeze") ? (
          <Button
            color="red"
            variant="light"
            leftSection={<Icon name="freeze" size={14} />}
            onClick={() => setAsking(true)}
          >
            Freeze all changes…
          </Button>
        ) : undefined
      }
    >
      <Facts
        items={[
          [
            "Changes",
            frozen ? (
              <StateBadge key="frozen" state="frozen" tone="bad" />
            ) : (
              <StateBadge key="open" state="allowed" tone="good" />
            ),
          ],
          ["Since", frozen ? <Ago key="since" at={freeze.data?.since} /> : undefined],
          ["By", freeze.data?.by],
          ["Why", freeze.data?.reason],
        ]}
      />
      <Modal opened={asking} onClose={() => setAsking(false)} title="Freeze all changes">
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            put.mutate();
          }}
        >
          <p>Nothing is changed any more, anywhere. What is half done goes on to its end; protection goes on.</p>
          <Textarea
            label="Why"
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            required
            minLength={3}
            data-autofocus
          />
          {put.isError ? <Failed error={put.error} /> : undefined}
          <div>
            <Button type="submit" color="red" loading={put.isPending} disabled={reason.trim().length < 3}>
              Freeze
            </Button>
          </div>
        </form>
      </Modal>
    </Panel>
  );
}

type Place = Schemas["ControlPlane"]["places"][number];

function ControlPlane() {
  const mayBackUp = useMay("system:backup");
  const query = useQuery({
    queryKey: ["control-plane"],
    queryFn: ({ signal }) => answer(api.GET("/v1/control-plane", { signal })),
    refetchInterval: 15_000,
  });
  const backUp = useMutation({
    mutationFn: () => answer(api.POST("/v1/control-plane/backups")),
    onSuccess: () => tell.done("A backup is on its way"),
    onError: tell.failure,
  });
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const plane = query.data;
  if (!plane) return undefined;
  return (
    <Panel
      title="Control plane"
      aside={
        <>
          <CsvButton name="backups" columns={placeColumns} rows={() => plane.places} />
          {mayBackUp ? (
            <Button loading={backUp.isPending} onClick={() => backUp.mutate()}>
              Back it up now
            </Button>
          ) : undefined}
        </>
      }
    >
      <Facts
        items={[
          [
            "Installation",
            <span key="id" className="mono">
              {plane.installation_id}
            </span>,
          ],
          ["Epoch", plane.epoch],
          ["Claim seen", plane.seen_at ? <Ago key="seen" at={plane.seen_at} /> : undefined],
          [
            "Superseded by",
            plane.superseded_by ? `${plane.superseded_by.host}, ${time(plane.superseded_by.taken_at)} UTC` : undefined,
          ],
          ["Backed up every", duration(plane.backup_interval_seconds)],
        ]}
      />
      <DataTable
        label="Backups of the control plane"
        columns={placeColumns}
        rows={plane.places}
        rowKey={({ site }) => site}
        maxHeight={260}
        instead={
          plane.places.length === 0 ? (
            <Empty icon="warning" title="It is backed up nowhere">
              Name sites in control_plane.backup_to: docs/operations.md says how it is rebuilt from there.
            </Empty>
          ) : undefined
        }
      />
    </Panel>
  );
}

const placeColumns: readonly Column<Place>[] = [
  { id: "site", head: "Site", width: 150, csv: ({ site }) => site, cell: ({ site }) => <strong>{site}</strong> },
  {
    ...{ id: "state", head: "State", width: 110, csv: ({ overdue }: Place) => (overdue ? "overdue" : "current") },
    cell: ({ overdue, problem }) => (
      <StateBadge
        state={overdue ? "overdue" : problem ? "failed" : "current"}
        tone={overdue || problem ? "bad" : "good"}
      />
    ),
  },
  {
    id: "taken",
    head: "Shows",
    width: 110,
    csv: ({ taken_at: at }) => at,
    cell: ({ taken_at: at }) => <Ago at={at} />,
  },
  {
    id: "bytes",
    head: "Size",
    width: 90,
    align: "right",
    csv: ({ bytes: size }) => size,
    cell: ({ bytes: size }) => bytes(size),
  },
  { id: "kept", head: "Kept", width: 70, align: "right", csv: ({ kept }) => kept, cell: ({ kept }) => kept ?? "–" },
  {
    id: "problem",
    head: "Problem",
    width: 260,
    grows: true,
    csv: ({ problem }) => problem,
    cell: ({ problem }) => <span title={problem}>{problem ?? "–"}</span>,
  },
];
