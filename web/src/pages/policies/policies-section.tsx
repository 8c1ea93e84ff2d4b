import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { severityTone } from "../../lib/tone.ts";
import { Confirm, useConfirmed } from "../../parts/confirm.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { ListPanel } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Stat } from "../../parts/panel.tsx";
import { RowAction } from "../../parts/row-action.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";
import { Packs } from "./packs.tsx";
import { policiesQuery } from "./queries.ts";

type Policy = Schemas["Policy"];

export function PoliciesSection() {
  const navigate = useNavigate();
  const writes = useMay("policies:write");
  const pages = usePages<Policy>({
    key: ["policies", "list"],
    fetch: (_cursor, signal) => answer(api.GET("/v1/policies", { signal })),
    refetchMs: 10_000,
  });
  const touches = ["policies", "policy-findings"];
  const {
    row: removing,
    ask,
    shown,
  } = useConfirmed(
    ({ policy_id: id }: Policy) => answer(api.DELETE("/v1/policies/{id}", { params: { path: { id } } })),
    {
      touches,
      done: "The policy is removed",
    },
  );
  const columns: readonly Column<Policy>[] = [
    ...policyColumns,
    {
      ...{ id: "actions", head: "Actions", width: 90 },
      cell: (policy) =>
        writes ? <RowAction verb="Remove" of={policy.name} ends onClick={() => ask(policy)} /> : undefined,
    },
  ];
  return (
    <>
      <Totals />
      <ListPanel
        title="All policies"
        csv="policies"
        label="Policies"
        columns={columns}
        pages={pages}
        rowKey={({ policy_id: id }) => id}
        onOpen={({ name }) => void navigate({ to: "/policies/$id", params: { id: name } })}
        empty={
          <Empty icon="policies" title="There is no policy">
            Write one, or take those of a pack below.
          </Empty>
        }
      />
      <Packs />
      <Confirm {...shown} title={`Remove ${removing?.name ?? ""}`} verb="Remove it">
        Its findings, exemptions and standing approvals go with it. Switching it off keeps them.
      </Confirm>
    </>
  );
}

function Totals() {
  const { data } = useQuery(policiesQuery);
  if (!data || data.length === 0) return undefined;
  const sum = (of: (policy: Policy) => number | undefined) =>
    data.reduce((total, policy) => total + (policy.enabled ? (of(policy) ?? 0) : 0), 0);
  const judged = sum(({ judged }) => judged);
  const open = sum(({ open }) => open);
  const grave = data
    .filter(({ severity, enabled }) => enabled && severityTone(severity) === "bad")
    .reduce((total, policy) => total + (policy.open ?? 0), 0);
  return (
    <div className="grid grid-stats">
      <Stat label="Policies on" value={`${data.filter(({ enabled }) => enabled).length} of ${data.length}`} />
      <Stat
        label="Open findings"
        value={open}
        sub={`${grave} of them critical or high`}
        ring={{ share: judged === 0 ? 0 : open / judged, tone: grave > 0 ? "bad" : open > 0 ? "warn" : "good" }}
      />
      <Stat label="Exempt" value={sum(({ exempt }) => exempt)} sub="for a while, with an owner" />
      <Stat label="Unknown" value={sum(({ unknown }) => unknown)} sub="something that a rule asks of isn't known" />
    </div>
  );
}

const counted = (id: string, head: string, of: (policy: Policy) => number | undefined): Column<Policy> => ({
  ...{ id, head, width: 72, align: "right", csv: of },
  cell: (policy) => of(policy) ?? <span className="quiet">–</span>,
});

const policyColumns: readonly Column<Policy>[] = [
  {
    ...{ id: "name", head: "Name", width: 165, csv: ({ name }: Policy) => name },
    cell: ({ name }) => (
      <Link to="/policies/$id" params={{ id: name }} className="link-like">
        {name}
      </Link>
    ),
  },
  {
    ...{ id: "on", head: "State", width: 58, csv: ({ enabled }: Policy) => (enabled ? "on" : "off") },
    cell: ({ enabled }) => <StateBadge state={enabled ? "on" : "off"} tone={enabled ? "good" : "idle"} />,
  },
  {
    ...{ id: "severity", head: "Severity", width: 92, csv: ({ severity }: Policy) => severity },
    cell: ({ severity }) => <StateBadge state={severity} tone={severityTone(severity)} />,
  },
  { id: "type", head: "Type", width: 92, csv: ({ type }) => type, cell: ({ type }) => type },
  {
    ...{ id: "says", head: "Says", width: 190, grows: true, csv: ({ description }: Policy) => description },
    cell: ({ description }) => <span title={description}>{description}</span>,
  },
  {
    ...{ id: "does", head: "Does", width: 120, csv: ({ actions }: Policy) => actions.join(" ") },
    cell: ({ actions }) => <span title={actions.join(", ")}>{actions.join(", ")}</span>,
  },
  counted("judged", "Judged", ({ judged }) => judged),
  {
    ...counted("open", "Open", ({ open }) => open),
    cell: ({ name, open }) =>
      open ? (
        <Link to="/policies" search={{ show: "findings", policy: name }} className="link-like">
          {open}
        </Link>
      ) : (
        (open ?? <span className="quiet">–</span>)
      ),
  },
  counted("exempt", "Exempt", ({ exempt }) => exempt),
  counted("unknown", "Unknown", ({ unknown }) => unknown),
  {
    ...{ id: "judged_at", head: "Looked at", width: 92, csv: ({ judged_at: at }: Policy) => at },
    cell: ({ judged_at: at }) => <Ago at={at} />,
  },
];
