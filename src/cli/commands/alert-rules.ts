import { answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { show, table } from "../output.ts";
import { readSeconds } from "../units.ts";
import { type LimitOptions, limitOf, signs } from "./alert-limits.ts";
import type { CommonOptions } from "./options.ts";

type Rule = Schemas["AlertRule"];
type Patch = Schemas["AlertRulePatch"];

export interface RuleOptions extends LimitOptions {
  readonly metric?: string;
  readonly for?: string;
  readonly resolveAfter?: string;
  readonly site?: string;
  readonly resource?: string;
  readonly action?: readonly string[];
  readonly severity?: Rule["severity"];
  readonly groupBy?: Rule["group_by"];
  readonly missing?: Rule["missing"];
  readonly missingAfter?: string;
  readonly enabled?: boolean;
}

export async function listRules(options: CommonOptions): Promise<void> {
  const { items } = await answerOf(connectApi(options).api.GET("/v1/alert-rules"));
  await show(items, options.output, (rows) =>
    table(
      rows,
      [
        { head: "NAME", value: (row) => row.name },
        { head: "CONDITION", value: conditionOf },
        { head: "OF", value: (row) => [row.site ?? "all sites", row.resource_id].filter(Boolean).join("/") },
        { head: "SEVERITY", value: (row) => (row.enabled ? row.severity : "off") },
        { head: "TELLS", value: (row) => row.actions.join(", ") || "nobody" },
      ],
      "No rules. novacron alerts rules create makes one.",
    ),
  );
}

export async function createRule(name: string, options: CommonOptions & RuleOptions): Promise<void> {
  const { metric } = options;
  const limit = limitOf(options);
  if (metric === undefined || !limit) {
    throw usageError(
      "A rule wants a metric and a limit",
      "Add --metric NAME and one of --over, --under, --at-least, --at-most, --equals.",
    );
  }
  const body = { name, metric, ...limit, ...patchOf(options) };
  const rule = await answerOf(connectApi(options).api.POST("/v1/alert-rules", { body }));
  await show(
    rule,
    options.output,
    () => `${rule.name}: ${conditionOf(rule)}. It tells ${rule.actions.join(", ") || "nobody"}.`,
  );
}

export async function changeRule(name: string, options: CommonOptions & RuleOptions): Promise<void> {
  const { api } = connectApi(options);
  const { rule_id: id } = await findRule(api, name);
  const body = { ...limitOf(options), ...patchOf(options) };
  const rule = await answerOf(api.POST("/v1/alert-rules/{id}", { params: { path: { id } }, body }));
  await show(rule, options.output, () => `${rule.name}: ${conditionOf(rule)}${rule.enabled ? "" : " (off)"}.`);
}

export async function removeRule(name: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  const { rule_id: id } = await findRule(api, name);
  await confirm(`Remove the rule ${name}?`, options.yes ?? false);
  const rule = await answerOf(api.DELETE("/v1/alert-rules/{id}", { params: { path: { id } } }));
  await show(rule, options.output, () => `${rule.name} is removed; what fired by it is resolved.`);
}

async function findRule(api: ReturnType<typeof connectApi>["api"], name: string): Promise<Rule> {
  const { items } = await answerOf(api.GET("/v1/alert-rules"));
  const found = items.find((rule) => rule.name === name) ?? items.find((rule) => rule.rule_id === name);
  if (found) return found;
  throw usageError(`There is no rule ${name}`, "novacron alerts rules list shows those that there are.");
}

function patchOf(options: RuleOptions): Omit<Patch, "name" | "threshold" | "comparison"> {
  const seconds = (text: string | undefined) => (text === undefined ? undefined : Math.round(readSeconds(text)));
  const given = {
    duration_seconds: seconds(options.for),
    resolve_after_seconds: seconds(options.resolveAfter),
    missing_after_seconds: seconds(options.missingAfter),
    site: options.site,
    resource_id: options.resource,
    actions: options.action && [...options.action],
    severity: options.severity,
    group_by: options.groupBy,
    missing: options.missing,
    enabled: options.enabled,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function conditionOf({ metric, comparison, threshold, duration_seconds: duration }: Rule): string {
  return `${metric} ${signs[comparison]} ${threshold}${duration > 0 ? ` for ${duration} s` : ""}`;
}
