import type { Schemas } from "../../api/client.ts";
import { burstReasons } from "../../lib/burst.ts";
import { money, plural, words } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Loading } from "../../parts/states.tsx";

type Decision = Schemas["BurstDecision"];
type Candidate = Decision["candidates"][number];

export const actionTones = { burst: "busy", release: "good", hold: "idle" } as const;
const readingTones = { unknown: "idle", under: "good", between: "good", over: "warn", sustained: "bad" } as const;

const readingIcons = {
  unknown: "clock",
  under: "check",
  between: "check",
  over: "warning",
  sustained: "warning",
} as const;

/** The newest decision, explained: the rule that made it, what it looked at, and where VMs might come from. */
export function NowPanel(props: { readonly decision: Decision | undefined; readonly pending: boolean }) {
  const { decision, pending } = props;
  return (
    <Panel title="Now" aside={decision ? <Ago at={decision.until} /> : undefined}>
      {pending ? <Loading rows={4} label="Reading what it decided" /> : undefined}
      {!pending && !decision ? (
        <Empty icon="bursting" title="It has decided nothing yet">
          A worker looks at it every few seconds.
        </Empty>
      ) : undefined}
      {decision ? <Explained decision={decision} /> : undefined}
    </Panel>
  );
}

function Explained({ decision }: { readonly decision: Decision }) {
  const { action, reason, detail, wanted, have, looks, readings, candidates } = decision;
  return (
    <div className="stack">
      <div className="verdict">
        <StateBadge state={action} tone={actionTones[action]} />
        <span>
          because {burstReasons[reason] ?? words(reason)}: {plural(have, "VM")} of {wanted} wanted
        </span>
      </div>
      <p>{detail}</p>
      <ul className="checks">
        {readings.map(({ metric, state, detail: says }) => (
          <li key={metric} data-tone={readingTones[state]}>
            <span className="check-mark">
              <Icon name={readingIcons[state]} size={13} />
            </span>
            <span className="check-name">
              {metric} <span className="visually-hidden">{state}</span>
            </span>
            <span className="check-detail">{says}</span>
          </li>
        ))}
      </ul>
      <span className="quiet">the same for {plural(looks, "look")}</span>
      {candidates.length > 0 ? (
        <>
          <div className="wrap">
            <h3 className="part-title">Where VMs might come from</h3>
            <CsvButton name="burst-offers" columns={candidateColumns} rows={() => candidates} />
          </div>
          <DataTable
            label="Offers"
            columns={candidateColumns}
            rows={candidates}
            rowKey={({ site, instance_type: type, capacity_type: capacity, detail: says }) =>
              `${site} ${type} ${capacity} ${says}`
            }
            maxHeight={240}
          />
        </>
      ) : undefined}
    </div>
  );
}

const candidateColumns: readonly Column<Candidate>[] = [
  { id: "site", head: "Site", width: 140, csv: ({ site }) => site, cell: ({ site }) => site },
  {
    ...{ id: "type", head: "Size", width: 130, csv: ({ instance_type: type }: Candidate) => type },
    cell: ({ instance_type: type, capacity_type: capacity }) => [type, capacity].filter(Boolean).join(", ") || "–",
  },
  {
    ...{ id: "hourly", head: "An hour", width: 90, align: "right" as const },
    csv: ({ hourly }) => (hourly ? hourly.micros / 1e6 : undefined),
    cell: ({ hourly }) => money(hourly),
  },
  {
    ...{ id: "detail", head: "Says", width: 220, grows: true, csv: ({ detail }: Candidate) => detail },
    cell: ({ detail }) => <span title={detail}>{detail}</span>,
  },
];
