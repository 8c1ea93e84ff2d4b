import { Button, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { usePages } from "../../api/pages.ts";
import { useTemporalUrl } from "../../api/server-facts.ts";
import { useMay } from "../../api/session.ts";
import { lastMonths } from "../../lib/costs.ts";
import { bytes, count, money } from "../../lib/format.ts";
import type { Tone } from "../../lib/tone.ts";
import type { Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { OrderForm } from "../../parts/order-form.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";

type Line = Schemas["ReconciliationList"]["items"][number];
type Import = Schemas["CostImport"];

/** Whether what providers state agrees with the rows that they delivered, and the deliveries themselves. */
export function ReconcileSection() {
  const writes = useMay("costs:write");
  const [stating, setStating] = useState(false);
  const search = useSearch({ from: "/cost" });
  const navigate = useNavigate({ from: "/cost" });
  const [now] = useState(Date.now);
  const months = lastMonths(now, 13);
  const month = search.month ?? months[0] ?? "";
  const lines = usePages<Line>({
    key: ["costs", "reconciliation", month],
    fetch: (_cursor, signal) => answer(api.GET("/v1/costs/reconciliation", { params: { query: { month } }, signal })),
    keeps: true,
  });
  const imports = usePages<Import>({
    key: ["costs", "imports"],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/costs/imports", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } }, signal }),
      ),
    refetchMs: 5_000,
  });
  return (
    <>
      <Panel
        title="What providers state, against what their rows add up to"
        aside={
          <>
            <Select
              aria-label="Month"
              data={months.includes(month) ? months : [month, ...months]}
              value={month}
              onChange={(value) => void navigate({ search: (before) => ({ ...before, month: value ?? undefined }) })}
              w={110}
            />
            <CsvButton name="reconciliation" columns={lineColumns} rows={lines.readAll} />
            {writes ? (
              <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setStating(true)}>
                Enter an invoice
              </Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Reconciliation"
          columns={lineColumns}
          pages={lines}
          rowKey={({ source_id: id, month, currency }) => `${id} ${month} ${currency}`}
          maxHeight={340}
          empty={
            <Empty icon="cost" title={`Nothing is known of ${month}`}>
              A month of a source is held against its invoice once both are here.
            </Empty>
          }
        />
      </Panel>
      <Panel
        className="fills"
        title="Deliveries"
        aside={<CsvButton name="cost-imports" columns={importColumns} rows={imports.readAll} />}
        flush
      >
        <List
          label="Deliveries"
          columns={importColumns}
          pages={imports}
          rowKey={({ import_id: id }) => id}
          empty={
            <Empty icon="cost" title="Nothing was delivered yet">
              novacron cost import FILE --source NAME --provider KIND takes FOCUS, CUR 2.0 and Google Cloud's export.
            </Empty>
          }
        />
      </Panel>
      <Modal opened={stating} onClose={() => setStating(false)} title="What an invoice says">
        <StatementForm onDone={() => setStating(false)} />
      </Modal>
    </>
  );
}

function StatementForm({ onDone }: { readonly onDone: () => void }) {
  const sources = useQuery({
    queryKey: ["costs", "sources"],
    queryFn: async ({ signal }) => (await answer(api.GET("/v1/costs/sources", { signal }))).items,
  });
  const [source, setSource] = useState("");
  const [month, setMonth] = useState(() => new Date().toISOString().slice(0, 7));
  const [amount, setAmount] = useState<number | string>("");
  const [currency, setCurrency] = useState("USD");
  const [by, setBy] = useState("");
  const state = useOrder(
    () =>
      answer(
        api.POST("/v1/costs/statements", {
          body: {
            ...{ source, month, said_by: by.trim() },
            amount: { micros: Math.round(Number(amount) * 1e6), currency },
          },
        }),
      ),
    { touches: ["costs"], done: "It is held against the rows", onDone },
  );
  return (
    <OrderForm
      order={state}
      verb="Hold it against the rows"
      disabled={source === "" || by.trim() === "" || amount === ""}
    >
      <Select
        label="Source"
        data={(sources.data ?? []).map(({ source_id: id }) => id)}
        value={source || null}
        onChange={(value) => setSource(value ?? "")}
        searchable
        required
      />
      <TextInput
        label="Month"
        placeholder="2026-11"
        value={month}
        onChange={(event) => setMonth(event.currentTarget.value)}
        required
      />
      <div className="fields">
        <NumberInput label="Amount" value={amount} onChange={setAmount} thousandSeparator=" " required />
        <TextInput
          label="Currency"
          value={currency}
          onChange={(event) => setCurrency(event.currentTarget.value.toUpperCase())}
          maxLength={3}
          required
        />
      </div>
      <TextInput
        label="By"
        placeholder="The invoice's number"
        value={by}
        onChange={(event) => setBy(event.currentTarget.value)}
        required
      />
    </OrderForm>
  );
}

const tones = { agrees: "good", explained: "good", unexplained: "bad", open: "idle" } as const;
const micros = (value: Schemas["Money"] | undefined) => (value === undefined ? undefined : value.micros / 1e6);

const lineColumns: readonly Column<Line>[] = [
  {
    id: "source",
    head: "Source",
    width: 170,
    csv: ({ source_id: id }) => id,
    cell: ({ source_id: id }) => <strong>{id}</strong>,
  },
  { id: "month", head: "Month", width: 90, csv: ({ month }) => month, cell: ({ month }) => month },
  {
    ...{ id: "state", head: "State", width: 120, csv: ({ state }: Line) => state },
    cell: ({ state }) => <StateBadge state={state} tone={tones[state]} />,
  },
  {
    ...{ id: "stated", head: "Stated", width: 120, align: "right" as const, csv: ({ stated }: Line) => micros(stated) },
    cell: ({ stated, said_by: by }) => <span title={by}>{money(stated)}</span>,
  },
  {
    ...{ id: "billed", head: "Rows", width: 120, align: "right" as const, csv: ({ billed }: Line) => micros(billed) },
    cell: ({ billed }) => money(billed),
  },
  {
    ...{ id: "differ", head: "Difference", width: 120, align: "right" as const },
    csv: ({ difference }) => micros(difference),
    cell: ({ difference }) => money(difference),
  },
  {
    ...{
      id: "why",
      head: "What makes it",
      width: 320,
      grows: true,
      csv: ({ explanation }: Line) => explanation.join(" "),
    },
    cell: ({ explanation }) => <span title={explanation.join("\n")}>{explanation.join(" ")}</span>,
  },
];

const importTones: Readonly<Record<Import["state"], Tone>> = {
  waiting: "busy",
  running: "busy",
  imported: "good",
  unchanged: "idle",
  refused: "bad",
  failed: "bad",
};

function ImportRun({ of }: { readonly of: Import }) {
  const temporal = useTemporalUrl(`cost-import/${of.import_id}`);
  const name = of.file_name ?? of.import_id;
  if (temporal === undefined) return <span title={of.import_id}>{name}</span>;
  return (
    <a href={temporal} target="_blank" rel="noreferrer" title="The run in Temporal">
      {name}
    </a>
  );
}

const importColumns: readonly Column<Import>[] = [
  {
    ...{ id: "file", head: "Delivery", width: 190, csv: ({ import_id: id }: Import) => id },
    cell: (delivery) => <ImportRun of={delivery} />,
  },
  { id: "source", head: "Source", width: 140, csv: ({ source_id: id }) => id, cell: ({ source_id: id }) => id },
  {
    ...{ id: "state", head: "State", width: 110, csv: ({ state }: Import) => state },
    cell: ({ state }) => <StateBadge state={state} tone={importTones[state]} />,
  },
  { id: "format", head: "Format", width: 100, csv: ({ format }) => format, cell: ({ format }) => format ?? "–" },
  { id: "rows", head: "Rows", width: 80, align: "right", csv: ({ rows }) => rows, cell: ({ rows }) => count(rows) },
  {
    ...{ id: "bytes", head: "Size", width: 84, align: "right" as const, csv: ({ bytes: size }: Import) => size },
    cell: ({ bytes: size }) => bytes(size),
  },
  {
    id: "months",
    head: "Months",
    width: 150,
    csv: ({ months }) => months.join(" "),
    cell: ({ months }) => months.join(", "),
  },
  {
    ...{ id: "findings", head: "Breaks of FOCUS's rules", width: 230, grows: true },
    csv: ({ message, findings }) => message ?? findings.map(({ rule, rows }) => `${rule}: ${rows}`).join("; "),
    cell: ({ message, findings }) => {
      const text = message ?? findings.map(({ what, rows }) => `${what} (${count(rows)})`).join("; ");
      return <span title={text}>{text}</span>;
    },
  },
  { id: "at", head: "Came", width: 96, csv: ({ created_at: at }) => at, cell: ({ created_at: at }) => <Ago at={at} /> },
];
