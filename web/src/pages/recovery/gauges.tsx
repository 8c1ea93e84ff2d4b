import { duration } from "../../lib/format.ts";
import type { Gauge } from "../../lib/objectives.ts";

const quarter = Math.PI * 26;

/** A half circle that fills towards the objective; the words beside it say the same. */
export function ObjectiveGauge({
  label,
  gauge,
  none,
}: {
  readonly label: string;
  readonly gauge: Gauge;
  readonly none: string;
}) {
  const share = Math.min(1, gauge.ratio ?? 0);
  return (
    <div className="gauge" data-tone={gauge.tone}>
      <svg viewBox="0 0 64 38" width="72" height="43" aria-hidden="true">
        <path d="M6 34a26 26 0 0 1 52 0" className="gauge-rest" />
        <path d="M6 34a26 26 0 0 1 52 0" className="gauge-part" strokeDasharray={`${share * quarter} ${quarter}`} />
      </svg>
      <div>
        <div className="stat-label">{label}</div>
        <div className="gauge-value">{gauge.seconds === undefined ? none : duration(gauge.seconds)}</div>
        <div className="stat-sub">of {duration(gauge.objectiveSeconds)}</div>
      </div>
    </div>
  );
}
