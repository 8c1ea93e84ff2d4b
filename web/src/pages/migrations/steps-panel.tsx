import type { Schemas } from "../../api/client.ts";
import { duration } from "../../lib/format.ts";
import { toneOf } from "../../lib/tone.ts";
import { useNow } from "../../parts/now.tsx";
import { Panel } from "../../parts/panel.tsx";

export function StepsPanel({ steps }: { readonly steps: Schemas["Migration"]["steps"] }) {
  const now = useNow();
  return (
    <Panel title="Steps">
      <ol className="steps">
        {steps.map(({ step, state, started_at: from, ended_at: to, detail }) => (
          <li key={`${step}-${from}`} data-tone={toneOf(state)}>
            <span className="state-mark" data-pulses={state === "running" || undefined} />
            <span className="step-name">
              {step}
              <span className="visually-hidden">: {state}</span>
              {detail ? <small>{detail}</small> : undefined}
            </span>
            <span className="quiet">
              {duration(Math.max(0, ((to ? Date.parse(to) : now) - Date.parse(from)) / 1000))}
            </span>
          </li>
        ))}
      </ol>
      {steps.length === 0 ? <span className="quiet">It has not begun yet.</span> : undefined}
    </Panel>
  );
}
