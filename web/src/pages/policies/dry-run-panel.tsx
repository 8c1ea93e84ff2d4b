import { SegmentedControl } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { count, time } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Facts, Panel } from "../../parts/panel.tsx";
import { Failed, Loading } from "../../parts/states.tsx";
import { TrendPlot } from "../../parts/trend-plot.tsx";

type Moment = Schemas["PolicyDryRunResult"]["moments"][number];
type Example = Moment["examples"][number];

const spans = [
  { value: "now", label: "Now" },
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
];

/** What the policy finds as it is written, asked anew while it is; nothing of it is kept. */
export function DryRunPanel({ draft }: { readonly draft: Schemas["NewPolicy"] }) {
  const [span, setSpan] = useState("now");
  // What a person is still to write says nothing of what is found.
  const asked = JSON.stringify({
    ...{ ...draft, name: draft.name || "draft" },
    ...{ description: draft.description || "A draft", remedy: draft.remedy || "None yet" },
  });
  const [settled] = useDebouncedValue(asked, 500);
  const query = useQuery({
    queryKey: ["policy-dry-run", settled, span],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/v1/policy-dry-runs", {
          body: {
            draft: JSON.parse(settled) as Schemas["NewPolicy"],
            ...(span === "now" ? {} : { from: span }),
          },
          signal,
        }),
      ),
    staleTime: 15_000,
    placeholderData: (before) => before,
  });
  return (
    <Panel
      title="What it would find"
      aside={<SegmentedControl aria-label="Over how long" data={spans} value={span} onChange={setSpan} />}
    >
      {query.isPending ? <Loading rows={5} label="Trying it" /> : undefined}
      {query.isError ? <Failed error={query.error} onRetry={() => void query.refetch()} /> : undefined}
      {query.data && !query.isError ? (
        <div aria-live="polite" style={{ opacity: query.isFetching || settled !== asked ? 0.6 : 1 }}>
          <Found moments={query.data.moments} />
        </div>
      ) : undefined}
    </Panel>
  );
}

function Found({ moments }: { readonly moments: readonly Moment[] }) {
  const newest = moments.at(-1);
  const plot = useMemo(
    () => ({
      at: moments.map(({ at }) => Date.parse(at) / 1000),
      series: [
        { label: "break it", values: moments.map(({ violations }) => violations), tone: "warn" },
        { label: "judged", values: moments.map(({ judged }) => judged), tone: "idle" },
      ],
    }),
    [moments],
  );
  if (!newest) return undefined;
  const { judged, violations, exempt, unknown, examples } = newest;
  return (
    <div className="stack">
      <p>
        <span className="figure tone-text" data-tone={violations > 0 ? "warn" : "good"}>
          {count(violations)}
        </span>{" "}
        of {count(judged)} resources would break it{moments.length > 1 ? `, ${time(newest.at)} UTC` : ""}.
      </p>
      <Facts
        items={[
          ["Exempt", exempt > 0 ? count(exempt) : undefined],
          ["Unknown", unknown > 0 ? `${count(unknown)}: something that it asks of isn't known` : undefined],
        ]}
      />
      {moments.length > 1 ? (
        <>
          <TrendPlot label="How many would have broken it" {...plot} format={count} />
          <div className="wrap">
            <CsvButton name="dry-run" columns={momentColumns} rows={() => moments} />
          </div>
        </>
      ) : undefined}
      {examples.length > 0 ? (
        <>
          <div className="wrap">
            <h3 className="part-title">Examples</h3>
            <CsvButton name="dry-run-examples" columns={exampleColumns} rows={() => examples} />
          </div>
          <DataTable
            label="Examples"
            columns={exampleColumns}
            rows={examples}
            rowKey={({ site, kind, resource_id: id }) => `${site}/${kind}/${id}`}
            maxHeight={300}
          />
        </>
      ) : undefined}
    </div>
  );
}

const momentColumns: readonly Column<Moment>[] = [
  { id: "at", head: "Moment", width: 150, csv: ({ at }) => at, cell: ({ at }) => time(at) },
  { id: "judged", head: "Judged", width: 80, csv: ({ judged }) => judged, cell: ({ judged }) => judged },
  {
    id: "broken",
    head: "Break it",
    width: 80,
    csv: ({ violations }) => violations,
    cell: ({ violations }) => violations,
  },
  { id: "exempt", head: "Exempt", width: 80, csv: ({ exempt }) => exempt, cell: ({ exempt }) => exempt },
  { id: "unknown", head: "Unknown", width: 80, csv: ({ unknown }) => unknown, cell: ({ unknown }) => unknown },
];

const exampleColumns: readonly Column<Example>[] = [
  {
    ...{ id: "name", head: "Resource", width: 110, grows: true, csv: ({ name }: Example) => name },
    cell: ({ name, site, kind, resource_id: id }) => (
      <Link
        to="/inventory"
        search={{ q: `site:${site} id:"${id}"`, open: `${site}/${kind}/${id}` }}
        className="link-like"
      >
        {name}
      </Link>
    ),
  },
  { id: "kind", head: "Kind", width: 74, csv: ({ kind }) => kind, cell: ({ kind }) => kind },
  { id: "site", head: "Site", width: 96, csv: ({ site }) => site, cell: ({ site }) => site },
  {
    ...{ id: "exempt", head: "Exempt", width: 66, csv: ({ exempt }: Example) => exempt },
    cell: ({ exempt }) => (exempt ? "yes" : "–"),
  },
];
