import { type VmMetric, vmMetricNames } from "./metric.ts";

export const comparisons = ["gt", "gte", "lt", "lte", "eq"] as const;
export type Comparison = (typeof comparisons)[number];
export const severities = ["critical", "warning", "info"] as const;
export type Severity = (typeof severities)[number];
/** What is told together, as one. */
export const groupings = ["rule", "site", "resource"] as const;
export type Grouping = (typeof groupings)[number];
export const actionKinds = ["email", "pagerduty", "slack", "webhook"] as const;
export type ActionKind = (typeof actionKinds)[number];

/** When a figure is a reason to tell somebody, and whom. */
export interface AlertRule {
  readonly ruleId: string;
  readonly name: string;
  readonly metric: string;
  /** Absent: of all sites, and of all resources. */
  readonly site?: string;
  readonly resourceId?: string;
  readonly threshold: number;
  readonly comparison: Comparison;
  /** So long it has to hold until it fires; 0 fires at the first sample. */
  readonly durationSeconds: number;
  /** So long it must not hold any more until it is resolved. */
  readonly resolveAfterSeconds: number;
  /** `email:ADDRESS`, `pagerduty:CHANNEL`, `slack:CHANNEL`, `webhook:CHANNEL`. */
  readonly actions: readonly string[];
  readonly severity: Severity;
  readonly groupBy: Grouping;
  /** Whether a series that ends is a reason, too. Otherwise nothing is concluded of what is not measured. */
  readonly missing: "ignore" | "fire";
  /** A sample that is so late is missing. */
  readonly missingAfterSeconds: number;
  readonly enabled: boolean;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What a person says of a rule; the rest has defaults. */
export type AlertRuleRequest = Pick<AlertRule, "name" | "metric" | "threshold" | "comparison"> &
  Partial<Omit<AlertRule, "ruleId" | "createdBy" | "createdAt" | "updatedAt">>;

/** EC2 measures every five minutes and tells it some minutes later. */
const missingByDefault = 900;
const leastResolveSeconds = 60;

export function completeRule(
  request: AlertRuleRequest,
  made: Pick<AlertRule, "ruleId" | "createdBy" | "createdAt" | "updatedAt">,
): AlertRule {
  const { durationSeconds = 300 } = request;
  return {
    durationSeconds,
    resolveAfterSeconds: Math.max(leastResolveSeconds, durationSeconds),
    actions: [],
    severity: "warning",
    groupBy: "site",
    missing: "ignore",
    missingAfterSeconds: missingByDefault,
    enabled: true,
    ...request,
    ...made,
  };
}

export function isBreach(
  value: number,
  { comparison, threshold }: Pick<AlertRule, "comparison" | "threshold">,
): boolean {
  switch (comparison) {
    case "gt":
      return value > threshold;
    case "gte":
      return value >= threshold;
    case "lt":
      return value < threshold;
    case "lte":
      return value <= threshold;
    case "eq":
      return value === threshold;
  }
}

export function isVmMetric(metric: string): metric is VmMetric {
  return (vmMetricNames as readonly string[]).includes(metric);
}

export interface AlertAction {
  readonly kind: ActionKind;
  /** An address, or a channel's name in the configuration. */
  readonly to: string;
}

/** Undefined for what is no action. */
export function parseAction(text: string): AlertAction | undefined {
  const at = text.indexOf(":");
  const kind = actionKinds.find((known) => known === text.slice(0, at));
  const to = text.slice(at + 1);
  if (!kind) return undefined;
  const form = kind === "email" ? /^[^\s@<>,;"]{1,64}@[A-Za-z0-9.-]{1,253}$/ : /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
  return form.test(to) ? { kind, to } : undefined;
}

const signs: Readonly<Record<Comparison, string>> = { gt: ">", gte: "≥", lt: "<", lte: "≤", eq: "=" };

/** `cpu.utilisation > 0.9 for 300 s` */
export function describeRule({ metric, comparison, threshold, durationSeconds }: AlertRule): string {
  const lasting = durationSeconds > 0 ? ` for ${durationSeconds} s` : "";
  return `${metric} ${signs[comparison]} ${threshold}${lasting}`;
}

/** What the configuration lets actions name: mail to any address, or a channel. */
export type NotifyTarget =
  | { readonly kind: "email" }
  | { readonly kind: Exclude<ActionKind, "email">; readonly name: string };

/** Why an action can't be carried out; undefined where it can. */
export function actionProblem(text: string, targets: readonly NotifyTarget[]): string | undefined {
  const action = parseAction(text);
  if (!action) return `${text} is no action: write email:ADDRESS, pagerduty:CHANNEL, slack:CHANNEL or webhook:CHANNEL`;
  const { kind, to } = action;
  if (targets.some((target) => target.kind === kind && (target.kind === "email" || target.name === to)))
    return undefined;
  if (kind === "email") return `${text} can't be sent: no mail server is configured (alerting.smtp_url)`;
  const known = targets.flatMap((target) => (target.kind === kind ? [target.name] : []));
  return `no ${kind} channel ${to} is configured (alerting.channels); there are: ${known.join(", ") || "none"}`;
}
