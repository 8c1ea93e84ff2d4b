import type { Severity as AlertSeverity } from "../alert-rule.ts";
import type { Notification, NotifiedAlert } from "../notification.ts";
import type { Policy, Severity } from "./policy.ts";

/** What has changed of a policy's findings since people were told last. */
export interface FindingNews {
  readonly notificationId: string;
  readonly at: string;
  /** Some of those that are new, and of those that have ended; the counts are of all. */
  readonly opened: readonly NotifiedAlert[];
  readonly ended: readonly NotifiedAlert[];
  readonly openedCount: number;
  readonly openCount: number;
}

const alertSeverities = {
  ...({ critical: "critical", high: "warning", medium: "warning", low: "info" } as const),
} satisfies Record<Severity, AlertSeverity>;

export function alertSeverityOf({ severity }: Pick<Policy, "severity">): AlertSeverity {
  return alertSeverities[severity];
}

/** What stands for a policy where a notification or a silence names a rule. */
export function ruleIdOf({ policyId }: Pick<Policy, "policyId">): string {
  return `policy/${policyId}`;
}

/** All notifications of a policy are of one group, from its first finding to its last. */
export function findingNotification(
  policy: Pick<Policy, "policyId" | "name" | "severity" | "description">,
  { notificationId, at, opened, ended, openedCount, openCount }: FindingNews,
): Notification {
  const count = openedCount > 0 ? `${openedCount} new, ${openCount} open` : `${openCount} open`;
  return {
    notificationId,
    groupKey: ruleIdOf(policy),
    rule: `policy ${policy.name}`,
    condition: `${policy.description} (${policy.severity}; ${count}; novacron policies findings --policy ${policy.name})`,
    severity: alertSeverityOf(policy),
    state: openCount > 0 ? "firing" : "resolved",
    firing: opened,
    resolved: ended,
    at,
  };
}
