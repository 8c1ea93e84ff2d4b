import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { unifiedViewQuery } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { count, money, plural } from "../../lib/format.ts";
import { PageHead, Panel, Stat } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Failed, Forbidden, Loading } from "../../parts/states.tsx";
import { AttentionPanel, useLooked } from "./attention-panel.tsx";
import { FreshnessPanel } from "./freshness-panel.tsx";
import { ProvidersPanel } from "./providers-panel.tsx";
import { UnderWayPanel } from "./under-way-panel.tsx";

/** The whole estate at a glance, and what does not go on without a person. */
export function OverviewPage() {
  const mayRead = useMay("inventory:read");
  const view = useQuery({ ...unifiedViewQuery(undefined, undefined), enabled: mayRead });
  const looked = useLooked(view.data?.freshness.sites);
  const groups = looked.groups ?? [];
  const breached = groups.filter((group) => group.breached).length;
  const active = (looked.migrations ?? []).filter(({ state }) => ["running", "queued", "undoing"].includes(state));
  return (
    <>
      <PageHead title="Overview" actions={<SameBy cli="overview" api="GET /v1/unified-view" />} />
      {mayRead ? undefined : <Forbidden permission="inventory:read" />}
      {view.isPending && mayRead ? <Loading rows={4} label="Reading the estate" /> : undefined}
      {view.isError ? <Failed error={view.error} onRetry={() => void view.refetch()} /> : undefined}
      {view.data ? (
        <div className="grid grid-stats">
          <Stat
            label="Virtual machines"
            value={
              <Link to="/inventory" search={{ q: "vms" }}>
                {count(view.data.total_vms)}
              </Link>
            }
            sub={`${count(view.data.total_cpus)} vCPU · ${count(Math.round(view.data.total_memory_gb))} GiB · ${plural(Object.keys(view.data.provider_breakdown).length, "provider")}`}
          />
          <Stat
            label="At list price, a month"
            value={money(view.data.total_cost.known)}
            sub={unknown(view.data.total_cost.unknown_resources)}
          />
          <Stat
            label="Unused, a month"
            value={
              <Link to="/inventory" search={{ q: "unused sort:-cost" }}>
                {money(view.data.cost_savings.known)}
              </Link>
            }
            sub="disks and addresses that nothing uses"
          />
          {view.data.active_migrations === undefined ? undefined : (
            <Stat
              label="Migrations"
              value={<Link to="/migrations">{count(view.data.active_migrations)}</Link>}
              sub={active.length > 0 ? `under way, ${active.length} moving bytes` : "under way"}
              {...(view.data.active_migrations > 0
                ? { ring: { share: mean(active.map(({ progress }) => progress)) / 100, tone: "busy" } }
                : {})}
            />
          )}
          {looked.groups === undefined ? undefined : (
            <Stat
              label="Protection"
              value={<Link to="/recovery">{plural(groups.length, "group")}</Link>}
              sub={
                breached > 0
                  ? `${breached} beyond the RPO`
                  : groups.length > 0
                    ? "all within their RPO"
                    : "nothing is protected"
              }
              {...(groups.length > 0
                ? { ring: { share: (groups.length - breached) / groups.length, tone: breached > 0 ? "bad" : "good" } }
                : {})}
            />
          )}
        </div>
      ) : undefined}
      <div className="grid grid-main">
        <div className="stack-wide">
          <AttentionPanel looked={looked} />
          <UnderWayPanel looked={looked} />
          {view.data ? <ProvidersPanel view={view.data} /> : undefined}
        </div>
        {view.data ? <FreshnessPanel freshness={view.data.freshness} /> : <Panel title="Freshness">–</Panel>}
      </div>
    </>
  );
}

function unknown(resources: number): string {
  return resources === 0 ? "of everything that has a price" : `and ${plural(resources, "resource")} of unknown cost`;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
