import { Link, useNavigate } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { gib, money } from "../../lib/format.ts";
import type { Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { ListPanel } from "../../parts/list.tsx";
import { PageHead } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Forbidden } from "../../parts/states.tsx";

type Pool = Schemas["BurstPool"];

/** Pools of VMs that come and go with the load of a site. */
export function BurstingPage() {
  const navigate = useNavigate();
  const [reads, writes] = [useMay("bursts:read"), useMay("bursts:write")];
  const pages = usePages<Pool>({
    key: ["burst-pools", "list"],
    fetch: (_cursor, signal) => answer(api.GET("/v1/burst-pools", { signal })),
    refetchMs: 5_000,
    enabled: reads,
  });
  if (!reads) return <Forbidden permission="bursts:read" />;
  return (
    <>
      <PageHead
        title="Bursting"
        sub="VMs that come where a site is too small for its load, from the cheapest place that will do, and go again"
        actions={
          <>
            <SameBy cli="burst pools" api="GET /v1/burst-pools" />
            {writes ? (
              <LinkButton
                to="/bursting/$id/settings"
                params={{ id: "new" }}
                leftSection={<Icon name="plus" size={14} />}
              >
                Make a pool
              </LinkButton>
            ) : undefined}
          </>
        }
      />
      <ListPanel
        title="Pools"
        csv="burst-pools"
        label="Pools"
        columns={columns}
        pages={pages}
        rowKey={({ pool_id: id }) => id}
        onOpen={({ name }) => void navigate({ to: "/bursting/$id", params: { id: name } })}
        empty={
          <Empty icon="bursting" title="There is no pool">
            One says whose load it follows, where its VMs may come from, and what they may cost.
          </Empty>
        }
      />
    </>
  );
}

/** A pool's state as a person thinks of it: switched off is one, too. */
export function PoolBadge({ pool: { state, enabled } }: { readonly pool: Pool }) {
  const said = state === "active" && !enabled ? "off" : state;
  return <StateBadge state={said} tone={said === "active" ? "good" : said === "deleting" ? "busy" : "idle"} />;
}

const columns: readonly Column<Pool>[] = [
  {
    ...{ id: "name", head: "Name", width: 170, grows: true, csv: ({ name }: Pool) => name },
    cell: ({ name }) => (
      <Link to="/bursting/$id" params={{ id: name }} className="link-like">
        {name}
      </Link>
    ),
  },
  {
    ...{ id: "state", head: "State", width: 90, csv: ({ state }: Pool) => state },
    cell: (pool) => <PoolBadge pool={pool} />,
  },
  { id: "site", head: "Load of", width: 130, csv: ({ site }) => site, cell: ({ site }) => site },
  {
    ...{ id: "sites", head: "VMs from", width: 230, csv: ({ sites }: Pool) => sites.join(" ") },
    cell: ({ sites }) => <span title={sites.join(", ")}>{sites.join(", ")}</span>,
  },
  {
    ...{ id: "each", head: "Each", width: 130 },
    csv: ({ template }) => `${template.cpus} x ${template.memory_bytes}`,
    cell: ({ template }) => `${template.cpus} vCPU, ${gib(template.memory_bytes)} GiB`,
  },
  {
    ...{ id: "signals", head: "Follows", width: 180 },
    csv: ({ signals }) => signals.map(({ metric }) => metric).join(" "),
    cell: ({ signals }) => signals.map(({ metric }) => metric).join(", "),
  },
  { id: "most", head: "At most", width: 76, align: "right", csv: (pool) => pool.max_vms, cell: (pool) => pool.max_vms },
  {
    ...{ id: "ordered", head: "Ordered", width: 76, align: "right" as const, csv: ({ ordered }: Pool) => ordered },
    cell: ({ ordered }) => ordered,
  },
  {
    ...{ id: "budget", head: "A month", width: 96, align: "right" as const },
    csv: (pool) => (pool.monthly_budget ? pool.monthly_budget.micros / 1e6 : undefined),
    cell: (pool) => money(pool.monthly_budget),
  },
];
