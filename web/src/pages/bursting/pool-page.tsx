import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { duration, gib, money } from "../../lib/format.ts";
import { Facts, PageHead, Panel } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Failed, Forbidden, Loading } from "../../parts/states.tsx";
import { PoolBadge } from "./bursting-page.tsx";
import { DecisionsPanel } from "./decisions-panel.tsx";
import { LeasesPanel } from "./leases-panel.tsx";
import { NowPanel } from "./now-panel.tsx";
import { PoolActions } from "./pool-actions.tsx";
import { poolQuery } from "./queries.ts";
import { WhatIfPanel } from "./what-if-panel.tsx";

/** A pool: what it does now and why, what it did, its VMs, and what other settings would have made of it. */
export function PoolPage() {
  const { id } = useParams({ from: "/bursting/$id" });
  const [reads, writes] = [useMay("bursts:read"), useMay("bursts:write")];
  const query = useQuery({ ...poolQuery(id), enabled: reads });
  const decisions = usePages<Schemas["BurstDecision"]>({
    key: ["burst-pools", "decisions", id],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/burst-pools/{id}/decisions", {
          params: { path: { id }, query: { limit: 100, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    refetchMs: 3_000,
    enabled: reads,
  });
  if (!reads) return <Forbidden permission="bursts:read" />;
  if (query.isPending) return <Loading label="Reading the pool" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const pool = query.data;
  return (
    <>
      <PageHead
        trail={<Link to="/bursting">Bursting</Link>}
        title={
          <>
            {pool.name}
            <PoolBadge pool={pool} />
          </>
        }
        sub={`follows the load of ${pool.site}; its VMs come from ${pool.sites.join(", ")}`}
        actions={
          <>
            <SameBy
              cli={`burst explain ${pool.name}`}
              api={`GET /v1/burst-pools/${pool.name}/decisions`}
              workflowId={`burst-pool/${pool.pool_id}`}
            />
            {writes && pool.state === "active" ? <PoolActions pool={pool} /> : undefined}
          </>
        }
      />
      <div className="grid grid-main">
        <NowPanel decision={decisions.rows[0]} pending={decisions.isPending} />
        <Panel
          title="Settings"
          aside={
            writes ? (
              <Link to="/bursting/$id/settings" params={{ id: pool.name }}>
                Change them
              </Link>
            ) : undefined
          }
        >
          <Facts
            items={[
              ["Each VM", `${pool.template.cpus} vCPU, ${gib(pool.template.memory_bytes)} GiB, ${pool.template.image}`],
              ["The site is worth", `${pool.own_vms} of them`],
              ["At most", `${pool.max_vms} VMs`],
              ["Ordered", pool.ordered > 0 ? `at least ${pool.ordered}, by a person` : undefined],
              ["A month", money(pool.monthly_budget)],
              ["Looks every", duration(pool.sample_seconds)],
              ["Cooldown", duration(pool.cooldown_seconds)],
              ["A VM stays at most", duration(pool.lease_seconds)],
              ["On demand", `${Math.round(pool.on_demand_share * 100)} % of them at least`],
              ...pool.signals.map(
                ({ metric, threshold, target, release_under: under, sustain_seconds: lasts }) =>
                  [
                    metric,
                    `over ${threshold} for ${duration(lasts)}; sized to ${target}; given back under ${under}`,
                  ] as const,
              ),
              ["Forecast", pool.forecast ? `${duration(pool.forecast.lead_seconds)} ahead` : "none"],
              ["Owner", pool.owner],
            ]}
          />
        </Panel>
      </div>
      <DecisionsPanel pool={pool.name} pages={decisions} />
      <LeasesPanel pool={pool.name} />
      <WhatIfPanel pool={pool} />
    </>
  );
}
