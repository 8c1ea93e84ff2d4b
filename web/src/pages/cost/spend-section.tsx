import { Autocomplete, Button, SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import {
  type DailySeries,
  dailySeries,
  daysOf,
  filterOf,
  type Measure,
  nameOf,
  spanLabels,
  spans,
} from "../../lib/costs.ts";
import { count, money } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { useNow } from "../../parts/now.tsx";
import { Panel, Stat } from "../../parts/panel.tsx";
import { StackPlot } from "../../parts/stack-plot.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";

type Sums = Schemas["CostSums"];
type Group = Sums["groups"][number];

const dimensions = [
  ...["service", "provider", "site", "account", "source", "region", "resource", "category", "pricing"],
  ...["tag:project", "tag:owner", "tag:env"],
];
const measures = [
  { value: "effective", label: "Effective" },
  { value: "billed", label: "Billed" },
  { value: "list", label: "List" },
];
const measureLabels: Readonly<Record<Measure, string>> = {
  effective: "Effective",
  billed: "Billed",
  contracted: "Contracted",
  list: "List",
};
const mostSeries = 6;

/** What it cost by day and by whatever is asked for. A group opens into what it is made of; all of it is in the address. */
export function SpendSection() {
  const search = useSearch({ from: "/cost" });
  const navigate = useNavigate({ from: "/cost" });
  const change = (next: Partial<typeof search>) => void navigate({ search: (before) => ({ ...before, ...next }) });
  const span = spans.find((each) => each === search.span) ?? "30d";
  const by = search.by ?? "service";
  const measure = (measures.find(({ value }) => value === search.cost)?.value ?? "effective") as Measure;
  const now = useNow();
  const { from, to } = daysOf(span, now);
  const shared = {
    from,
    to,
    ...(search.where ? { where: search.where } : {}),
    ...(search.currency ? { currency: search.currency } : {}),
  };
  const sums = useQuery({
    queryKey: ["costs", "sums", by, shared],
    queryFn: ({ signal }) =>
      answer(api.GET("/v1/costs", { params: { query: { ...shared, group_by: by, limit: 1000 } }, signal })),
    staleTime: 60_000,
    placeholderData: (before) => before,
  });
  const daily = useQuery({
    queryKey: ["costs", "daily", by, shared],
    queryFn: ({ signal }) =>
      answer(api.GET("/v1/costs", { params: { query: { ...shared, group_by: `day,${by}`, limit: 1000 } }, signal })),
    staleTime: 60_000,
    placeholderData: (before) => before,
  });
  return (
    <>
      <div className="wrap">
        <SegmentedControl
          aria-label="Over how long"
          value={span}
          onChange={(value) => change({ span: value === "30d" ? undefined : value })}
          data={spans.map((value) => ({ value, label: spanLabels[value] }))}
        />
        <Autocomplete
          aria-label="Grouped by"
          data={dimensions}
          value={by}
          onChange={(value) => change({ by: value === "service" || value === "" ? undefined : value })}
          placeholder="service, tag:KEY …"
          size="xs"
          w={170}
        />
        <SegmentedControl
          aria-label="Which cost"
          value={measure}
          onChange={(value) => change({ cost: value === "effective" ? undefined : value })}
          data={measures}
        />
        <Select
          aria-label="Shown in"
          placeholder="As billed"
          data={["USD", "EUR", "GBP", "CHF"]}
          value={search.currency ?? null}
          onChange={(value) => change({ currency: value ?? undefined })}
          clearable
          w={110}
        />
        {search.where ? (
          <Button
            variant="light"
            rightSection={<Icon name="close" size={12} />}
            aria-label={`All costs, not only ${search.where}`}
            onClick={() => change({ where: undefined })}
          >
            {search.where}
          </Button>
        ) : undefined}
      </div>
      {sums.isPending ? <Loading label="Adding up the costs" /> : undefined}
      {sums.isError ? <Failed error={sums.error} onRetry={() => void sums.refetch()} /> : undefined}
      {sums.data && !sums.isError ? (
        <Spent
          sums={sums.data}
          daily={daily.data}
          by={by}
          measure={measure}
          span={`${from} to ${to}`}
          onOpen={(value) => {
            const own = filterOf(by, value);
            change({
              where: search.where ? `${search.where};${own}` : own,
              by: by === "resource" ? "service" : "resource",
            });
          }}
        />
      ) : undefined}
    </>
  );
}

function Spent(props: {
  readonly sums: Sums;
  readonly daily: Sums | undefined;
  readonly by: string;
  readonly measure: Measure;
  readonly span: string;
  readonly onOpen: (value: string | undefined) => void;
}) {
  const { sums, daily, by, measure, span, onOpen } = props;
  const main = [...sums.totals].sort((a, b) => b.effective - a.effective)[0];
  const currency = main?.currency ?? "USD";
  const plotted = useMemo<DailySeries>(
    () => dailySeries(daily?.groups ?? [], { dimension: by, currency, measure, most: mostSeries }),
    [daily, by, currency, measure],
  );
  const format = useMemo(() => (value: number) => money({ micros: Math.round(value * 1e6), currency }), [currency]);
  if (!main) {
    return (
      <Empty icon="cost" title="No cost is known of these days">
        Deliveries come from a cloud's export, from a file (novacron cost import), or from hosts whose price the
        configuration says.
      </Empty>
    );
  }
  const columns = columnsOf(by, new Map(sums.totals.map((total) => [total.currency, total[measure] ?? 0])), measure);
  const cut = (daily?.rest ?? []).reduce((sum, { groups }) => sum + groups, 0);
  return (
    <>
      <div className="grid grid-stats">
        {sums.totals.map((total) => {
          const micros = total[measure];
          return (
            <Stat
              key={total.currency}
              label={`${measureLabels[measure]} cost`}
              value={money(micros === undefined ? undefined : { micros, currency: total.currency })}
              sub={`billed ${money({ micros: total.billed, currency: total.currency })}`}
            />
          );
        })}
        <Saved totals={main} />
        <Stat label="Groups" value={count(sums.groups.length)} sub={`by ${by}`} />
      </div>
      {sums.unconverted.length > 0 ? (
        <p className="tone-text" data-tone="warn" role="status">
          {sums.unconverted.map((each) => `${each.currency} of ${each.months.join(", ")}`).join("; ")} stays as billed:
          nobody said what it was worth (novacron cost rate).
        </p>
      ) : undefined}
      <Panel title={`${measureLabels[measure]} cost a day, in ${currency}`} aside={<span>{span}</span>}>
        {plotted.at.length > 0 ? (
          <StackPlot label={`${measure} cost a day by ${by}`} at={plotted.at} series={plotted.series} format={format} />
        ) : (
          <Loading rows={5} label="Adding up the days" />
        )}
        {cut > 0 ? <p className="quiet">{count(cut)} smaller sums of a day are not drawn.</p> : undefined}
      </Panel>
      <Panel
        title={`By ${by}`}
        aside={<CsvButton name={`costs-by-${by}`} columns={columns} rows={() => sums.groups} />}
        flush
      >
        <DataTable
          label={`Costs by ${by}`}
          columns={columns}
          rows={sums.groups}
          rowKey={({ key, currency: of }) => `${key[by] ?? ""} ${of}`}
          onOpen={({ key }) => onOpen(key[by])}
          maxHeight={460}
        />
      </Panel>
    </>
  );
}

/** What agreements and commitments made of the list price. */
function Saved({ totals }: { readonly totals: Sums["totals"][number] }) {
  const { list, effective, currency } = totals;
  if (list === undefined || list <= 0)
    return <Stat label="Below list price" value="–" sub="deliveries say no list price" />;
  const share = Math.max(0, 1 - effective / list);
  return (
    <Stat
      label="Below list price"
      value={`${(share * 100).toFixed(1)} %`}
      sub={`${money({ micros: list - effective, currency })} less than list`}
      ring={{ share, tone: "good" }}
    />
  );
}

function columnsOf(by: string, totals: ReadonlyMap<string, number>, measure: Measure): readonly Column<Group>[] {
  const amount = (id: Measure, head: string): Column<Group> => {
    const micros = (group: Group) => group[id];
    return {
      ...{ id, head, width: 130, align: "right" },
      csv: (group) => {
        const value = micros(group);
        return value === undefined ? undefined : value / 1e6;
      },
      cell: (group) => {
        const value = micros(group);
        return money(value === undefined ? undefined : { micros: value, currency: group.currency });
      },
    };
  };
  const share = (group: Group) => {
    const total = totals.get(group.currency) ?? 0;
    return total > 0 ? (group[measure] ?? 0) / total : 0;
  };
  return [
    {
      ...{ id: "key", head: by, width: 220, grows: true, csv: ({ key }: Group) => key[by] },
      cell: ({ key }) => (key[by] ? <strong>{key[by]}</strong> : <span className="quiet">{nameOf(key[by])}</span>),
    },
    {
      ...{ id: "share", head: "Share", width: 150, csv: share },
      cell: (group) => (
        <span className="bar-row">
          <span className="bar" data-tone="busy">
            <span style={{ width: `${Math.min(100, Math.max(0, share(group) * 100))}%` }} />
          </span>
          <span className="quiet">{(share(group) * 100).toFixed(0)} %</span>
        </span>
      ),
    },
    amount("effective", "Effective"),
    amount("billed", "Billed"),
    amount("contracted", "Contracted"),
    amount("list", "List"),
    { id: "currency", head: "Currency", width: 92, csv: ({ currency }) => currency, cell: ({ currency }) => currency },
    { id: "rows", head: "Rows", width: 80, align: "right", csv: ({ rows }) => rows, cell: ({ rows }) => count(rows) },
  ];
}
