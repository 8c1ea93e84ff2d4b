import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { plural, time } from "../../lib/format.ts";
import type { Tone } from "../../lib/tone.ts";
import type { CsvColumn } from "../../parts/download.ts";
import { CsvButton } from "../../parts/list.tsx";
import { Panel, Stat } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Failed, Loading } from "../../parts/states.tsx";

type Report = Schemas["ComplianceReport"];
type Control = Report["controls"][number];

const frameworks = [
  { value: "cis", label: "CIS" },
  { value: "soc2", label: "SOC 2" },
  { value: "hipaa", label: "HIPAA" },
  { value: "gdpr", label: "GDPR" },
];
const standings: Readonly<Record<Control["standing"], { readonly label: string; readonly tone: Tone }>> = {
  violated: { label: "violated", tone: "bad" },
  incomplete: { label: "incomplete", tone: "warn" },
  "no-violation": { label: "no violation of what is looked at", tone: "good" },
  "not-checked": { label: "not checked", tone: "idle" },
};

/** How a framework's controls stand, and what of them nobody looks at here. */
export function ReportsSection() {
  const { framework } = useSearch({ from: "/policies" });
  const navigate = useNavigate({ from: "/policies" });
  const id = frameworks.find(({ value }) => value === framework)?.value ?? "cis";
  const query = useQuery({
    queryKey: ["compliance-reports", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/compliance-reports/{id}", { params: { path: { id } }, signal })),
  });
  const chooser = (
    <SegmentedControl
      aria-label="Framework"
      value={id}
      onChange={(next) => void navigate({ search: { show: "reports", framework: next } })}
      data={frameworks}
    />
  );
  if (query.isPending)
    return (
      <>
        {chooser}
        <Loading label="Making the report" />
      </>
    );
  if (query.isError)
    return (
      <>
        {chooser}
        <Failed error={query.error} onRetry={() => void query.refetch()} />
      </>
    );
  const report = query.data;
  const { violated, no_violation: none, incomplete, not_checked: unchecked } = report.summary;
  const all = report.controls.length;
  return (
    <>
      <div className="wrap">{chooser}</div>
      <div className="grid grid-stats">
        <Stat
          label="Violated"
          value={violated}
          ring={{ share: all ? violated / all : 0, tone: violated ? "bad" : "good" }}
        />
        <Stat label="Without a violation" value={none} sub="of what is looked at" />
        <Stat label="Incomplete" value={incomplete} sub="a policy is missing, off, or was never judged" />
        <Stat label="Not checked" value={unchecked} sub="has to be shown by other means" />
      </div>
      <Panel
        title={report.title}
        aside={
          <>
            <span>made {time(report.generated_at)} UTC</span>
            <CsvButton name={`report-${id}`} columns={columns} rows={() => report.controls} />
          </>
        }
      >
        <p className="quiet">{report.source}</p>
        <ul className="controls">
          {report.controls.map((control) => (
            <ControlItem key={control.control_id} control={control} />
          ))}
        </ul>
        <h3 className="part-title">Nothing is looked at of</h3>
        <ul className="plain-list">
          {report.outside.map((part) => (
            <li key={part}>{part}</li>
          ))}
        </ul>
      </Panel>
    </>
  );
}

function ControlItem({ control }: { readonly control: Control }) {
  const { label, tone } = standings[control.standing];
  return (
    <li>
      <div className="wrap">
        <strong>
          {control.control_id} {control.title}
        </strong>
        <StateBadge state={control.standing} tone={tone} label={label} />
      </div>
      <ul className="plain-list">
        {control.policies
          .filter(({ installed }) => installed)
          .map(({ name, enabled, judged, open, exempt, unknown }) => (
            <li key={name}>
              <Link to="/policies/$id" params={{ id: name }}>
                {name}
              </Link>
              :{" "}
              {!enabled
                ? "switched off"
                : judged === undefined
                  ? "not judged yet"
                  : `${open} of ${judged} break it, ${exempt} exempt, ${unknown ?? 0} unknown`}
            </li>
          ))}
        {control.evidence.map((line) => (
          <li key={line}>evidence: {line}</li>
        ))}
        {control.missing.map((line) => (
          <li key={line} className="tone-text" data-tone="warn">
            missing: {line}
          </li>
        ))}
        {control.not_checked ? <li className="quiet">not checked: {control.not_checked}</li> : undefined}
      </ul>
    </li>
  );
}

/** The report is read as a page; its file is a table. */
const columns: readonly CsvColumn<Control>[] = [
  { head: "Control", csv: ({ control_id: id }) => id },
  { head: "Title", csv: ({ title }) => title },
  { head: "Standing", csv: ({ standing }) => standing },
  {
    head: "Policies",
    csv: ({ policies }) => policies.map(({ name, open }) => `${name}: ${plural(open, "finding")}`).join("; "),
  },
  { head: "Evidence", csv: ({ evidence }) => evidence.join("; ") },
  { head: "Missing", csv: ({ missing }) => missing.join("; ") },
  { head: "Not checked", csv: ({ not_checked: not }) => not },
];
