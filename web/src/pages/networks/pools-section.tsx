import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { Confirm, useConfirmed } from "../../parts/confirm.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Panel } from "../../parts/panel.tsx";
import { RowAction } from "../../parts/row-action.tsx";
import { Empty } from "../../parts/states.tsx";
import { AllocationForm, PoolForm } from "./pool-forms.tsx";

type Pool = Schemas["AddressPool"];
type Allocation = Schemas["AddressAllocation"];
type Ending = { readonly pool: string } | { readonly allocation: Allocation };

/** Pools of addresses, and the ranges of them that are given out. */
export function PoolsSection() {
  const writes = useMay("networks:write");
  const [making, setMaking] = useState(false);
  const [giving, setGiving] = useState<string>();
  const pools = usePages<Pool>({
    key: ["address-pools"],
    fetch: (_cursor, signal) => answer(api.GET("/v1/address-pools", { signal })),
  });
  const given = usePages<Allocation>({
    key: ["address-allocations"],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/address-allocations", {
          params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
  });
  const touches = ["address-pools", "address-allocations", "address-plan"];
  const {
    row: ending,
    ask,
    shown,
  } = useConfirmed(
    async (what: Ending) => {
      const id = "pool" in what ? what.pool : what.allocation.allocation_id;
      const to = { params: { path: { id } } };
      if ("pool" in what) await answer(api.DELETE("/v1/address-pools/{id}", to));
      else await answer(api.DELETE("/v1/address-allocations/{id}", to));
    },
    { touches, done: "It is done" },
  );
  const poolActions: Column<Pool> = {
    ...{ id: "actions", head: "Actions", width: 180 },
    cell: ({ name }) =>
      writes ? (
        <span className="row-actions">
          <RowAction verb="Give out" of={`of ${name}`} onClick={() => setGiving(name)} />
          <RowAction verb="Remove" of={name} ends onClick={() => ask({ pool: name })} />
        </span>
      ) : undefined,
  };
  const allocationActions: Column<Allocation> = {
    ...{ id: "actions", head: "Actions", width: 110 },
    cell: (allocation) =>
      writes ? <RowAction verb="Take back" of={allocation.cidr} ends onClick={() => ask({ allocation })} /> : undefined,
  };
  return (
    <>
      <Panel
        title="Pools"
        aside={
          <>
            <CsvButton name="address-pools" columns={poolColumns} rows={pools.readAll} />
            {writes ? (
              <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setMaking(true)}>
                Make a pool
              </Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Address pools"
          columns={[...poolColumns, poolActions]}
          pages={pools}
          rowKey={({ name }) => name}
          maxHeight={280}
          empty={
            <Empty icon="networks" title="There is no pool">
              New networks and renumbered ones get their ranges out of one.
            </Empty>
          }
        />
      </Panel>
      <Panel
        className="fills"
        title="Given out"
        aside={<CsvButton name="address-allocations" columns={allocationColumns} rows={given.readAll} />}
        flush
      >
        <List
          label="Ranges that are given out"
          columns={[...allocationColumns, allocationActions]}
          pages={given}
          rowKey={({ allocation_id: id }) => id}
          empty={<Empty icon="networks" title="Nothing is given out" />}
        />
      </Panel>
      <Modal opened={making} onClose={() => setMaking(false)} title="Make a pool of addresses">
        <PoolForm touches={touches} onDone={() => setMaking(false)} />
      </Modal>
      <Modal
        opened={giving !== undefined}
        onClose={() => setGiving(undefined)}
        title={`Give a range of ${giving ?? ""} out`}
      >
        {giving ? <AllocationForm pool={giving} touches={touches} onDone={() => setGiving(undefined)} /> : undefined}
      </Modal>
      <Confirm
        {...shown}
        title={ending && "pool" in ending ? `Remove ${ending.pool}` : `Take ${ending?.allocation.cidr ?? ""} back`}
        verb={ending && "pool" in ending ? "Remove it" : "Take it back"}
      >
        {ending && "pool" in ending
          ? "A pool out of which something is given can't be removed."
          : "It may be given to another site then; make sure that nothing uses it."}
      </Confirm>
    </>
  );
}

const poolColumns: readonly Column<Pool>[] = [
  { id: "name", head: "Name", width: 170, csv: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
  {
    id: "cidr",
    head: "Range",
    width: 180,
    csv: ({ cidr }) => cidr,
    cell: ({ cidr }) => <span className="mono">{cidr}</span>,
  },
  {
    ...{ id: "without", head: "Without", width: 260, grows: true, csv: ({ excluded }: Pool) => excluded.join(" ") },
    cell: ({ excluded }) => <span className="mono">{excluded.join(", ") || "–"}</span>,
  },
  {
    ...{ id: "by", head: "By", width: 170, csv: ({ created_by: by }: Pool) => by },
    cell: ({ created_by: by }) => <span className="quiet">{by}</span>,
  },
  { id: "at", head: "Made", width: 96, csv: ({ created_at: at }) => at, cell: ({ created_at: at }) => <Ago at={at} /> },
];

const allocationColumns: readonly Column<Allocation>[] = [
  {
    id: "cidr",
    head: "Range",
    width: 180,
    csv: ({ cidr }) => cidr,
    cell: ({ cidr }) => <span className="mono">{cidr}</span>,
  },
  {
    id: "name",
    head: "For",
    width: 200,
    grows: true,
    csv: ({ name }) => name,
    cell: ({ name }) => <strong>{name}</strong>,
  },
  { id: "site", head: "Site", width: 170, csv: ({ site }) => site, cell: ({ site }) => site },
  { id: "pool", head: "Out of", width: 150, csv: ({ pool }) => pool, cell: ({ pool }) => pool },
  {
    ...{ id: "by", head: "By", width: 170, csv: ({ created_by: by }: Allocation) => by },
    cell: ({ created_by: by }) => <span className="quiet">{by}</span>,
  },
  {
    id: "at",
    head: "Given",
    width: 96,
    csv: ({ created_at: at }) => at,
    cell: ({ created_at: at }) => <Ago at={at} />,
  },
];
