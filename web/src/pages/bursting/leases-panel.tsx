import { Link } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { money, words } from "../../lib/format.ts";
import type { Tone } from "../../lib/tone.ts";
import type { Column } from "../../parts/data-table.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";

type Lease = Schemas["BurstLease"];

/** A pool's VMs from their order to their end. */
export function LeasesPanel({ pool }: { readonly pool: string }) {
  const pages = usePages<Lease>({
    key: ["burst-pools", "leases", pool],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/burst-pools/{id}/leases", {
          params: { path: { id: pool }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    refetchMs: 3_000,
  });
  return (
    <Panel title="VMs" aside={<CsvButton name={`leases-${pool}`} columns={columns} rows={pages.readAll} />} flush>
      <List
        label="VMs"
        columns={columns}
        pages={pages}
        rowKey={({ lease_id: id }) => id}
        maxHeight={340}
        empty={
          <Empty icon="bursting" title="It has had no VM yet">
            One comes when the load takes it, or when somebody orders it.
          </Empty>
        }
      />
    </Panel>
  );
}

const tones: Readonly<Record<Lease["state"], Tone>> = {
  ordered: "busy",
  creating: "busy",
  joining: "busy",
  serving: "good",
  leaving: "warn",
  removed: "idle",
  failed: "bad",
};
const problem = ({ problems, leave_reason: left }: Lease) => {
  const newest = problems.at(-1);
  return newest ? `${newest.site ? `${newest.site}: ` : ""}${newest.message}` : left && words(left);
};

const columns: readonly Column<Lease>[] = [
  {
    ...{ id: "vm", head: "VM", width: 190, csv: ({ vm_name: name }: Lease) => name },
    cell: ({ vm_name: name, vm_id: id, site }) =>
      id && site ? (
        <Link to="/inventory" search={{ q: `site:${site} id:"${id}"`, open: `${site}/vm/${id}` }} className="link-like">
          {name}
        </Link>
      ) : (
        name
      ),
  },
  {
    ...{ id: "state", head: "State", width: 100, csv: ({ state }: Lease) => state },
    cell: ({ state }) => <StateBadge state={state} tone={tones[state]} />,
  },
  { id: "site", head: "At", width: 130, csv: ({ site }) => site, cell: ({ site }) => site ?? "–" },
  {
    ...{ id: "type", head: "Size", width: 130, csv: ({ instance_type: type }: Lease) => type },
    cell: ({ instance_type: type, capacity_type: capacity }) => [type, capacity].filter(Boolean).join(", ") || "–",
  },
  {
    ...{ id: "hourly", head: "An hour", width: 84, align: "right" as const },
    csv: ({ hourly }) => (hourly ? hourly.micros / 1e6 : undefined),
    cell: ({ hourly }) => money(hourly),
  },
  {
    id: "ordered",
    head: "Ordered",
    width: 96,
    csv: (lease) => lease.ordered_at,
    cell: (lease) => <Ago at={lease.ordered_at} />,
  },
  {
    id: "serving",
    head: "Serves since",
    width: 100,
    csv: (lease) => lease.serving_at,
    cell: (lease) => <Ago at={lease.serving_at} />,
  },
  {
    ...{ id: "ends", head: "Ends", width: 96, csv: (lease: Lease) => lease.ended_at ?? lease.deadline },
    cell: (lease) => <Ago at={lease.ended_at ?? lease.deadline} />,
  },
  {
    ...{ id: "problem", head: "What went wrong, or why it went", width: 240, grows: true, csv: problem },
    cell: (lease) => (
      <span title={lease.problems.map(({ message }) => message).join("\n")}>{problem(lease) ?? ""}</span>
    ),
  },
];
