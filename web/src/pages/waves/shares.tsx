import type { Schemas } from "../../api/client.ts";
import { toneOf } from "../../lib/tone.ts";

const parts = ["moved", "running", "waiting", "failed", "skipped", "cancelled"] as const;

/** How many of a wave's VMs stand how, as one line; its title says the numbers. */
export function Shares({ totals }: { readonly totals: Schemas["Wave"]["totals"] }) {
  const said = parts.filter((part) => totals[part] > 0).map((part) => `${totals[part]} ${part}`);
  return (
    <div className="shares" role="img" aria-label={said.join(", ") || "no VMs"} title={said.join(", ")}>
      {parts.map((part) =>
        totals[part] > 0 ? (
          <span
            key={part}
            data-tone={part === "waiting" ? undefined : toneOf(part)}
            style={{ flexGrow: totals[part] }}
          />
        ) : undefined,
      )}
    </div>
  );
}
