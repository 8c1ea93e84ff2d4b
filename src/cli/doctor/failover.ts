import type { Schemas } from "../client.ts";
import { type Finding, failing, ok, secondsSince, spanOf, warning } from "./finding.ts";

export interface FailoverFacts {
  readonly group: Schemas["ProtectionGroup"];
  readonly status: Schemas["ProtectionStatus"];
  /** Absent where it could not be looked at. */
  readonly plan: Schemas["RecoveryPlan"] | "none" | undefined;
  /** The newest first. */
  readonly runs: readonly Schemas["RecoveryRun"][];
  /** How the site is that serves it. */
  readonly health: Schemas["SiteHealth"] | undefined;
}

/** Whether a group would come up at its recovery site in time, and what stands against it. */
export function failoverFindings({ group, status, plan, runs, health }: FailoverFacts, now: Date): readonly Finding[] {
  return [
    ...protectedFindings(group, now),
    ...memberFindings(group, status),
    ...planFindings(group, plan),
    ...runFindings(group, runs),
    ...siteFindings(group, health),
  ];
}

function protectedFindings(group: Schemas["ProtectionGroup"], now: Date): readonly Finding[] {
  const subject = `group ${group.name}`;
  const { policy, state, lag_seconds: lag } = group;
  if (state === "unprotected") {
    const since = group.unprotected_since;
    const what = `is unprotected${since === undefined ? "" : ` for ${spanOf(secondsSince(since, now))}`}`;
    return [failing(subject, what, `Protect it again: ./novacron protection reprotect ${group.group_id}.`)];
  }
  if (state === "paused")
    return [
      warning(subject, "its protection is paused", `Let it go on: ./novacron protection resume ${group.group_id}.`),
    ];
  if (lag === undefined)
    return [
      failing(
        subject,
        "has no recovery point: there is nothing to fail over to",
        "Look at the problems of its VMs below.",
      ),
    ];
  if (lag <= policy.rpo_seconds)
    return [ok(subject, `its newest recovery point is ${spanOf(lag)} old, its RPO ${spanOf(policy.rpo_seconds)}`)];
  const limit = policy.bandwidth_bytes_per_second;
  const remedy =
    limit === undefined
      ? "Look at its rounds in Temporal's UI, and at the link between the sites; or replicate more often."
      : "Its own bandwidth limit may be too small for what changes: raise it, or widen the RPO.";
  return [
    failing(subject, `its newest recovery point is ${spanOf(lag)} old, its RPO ${spanOf(policy.rpo_seconds)}`, remedy),
  ];
}

function memberFindings(
  { policy, members }: Schemas["ProtectionGroup"],
  { backups }: Schemas["ProtectionStatus"],
): readonly Finding[] {
  const problems = members.flatMap(({ name, problem }) =>
    problem === undefined
      ? []
      : [failing(`vm ${name}`, problem, "Until that is mended it is not in new recovery points.")],
  );
  const late = backups.flatMap(({ name, state, predicted_rto_seconds: rto }): readonly Finding[] => {
    if (state === "none")
      return [failing(`vm ${name}`, "is in no recovery point", "It can't be brought up at the recovery site.")];
    if (rto === undefined || rto <= policy.rto_seconds) return [];
    const what = `is predicted to be up after ${spanOf(rto)}, its RTO is ${spanOf(policy.rto_seconds)}`;
    return [
      failing(`vm ${name}`, what, "Put it into an earlier boot group, choose a larger size there, or widen the RTO."),
    ];
  });
  return [...problems, ...late];
}

function planFindings(
  { group_id: id, name }: Schemas["ProtectionGroup"],
  plan: FailoverFacts["plan"],
): readonly Finding[] {
  const subject = `recovery plan of ${name}`;
  if (plan === undefined) return [];
  if (plan === "none") {
    return [
      failing(
        subject,
        "there is none: all VMs would begin at once, and no record moves",
        "Make one: ./novacron recovery plan set.",
      ),
    ];
  }
  const { state, because } = plan.readiness;
  return [
    state === "ready"
      ? ok(subject, because)
      : warning(subject, `is ${state}: ${because}`, `Drill it: ./novacron recovery drill ${id}.`),
  ];
}

function runFindings(
  { name }: Schemas["ProtectionGroup"],
  runs: readonly Schemas["RecoveryRun"][],
): readonly Finding[] {
  const [newest] = runs;
  if (newest === undefined) return [];
  const subject = `${newest.mode} ${newest.run_id}`;
  const { problem, report, state, waits_for: waits } = newest;
  const look = `./novacron recovery show ${newest.run_id}`;
  if (waits !== undefined) return [warning(subject, `waits for ${waits}`, `See ${look}.`)];
  if (problem)
    return [
      failing(
        subject,
        `is ${state}: ${problem.message}`,
        `See ${look}; try its failed steps again: ./novacron recovery retry ${newest.run_id}.`,
      ),
    ];
  if (report === undefined) return [];
  const { rto_seconds: rto, rto_objective_seconds: aim, rpo_seconds: rpo, rpo_objective_seconds: most } = report;
  const measured = `of ${name} took ${spanOf(rto)} (RTO ${spanOf(aim)}) and lost ${spanOf(rpo)} (RPO ${spanOf(most)})`;
  if (rto <= aim && rpo <= most) return [ok(subject, measured)];
  return [failing(subject, measured, `Each step's time: ${look}.`)];
}

function siteFindings(
  { policy }: Schemas["ProtectionGroup"],
  health: Schemas["SiteHealth"] | undefined,
): readonly Finding[] {
  if (health === undefined) return [];
  const subject = `site ${health.site}`;
  const found: Finding[] = [];
  if (health.verdict !== "up") {
    found.push(
      warning(
        subject,
        `is ${health.verdict}: ${health.reasons.join("; ")}`,
        `./novacron sites health ${health.site} shows who sees what.`,
      ),
    );
  }
  if (policy.auto_failover && !health.automatic_failover) {
    const what =
      "is not failed over by itself, though the group asks for it: fewer than three failure domains look at it";
    found.push(
      failing(subject, what, "Have workers at further sites, each with its own failure_domain (docs/outages.md)."),
    );
  }
  return found;
}
