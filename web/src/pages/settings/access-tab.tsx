import { Button, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay, useSession } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { scopeText } from "../../lib/access.ts";
import { time } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Facts, Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";
import { GiveRole } from "./give-role.tsx";

type Binding = Schemas["RoleBinding"];
type Grant = Schemas["Session"]["may"][number];

/** What one may do oneself, who holds which role where, and who there is. */
export function AccessTab() {
  const session = useSession();
  const reads = useMay("access:read");
  return (
    <>
      <div className="grid grid-2">
        <Panel title="Who you are">
          <Facts
            items={[
              ["Name", session.name],
              [
                "Signed in as",
                <span key="id" className="mono">
                  {session.id}
                </span>,
              ],
              ["By", session.kind],
              ["Second factor", session.mfa_at ? `${time(session.mfa_at)} UTC` : undefined],
              ["Until", session.ends_at ? `${time(session.ends_at)} UTC` : undefined],
            ]}
          />
        </Panel>
        <Panel
          title="What you may do"
          aside={<CsvButton name="permissions" columns={grantColumns} rows={() => session.may} />}
          flush
        >
          <DataTable
            label="What you may do"
            columns={grantColumns}
            rows={session.may}
            rowKey={({ permission }) => permission}
            maxHeight={240}
          />
        </Panel>
      </div>
      {reads ? <Bindings /> : undefined}
      {reads ? <Users /> : undefined}
    </>
  );
}

const grantColumns: readonly Column<Grant>[] = [
  {
    id: "permission",
    head: "Permission",
    width: 180,
    csv: ({ permission }) => permission,
    cell: ({ permission }) => permission,
  },
  {
    ...{
      id: "where",
      head: "Where",
      width: 220,
      grows: true,
      csv: ({ scopes }: Grant) => scopes.map(scopeText).join("; "),
    },
    cell: ({ scopes }) => scopes.map(scopeText).join("; "),
  },
];

function Bindings() {
  const queries = useQueryClient();
  const writes = useMay("access:write");
  const [giving, setGiving] = useState(false);
  const pages = usePages<Binding>({
    key: ["role-bindings"],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/role-bindings", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } }, signal }),
      ),
  });
  const take = useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/v1/role-bindings/{id}", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["role-bindings"] }),
    onError: tell.failure,
  });
  const columns: readonly Column<Binding>[] = [
    ...bindingColumns,
    {
      ...{ id: "take", head: "Actions", width: 110 },
      cell: ({ binding_id: id, role, holder }) =>
        writes ? (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            onClick={() => take.mutate(id)}
            aria-label={`Take back ${role} of ${holder}`}
          >
            Take back
          </Button>
        ) : undefined,
    },
  ];
  return (
    <Panel
      title="Roles"
      aside={
        <>
          <CsvButton name="role-bindings" columns={bindingColumns} rows={pages.readAll} />
          {writes ? (
            <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setGiving(true)}>
              Give a role
            </Button>
          ) : undefined}
        </>
      }
      flush
    >
      <List
        label="Roles"
        columns={columns}
        pages={pages}
        rowKey={({ binding_id: id }) => id}
        maxHeight={320}
        empty={
          <Empty icon="lock" title="No role was given here">
            Roles also come from groups of the identity provider: oidc.roles of the configuration.
          </Empty>
        }
      />
      <Modal opened={giving} onClose={() => setGiving(false)} title="Give a role">
        <GiveRole onDone={() => setGiving(false)} />
      </Modal>
    </Panel>
  );
}

const bindingColumns: readonly Column<Binding>[] = [
  {
    id: "holder",
    head: "Who",
    width: 240,
    grows: true,
    csv: ({ holder }) => holder,
    cell: ({ holder }) => <span className="mono">{holder}</span>,
  },
  { id: "role", head: "Role", width: 110, csv: ({ role }) => role, cell: ({ role }) => <strong>{role}</strong> },
  {
    id: "scope",
    head: "Where",
    width: 240,
    csv: ({ scope }) => scopeText(scope),
    cell: ({ scope }) => scopeText(scope),
  },
  {
    id: "by",
    head: "Given by",
    width: 200,
    csv: ({ created_by: by }) => by,
    cell: ({ created_by: by }) => <span className="quiet">{by}</span>,
  },
  {
    id: "at",
    head: "When",
    width: 110,
    csv: ({ created_at: at }) => at,
    cell: ({ created_at: at }) => <Ago at={at} />,
  },
];

function Users() {
  const pages = usePages<Schemas["User"]>({
    key: ["users"],
    fetch: (cursor, signal) =>
      answer(api.GET("/v1/users", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } }, signal })),
  });
  return (
    <Panel title="People" aside={<CsvButton name="users" columns={userColumns} rows={pages.readAll} />} flush>
      <List
        label="People"
        columns={userColumns}
        pages={pages}
        rowKey={({ user_id: id }) => id}
        maxHeight={300}
        empty={<Empty icon="user" title="Nobody has signed in yet" />}
      />
    </Panel>
  );
}

const userColumns: readonly Column<Schemas["User"]>[] = [
  {
    id: "name",
    head: "Name",
    width: 200,
    grows: true,
    csv: ({ name }) => name,
    cell: ({ name }) => <strong>{name}</strong>,
  },
  { id: "email", head: "Mail", width: 240, csv: ({ email }) => email, cell: ({ email }) => email ?? "–" },
  {
    id: "id",
    head: "Id",
    width: 220,
    csv: ({ user_id: id }) => id,
    cell: ({ user_id: id }) => <span className="mono quiet">{id}</span>,
  },
  {
    ...{ id: "state", head: "State", width: 110, csv: ({ disabled_at: at }: Schemas["User"]) => at },
    cell: ({ disabled_at: at }) => <StateBadge state={at ? "disabled" : "active"} tone={at ? "idle" : "good"} />,
  },
  {
    id: "seen",
    head: "Seen",
    width: 110,
    csv: ({ last_seen_at: at }) => at,
    cell: ({ last_seen_at: at }) => <Ago at={at} />,
  },
];
