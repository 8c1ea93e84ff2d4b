import type { Schemas } from "../client.ts";
import { type Finding, failing, ok, secondsSince, spanOf, warning } from "./finding.ts";

/** A pool looks every `sample_seconds`; after so many that nothing was decided it does not run. */
const missedLooks = 4;
const shownProblems = 3;

/** Why a pool has the VMs that it has. `decisions` and `leases`: the newest first. */
export function burstFindings(
  pool: Schemas["BurstPool"],
  decisions: readonly Schemas["BurstDecision"][],
  leases: readonly Schemas["BurstLease"][],
  now: Date,
): readonly Finding[] {
  const subject = `pool ${pool.name}`;
  if (pool.state !== "active") return [warning(subject, `is ${pool.state}`, "Make another: ./novacron burst create.")];
  const found: Finding[] = [];
  if (!pool.enabled) {
    found.push(failing(subject, "is disabled: it decides nothing", "Set enabled to true: ./novacron burst change."));
  }
  const [newest] = decisions;
  if (newest === undefined)
    found.push(failing(subject, "never looked at its load", "Look whether a worker runs: ./novacron status."));
  else {
    const quiet = secondsSince(newest.until, now);
    if (quiet > pool.sample_seconds * missedLooks) {
      const what = `looked last ${spanOf(quiet)} ago, and should every ${pool.sample_seconds} s`;
      found.push(failing(subject, what, "Its run is burst-pool/… in Temporal's UI: does a worker take its tasks?"));
    }
    if (pool.enabled) found.push(decided(pool, newest));
  }
  const failed = leases.filter(({ state }) => state === "failed").slice(0, shownProblems);
  for (const { vm_name: name, problems } of failed) {
    const last = problems.at(-1);
    if (last)
      found.push(
        warning(subject, `${name} failed at ${last.site ?? "no site"}: ${last.message}`, codeRemedy(last.code)),
      );
  }
  return found;
}

function codeRemedy(code: string): string {
  if (code === "QuotaExceeded") return "Raise the quota, or name further sites in the pool.";
  if (code === "InsufficientCapacity")
    return "Name further sites or regions in the pool; it goes to the next by itself.";
  return "See docs/errors.md for the code.";
}

function decided(pool: Schemas["BurstPool"], newest: Schemas["BurstDecision"]): Finding {
  const subject = `pool ${pool.name}`;
  const what = `${newest.reason}: ${newest.detail}`;
  switch (newest.reason) {
    case "no-samples":
      return failing(
        subject,
        what,
        `Nothing is measured of ${pool.signals.map(({ metric }) => metric).join(", ")} at ${pool.site}: push it (POST /v1/metrics/samples), or see docs/metrics.md.`,
      );
    case "at-limit":
      return failing(subject, what, `It has ${newest.have} of at most ${pool.max_vms}: raise max_vms.`);
    case "no-budget":
      return failing(subject, what, "Raise monthly_budget, or let cheaper sites in.");
    case "no-offer":
      return failing(
        subject,
        what,
        `No site of ${pool.sites.join(", ")} offers what the template asks for: ./novacron burst explain ${pool.name} says why of each.`,
      );
    case "frozen":
      return failing(subject, what, "All changes are frozen: ./novacron unfreeze.");
    case "cooling-down":
      return warning(
        subject,
        what,
        `It waits out cooldown_seconds (${spanOf(pool.cooldown_seconds)}) after its last change.`,
      );
    case "not-sustained":
      return warning(subject, what, "The load has to last for sustain_seconds; lower it to burst sooner.");
    case "not-worth":
      return warning(subject, what, "What the VMs would cost is more than over_minute_worth says their absence does.");
    default:
      return ok(subject, what);
  }
}
