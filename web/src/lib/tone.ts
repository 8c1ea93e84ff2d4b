/** What a state means to whoever looks at it, in five colours. */
export type Tone = "good" | "busy" | "warn" | "bad" | "idle";

const ofJobs: Readonly<Record<Tone, readonly string[]>> = {
  good: [
    "done",
    "completed",
    "finalized",
    "moved",
    "complete",
    "protected",
    "pass",
    "ready",
    "passed",
    "up",
    "live",
    "approve",
  ],
  busy: [
    ..."running queued initial re-protecting failing-over undoing rolling-back deleting waiting-for-slot connecting".split(
      " ",
    ),
    ...["starting", "copying", "freezing", "open"],
  ],
  warn: [
    ..."paused awaiting-cutover awaiting-finalize waiting attention unprotected partly-done incomplete warn".split(" "),
    ...["degraded", "untested", "suspect", "away", "lagging", "unknown", "stale", "draining", "asked"],
  ],
  bad: ["failed", "fail", "breached", "down", "reject", "none", "unreachable", "lost", "broken"],
  idle: ["undone", "rolled-back", "cancelled", "skipped", "passed-over", "given-up", "deleted", "not-begun", "removed"],
};

const ofResources: Readonly<Record<Tone, readonly string[]>> = {
  good: ["running", "in-use", "available", "active", "up", "attached", "complete"],
  busy: ["pending", "starting", "stopping", "creating", "deleting", "provisioning", "staging"],
  warn: ["paused", "suspended", "degraded"],
  bad: ["crashed", "failed", "error", "down"],
  idle: ["stopped", "terminated", "deallocated", "detached", "shutoff"],
};

/** A state that nobody has sorted in is neither good nor bad. `running` is well for a VM, and under way for a job. */
export function toneOf(state: string | undefined, of: "job" | "resource" = "job"): Tone {
  if (state === undefined) return "idle";
  const found = Object.entries(of === "job" ? ofJobs : ofResources).find(([, states]) => states.includes(state));
  return (found?.[0] as Tone | undefined) ?? "idle";
}

/** How full an objective is: well within it, near its end, beyond. */
export function gaugeTone(ratio: number | undefined): Tone {
  if (ratio === undefined) return "idle";
  if (ratio > 1) return "bad";
  return ratio > 0.75 ? "warn" : "good";
}

/** How urgent something is, by the word that rules and policies use. */
export function severityTone(severity: string): Tone {
  if (severity === "critical" || severity === "high") return "bad";
  return severity === "info" || severity === "low" ? "idle" : "warn";
}
