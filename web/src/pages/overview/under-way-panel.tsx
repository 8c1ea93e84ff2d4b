import { Link } from "@tanstack/react-router";
import { bytes } from "../../lib/format.ts";
import { Bar, Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import type { LookedAt } from "./attention-panel.tsx";

const underWay = ["running", "queued", "paused", "undoing", "rolling-back", "awaiting-cutover"];

/** What moves now. */
export function UnderWayPanel({ looked }: { readonly looked: LookedAt }) {
  const moving = (looked.migrations ?? []).filter(({ state }) => underWay.includes(state));
  if (moving.length === 0) return undefined;
  return (
    <Panel title="Under way" aside={<Link to="/migrations">All migrations</Link>} flush>
      <ul className="under-way">
        {moving.slice(0, 8).map((migration) => (
          <li key={migration.migration_id}>
            <Link to="/migrations/$id" params={{ id: migration.migration_id }}>
              {migration.vm.name}
            </Link>
            <span className="quiet">
              {migration.from} → {migration.to}
            </span>
            <StateBadge state={migration.state} />
            <div className="bar-row">
              <Bar value={migration.progress} label={`Progress of ${migration.vm.name}`} />
              <span className="quiet nowrap">
                {bytes(migration.bytes_copied)} of {bytes(migration.bytes_to_move)}
              </span>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
