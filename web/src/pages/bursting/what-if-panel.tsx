import { Button, NumberInput } from "@mantine/core";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { count, duration, money, time } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Panel } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Failed } from "../../parts/states.tsx";

type Pool = Schemas["BurstPool"];
type Outcome = Schemas["BurstWhatIf"]["as_it_is"];
interface Line {
  readonly what: string;
  readonly now: (outcome: Outcome) => string;
  readonly figure: (outcome: Outcome) => number | undefined;
}
type Compared = Line & { readonly is: Outcome; readonly asked: Outcome };

/** What other settings would have made of the load that was. */
export function WhatIfPanel({ pool }: { readonly pool: Pool }) {
  const signal = pool.signals[0];
  const [threshold, setThreshold] = useState<number | string>(signal?.threshold ?? "");
  const [target, setTarget] = useState<number | string>(signal?.target ?? "");
  const [cooldown, setCooldown] = useState<number | string>(pool.cooldown_seconds);
  const [most, setMost] = useState<number | string>(pool.max_vms);
  const number = (value: number | string) => (value === "" ? undefined : Number(value));
  const replay = useOrder(
    () => {
      const [over, aim] = [number(threshold), number(target)];
      const body = {
        ...(over === undefined ? {} : { threshold: over }),
        ...(aim === undefined ? {} : { target: aim }),
        ...{ cooldown_seconds: Number(cooldown), max_vms: Number(most) },
      };
      return answer(api.POST("/v1/burst-pools/{id}/what-if", { params: { path: { id: pool.pool_id } }, body }));
    },
    { touches: [] },
  );
  const found = replay.data;
  const rows = found ? lines.map((line) => ({ ...line, is: found.as_it_is, asked: found.as_asked })) : [];
  return (
    <Panel
      title="What if"
      aside={
        <>
          {found ? <CsvButton name={`what-if-${pool.name}`} columns={columns} rows={() => rows} /> : undefined}
          <SameBy cli={`burst what-if ${pool.name}`} api={`POST /v1/burst-pools/${pool.name}/what-if`} />
        </>
      }
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          replay.mutate();
        }}
      >
        <div className="fields">
          <NumberInput label={`${signal?.metric ?? "Load"} over`} value={threshold} onChange={setThreshold} />
          <NumberInput label="Sized to" value={target} onChange={setTarget} />
          <NumberInput label="Cooldown" suffix=" s" min={0} value={cooldown} onChange={setCooldown} />
          <NumberInput label="At most" suffix=" VMs" min={1} value={most} onChange={setMost} />
        </div>
        <div>
          <Button type="submit" variant="light" loading={replay.isPending}>
            Replay the last 30 days
          </Button>
        </div>
      </form>
      {replay.isError ? <Failed error={replay.error} /> : undefined}
      {found ? (
        <div className="stack">
          <p className="quiet">
            {found.metric}, {time(found.from)} to {time(found.to)} UTC, of which {duration(found.minutes_known * 60)}{" "}
            are known.
          </p>
          <DataTable label="What if" columns={columns} rows={rows} rowKey={({ what }) => what} maxHeight={260} />
        </div>
      ) : undefined}
    </Panel>
  );
}

const lines: readonly Line[] = [
  {
    what: "VM-hours",
    now: (outcome) => count(Number(outcome.vm_hours.toFixed(1))),
    figure: (outcome) => outcome.vm_hours,
  },
  {
    what: "Minutes over the threshold",
    now: (outcome) => count(outcome.minutes_over),
    figure: (outcome) => outcome.minutes_over,
  },
  { what: "Most VMs at once", now: (outcome) => count(outcome.most_vms), figure: (outcome) => outcome.most_vms },
  {
    what: "Changes of direction",
    now: (outcome) => count(outcome.direction_changes),
    figure: (outcome) => outcome.direction_changes,
  },
  {
    what: "Cost",
    now: (outcome) => money(outcome.cost),
    figure: (outcome) => (outcome.cost ? outcome.cost.micros / 1e6 : undefined),
  },
];

const columns: readonly Column<Compared>[] = [
  { id: "what", head: "", width: 240, grows: true, csv: ({ what }) => what, cell: ({ what }) => what },
  {
    ...{ id: "is", head: "As it is", width: 160, align: "right" as const },
    csv: ({ is, figure }) => figure(is),
    cell: ({ is, now }) => now(is),
  },
  {
    ...{ id: "asked", head: "As asked", width: 160, align: "right" as const },
    csv: ({ asked, figure }) => figure(asked),
    cell: ({ asked, now }) => <strong>{now(asked)}</strong>,
  },
];
