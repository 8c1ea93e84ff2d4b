import { Button, Menu, Modal, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { bytes } from "../../lib/format.ts";
import { type Column } from "../../parts/data-table.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { OrderForm } from "../../parts/order-form.tsx";
import { Panel } from "../../parts/panel.tsx";
import { PlanReview } from "../../parts/plan-review.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed } from "../../parts/states.tsx";

type Point = Schemas["GroupPoint"];
type Decision = "hold" | "release" | "clear";

/** The catalogue of recovery points; one can be kept, let go, cleared of a suspicion, and VMs brought back out of it. */
export function PointsPanel({ group }: { readonly group: Schemas["ProtectionGroup"] }) {
  const id = group.group_id;
  const writes = useMay("protection:write");
  const [deciding, setDeciding] = useState<{ point: Point; decision: Decision }>();
  const [restoring, setRestoring] = useState<Point>();
  const pages = usePages<Point>({
    key: ["points", id],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/protection-groups/{id}/points", {
          params: { path: { id }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    refetchMs: 5_000,
  });
  const columns: readonly Column<Point>[] = [
    ...pointColumns,
    {
      ...{ id: "actions", head: "Actions", width: 84 },
      cell: (point) =>
        writes && point.state === "complete" ? (
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="subtle" size="compact-xs" aria-label={`Do… with point ${point.sequence}`}>
                Do…
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => setRestoring(point)}>Restore a VM…</Menu.Item>
              {point.held_because === undefined ? (
                <Menu.Item onClick={() => setDeciding({ point, decision: "hold" })}>Keep it…</Menu.Item>
              ) : (
                <Menu.Item onClick={() => setDeciding({ point, decision: "release" })}>
                  Let the retention have it…
                </Menu.Item>
              )}
              {point.suspicion ? (
                <Menu.Item onClick={() => setDeciding({ point, decision: "clear" })}>Clear the suspicion…</Menu.Item>
              ) : undefined}
            </Menu.Dropdown>
          </Menu>
        ) : undefined,
    },
  ];
  return (
    <Panel
      title="Recovery points"
      aside={<CsvButton name="recovery-points" columns={pointColumns} rows={pages.readAll} />}
      flush
    >
      <List
        label="Recovery points"
        columns={columns}
        pages={pages}
        rowKey={({ point_id: point }) => point}
        maxHeight={300}
        empty={
          <Empty icon="clock" title="There is no point yet">
            The first one takes as long as copying all disks.
          </Empty>
        }
      />
      <Modal
        opened={deciding !== undefined}
        onClose={() => setDeciding(undefined)}
        title={deciding ? `Point ${deciding.point.sequence}: ${deciding.decision}` : ""}
      >
        {deciding ? <Decide groupId={id} {...deciding} onDone={() => setDeciding(undefined)} /> : undefined}
      </Modal>
      <Modal
        opened={restoring !== undefined}
        onClose={() => setRestoring(undefined)}
        title="Bring a VM back out of this point"
        size={720}
      >
        {restoring ? <RestoreVm group={group} point={restoring} /> : undefined}
      </Modal>
    </Panel>
  );
}

function Decide(props: {
  readonly groupId: string;
  readonly point: Point;
  readonly decision: Decision;
  readonly onDone: () => void;
}) {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const decide = useMutation({
    mutationFn: () => {
      const to = {
        params: { path: { id: props.groupId, point: props.point.point_id } },
        body: { reason: reason.trim() },
      };
      if (props.decision === "hold") return answer(api.POST("/v1/protection-groups/{id}/points/{point}/hold", to));
      if (props.decision === "release")
        return answer(api.POST("/v1/protection-groups/{id}/points/{point}/release", to));
      return answer(api.POST("/v1/protection-groups/{id}/points/{point}/clear", to));
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["points"] });
      props.onDone();
    },
  });
  return (
    <OrderForm order={decide} verb="Decide so" disabled={reason.trim().length < 3}>
      <Textarea
        label="Why"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
        minLength={3}
        data-autofocus
      />
    </OrderForm>
  );
}

function RestoreVm({ group, point }: { readonly group: Schemas["ProtectionGroup"]; readonly point: Point }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [vm, setVm] = useState<string>();
  const plan = useMutation({
    mutationFn: async (chosen: string) =>
      (await answer(
        api.POST("/v1/restores", {
          body: {
            ...{ group_id: group.group_id, vm: chosen, point_id: point.point_id, dry_run: true },
            ...(name.trim() ? { name: name.trim() } : {}),
            ...(point.suspicion ? { suspect_too: true } : {}),
          },
        }),
      )) as Schemas["Plan"],
  });
  const start = useMutation({
    mutationFn: ({ plan_id, hash }: Schemas["Plan"]) =>
      answer(api.POST("/v1/restores", { body: { plan_id, plan_hash: hash } })),
    onSuccess: () => navigate({ to: "/runs", search: { show: "restores" } }),
  });
  if (plan.data) {
    return (
      <PlanReview
        plan={plan.data}
        verb={`Restore ${vm ?? ""}`}
        pending={start.isPending}
        error={start.error}
        onExecute={() => start.mutate(plan.data)}
        cli={`restore vm ${group.group_id} ${vm ?? ""} --point ${point.point_id}`}
      />
    );
  }
  return (
    <div className="stack">
      {point.suspicion ? (
        <p className="tone-text" data-tone="warn">
          This point is suspect: {point.suspicion.reason}
        </p>
      ) : undefined}
      <TextInput
        label="Name of the new VM"
        description="Default the old one's with -restored"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <div className="wrap">
        {group.members.map((member) => (
          <Button
            key={member.position}
            variant="default"
            loading={plan.isPending && vm === member.name}
            onClick={() => {
              setVm(member.name);
              plan.mutate(member.name);
            }}
          >
            {member.name}
          </Button>
        ))}
      </div>
      {plan.isError ? <Failed error={plan.error} /> : undefined}
    </div>
  );
}

const pointColumns: readonly Column<Point>[] = [
  {
    id: "sequence",
    head: "No.",
    width: 56,
    align: "right",
    csv: ({ sequence }) => sequence,
    cell: ({ sequence }) => sequence,
  },
  { id: "taken", head: "Shows", width: 96, csv: ({ taken_at: at }) => at, cell: ({ taken_at: at }) => <Ago at={at} /> },
  {
    ...{ id: "state", head: "State", width: 120, csv: ({ state }: Point) => state },
    cell: ({ state, suspicion }) => <StateBadge state={suspicion ? "suspect" : state} />,
  },
  { id: "kind", head: "Kind", width: 96, csv: ({ kind }) => kind, cell: ({ kind }) => kind },
  {
    id: "consistency",
    head: "Consistency",
    width: 110,
    csv: ({ consistency }) => consistency?.level,
    cell: ({ consistency }) => consistency?.level ?? "–",
  },
  {
    ...{
      id: "copied",
      head: "Copied",
      width: 88,
      align: "right" as const,
      csv: ({ bytes_copied: copied }: Point) => copied,
    },
    cell: ({ bytes_copied: copied }) => bytes(copied),
  },
  {
    id: "verified",
    head: "Read again",
    width: 100,
    csv: ({ verified_at: at }) => at,
    cell: ({ verified_at: at }) => <Ago at={at} />,
  },
  {
    ...{ id: "held", head: "Kept because", width: 140, grows: true, csv: ({ held_because: why }: Point) => why },
    cell: ({ held_because: why, reason }) => <span title={why ?? reason}>{why ?? reason ?? "–"}</span>,
  },
];
