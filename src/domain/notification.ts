import type { Alert } from "./alert.ts";
import { type AlertRule, describeRule, type Severity } from "./alert-rule.ts";

/** One resource of what is told. */
export interface NotifiedAlert {
  readonly site: string;
  readonly resourceId: string;
  readonly value?: number;
  readonly since: string;
  readonly note?: string;
}

/** What somebody is told at once: all of one group that has changed, and how the group stands. */
export interface Notification {
  readonly notificationId: string;
  /** The same for all notifications about the group, from the first that fires to the last that is resolved. */
  readonly groupKey: string;
  readonly rule: string;
  readonly condition: string;
  readonly severity: Severity;
  /** `firing` as long as any of the group is. */
  readonly state: "firing" | "resolved";
  readonly firing: readonly NotifiedAlert[];
  /** Since the notification before. */
  readonly resolved: readonly NotifiedAlert[];
  readonly at: string;
}

const shownAtMost = 20;

export function groupKeyOf(
  { ruleId, groupBy }: Pick<AlertRule, "ruleId" | "groupBy">,
  alert: Pick<Alert, "site" | "resourceId">,
) {
  if (groupBy === "rule") return ruleId;
  return groupBy === "site" ? `${ruleId}/${alert.site}` : `${ruleId}/${alert.site}/${alert.resourceId}`;
}

export function notificationOf(
  rule: AlertRule,
  group: { notificationId: string; groupKey: string; at: string; firing: readonly Alert[]; resolved: readonly Alert[] },
): Notification {
  const { firing, resolved, ...rest } = group;
  return {
    ...rest,
    rule: rule.name,
    condition: describeRule(rule),
    severity: rule.severity,
    state: firing.length > 0 ? "firing" : "resolved",
    firing: firing.map(notified),
    resolved: resolved.map(notified),
  };
}

/** One line: a subject, a summary. */
export function subjectOf({ rule, state, severity, firing, resolved }: Notification): string {
  const [first] = state === "firing" ? firing : resolved;
  const count = state === "firing" ? firing.length : resolved.length;
  const where = count === 1 && first ? `${first.resourceId} at ${first.site}` : `${count} resources`;
  return state === "firing" ? `[${severity}] ${rule}: ${where}` : `[resolved] ${rule}: ${where}`;
}

/** As a person reads it, in lines. */
export function textOf(notification: Notification): string {
  const { rule, condition, firing, resolved, at } = notification;
  return [
    `${rule}: ${condition}`,
    ...part("Firing", firing),
    ...part("Resolved", resolved),
    "",
    `NovaCron, ${at}. novacron alerts list shows how it stands.`,
  ].join("\n");
}

function part(head: string, alerts: readonly NotifiedAlert[]): string[] {
  if (alerts.length === 0) return [];
  const lines = alerts.slice(0, shownAtMost).map(({ site, resourceId, value, since, note }) => {
    const figure = value === undefined ? "" : ` is ${Number(value.toPrecision(6))}`;
    return `- ${resourceId} at ${site}${figure}, since ${since}${note === undefined ? "" : ` (${note})`}`;
  });
  const more = alerts.length > shownAtMost ? [`- and ${alerts.length - shownAtMost} more`] : [];
  return ["", `${head}:`, ...lines, ...more];
}

function notified({ site, resourceId, value, since, note }: Alert): NotifiedAlert {
  return {
    site,
    resourceId,
    since,
    ...(value === undefined ? {} : { value }),
    ...(note === undefined ? {} : { note }),
  };
}
