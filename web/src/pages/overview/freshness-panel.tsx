import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client.ts";
import { coarse } from "../../lib/format.ts";
import { Panel } from "../../parts/panel.tsx";
import { ProviderBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";

/** How old what is shown is, site by site, and why. */
export function FreshnessPanel({ freshness }: { readonly freshness: Schemas["InventoryFreshness"] }) {
  return (
    <Panel
      title="Freshness"
      aside={
        <span className="state" data-tone={freshness.complete ? "good" : "warn"}>
          <span className="state-mark" />
          {freshness.complete ? "complete" : "incomplete"}
        </span>
      }
      flush
    >
      {freshness.sites.length === 0 ? (
        <Empty icon="inventory" title="No site has been read">
          Sites are entries of the configuration; docs/configuration.md has them.
        </Empty>
      ) : (
        <ul className="fresh">
          {freshness.sites.map(({ site, provider, up_to_date: current, age_seconds: age, problems }) => (
            <li key={site}>
              <Link to="/inventory" search={{ q: `site:${site}` }}>
                <span className="fresh-site">{site}</span>
                <ProviderBadge provider={provider} />
                <span className="state" data-tone={current ? "good" : problems.length > 0 ? "bad" : "warn"}>
                  {age === undefined ? "never read" : coarse(age)}
                  <span className="state-mark" />
                  <span className="visually-hidden">{current ? "up to date" : "out of date"}</span>
                </span>
              </Link>
              {problems.slice(0, 1).map(({ error }) => (
                <div key={error} className="fresh-problem">
                  {error}
                </div>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
