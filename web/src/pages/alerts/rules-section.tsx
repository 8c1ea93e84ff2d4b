import { Button, Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { conditionText, subjectText } from "../../lib/figures.ts";
import { duration } from "../../lib/format.ts";
import { Confirm, useConfirmed } from "../../parts/confirm.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Panel } from "../../parts/panel.tsx";
import { RowAction } from "../../parts/row-action.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { rulesQuery } from "./queries.ts";
import { RuleForm } from "./rule-form.tsx";

type Rule = Schemas["AlertRule"];

/** When a figure is a reason to tell somebody, and whom. One of them, or `new`, is open by the address. */
export function RulesSection() {
  const { open } = useSearch({ from: "/alerts" });
  const navigate = useNavigate({ from: "/alerts" });
  const writes = useMay("alerts:write");
  const go = (next: string | undefined) => void navigate({ search: { show: "rules", open: next } });
  const pages = usePages<Rule>({
    key: ["alert-rules", "list"],
    fetch: (_cursor, signal) => answer(api.GET("/v1/alert-rules", { signal })),
    refetchMs: 10_000,
  });
  const {
    row: removing,
    ask,
    shown,
  } = useConfirmed(
    ({ rule_id: id }: Rule) => answer(api.DELETE("/v1/alert-rules/{id}", { params: { path: { id } } })),
    {
      touches: ["alert-rules", "alerts"],
      done: "The rule is removed",
    },
  );
  const columns: readonly Column<Rule>[] = [
    ...ruleColumns,
    {
      ...{ id: "remove", head: "Actions", width: 168 },
      cell: (rule) =>
        writes ? (
          <span className="row-actions">
            <RowAction verb="Change" of={rule.name} onClick={() => go(rule.rule_id)} />
            <RowAction verb="Remove" of={rule.name} ends onClick={() => ask(rule)} />
          </span>
        ) : undefined,
    },
  ];
  return (
    <>
      <Panel
        className="fills"
        title="Rules"
        aside={
          <>
            <CsvButton name="alert-rules" columns={ruleColumns} rows={pages.readAll} />
            {writes ? (
              <Button leftSection={<Icon name="plus" size={13} />} onClick={() => go("new")}>
                Make a rule
              </Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Rules"
          columns={columns}
          pages={pages}
          rowKey={({ rule_id: id }) => id}
          {...(writes ? { onOpen: ({ rule_id: id }: Rule) => go(id) } : {})}
          empty={
            <Empty icon="alerts" title="There is no rule">
              Nobody is told of anything until there is one.
            </Empty>
          }
        />
      </Panel>
      <Drawer
        opened={open !== undefined}
        onClose={() => go(undefined)}
        position="right"
        size={480}
        title={open === "new" ? "Make a rule" : "Change the rule"}
        closeButtonProps={{ "aria-label": "Close" }}
        transitionProps={{ duration: 120 }}
      >
        {open ? <OpenRule key={open} open={open} onDone={() => go(undefined)} /> : undefined}
      </Drawer>
      <Confirm {...shown} title={`Remove ${removing?.name ?? ""}`} verb="Remove it">
        What fires by it is resolved, and people are told so. What it fired is kept in the history.
      </Confirm>
    </>
  );
}

function OpenRule({ open, onDone }: { readonly open: string; readonly onDone: () => void }) {
  const rules = useQuery({ ...rulesQuery, enabled: open !== "new" });
  if (open === "new") return <RuleForm rule={undefined} onDone={onDone} />;
  if (rules.isPending) return <Loading label="Reading the rule" />;
  if (rules.isError) return <Failed error={rules.error} onRetry={() => void rules.refetch()} />;
  const rule = rules.data.find(({ rule_id: id, name }) => id === open || name === open);
  return rule ? (
    <RuleForm rule={rule} onDone={onDone} />
  ) : (
    <Empty icon="alerts" title="There is no such rule">
      It was removed, or is not for you to see.
    </Empty>
  );
}

const ruleColumns: readonly Column<Rule>[] = [
  {
    ...{ id: "name", head: "Name", width: 150, csv: ({ name }: Rule) => name },
    cell: ({ name }) => (
      <Link to="/alerts" search={{ rule: name }} className="link-like" title={`Alerts of ${name}`}>
        {name}
      </Link>
    ),
  },
  {
    ...{ id: "on", head: "State", width: 64, csv: ({ enabled }: Rule) => (enabled ? "on" : "off") },
    cell: ({ enabled }) => <StateBadge state={enabled ? "on" : "off"} tone={enabled ? "good" : "idle"} />,
  },
  {
    ...{ id: "severity", head: "Severity", width: 80, csv: ({ severity }: Rule) => severity },
    cell: ({ severity }) => severity,
  },
  {
    ...{ id: "condition", head: "Fires when", width: 250, grows: true, csv: conditionText },
    cell: (rule) => <span className="mono">{conditionText(rule)}</span>,
  },
  { id: "of", head: "Of", width: 130, csv: subjectText, cell: subjectText },
  {
    ...{ id: "resolve", head: "Resolved after", width: 110 },
    csv: ({ resolve_after_seconds: after }) => after,
    cell: ({ resolve_after_seconds: after }) => duration(after),
  },
  {
    ...{ id: "tells", head: "Tells", width: 180, csv: ({ actions }: Rule) => actions.join(" ") },
    cell: ({ actions }) => <span title={actions.join(", ")}>{actions.join(", ") || "nobody"}</span>,
  },
];
