import { Button, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { scopeText } from "../../lib/access.ts";
import { type Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { OrderForm } from "../../parts/order-form.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Snippet } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";

type Token = Schemas["Token"];
const roles = ["viewer", "operator", "approver", "admin", "auditor"] as const;

/** API tokens without their secrets; a new one's secret is shown once. */
export function TokensTab() {
  const queries = useQueryClient();
  const writes = useMay("access:write");
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token>();
  const pages = usePages<Token>({
    key: ["tokens"],
    fetch: (cursor, signal) =>
      answer(api.GET("/v1/tokens", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } }, signal })),
  });
  const revoke = useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/v1/tokens/{id}", { params: { path: { id } } })),
    onSuccess: async () => {
      setRevoking(undefined);
      await queries.invalidateQueries({ queryKey: ["tokens"] });
    },
    onError: tell.failure,
  });
  const columns: readonly Column<Token>[] = [
    ...tokenColumns,
    {
      ...{ id: "revoke", head: "Actions", width: 96 },
      cell: (token) =>
        writes && token.revoked_at === undefined ? (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            onClick={() => setRevoking(token)}
            aria-label={`Revoke ${token.name}`}
          >
            Revoke…
          </Button>
        ) : undefined,
    },
  ];
  return (
    <Panel
      className="fills"
      title="API tokens"
      aside={
        <>
          <CsvButton name="tokens" columns={tokenColumns} rows={pages.readAll} />
          {writes ? (
            <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setMaking(true)}>
              Make a token
            </Button>
          ) : undefined}
        </>
      }
      flush
    >
      <List
        label="API tokens"
        columns={columns}
        pages={pages}
        rowKey={({ token_id: id }) => id}
        empty={<Empty icon="lock" title="There is no token" />}
      />
      <Modal opened={making} onClose={() => setMaking(false)} title="Make an API token">
        <MakeToken />
      </Modal>
      <Modal
        opened={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
        title={`Revoke ${revoking?.name ?? ""}`}
      >
        <div className="stack">
          <p>Whatever uses it is refused within two seconds. It can't be brought back.</p>
          <div>
            <Button color="red" loading={revoke.isPending} onClick={() => revoking && revoke.mutate(revoking.token_id)}>
              Revoke it
            </Button>
          </div>
        </div>
      </Modal>
    </Panel>
  );
}

function MakeToken() {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<(typeof roles)[number]>("viewer");
  const [site, setSite] = useState("");
  const [days, setDays] = useState<number | string>(90);
  const make = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/v1/tokens", {
          body: {
            ...{ name: name.trim(), expires_in_days: Number(days) },
            bindings: [{ role, scope: site.trim() ? { site: site.trim() } : {} }],
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tokens"] }),
  });
  if (make.data) {
    return (
      <div className="stack">
        <p>This is shown once and kept nowhere. Copy it now.</p>
        <Snippet label={`Token ${make.data.name}`} text={make.data.token} />
      </div>
    );
  }
  return (
    <OrderForm order={make} verb="Make it" disabled={name.trim() === ""}>
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
      />
      <Select label="Role" data={[...roles]} value={role} onChange={(value) => setRole(value ?? "viewer")} />
      <TextInput
        label="At the site"
        description="Empty: everywhere"
        value={site}
        onChange={(event) => setSite(event.currentTarget.value)}
      />
      <NumberInput label="Ends in" suffix=" days" min={1} max={366} value={days} onChange={setDays} />
    </OrderForm>
  );
}

const tokenColumns: readonly Column<Token>[] = [
  {
    id: "name",
    head: "Name",
    width: 170,
    grows: true,
    csv: ({ name }) => name,
    cell: ({ name }) => <strong>{name}</strong>,
  },
  {
    ...{ id: "state", head: "State", width: 110, csv: ({ revoked_at: at }: Token) => (at ? "revoked" : "active") },
    cell: ({ revoked_at: at, expires_at: ends }) => {
      const state = at ? "revoked" : ends && Date.parse(ends) < Date.now() ? "expired" : "active";
      return <StateBadge state={state} tone={state === "active" ? "good" : "idle"} />;
    },
  },
  {
    ...{
      id: "roles",
      head: "Roles",
      width: 260,
      csv: ({ bindings }: Token) => bindings.map(({ role, scope }) => `${role} ${scopeText(scope)}`).join("; "),
    },
    cell: ({ bindings }) => bindings.map(({ role, scope }) => `${role} ${scopeText(scope)}`).join("; "),
  },
  {
    id: "of",
    head: "Of",
    width: 150,
    csv: ({ user_id: id }) => id,
    cell: ({ user_id: id }) => <span className="quiet">{id ?? "a program"}</span>,
  },
  {
    id: "used",
    head: "Used",
    width: 100,
    csv: ({ last_used_at: at }) => at,
    cell: ({ last_used_at: at }) => <Ago at={at} />,
  },
  {
    id: "ends",
    head: "Ends",
    width: 100,
    csv: ({ expires_at: at }) => at,
    cell: ({ expires_at: at }) => <Ago at={at} />,
  },
];
