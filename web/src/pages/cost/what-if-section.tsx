import { Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { count, money, plural, words } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Panel, Stat } from "../../parts/panel.tsx";
import { ProviderBadge, StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";

type Item = Schemas["WhatIf"]["items"][number];
const terms = ["on-demand", "spot", "reserved-1y", "reserved-3y"] as const;

/** What the VMs would cost a month elsewhere, at list price. */
export function WhatIfSection() {
  const search = useSearch({ from: "/cost" });
  const navigate = useNavigate({ from: "/cost" });
  const [typed, setTyped] = useState(search.q ?? "");
  const [asked] = useDebouncedValue(typed.trim(), 500);
  const term = terms.find((each) => each === search.terms);
  useEffect(() => {
    void navigate({ search: (before) => ({ ...before, q: asked || undefined }), replace: true });
  }, [asked, navigate]);
  const query = useQuery({
    queryKey: ["costs", "what-if", asked, term],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/v1/costs/what-if", {
          params: { query: { ...(asked ? { q: asked } : {}), ...(term ? { terms: term } : {}) } },
          signal,
        }),
      ),
    staleTime: 60_000,
    placeholderData: (before) => before,
  });
  const rows = [...(query.data?.items ?? [])].sort((a, b) => b.priced - a.priced || total(a) - total(b));
  return (
    <>
      <div className="wrap">
        <TextInput
          data-page-search
          aria-label="Which VMs"
          placeholder="Which VMs, in the search language: all of them"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          w={420}
        />
        <Select
          aria-label="Terms"
          placeholder="All terms"
          data={terms.map((value) => ({ value, label: words(value) }))}
          value={term ?? null}
          onChange={(value) => void navigate({ search: (before) => ({ ...before, terms: value ?? undefined }) })}
          clearable
          w={150}
        />
      </div>
      {query.isPending ? <Loading label="Pricing the VMs elsewhere" /> : undefined}
      {query.isError ? <Failed error={query.error} onRetry={() => void query.refetch()} /> : undefined}
      {query.data && !query.isError ? (
        <>
          <div className="grid grid-stats">
            <Stat label="VMs" value={count(query.data.vms)} />
            <Stat
              label="Today, a month"
              value={
                query.data.today.unknown === query.data.vms
                  ? "–"
                  : money({ micros: query.data.today.micros, currency: "USD" })
              }
              sub={
                query.data.today.unknown > 0
                  ? `without ${plural(query.data.today.unknown, "VM")} whose price is unknown`
                  : "at list price"
              }
            />
            <Stat
              label="Cheapest that has all of them"
              value={cheapest(rows, query.data.vms)}
              sub="what moving costs is for a plan"
            />
          </div>
          <Panel
            className="fills"
            title="A month elsewhere, at list price"
            aside={<CsvButton name="what-if" columns={columns} rows={() => rows} />}
            flush
          >
            <DataTable
              label="What if"
              columns={columns}
              rows={rows}
              rowKey={(item) => `${item.provider} ${item.region} ${item.terms}`}
              instead={
                rows.length === 0 ? (
                  <Empty icon="cost" title="Nothing can be compared">
                    There are no such VMs, or no price lists were read yet (novacron prices).
                  </Empty>
                ) : undefined
              }
            />
          </Panel>
        </>
      ) : undefined}
    </>
  );
}

const total = ({ machines_micros: machines, disks_micros: disks }: Item) =>
  machines === undefined ? Number.POSITIVE_INFINITY : machines + (disks ?? 0);

function cheapest(rows: readonly Item[], vms: number): string {
  const whole = rows.filter((item) => item.priced === vms && Number.isFinite(total(item)));
  const best = whole.sort((a, b) => total(a) - total(b))[0];
  return best ? money({ micros: total(best), currency: best.currency ?? "USD" }) : "–";
}

const amount = (id: string, head: string, micros: (item: Item) => number | undefined): Column<Item> => ({
  ...{ id, head, width: 120, align: "right" },
  csv: (item) => {
    const value = micros(item);
    return value === undefined ? undefined : value / 1e6;
  },
  cell: (item) => {
    const value = micros(item);
    return money(value === undefined ? undefined : { micros: value, currency: item.currency ?? "USD" });
  },
});
const why = ({ unpriced }: Item) => unpriced.map(({ reason, vms }) => `${vms}: ${reason}`).join("; ");
const confidenceTones = { high: "good", medium: "warn", low: "idle" } as const;

const columns: readonly Column<Item>[] = [
  {
    ...{ id: "provider", head: "Provider", width: 100, csv: ({ provider }: Item) => provider },
    cell: ({ provider }) => <ProviderBadge provider={provider} />,
  },
  { id: "region", head: "Region", width: 150, csv: ({ region }) => region, cell: ({ region }) => region },
  { id: "terms", head: "Terms", width: 110, csv: (item) => item.terms, cell: (item) => words(item.terms) },
  amount("machines", "Machines", ({ machines_micros: micros }) => micros),
  amount("disks", "Disks", ({ disks_micros: micros }) => micros),
  amount("total", "Together", (item) => (Number.isFinite(total(item)) ? total(item) : undefined)),
  { id: "priced", head: "VMs", width: 60, align: "right", csv: ({ priced }) => priced, cell: ({ priced }) => priced },
  {
    ...{ id: "without", head: "Without", width: 230, grows: true, csv: why },
    cell: (item) => <span title={why(item)}>{why(item)}</span>,
  },
  {
    ...{ id: "sure", head: "Confidence", width: 110, csv: ({ confidence }: Item) => confidence },
    cell: ({ confidence, derived }) => (
      <span title={derived ? "The price is worked out of others" : undefined}>
        <StateBadge state={confidence} tone={confidenceTones[confidence]} />
      </span>
    ),
  },
  { id: "of", head: "Prices of", width: 100, csv: ({ priced_on: on }) => on, cell: ({ priced_on: on }) => on ?? "–" },
];
