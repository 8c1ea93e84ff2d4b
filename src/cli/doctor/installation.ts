import type { Schemas } from "../client.ts";
import { type Finding, failing, ok, secondsSince, spanOf, warning } from "./finding.ts";

const staleInventorySeconds = 3_600;
const certificateSoonSeconds = 14 * 86_400;
/** A schedule that was due this much longer ago than it runs has not been run. */
const lateSchedules = 2;
const stalePriceDays = 90;

/** The store, Temporal, the switch that stops all changes, this control plane and its backups. */
export function controlPlaneFindings(
  controlPlane: Schemas["ControlPlane"],
  freeze: Schemas["Freeze"],
): readonly Finding[] {
  const subject = "control plane";
  const found: Finding[] = [];
  if (freeze.frozen) {
    const why = freeze.reason === undefined ? "" : `: ${freeze.reason}`;
    found.push(
      warning(subject, `changes are frozen since ${freeze.since}${why}`, "Allow them again: ./novacron unfreeze."),
    );
  }
  const { superseded_by: successor } = controlPlane;
  if (successor) {
    const what = `a later control plane took over on ${successor.host} at ${successor.taken_at}: this one starts nothing`;
    found.push(failing(subject, what, "Use that one, and take this one down: ./novacron down."));
  }
  if (controlPlane.places.length === 0) {
    const remedy = "Name sites that keep them in control_plane.backup_to (docs/recovery.md).";
    found.push(warning(subject, "its store is backed up nowhere", remedy));
  }
  for (const { site, overdue, problem, taken_at: taken } of controlPlane.places) {
    const last = taken === undefined ? "there is none" : `the newest is of ${taken}`;
    if (problem === undefined && !overdue) continue;
    const what = `its backup at ${site} is overdue (${last})${problem === undefined ? "" : `: ${problem}`}`;
    found.push(failing(subject, what, `Mend what is wrong with ${site}, then: ./novacron control-plane backup.`));
  }
  for (const { kind, subject: name, advice } of controlPlane.interrupted.filter(({ outcome }) => outcome === "lost")) {
    found.push(warning(`${kind} ${name}`, "was under way when an earlier control plane was lost", advice ?? ""));
  }
  return found.length > 0 ? found : [ok(subject, "answers, may act, and is backed up")];
}

export function siteFindings(sites: readonly Schemas["Site"][]): readonly Finding[] {
  return sites.flatMap(({ site, enabled, inventory }): readonly Finding[] => {
    const subject = `site ${site}`;
    if (!enabled) return [ok(subject, "is switched off by the configuration")];
    const refresh = `Look at why: ./novacron providers check ${site}`;
    if (inventory.error !== undefined) {
      return [failing(subject, `could not be read at ${inventory.failed_at}: ${inventory.error}`, refresh)];
    }
    if (inventory.age_seconds === undefined) return [warning(subject, "was never read", refresh)];
    if (inventory.age_seconds > staleInventorySeconds) {
      const what = `was read ${spanOf(inventory.age_seconds)} ago for the last time`;
      return [
        warning(subject, what, "Look at ./novacron schedules list: is its reading paused, and does a worker run?"),
      ];
    }
    return [ok(subject, `read ${spanOf(inventory.age_seconds)} ago, ${inventory.vm_count} VMs`)];
  });
}

/** What a site said of itself when it was asked now. */
export function checkFindings({ site, checks }: Schemas["SiteCheck"]): readonly Finding[] {
  const subject = `site ${site}`;
  const wrong = checks.filter(({ result }) => result !== "pass");
  if (wrong.length === 0) return [ok(subject, `passes its ${checks.length} checks`)];
  return wrong.map(({ check, result, detail, remedy = "" }) =>
    (result === "fail" ? failing : warning)(subject, `${check}: ${detail}`, remedy),
  );
}

export function workerFindings(workers: readonly Schemas["SiteWorker"][], now: Date): readonly Finding[] {
  return workers
    .filter(({ state }) => state === "live" || state === "silent")
    .flatMap(({ worker_id: id, name, site, state, seen_at: seen, certificate_ends_at: ends }): readonly Finding[] => {
      const subject = `worker ${name}`;
      if (state === "silent") {
        const remedy = `Start it there again (./novacron join), or remove it: ./novacron workers remove ${id}.`;
        return [failing(subject, `of ${site} was last heard of ${seen ?? "never"}`, remedy)];
      }
      const left = -secondsSince(ends, now);
      if (left > certificateSoonSeconds) return [];
      const what = left > 0 ? `its certificate ends in ${spanOf(left)}` : `its certificate ended at ${ends}`;
      return [warning(subject, what, "It renews by itself while it reaches the API: look at its log.")];
    });
}

export function scheduleFindings(schedules: Schemas["ScheduleList"]["items"], now: Date): readonly Finding[] {
  return schedules.flatMap((each): readonly Finding[] => {
    const subject = `schedule ${each.schedule_id}`;
    if (each.paused) {
      return [warning(subject, "is paused", "Let it run again in Temporal's UI (Schedules).")];
    }
    const late = each.next_at === undefined ? 0 : secondsSince(each.next_at, now);
    if (late <= (each.every_seconds ?? Number.POSITIVE_INFINITY) * lateSchedules) return [];
    return [
      failing(subject, `was due ${spanOf(late)} ago`, "Look whether Temporal and a worker run: ./novacron status."),
    ];
  });
}

export interface KnownPrices {
  readonly provider: string;
  /** Lists are brought in whole: any row of one tells its age. */
  readonly price: Schemas["Price"] | undefined;
}

export function priceFindings(known: readonly KnownPrices[]): readonly Finding[] {
  return known.map(({ provider, price }) => {
    const subject = `prices of ${provider}`;
    if (price === undefined) {
      const what = "are not known: estimates say so, and nothing there is recommended";
      return warning(subject, what, "Bring in a list: docs/prices.md.");
    }
    const what = `are of ${price.priced_on}, ${price.age_days} days old`;
    return price.age_days > stalePriceDays
      ? warning(subject, what, "Bring in a newer list: docs/prices.md.")
      : ok(subject, what);
  });
}

export function alertFindings({ evaluated_at: at, items }: Schemas["AlertList"]): readonly Finding[] {
  const firing = items.filter(({ state, silenced }) => state === "firing" && !silenced);
  if (firing.length === 0) return at === undefined ? [] : [ok("alerts", `none fires (looked at ${at})`)];
  return firing.map(({ rule, severity, site, resource_id: id, condition, since }) =>
    (severity === "critical" ? failing : warning)(
      `alert ${rule}`,
      `${[site, id].filter(Boolean).join("/")}: ${condition}, since ${since}`,
      `See ./novacron alerts list.`,
    ),
  );
}

export function groupFindings(groups: readonly Schemas["ProtectionGroup"][], now: Date): readonly Finding[] {
  return groups.flatMap(
    ({ name, group_id: id, state, breached, lag_seconds: lag, policy, unprotected_since: since }) => {
      const subject = `group ${name}`;
      const look = `See ./novacron doctor failover ${id}.`;
      if (state === "deleted" || state === "deleting") return [];
      if (state === "unprotected") {
        const what = `is not protected${since === undefined ? "" : ` for ${spanOf(secondsSince(since, now))}`}`;
        return [failing(subject, what, `Protect it again: ./novacron protection reprotect ${id}.`)];
      }
      if (!breached) return [];
      const late = lag === undefined ? "it has no recovery point" : `its newest recovery point is ${spanOf(lag)} old`;
      return [failing(subject, `misses its RPO of ${spanOf(policy.rpo_seconds)}: ${late}`, look)];
    },
  );
}
