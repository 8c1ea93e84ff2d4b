import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client.ts";
import { groupsQuery } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { plural } from "../../lib/format.ts";
import { rpoGauge, rtoGauge } from "../../lib/objectives.ts";
import type { Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Ago, useNow } from "../../parts/now.tsx";
import { PageHead } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed, Forbidden, Loading } from "../../parts/states.tsx";
import { ObjectiveGauge } from "./gauges.tsx";
import { useRuns } from "./runs-query.ts";

type Group = Schemas["ProtectionGroup"];

/** Protection groups, each with how much would be lost now and how long a takeover was measured to take. */
export function RecoveryPage() {
  const [reads, writes] = [useMay("protection:read"), useMay("protection:write")];
  const groups = useQuery({ ...groupsQuery, enabled: reads });
  if (!reads) return <Forbidden permission="protection:read" />;
  return (
    <>
      <PageHead
        title="Recovery"
        sub="Groups of VMs that are protected at another site"
        actions={
          <>
            <SameBy cli="protection list" api="GET /v1/protection-groups" />
            <CsvButton name="protection-groups" columns={columns} rows={() => groups.data ?? []} />
            {writes ? (
              <LinkButton to="/recovery/new" leftSection={<Icon name="plus" size={14} />}>
                Protect VMs
              </LinkButton>
            ) : undefined}
          </>
        }
      />
      {groups.isPending ? <Loading label="Reading the groups" /> : undefined}
      {groups.isError ? <Failed error={groups.error} onRetry={() => void groups.refetch()} /> : undefined}
      {groups.data?.length === 0 ? (
        <Empty icon="recovery" title="Nothing is protected yet">
          A group keeps recovery points of its VMs at another site, where they are brought up when theirs is lost.
        </Empty>
      ) : undefined}
      <div className="grid grid-3">
        {(groups.data ?? []).map((group) => (
          <GroupCard key={group.group_id} group={group} />
        ))}
      </div>
    </>
  );
}

function GroupCard({ group }: { readonly group: Group }) {
  const now = useNow();
  const { data: runs } = useRuns(group.group_id);
  const { group_id: id, name, members, policy } = group;
  return (
    <article className="panel group-card">
      <header>
        <Link to="/recovery/$id" params={{ id }} className="group-name">
          {name}
        </Link>
        <StateBadge state={group.state} />
      </header>
      <div className="quiet">
        {group.current_site} → {group.replicates_to ?? policy.recovery_site} · {plural(members.length, "VM")}
      </div>
      <div className="gauges">
        <ObjectiveGauge label="RPO: lost now" gauge={rpoGauge(group, now)} none="no point" />
        <ObjectiveGauge label="RTO: measured" gauge={rtoGauge(runs ?? [], policy.rto_seconds)} none="untested" />
      </div>
      <footer className="quiet">
        newest point <Ago at={group.newest_point?.taken_at} />
        {group.breached ? (
          <span className="tone-text" data-tone="bad">
            beyond its RPO
          </span>
        ) : undefined}
      </footer>
    </article>
  );
}

const columns: readonly Column<Group>[] = [
  { id: "id", head: "group", width: 0, csv: ({ group_id: id }) => id, cell: () => undefined },
  { id: "name", head: "name", width: 0, csv: ({ name }) => name, cell: () => undefined },
  { id: "state", head: "state", width: 0, csv: ({ state }) => state, cell: () => undefined },
  { id: "at", head: "serves at", width: 0, csv: ({ current_site: site }) => site, cell: () => undefined },
  { id: "to", head: "replicates to", width: 0, csv: ({ replicates_to: site }) => site, cell: () => undefined },
  { id: "vms", head: "VMs", width: 0, csv: ({ members }) => members.length, cell: () => undefined },
  { id: "lag", head: "lag seconds", width: 0, csv: ({ lag_seconds: lag }) => lag, cell: () => undefined },
  { id: "rpo", head: "RPO seconds", width: 0, csv: ({ policy }) => policy.rpo_seconds, cell: () => undefined },
  { id: "rto", head: "RTO seconds", width: 0, csv: ({ policy }) => policy.rto_seconds, cell: () => undefined },
  { id: "breached", head: "breached", width: 0, csv: ({ breached }) => breached, cell: () => undefined },
];
