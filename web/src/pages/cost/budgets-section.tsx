import { Button, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { money } from "../../lib/format.ts";
import { Confirm, useConfirmed } from "../../parts/confirm.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { OrderForm } from "../../parts/order-form.tsx";
import { Panel } from "../../parts/panel.tsx";
import { RowAction } from "../../parts/row-action.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";
import { BudgetBar } from "./budget-bar.tsx";

type Budget = Schemas["Budget"];

/** What may be spent, how much of it is, and between what its period will probably end. */
export function BudgetsSection() {
  const writes = useMay("costs:write");
  const [editing, setEditing] = useState<Budget | "new">();
  const pages = usePages<Budget>({
    key: ["budgets"],
    fetch: (_cursor, signal) => answer(api.GET("/v1/budgets", { signal })),
    refetchMs: 30_000,
  });
  const {
    row: removing,
    ask,
    shown,
  } = useConfirmed(
    ({ budget_id: id }: Budget) => answer(api.DELETE("/v1/budgets/{id}", { params: { path: { id } } })),
    {
      touches: ["budgets"],
      done: "The budget is removed",
    },
  );
  const columns: readonly Column<Budget>[] = [
    ...told,
    {
      ...{ id: "actions", head: "Actions", width: 168 },
      cell: (budget) =>
        writes ? (
          <span className="row-actions">
            <RowAction verb="Change" of={budget.name} onClick={() => setEditing(budget)} />
            <RowAction verb="Remove" of={budget.name} ends onClick={() => ask(budget)} />
          </span>
        ) : undefined,
    },
  ];
  return (
    <>
      <Panel
        className="fills"
        title="Budgets"
        aside={
          <>
            <CsvButton name="budgets" columns={told} rows={pages.readAll} />
            {writes ? (
              <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setEditing("new")}>
                Make a budget
              </Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Budgets"
          columns={columns}
          pages={pages}
          rowKey={({ budget_id: id }) => id}
          empty={
            <Empty icon="cost" title="There is no budget">
              One says what may be spent in a day, a month or a quarter, and when that is to be told.
            </Empty>
          }
        />
      </Panel>
      <Modal
        opened={editing !== undefined}
        onClose={() => setEditing(undefined)}
        title={editing === "new" ? "Make a budget" : "Change the budget"}
      >
        {editing ? (
          <BudgetForm budget={editing === "new" ? undefined : editing} onDone={() => setEditing(undefined)} />
        ) : undefined}
      </Modal>
      <Confirm {...shown} title={`Remove ${removing?.name ?? ""}`} verb="Remove it">
        Nobody is told any more when it runs out. What was spent is not touched.
      </Confirm>
    </>
  );
}

function BudgetForm({ budget, onDone }: { readonly budget: Budget | undefined; readonly onDone: () => void }) {
  const [name, setName] = useState(budget?.name ?? "");
  const [where, setWhere] = useState(budget?.where ?? "");
  const [amount, setAmount] = useState<number | string>(budget ? budget.amount.micros / 1e6 : "");
  const [currency, setCurrency] = useState(budget?.amount.currency ?? "USD");
  const [period, setPeriod] = useState<Budget["period"]>(budget?.period ?? "month");
  const [cost, setCost] = useState<Budget["cost"]>(budget?.cost ?? "effective");
  const [warn, setWarn] = useState((budget?.warn_at ?? [0.8]).map((share) => Math.round(share * 100)).join(", "));
  const shares = warn
    .split(",")
    .map((text) => Number(text) / 100)
    .filter((share) => share > 0);
  const save = useOrder(
    () =>
      answer(
        api.POST("/v1/budgets", {
          body: {
            ...{ name: name.trim(), period, cost, warn_at: shares },
            ...(where.trim() ? { where: where.trim() } : {}),
            amount: { micros: Math.round(Number(amount) * 1e6), currency },
          },
        }),
      ),
    { touches: ["budgets"], done: ({ name: kept }) => `${kept} is watched`, onDone },
  );
  return (
    <OrderForm
      order={save}
      verb={budget ? "Change it" : "Make it"}
      disabled={name.trim() === "" || Number(amount) <= 0}
    >
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        disabled={budget !== undefined}
        required
        data-autofocus
      />
      <TextInput
        label="Which costs"
        placeholder="All of them"
        description="dimension=value with ; between, such as tag:project=web"
        value={where}
        onChange={(event) => setWhere(event.currentTarget.value)}
      />
      <div className="fields">
        <NumberInput label="Amount" min={0} value={amount} onChange={setAmount} thousandSeparator=" " required />
        <TextInput
          label="Currency"
          value={currency}
          onChange={(event) => setCurrency(event.currentTarget.value.toUpperCase())}
          maxLength={3}
          required
        />
      </div>
      <div className="fields">
        <Select
          label="Each"
          data={["day", "month", "quarter"]}
          value={period}
          onChange={(value) => setPeriod(value ?? "month")}
        />
        <Select
          label="Of which cost"
          data={["effective", "billed"]}
          value={cost}
          onChange={(value) => setCost(value ?? "effective")}
        />
      </div>
      <TextInput
        label="Told at"
        description="Shares of it in percent, with commas between"
        value={warn}
        onChange={(event) => setWarn(event.currentTarget.value)}
      />
    </OrderForm>
  );
}

const tones = { within: "good", warning: "warn", "forecast-over": "warn", over: "bad", unknown: "idle" } as const;

const told: readonly Column<Budget>[] = [
  {
    ...{ id: "name", head: "Name", width: 140, csv: ({ name }: Budget) => name },
    cell: ({ name, where }) => (
      <Link to="/cost" search={where ? { where, span: "this-month" } : { span: "this-month" }} className="link-like">
        {name}
      </Link>
    ),
  },
  {
    ...{ id: "state", head: "State", width: 124, csv: ({ status }: Budget) => status.state },
    cell: ({ status }) => (
      <span title={status.reason}>
        <StateBadge state={status.state} tone={tones[status.state]} />
      </span>
    ),
  },
  {
    ...{ id: "where", head: "Of", width: 140, csv: ({ where }: Budget) => where },
    cell: ({ where }) => (where ? <span className="mono">{where}</span> : "all costs"),
  },
  { id: "period", head: "Each", width: 76, csv: ({ period }) => period, cell: ({ period }) => period },
  {
    ...{ id: "amount", head: "Amount", width: 96, align: "right" as const },
    csv: ({ amount }) => amount.micros / 1e6,
    cell: ({ amount }) => money(amount),
  },
  {
    ...{ id: "spent", head: "Spent", width: 96, align: "right" as const },
    csv: ({ status }) => status.spent.micros / 1e6,
    cell: ({ status }) => money(status.spent),
  },
  {
    ...{ id: "bar", head: "Spent, and what it comes to", width: 220, grows: true },
    cell: (budget) => <BudgetBar budget={budget} />,
  },
  {
    ...{ id: "forecast", head: "Comes to", width: 100, align: "right" as const },
    csv: ({ status }) => (status.forecast ? status.forecast.expected.micros / 1e6 : undefined),
    cell: ({ status }) => (
      <span title={status.forecast ? `${money(status.forecast.low)} to ${money(status.forecast.high)}` : status.reason}>
        {money(status.forecast?.expected)}
      </span>
    ),
  },
];
