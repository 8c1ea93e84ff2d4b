import { answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { formatBytes, formatMoney, formatSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Plan = Schemas["Plan"];

export async function showPlan(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const plan = await answerOf(api.GET("/v1/plans/{id}", { params: { path: { id } } }));
  await show(plan, options.output, describePlan);
}

/** What is known of it; what isn't, the checks name. */
export function describeCost({ total, complete }: Schemas["Cost"]): string {
  if (!total) return "not known,";
  return complete ? formatMoney(total) : `at least ${formatMoney(total)}, not all of it known,`;
}

function describeTime(seconds: number | undefined, basis?: string): string | undefined {
  if (seconds === undefined) return undefined;
  return basis === undefined ? formatSeconds(seconds) : `${formatSeconds(seconds)} (${basis})`;
}

/** What carries a plan of the kind out; all others are operations. */
const carriedOutBy: Readonly<Record<string, string>> = {
  "migrate-vm": "migrate --plan",
  "migrate-wave": "waves start --plan",
  "finalize-migration": "migrations finalize --plan",
  "test-migration": "migrations test --plan",
  "protect-group": "protection create NAME --plan",
  "recover-group": "recovery start --plan",
};
/** Those that move bytes. */
const moving: readonly string[] = ["migrate-vm", "migrate-wave", "test-migration", "protect-group"];

const marks = { pass: "ok", warn: "warn", fail: "FAIL" } as const;

export async function describePlan(plan: Plan): Promise<string> {
  const { estimates } = plan;
  const moves = moving.includes(plan.kind);
  const checks = await table(
    plan.checks,
    [
      { head: "CHECK", value: (check) => check.check },
      { head: "RESULT", value: (check) => marks[check.result] },
      { head: "DETAIL", value: (check) => (check.remedy ? `${check.detail}. ${check.remedy}` : check.detail) },
    ],
    "No checks.",
  );
  return [
    fields([
      ["Plan", plan.plan_id],
      ["Hash", plan.hash],
      ["What", plan.kind],
      [
        "To move",
        moves ? `${formatBytes(estimates.bytes_to_move)} of ${formatBytes(estimates.bytes_nominal)}` : undefined,
      ],
      ["Predicted", describeTime(estimates.seconds, estimates.basis)],
      ["Downtime", describeTime(estimates.downtime_seconds)],
      [
        plan.kind === "finalize-migration" ? "It costs now" : "Price",
        estimates.monthly && `${describeCost(estimates.monthly)} a month`,
      ],
      ["Egress", estimates.egress && `${describeCost(estimates.egress)} for this move`],
    ]),
    plan.actions.length === 0
      ? "Nothing has to be done."
      : `Steps:\n${plan.actions.map((action, index) => `  ${index + 1}. ${action.detail}`).join("\n")}`,
    plan.choices.length > 0
      ? `Choices:\n${plan.choices.map(({ what, chosen, why }) => `  ${what}: ${chosen}, because ${why}`).join("\n")}`
      : "",
    checks,
    plan.executable
      ? `Carry it out: novacron ${carriedOutBy[plan.kind] ?? "plans execute"} ${plan.plan_id}`
      : "It cannot be carried out: see the checks that failed.",
  ]
    .filter(Boolean)
    .join("\n\n");
}

export function notExecutable(plan: Plan): CliError {
  const failed = plan.checks.filter((check) => check.result === "fail");
  return new CliError(
    failed.map((check) => `${check.check}: ${check.detail}`).join("\n"),
    [...new Set(failed.map((check) => check.remedy ?? ""))].join("\n"),
    { problem: { plan_id: plan.plan_id } },
  );
}
