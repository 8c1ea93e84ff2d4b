import { Button, SegmentedControl } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useTemporalUrl } from "../../api/server-facts.ts";
import { useMay } from "../../api/session.ts";
import { figure } from "../../lib/figures.ts";
import { severityTone } from "../../lib/tone.ts";
import type { Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago, useNow } from "../../parts/now.tsx";
import { Panel, Stat } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";
import { type SilenceDraft, SilenceModal } from "./silence-modal.tsx";

type Alert = Schemas["Alert"];
const states = ["firing", "pending", "resolved"] as const;
/** Rules are looked at every half minute; after this nobody looks. */
const lateMs = 180_000;

/** How alerts stand now, those that fire first. */
export function AlertsSection() {
  const { state, rule } = useSearch({ from: "/alerts" });
  const navigate = useNavigate({ from: "/alerts" });
  const writes = useMay("alerts:write");
  const [silencing, setSilencing] = useState<SilenceDraft>();
  const pages = usePages<Alert, Schemas["AlertList"]>({
    key: ["alerts", "list", rule],
    fetch: (_cursor, signal) => answer(api.GET("/v1/alerts", { params: { query: rule ? { rule } : {} }, signal })),
    refetchMs: 5_000,
    keeps: true,
  });
  const shown = states.find((each) => each === state);
  const rows = shown ? pages.rows.filter((row) => row.state === shown) : pages.rows;
  const number = (wanted: Alert["state"]) => pages.rows.filter((row) => row.state === wanted).length;
  const silenced = pages.rows.filter((row) => row.silenced && row.state === "firing").length;
  const columns: readonly Column<Alert>[] = [
    ...alertColumns,
    {
      ...{ id: "silence", head: "Actions", width: 96 },
      cell: (alert) =>
        writes && alert.state !== "resolved" && !alert.silenced ? (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label={`Silence ${alert.rule} of ${alert.resource_id}`}
            onClick={() => setSilencing({ rule: alert.rule, site: alert.site, resource: alert.resource_id })}
          >
            Silence…
          </Button>
        ) : undefined,
    },
  ];
  return (
    <>
      <div className="grid grid-stats">
        <Stat
          label="Firing"
          value={number("firing")}
          sub={silenced > 0 ? `${silenced} of them silenced` : "people are told of them"}
          ring={{
            share: pages.rows.length === 0 ? 0 : number("firing") / pages.rows.length,
            tone: number("firing") > 0 ? "bad" : "good",
          }}
        />
        <Stat label="Pending" value={number("pending")} sub="not for long enough yet" />
        <Stat label="Resolved" value={number("resolved")} sub="held once, and does not now" />
        <LookedAt at={pages.first?.evaluated_at} />
      </div>
      <Panel
        className="fills"
        title="Alerts"
        aside={
          <>
            {rule ? (
              <Button
                variant="light"
                rightSection={<Icon name="close" size={12} />}
                aria-label={`Alerts of all rules, not only ${rule}`}
                onClick={() => void navigate({ search: (before) => ({ ...before, rule: undefined }) })}
              >
                {rule}
              </Button>
            ) : undefined}
            <SegmentedControl
              aria-label="State"
              value={shown ?? "all"}
              onChange={(next) =>
                void navigate({ search: (before) => ({ ...before, state: next === "all" ? undefined : next }) })
              }
              data={[{ value: "all", label: "All" }, ...states.map((value) => ({ value, label: value }))]}
            />
            <CsvButton name="alerts" columns={alertColumns} rows={() => rows} />
          </>
        }
        flush
      >
        <List
          label="Alerts"
          columns={columns}
          pages={{ ...pages, rows }}
          rowKey={({ rule_id: id, site, resource_id: resource }) => `${id}/${site}/${resource}`}
          empty={
            <Empty icon="alerts" title={shown ? `Nothing is ${shown}` : "Nothing fires"}>
              {shown ? "Another state may have some." : "No rule's condition was ever met; Rules says what they are."}
            </Empty>
          }
        />
      </Panel>
      <SilenceModal draft={silencing} onClose={() => setSilencing(undefined)} />
    </>
  );
}

/** A list that says «nothing fires» is worth as much as the look that found it. */
function LookedAt({ at }: { readonly at: string | undefined }) {
  const now = useNow();
  const temporal = useTemporalUrl("alerts/watch");
  const late = at === undefined || now - Date.parse(at) > lateMs;
  return (
    <Stat
      label="Rules were looked at"
      value={
        <span className="tone-text" data-tone={late ? "bad" : undefined}>
          {at === undefined ? "never" : <Ago at={at} />}
        </span>
      }
      sub={
        temporal ? (
          <a href={temporal} target="_blank" rel="noreferrer">
            by the run alerts/watch
          </a>
        ) : late ? (
          "no worker looks: is one running?"
        ) : (
          "by the run alerts/watch"
        )
      }
    />
  );
}

const metricOf = ({ condition }: Alert) => condition.split(" ")[0] ?? "";

const alertColumns: readonly Column<Alert>[] = [
  {
    ...{ id: "state", head: "State", width: 132, csv: ({ state }: Alert) => state },
    cell: ({ state, silenced, severity }) => (
      <span className="wrap">
        <StateBadge
          state={state}
          tone={state === "firing" ? severityTone(severity) : state === "pending" ? "busy" : "good"}
        />
        {silenced ? <span className="tag">silenced</span> : undefined}
      </span>
    ),
  },
  {
    ...{ id: "severity", head: "Severity", width: 80, csv: ({ severity }: Alert) => severity },
    cell: ({ severity }) => severity,
  },
  {
    ...{ id: "rule", head: "Rule", width: 150, csv: ({ rule }: Alert) => rule },
    cell: ({ rule }) => (
      <Link to="/alerts" search={{ rule }} className="link-like">
        {rule}
      </Link>
    ),
  },
  { id: "site", head: "Site", width: 124, csv: ({ site }) => site, cell: ({ site }) => site },
  {
    ...{ id: "resource", head: "Of", width: 160, grows: true, csv: ({ resource_id: id }: Alert) => id },
    cell: ({ resource_id: id, site }) => (
      <Link to="/inventory" search={{ q: `site:${site} id:"${id}"` }} className="mono">
        {id}
      </Link>
    ),
  },
  {
    ...{ id: "value", head: "Value", width: 84, align: "right" as const, csv: ({ value }: Alert) => value },
    cell: (alert) => figure(metricOf(alert), alert.value),
  },
  {
    ...{ id: "condition", head: "Condition", width: 200, csv: ({ condition }: Alert) => condition },
    cell: ({ condition, note }) => <span title={note}>{note ?? condition}</span>,
  },
  { id: "since", head: "Since", width: 92, csv: ({ since }) => since, cell: ({ since }) => <Ago at={since} /> },
  {
    ...{ id: "times", head: "Times", width: 60, align: "right" as const, csv: ({ occurrence }: Alert) => occurrence },
    cell: ({ occurrence }) => occurrence,
  },
];
