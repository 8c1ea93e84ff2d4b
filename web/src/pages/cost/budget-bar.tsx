import type { Schemas } from "../../api/client.ts";
import { money } from "../../lib/format.ts";

/** What is spent of a budget, the band in which its period will probably end, and the budget itself as a mark. */
export function BudgetBar({ budget: { name, amount, status } }: { readonly budget: Schemas["Budget"] }) {
  const { spent, forecast, state } = status;
  const most = Math.max(amount.micros, spent.micros, forecast?.high.micros ?? 0) * 1.04 || 1;
  const at = (micros: number) => `${Math.max(0, Math.min(100, (micros / most) * 100))}%`;
  const band = forecast ? `, will probably end between ${money(forecast.low)} and ${money(forecast.high)}` : "";
  const tone = state === "over" ? "bad" : state === "within" ? "good" : state === "unknown" ? "idle" : "warn";
  return (
    <span
      className="budget-bar"
      role="img"
      data-tone={tone}
      title={`${money(spent)} of ${money(amount)}${band}`}
      aria-label={`${name}: ${money(spent)} of ${money(amount)} spent${band}`}
    >
      {forecast ? (
        <i
          className="budget-band"
          style={{ left: at(forecast.low.micros), right: `calc(100% - ${at(forecast.high.micros)})` }}
        />
      ) : undefined}
      <i className="budget-spent" style={{ width: at(spent.micros) }} />
      <i className="budget-limit" style={{ left: at(amount.micros) }} />
    </span>
  );
}
