import { useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "../../api/client.ts";
import { count } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Panel, Stat } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";

type Plan = Schemas["AddressPlan"];
type Range = Schemas["PlannedRange"];
type Overlap = Plan["overlaps"][number];
type Proposal = Plan["proposals"][number];

/** The ranges of all sites' networks: where they overlap, and what could be done about it. */
export function AddressPlanSection() {
  const query = useQuery({
    queryKey: ["address-plan"],
    queryFn: ({ signal }) => answer(api.GET("/v1/address-plan", { signal })),
    refetchInterval: 30_000,
  });
  if (query.isPending) return <Loading label="Reading the ranges" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const { ranges, overlaps, proposals, unusable } = query.data;
  const clashing = new Set(overlaps.flatMap(({ first, second }) => [keyOf(first), keyOf(second)]));
  const rows = ranges.map((range) => ({ ...range, overlaps: clashing.has(keyOf(range)) }));
  return (
    <>
      <div className="grid grid-stats">
        <Stat label="Ranges" value={count(ranges.length)} sub="of networks that route by themselves" />
        <Stat
          label="Overlaps"
          value={count(overlaps.length)}
          sub={overlaps.length === 0 ? "any two can be joined" : "can't be joined as they are"}
          ring={{
            share: ranges.length ? clashing.size / ranges.length : 0,
            tone: overlaps.length > 0 ? "bad" : "good",
          }}
        />
        <Stat
          label="Not usable"
          value={count(unusable.length)}
          sub={unusable[0]?.reason ?? "all can be planned with"}
        />
      </div>
      {overlaps.length > 0 ? (
        <Panel
          title="What overlaps"
          aside={<CsvButton name="address-overlaps" columns={overlapColumns} rows={() => overlaps} />}
          flush
        >
          <DataTable
            label="Overlaps"
            columns={overlapColumns}
            rows={overlaps}
            rowKey={({ first, second }) => `${keyOf(first)} ${keyOf(second)}`}
            maxHeight={260}
          />
        </Panel>
      ) : undefined}
      {proposals.length > 0 ? (
        <Panel
          title="What could be done"
          aside={<CsvButton name="address-proposals" columns={proposalColumns} rows={() => proposals} />}
          flush
        >
          <DataTable
            label="Proposals"
            columns={proposalColumns}
            rows={proposals}
            rowKey={({ range }) => keyOf(range)}
            maxHeight={260}
          />
        </Panel>
      ) : undefined}
      <Panel
        className="fills"
        title="All ranges"
        aside={<CsvButton name="address-plan" columns={rangeColumns} rows={() => rows} />}
        flush
      >
        <DataTable
          label="Ranges"
          columns={rangeColumns}
          rows={rows}
          rowKey={keyOf}
          instead={
            rows.length === 0 ? (
              <Empty icon="networks" title="No network was read yet">
                Networks come with the inventory of each site.
              </Empty>
            ) : undefined
          }
        />
      </Panel>
    </>
  );
}

const keyOf = ({ site, network_id: id, cidr }: Range) => `${site}/${id}/${cidr}`;
const said = ({ site, name, cidr }: Range) => `${cidr} (${name} at ${site})`;
const relations = {
  equal: "are the same",
  "first-contains-second": "the first contains the second",
  "second-contains-first": "the second contains the first",
} as const;

const rangeColumns: readonly Column<Range & { readonly overlaps: boolean }>[] = [
  {
    id: "cidr",
    head: "Range",
    width: 190,
    csv: ({ cidr }) => cidr,
    cell: ({ cidr }) => <span className="mono">{cidr}</span>,
  },
  {
    ...{
      id: "state",
      head: "State",
      width: 120,
      csv: (range: { overlaps: boolean }) => (range.overlaps ? "overlaps" : "alone"),
    },
    cell: (range) => (
      <StateBadge state={range.overlaps ? "overlaps" : "alone"} tone={range.overlaps ? "bad" : "good"} />
    ),
  },
  { id: "site", head: "Site", width: 170, csv: ({ site }) => site, cell: ({ site }) => site },
  {
    id: "name",
    head: "Network",
    width: 200,
    grows: true,
    csv: ({ name }) => name,
    cell: ({ name }) => <strong>{name}</strong>,
  },
  {
    ...{ id: "id", head: "Its id", width: 280, csv: ({ network_id: id }: Range) => id },
    cell: ({ network_id: id }) => <span className="mono">{id}</span>,
  },
];

const overlapColumns: readonly Column<Overlap>[] = [
  {
    id: "first",
    head: "Range",
    width: 300,
    grows: true,
    csv: ({ first }) => said(first),
    cell: ({ first }) => said(first),
  },
  {
    id: "second",
    head: "And",
    width: 300,
    grows: true,
    csv: ({ second }) => said(second),
    cell: ({ second }) => said(second),
  },
  {
    ...{ id: "relation", head: "How", width: 240, csv: ({ relation }: Overlap) => relation },
    cell: ({ relation }) => relations[relation],
  },
];

const proposalColumns: readonly Column<Proposal>[] = [
  {
    id: "range",
    head: "Range",
    width: 280,
    grows: true,
    csv: ({ range }) => said(range),
    cell: ({ range }) => said(range),
  },
  {
    ...{ id: "clashes", head: "Clashes with", width: 280 },
    csv: ({ clashes_with: clashes }) => clashes.map(said).join("; "),
    cell: ({ clashes_with: clashes }) => (
      <span title={clashes.map(said).join("\n")}>{clashes.map(said).join(", ")}</span>
    ),
  },
  {
    ...{ id: "renumber", head: "Renumber to", width: 210, csv: ({ renumber_to: to }: Proposal) => to?.cidr },
    cell: ({ renumber_to: to }) => (to ? `${to.cidr}${to.pool ? ` of ${to.pool}` : ""}` : "no pool has room"),
  },
  {
    ...{ id: "translate", head: "Or translate to", width: 160, csv: ({ translate_to: to }: Proposal) => to?.cidr },
    cell: ({ translate_to: to }) => <span className="mono">{to?.cidr ?? "–"}</span>,
  },
];
