import { Autocomplete, Button, Modal, SegmentedControl, Select, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { daysOf, spanLabels, spans } from "../../lib/costs.ts";
import { money } from "../../lib/format.ts";
import { Confirm, useConfirmed } from "../../parts/confirm.tsx";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { useNow } from "../../parts/now.tsx";
import { OrderForm } from "../../parts/order-form.tsx";
import { Panel } from "../../parts/panel.tsx";
import { RowAction } from "../../parts/row-action.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";

type Charged = Schemas["Chargeback"]["items"][number];
type Line = Charged["lines"][number];
type Rule = Schemas["SplitRule"];

/** Who pays what: own costs, and shares of what the rules divide. */
export function ChargebackSection() {
  const search = useSearch({ from: "/cost" });
  const navigate = useNavigate({ from: "/cost" });
  const change = (next: Partial<typeof search>) => void navigate({ search: (before) => ({ ...before, ...next }) });
  const span = spans.find((each) => each === search.span) ?? "this-month";
  const by = search.by ?? "tag:project";
  const now = useNow();
  const { from, to } = daysOf(span, now);
  const query = useQuery({
    queryKey: ["costs", "chargeback", by, from, to],
    queryFn: ({ signal }) => answer(api.GET("/v1/costs/chargeback", { params: { query: { from, to, by } }, signal })),
    staleTime: 60_000,
    placeholderData: (before) => before,
  });
  return (
    <>
      <div className="wrap">
        <SegmentedControl
          aria-label="Over how long"
          value={span}
          onChange={(value) => change({ span: value === "this-month" ? undefined : value })}
          data={spans.map((value) => ({ value, label: spanLabels[value] }))}
        />
        <Autocomplete
          aria-label="Who pays, by"
          data={["tag:project", "tag:owner", "tag:env", "account"]}
          value={by}
          onChange={(value) => change({ by: value === "tag:project" || value === "" ? undefined : value })}
          size="xs"
          w={170}
        />
      </div>
      {query.isPending ? <Loading label="Dividing the costs" /> : undefined}
      {query.isError ? <Failed error={query.error} onRetry={() => void query.refetch()} /> : undefined}
      {query.data && !query.isError && query.data.items.length === 0 ? (
        <Empty icon="cost" title="No cost is known of these days" />
      ) : undefined}
      {query.isError
        ? undefined
        : query.data?.items.map((charged) => <ChargedPanel key={charged.currency} charged={charged} by={by} />)}
      <SplitRules />
    </>
  );
}

function ChargedPanel({ charged, by }: { readonly charged: Charged; readonly by: string }) {
  const { currency, lines, undivided, total_micros: total } = charged;
  const show = (micros: number) => money({ micros, currency });
  const shared = ({ shares }: Line) => shares.reduce((sum, { micros }) => sum + micros, 0);
  const columns: readonly Column<Line>[] = [
    {
      ...{ id: "owner", head: by, width: 220, grows: true, csv: ({ owner }: Line) => owner },
      cell: ({ owner }) =>
        owner ? <strong>{owner}</strong> : <span className="quiet">nobody: it carries no tag</span>,
    },
    {
      ...{ id: "own", head: "Own", width: 140, align: "right" as const },
      csv: ({ direct_micros: micros }) => micros / 1e6,
      cell: ({ direct_micros: micros }) => show(micros),
    },
    {
      ...{ id: "shares", head: "Shares of", width: 260 },
      csv: ({ shares }) => shares.map(({ rule, micros }) => `${rule} ${micros / 1e6}`).join("; "),
      cell: ({ shares }) => shares.map(({ rule, micros }) => `${rule} ${show(micros)}`).join(", ") || "–",
    },
    {
      ...{ id: "shared", head: "Shared", width: 140, align: "right" as const },
      csv: (line) => shared(line) / 1e6,
      cell: (line) => show(shared(line)),
    },
    {
      ...{ id: "total", head: "Pays", width: 140, align: "right" as const },
      csv: ({ total_micros: micros }) => micros / 1e6,
      cell: ({ total_micros: micros }) => <strong>{show(micros)}</strong>,
    },
  ];
  return (
    <Panel
      title={`Who pays what, of ${show(total)}`}
      aside={<CsvButton name={`chargeback-${currency}`} columns={columns} rows={() => lines} />}
      flush
    >
      <DataTable
        label={`Chargeback in ${currency}`}
        columns={columns}
        rows={lines}
        rowKey={({ owner }) => owner ?? ""}
        maxHeight={420}
      />
      {undivided.map(({ rule, micros, reason }) => (
        <p key={rule} className="tone-text table-more" data-tone="warn">
          {show(micros)} of {rule} stays undivided: {reason}
        </p>
      ))}
    </Panel>
  );
}

/** How shared costs are divided, in the order in which the rules apply. */
function SplitRules() {
  const writes = useMay("costs:write");
  const [making, setMaking] = useState(false);
  const pages = usePages<Rule>({
    key: ["split-rules"],
    fetch: (_cursor, signal) => answer(api.GET("/v1/costs/split-rules", { signal })),
  });
  const {
    row: removing,
    ask,
    shown,
  } = useConfirmed(
    ({ rule_id: id }: Rule) => answer(api.DELETE("/v1/costs/split-rules/{id}", { params: { path: { id } } })),
    { touches: ["split-rules", "costs"], done: "The rule is removed" },
  );
  const columns: readonly Column<Rule>[] = [
    ...ruleColumns,
    {
      ...{ id: "actions", head: "Actions", width: 96 },
      cell: (rule) => (writes ? <RowAction verb="Remove" of={rule.name} ends onClick={() => ask(rule)} /> : undefined),
    },
  ];
  return (
    <Panel
      title="How shared costs are divided"
      aside={
        <>
          <CsvButton name="split-rules" columns={ruleColumns} rows={pages.readAll} />
          {writes ? (
            <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setMaking(true)}>
              Divide a cost
            </Button>
          ) : undefined}
        </>
      }
      flush
    >
      <List
        label="Split rules"
        columns={columns}
        pages={pages}
        rowKey={({ rule_id: id }) => id}
        maxHeight={260}
        empty={
          <Empty icon="cost" title="Nothing is divided">
            Every cost is whose tag it carries.
          </Empty>
        }
      />
      <Modal opened={making} onClose={() => setMaking(false)} title="Divide a shared cost">
        <SplitForm onDone={() => setMaking(false)} />
      </Modal>
      <Confirm {...shown} title={`Remove ${removing?.name ?? ""}`} verb="Remove it">
        Its costs are those of whoever they carry the tag of, also of days that are past.
      </Confirm>
    </Panel>
  );
}

