import { useMemo } from "react";
import type { Schemas } from "../../api/client.ts";
import type { usePages } from "../../api/pages.ts";
import { burstReasons, decisionTimeline } from "../../lib/burst.ts";
import { count, duration, words } from "../../lib/format.ts";
import type { Column } from "../../parts/data-table.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";
import { TrendPlot } from "../../parts/trend-plot.tsx";
import { actionTones } from "./now-panel.tsx";

type Decision = Schemas["BurstDecision"];

/** What it decided over time, and why, also where it did nothing. */
export function DecisionsPanel(props: {
  readonly pool: string;
  readonly pages: ReturnType<typeof usePages<Decision>>;
}) {
  const { pool, pages } = props;
  const plot = useMemo(() => {
    const { at, wanted, have } = decisionTimeline(pages.rows);
    return {
      at,
      series: [
        { label: "wanted", values: wanted, tone: "warn" },
        { label: "there", values: have, tone: "busy" },
      ],
    };
  }, [pages.rows]);
  return (
    <Panel
      title="Decisions"
      aside={<CsvButton name={`decisions-${pool}`} columns={columns} rows={pages.readAll} />}
      flush
    >
      {plot.series.some(({ values }) => values.some((value) => value > 0)) ? (
        <TrendPlot label="VMs that were wanted, and there" {...plot} format={count} />
      ) : undefined}
      <List
        label="Decisions"
        columns={columns}
        pages={pages}
        rowKey={({ decision_id: id }) => String(id)}
        maxHeight={340}
        empty={<Empty icon="bursting" title="It has decided nothing yet" />}
      />
    </Panel>
  );
}

const columns: readonly Column<Decision>[] = [
  { id: "from", head: "From", width: 100, csv: ({ from }) => from, cell: ({ from }) => <Ago at={from} /> },
  {
    ...{ id: "lasted", head: "Held", width: 96, align: "right" as const, csv: ({ until }: Decision) => until },
    cell: ({ from, until }) => duration((Date.parse(until) - Date.parse(from)) / 1000),
  },
  { id: "looks", head: "Looks", width: 70, align: "right", csv: ({ looks }) => looks, cell: ({ looks }) => looks },
  {
    ...{ id: "action", head: "Did", width: 100, csv: ({ action }: Decision) => action },
    cell: ({ action }) => <StateBadge state={action} tone={actionTones[action]} />,
  },
  {
    id: "wanted",
    head: "Wanted",
    width: 76,
    align: "right",
    csv: ({ wanted }) => wanted,
    cell: ({ wanted }) => wanted,
  },
  { id: "have", head: "There", width: 70, align: "right", csv: ({ have }) => have, cell: ({ have }) => have },
  {
    ...{ id: "reason", head: "Because", width: 250, csv: ({ reason }: Decision) => reason },
    cell: ({ reason }) => burstReasons[reason] ?? words(reason),
  },
  {
    ...{ id: "detail", head: "In full", width: 300, grows: true, csv: ({ detail }: Decision) => detail },
    cell: ({ detail }) => <span title={detail}>{detail}</span>,
  },
];
