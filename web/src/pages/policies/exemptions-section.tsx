import { Button, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
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
import { Panel } from "../../parts/panel.tsx";
import { RowAction } from "../../parts/row-action.tsx";
import { Empty, Failed } from "../../parts/states.tsx";
import { EndsBadge, usePolicyNames } from "./exceptions.tsx";
import { policiesQuery } from "./queries.ts";

type Exemption = Schemas["Exemption"];

/** What may break a policy for a while, with its owner, reason and end. */
export function ExemptionsSection() {
  const search = useSearch({ from: "/policies" });
  const navigate = useNavigate({ from: "/policies" });
  const exempts = useMay("policies:exempt");
  const nameOf = usePolicyNames();
  const [making, setMaking] = useState(search.scope !== undefined);
  const pages = usePages<Exemption>({
    key: ["policy-exemptions"],
    fetch: (_cursor, signal) => answer(api.GET("/v1/policy-exemptions", { signal })),
  });
  const close = () => {
    setMaking(false);
    void navigate({ search: { show: "exemptions" } });
  };
  const {
    row: ending,
    ask,
    shown,
  } = useConfirmed(
    ({ exemption_id: id }: Exemption) => answer(api.DELETE("/v1/policy-exemptions/{id}", { params: { path: { id } } })),
    {
      touches: ["policy-exemptions", "policy-findings"],
      done: "The exemption is over",
    },
  );
  const told: readonly Column<Exemption>[] = [
    {
      ...{ id: "policy", head: "Policy", width: 190, csv: ({ policy_id: id }: Exemption) => nameOf(id) },
      cell: ({ policy_id: id }) => <strong>{nameOf(id)}</strong>,
    },
    {
      ...{ id: "state", head: "State", width: 90, csv: ({ revoked_at: at }: Exemption) => (at ? "ended" : "given") },
      cell: (exemption) => <EndsBadge of={exemption} />,
    },
    {
      ...{ id: "scope", head: "Of", width: 230, grows: true, csv: ({ scope }: Exemption) => scope },
      cell: ({ scope }) => <span className="mono">{scope}</span>,
    },
    { id: "owner", head: "Owner", width: 150, csv: ({ owner }) => owner, cell: ({ owner }) => owner },
    {
      ...{ id: "reason", head: "Why", width: 220, csv: ({ reason }: Exemption) => reason },
      cell: ({ reason }) => <span title={reason}>{reason}</span>,
    },
    {
      ...{ id: "by", head: "By", width: 150, csv: ({ created_by: by }: Exemption) => by },
      cell: ({ created_by: by }) => <span className="quiet">{by}</span>,
    },
    {
      ...{ id: "ends", head: "Ends", width: 90, csv: ({ expires_at: at }: Exemption) => at },
      cell: ({ expires_at: at }) => <Ago at={at} />,
    },
  ];
  const columns: readonly Column<Exemption>[] = [
    ...told,
    {
      ...{ id: "actions", head: "Actions", width: 80 },
      cell: (exemption) =>
        exempts && exemption.revoked_at === undefined && Date.parse(exemption.expires_at) > Date.now() ? (
          <RowAction verb="End" of={`the exemption of ${exemption.scope}`} ends onClick={() => ask(exemption)} />
        ) : undefined,
    },
  ];
  return (
    <>
      <Panel
        className="fills"
        title="Exemptions"
        aside={
          <>
            <CsvButton name="exemptions" columns={told} rows={pages.readAll} />
            {exempts ? (
              <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setMaking(true)}>
                Exempt resources
              </Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Exemptions"
          columns={columns}
          pages={pages}
          rowKey={({ exemption_id: id }) => id}
          empty={
            <Empty icon="policies" title="Nothing is exempt">
              Every policy holds of everything in its scope.
            </Empty>
          }
        />
      </Panel>
      <Modal opened={making && exempts} onClose={close} title="Exempt resources from a policy">
        <ExemptionForm policy={search.policy} scope={search.scope} onDone={close} />
      </Modal>
      <Confirm {...shown} title="End the exemption" verb="End it now">
        What of {ending?.scope} breaks {ending ? nameOf(ending.policy_id) : ""} is open again, and plans are held up by
        it.
      </Confirm>
    </>
  );
}

function ExemptionForm(props: {
  readonly policy: string | undefined;
  readonly scope: string | undefined;
  readonly onDone: () => void;
}) {
  const policies = useQuery(policiesQuery);
  const [policy, setPolicy] = useState(props.policy ?? "");
  const [scope, setScope] = useState(props.scope ?? "");
  const [owner, setOwner] = useState("");
  const [reason, setReason] = useState("");
  const [days, setDays] = useState<number | string>(30);
  const exempt = useOrder(
    () => {
      const expires_at = hoursFrom(Date.now(), Number(days) * 24);
      const body = { policy, scope: scope.trim(), owner: owner.trim(), reason: reason.trim(), expires_at };
      return answer(api.POST("/v1/policy-exemptions", { body }));
    },
    { touches: ["policy-exemptions", "policy-findings"], done: "They are exempt until then", onDone: props.onDone },
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        exempt.mutate();
      }}
    >
      <Select
        label="Policy"
        data={(policies.data ?? []).map(({ name }) => name)}
        value={policy || null}
        onChange={(value) => setPolicy(value ?? "")}
        searchable
        required
      />
      <TextInput
        label="Resources"
        description="In the search language of the inventory"
        value={scope}
        onChange={(event) => setScope(event.currentTarget.value)}
        required
      />
      <TextInput
        label="Who answers for it"
        value={owner}
        onChange={(event) => setOwner(event.currentTarget.value)}
        required
        data-autofocus
      />
      <TextInput label="Why" value={reason} onChange={(event) => setReason(event.currentTarget.value)} required />
      <NumberInput label="Ends in" suffix=" days" min={1} max={730} value={days} onChange={setDays} />
      {exempt.isError ? <Failed error={exempt.error} /> : undefined}
      <div>
        <Button
          type="submit"
          loading={exempt.isPending}
          disabled={[policy, scope, owner, reason].some((text) => text.trim() === "")}
        >
          Exempt them
        </Button>
      </div>
    </form>
  );
}
