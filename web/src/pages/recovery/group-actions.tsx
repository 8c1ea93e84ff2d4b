import { Button, Menu, Modal, Radio, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { tell } from "../../app/tell.tsx";
import { Icon } from "../../parts/icons.tsx";
import { PlanReview } from "../../parts/plan-review.tsx";
import { Failed } from "../../parts/states.tsx";

type Group = Schemas["ProtectionGroup"];
type Mode = Schemas["RecoveryRequest"]["mode"];

export function GroupActions({ group }: { readonly group: Group }) {
  const queries = useQueryClient();
  const [mode, setMode] = useState<Mode>();
  const { group_id: id, state } = group;
  const order = useMutation({
    mutationFn: (what: "point" | "pause" | "resume" | "reprotect") => {
      const to = { params: { path: { id } } };
      if (what === "point") return answer(api.POST("/v1/protection-groups/{id}/points", to));
      if (what === "pause") return answer(api.POST("/v1/protection-groups/{id}/pause", to));
      if (what === "resume") return answer(api.POST("/v1/protection-groups/{id}/resume", to));
      return answer(api.POST("/v1/protection-groups/{id}/reprotect", { ...to, body: {} }));
    },
    onSuccess: async () => {
      tell.done("It is on its way");
      await queries.invalidateQueries({ queryKey: ["protection-groups"] });
    },
    onError: tell.failure,
  });
  return (
    <>
      <Button variant="default" leftSection={<Icon name="check" size={14} />} onClick={() => setMode("drill")}>
        Drill…
      </Button>
      <Button color="red" leftSection={<Icon name="bolt" size={14} />} onClick={() => setMode("failover")}>
        Fail over…
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<Icon name="down" size={12} />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => order.mutate("point")}>Make a recovery point now</Menu.Item>
          {state === "paused" ? (
            <Menu.Item onClick={() => order.mutate("resume")}>Make points again</Menu.Item>
          ) : (
            <Menu.Item onClick={() => order.mutate("pause")}>Make no points for now</Menu.Item>
          )}
          {state === "unprotected" ? (
            <Menu.Item onClick={() => order.mutate("reprotect")}>Follow it from where it serves now</Menu.Item>
          ) : undefined}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={mode !== undefined}
        onClose={() => setMode(undefined)}
        title={mode === "drill" ? `Drill ${group.name}` : `Fail ${group.name} over`}
        size={760}
      >
        {mode ? <StartRun group={group} first={mode} /> : undefined}
      </Modal>
    </>
  );
}

const modes = [
  {
    value: "failover",
    label: "Its site is lost",
    what: "What writes there is fenced, and the group comes up from its newest point.",
  },
  {
    value: "switchover",
    label: "Planned",
    what: "Its VMs are stopped first and what they wrote last moves: nothing is lost.",
  },
] as const;

/** The guard of a failover: why, then its plan with every check, then the group's name typed once more. */
function StartRun({ group, first }: { readonly group: Group; readonly first: Mode }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [mode, setMode] = useState<Mode>(first);
  const [reason, setReason] = useState("");
  const plan = useMutation({
    mutationFn: async () =>
      (await answer(
        api.POST("/v1/recovery-runs", {
          body: { group_id: group.group_id, mode, reason: reason.trim(), dry_run: true },
        }),
      )) as Schemas["Plan"],
  });
  const start = useMutation({
    mutationFn: async ({ plan_id, hash }: Schemas["Plan"]) =>
      (await answer(api.POST("/v1/recovery-runs", { body: { plan_id, plan_hash: hash } }))) as Schemas["RecoveryRun"],
    onSuccess: async (run) => {
      await queries.invalidateQueries({ queryKey: ["recovery-runs"] });
      await navigate({ to: "/recovery/runs/$id", params: { id: run.run_id } });
    },
  });
  const drill = mode === "drill";
  if (plan.data) {
    return (
      <PlanReview
        plan={plan.data}
        verb={drill ? "Start the drill" : "Fail over now"}
        danger={!drill}
        confirm={drill ? undefined : [group.name]}
        pending={start.isPending}
        error={start.error}
        onExecute={() => start.mutate(plan.data)}
        cli={drill ? `recovery drill ${group.group_id}` : `recovery start --plan ${plan.data.plan_id}`}
      />
    );
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        plan.mutate();
      }}
    >
      {drill ? (
        <p>Clones come up where nobody is reached, are measured, and are removed. Everything else goes on.</p>
      ) : (
        <Radio.Group label="What happened" value={mode} onChange={(value) => setMode(value)}>
          <div className="stack modes">
            {modes.map(({ value, label, what }) => (
              <Radio key={value} value={value} label={label} description={what} size="xs" />
            ))}
          </div>
        </Radio.Group>
      )}
      <Textarea
        label="Why"
        description="It is kept with the run, and in the audit trail"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
        autosize
        minRows={2}
        data-autofocus
      />
      {plan.isError ? <Failed error={plan.error} /> : undefined}
      <div className="wrap">
        <Button type="submit" loading={plan.isPending} disabled={reason.trim() === ""}>
          Show its plan
        </Button>
        <span className="quiet">Nothing happens yet.</span>
      </div>
    </form>
  );
}
