import type { Alert } from "./alert.ts";
import type { AlertRule, Severity } from "./alert-rule.ts";

/** For a while nobody is told of what matches all that it names. */
export interface Silence {
  readonly silenceId: string;
  /** A rule's id. */
  readonly ruleId?: string;
  readonly site?: string;
  readonly resourceId?: string;
  readonly severity?: Severity;
  readonly from: string;
  readonly until: string;
  readonly reason: string;
  readonly createdBy: string;
}

/** Whether somebody is to be told of the alert now. */
export function isSilenced(
  alert: Pick<Alert, "ruleId" | "site" | "resourceId">,
  rule: Pick<AlertRule, "severity">,
  silences: readonly Silence[],
  nowMs: number,
): boolean {
  return silences.some(
    ({
      ruleId = alert.ruleId,
      site = alert.site,
      resourceId = alert.resourceId,
      severity = rule.severity,
      from,
      until,
    }) =>
      Date.parse(from) <= nowMs &&
      nowMs < Date.parse(until) &&
      ruleId === alert.ruleId &&
      site === alert.site &&
      resourceId === alert.resourceId &&
      severity === rule.severity,
  );
}
