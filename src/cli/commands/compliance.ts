import { answerOf, connectApi, type Schemas } from "../client.ts";
import { show } from "../output.ts";
import type { CommonOptions } from "./options.ts";

type Report = Schemas["ComplianceReport"];

const words: Readonly<Record<Report["controls"][number]["standing"], string>> = {
  violated: "VIOLATED",
  "no-violation": "no violation of what is looked at",
  incomplete: "incomplete",
  "not-checked": "not checked",
};

export async function complianceReport(framework: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const report = await answerOf(api.GET("/v1/compliance-reports/{id}", { params: { path: { id: framework } } }));
  await show(report, options.output, async (shown) => describe(shown));
}

function describe({ title, source, generated_at: at, controls, outside, summary }: Report): string {
  const { violated, no_violation: fine, incomplete, not_checked: unchecked } = summary;
  return [
    `${title}\n${source}\nAs of ${at}: ${violated} violated, ${fine} without a violation, ${incomplete} incomplete, ${unchecked} not checked`,
    ...controls.map(describeControl),
    `Nothing is looked at of:\n${outside.map((part) => `  ${part}`).join("\n")}`,
  ].join("\n\n");
}

function describeControl(control: Report["controls"][number]): string {
  const policies = control.policies.map(({ name, judged_at: at, judged = 0, open, exempt, unknown = 0 }) =>
    at === undefined
      ? `  policy ${name}`
      : `  policy ${name}: ${open} of ${judged} break it, ${exempt} are exempt, ${unknown} unknown (scan of ${at})`,
  );
  return [
    `${control.control_id}  ${control.title}: ${words[control.standing]}`,
    ...policies,
    ...control.evidence.map((line) => `  ${line}`),
    ...control.missing.map((line) => `  missing: ${line}`),
    `  not checked: ${control.not_checked}`,
  ].join("\n");
}
