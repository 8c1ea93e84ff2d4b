import { Link } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import type { Column } from "../../parts/data-table.tsx";
import { ListPanel } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";

type AlertEvent = Schemas["AlertEvent"];

/** What fired and was resolved, also by rules that are gone. */
export function HistorySection() {
  const pages = usePages<AlertEvent>({
    key: ["alerts", "events"],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/alerts/events", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } }, signal }),
      ),
    refetchMs: 5_000,
  });
  return (
    <ListPanel
      title="What fired and was resolved"
      csv="alert-history"
      label="History"
      columns={columns}
      pages={pages}
      rowKey={({ sequence }) => String(sequence)}
      empty={<Empty icon="alerts" title="Nothing has fired yet" />}
    />
  );
}

const columns: readonly Column<AlertEvent>[] = [
  { id: "at", head: "At", width: 110, csv: ({ at }) => at, cell: ({ at }) => <Ago at={at} /> },
  {
    ...{ id: "to", head: "Came to be", width: 120, csv: ({ to }: AlertEvent) => to },
    cell: ({ to }) => <StateBadge state={to} tone={to === "firing" ? "bad" : "good"} />,
  },
  {
    ...{ id: "rule", head: "Rule", width: 180, csv: ({ rule_name: rule }: AlertEvent) => rule },
    cell: ({ rule_name: rule }) => <strong>{rule}</strong>,
  },
  { id: "site", head: "Site", width: 150, csv: ({ site }) => site, cell: ({ site }) => site },
  {
    ...{ id: "resource", head: "Of", width: 230, csv: ({ resource_id: id }: AlertEvent) => id },
    cell: ({ resource_id: id, site }) => (
      <Link to="/inventory" search={{ q: `site:${site} id:"${id}"` }} className="mono">
        {id}
      </Link>
    ),
  },
  {
    ...{ id: "value", head: "Value", width: 100, align: "right" as const, csv: ({ value }: AlertEvent) => value },
    cell: ({ value }) => (value === undefined ? "–" : Number(value.toPrecision(4))),
  },
  {
    ...{ id: "times", head: "Time", width: 70, align: "right" as const },
    csv: ({ occurrence }) => occurrence,
    cell: ({ occurrence }) => `${occurrence}.`,
  },
  {
    ...{ id: "note", head: "Note", width: 220, grows: true, csv: ({ note }: AlertEvent) => note },
    cell: ({ note }) => <span title={note}>{note ?? ""}</span>,
  },
];
