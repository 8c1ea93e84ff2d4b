import { Button, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { hoursFrom } from "../../lib/format.ts";
import { Confirm, useConfirmed } from "../../parts/confirm.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { OrderForm } from "../../parts/order-form.tsx";
import { Panel } from "../../parts/panel.tsx";
import { RowAction } from "../../parts/row-action.tsx";
import { Empty } from "../../parts/states.tsx";
import { EndsBadge, usePolicyNames } from "./exceptions.tsx";
import { policiesQuery } from "./queries.ts";

type Approval = Schemas["StandingApproval"];

/** What scans may mend by themselves, so many resources a run, until a moment. */
export function ApprovalsSection() {
  const approves = useMay("plans:approve");
  const nameOf = usePolicyNames();
  const [making, setMaking] = useState(false);
  const pages = usePages<Approval>({
    key: ["policy-approvals"],
    fetch: (_cursor, signal) => answer(api.GET("/v1/policy-approvals", { signal })),
  });
  const {
    row: ending,
    ask,
    shown,
  } = useConfirmed(
    ({ approval_id: id }: Approval) => answer(api.DELETE("/v1/policy-approvals/{id}", { params: { path: { id } } })),
    {
      touches: ["policy-approvals"],
      done: "The approval is over",
    },
  );
  const told: readonly Column<Approval>[] = [
    {
      ...{ id: "policy", head: "Policy", width: 200, csv: ({ policy_id: id }: Approval) => nameOf(id) },
      cell: ({ policy_id: id }) => <strong>{nameOf(id)}</strong>,
    },
    {
      ...{ id: "state", head: "State", width: 90, csv: ({ revoked_at: at }: Approval) => (at ? "ended" : "given") },
      cell: (approval) => <EndsBadge of={approval} />,
    },
    { id: "most", head: "A run mends", width: 110, csv: ({ most }) => most, cell: ({ most }) => `${most} at most` },
    {
      ...{ id: "reason", head: "Why", width: 240, grows: true, csv: ({ reason }: Approval) => reason },
      cell: ({ reason }) => <span title={reason}>{reason}</span>,
    },
    { id: "by", head: "By", width: 170, csv: ({ approved_by: by }) => by, cell: ({ approved_by: by }) => by },
    {
      ...{ id: "ends", head: "Ends", width: 90, csv: ({ expires_at: at }: Approval) => at },
      cell: ({ expires_at: at }) => <Ago at={at} />,
    },
  ];
  const columns: readonly Column<Approval>[] = [
    ...told,
    {
      ...{ id: "actions", head: "Actions", width: 80 },
      cell: (approval) =>
        approves && approval.revoked_at === undefined && Date.parse(approval.expires_at) > Date.now() ? (
          <RowAction
            verb="End"
            of={`the approval of ${nameOf(approval.policy_id)}`}
            ends
            onClick={() => ask(approval)}
          />
        ) : undefined,
    },
  ];
  return (
    <>
      <Panel
        className="fills"
        title="What scans may mend by themselves"
        aside={
          <>
            <CsvButton name="standing-approvals" columns={told} rows={pages.readAll} />
            {approves ? (
              <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setMaking(true)}>
                Approve a policy
              </Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Standing approvals"
          columns={columns}
          pages={pages}
          rowKey={({ approval_id: id }) => id}
          empty={
            <Empty icon="lock" title="Scans mend nothing by themselves">
              Each remediation is planned, and approved by a person.
            </Empty>
          }
        />
      </Panel>
      <Modal opened={making} onClose={() => setMaking(false)} title="Let scans mend what breaks a policy">
        <ApprovalForm onDone={() => setMaking(false)} />
      </Modal>
      <Confirm {...shown} title="End the standing approval" verb="End it now">
        Scans go on finding what breaks {ending ? nameOf(ending.policy_id) : ""}, and mend nothing of it.
      </Confirm>
    </>
  );
}

function ApprovalForm({ onDone }: { readonly onDone: () => void }) {
  const policies = useQuery(policiesQuery);
  const [policy, setPolicy] = useState("");
  const [most, setMost] = useState<number | string>(5);
  const [reason, setReason] = useState("");
  const [days, setDays] = useState<number | string>(30);
  const approve = useOrder(
    () => {
      const expires_at = hoursFrom(Date.now(), Number(days) * 24);
      return answer(
        api.POST("/v1/policy-approvals", { body: { policy, most: Number(most), reason: reason.trim(), expires_at } }),
      );
    },
    { touches: ["policy-approvals"], done: "Scans mend it until then", onDone },
  );
  return (
    <OrderForm order={approve} verb="Approve it" disabled={policy === "" || reason.trim() === ""}>
      <Select
        label="Policy"
        description="Those that say how they are mended"
        data={(policies.data ?? []).filter(({ remediation }) => remediation !== undefined).map(({ name }) => name)}
        value={policy || null}
        onChange={(value) => setPolicy(value ?? "")}
        searchable
        required
      />
      <NumberInput label="A run mends at most" suffix=" resources" min={1} max={100} value={most} onChange={setMost} />
      <TextInput label="Why" value={reason} onChange={(event) => setReason(event.currentTarget.value)} required />
      <NumberInput label="Ends in" suffix=" days" min={1} value={days} onChange={setDays} />
    </OrderForm>
  );
}