const methods = [
  { value: "use", label: "by what each spends itself" },
  { value: "even", label: "evenly" },
  { value: "weight", label: "by parts" },
];

function SplitForm({ onDone }: { readonly onDone: () => void }) {
  const [name, setName] = useState("");
  const [where, setWhere] = useState("");
  const [method, setMethod] = useState<Rule["method"]>("use");
  const [parts, setParts] = useState<string[]>([]);
  const save = useOrder(
    () => {
      const weights = Object.fromEntries(
        parts.flatMap((part) => {
          const at = part.lastIndexOf("=");
          return at > 0 ? [[part.slice(0, at), Number(part.slice(at + 1))] as const] : [];
        }),
      );
      const shared = method === "weight" ? { weights } : parts.length > 0 ? { among: parts } : {};
      return answer(
        api.POST("/v1/costs/split-rules", { body: { name: name.trim(), where: where.trim(), method, ...shared } }),
      );
    },
    { touches: ["split-rules", "costs"], done: ({ name: kept }) => `${kept} is divided`, onDone },
  );
  return (
    <OrderForm order={save} verb="Divide it" disabled={name.trim() === "" || where.trim() === ""}>
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
      />
      <TextInput
        label="What it divides"
        placeholder="account=shared"
        value={where}
        onChange={(event) => setWhere(event.currentTarget.value)}
        required
      />
      <Select
        label="How"
        data={methods}
        value={method}
        onChange={(value) => setMethod((value as Rule["method"] | null) ?? "use")}
      />
      <TagsInput
        label={method === "weight" ? "Who gets how many parts" : "Among"}
        description={method === "weight" ? "web=2; Enter takes it" : "Empty: everybody who has own costs"}
        value={parts}
        onChange={setParts}
        size="xs"
      />
    </OrderForm>
  );
}

const ruleColumns: readonly Column<Rule>[] = [
  { id: "name", head: "Name", width: 170, csv: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
  {
    ...{ id: "where", head: "Divides", width: 260, grows: true, csv: ({ where }: Rule) => where },
    cell: ({ where }) => <span className="mono">{where}</span>,
  },
  {
    ...{ id: "method", head: "How", width: 200, csv: ({ method }: Rule) => method },
    cell: ({ method }) => methods.find(({ value }) => value === method)?.label ?? method,
  },
  {
    ...{ id: "among", head: "Among", width: 260 },
    csv: ({ among, weights }) => (weights ? JSON.stringify(weights) : among?.join(" ")),
    cell: ({ among, weights }) =>
      weights
        ? Object.entries(weights)
            .map(([owner, parts]) => `${owner} ${parts}`)
            .join(", ")
        : (among?.join(", ") ?? "everybody"),
  },
];
