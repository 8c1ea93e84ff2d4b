import type { Schemas } from "../client.ts";
import { type Finding, failing, ok, secondsSince, spanOf, warning } from "./finding.ts";

/** What the codes of failures (docs/errors.md) want looked at in a migration. */
const lookAt: Readonly<Record<string, string>> = {
  QuotaExceeded: "Raise the quota or the ceiling that the message names, or choose a smaller size; then migrate again.",
  InsufficientCapacity: "The site has none of this size now: try another size or region, or later.",
  CloudUnauthenticated: "Renew the site's credentials, then: ./novacron providers check SITE.",
  CloudPermissionDenied: "Grant what the message names; ./novacron providers check SITE says what else is missing.",
  Unavailable: "Look whether the site is reached: ./novacron providers check SITE.",
  Timeout:
    "Look whether the site is reached and a worker runs: ./novacron providers check SITE, ./novacron workers list.",
  RateLimited: "The site turns requests away: move less at once (parallel_migrations), or ask for a higher limit.",
  UnsupportedCapability: "The plan's checks say what the target can't do: ./novacron plans show PLAN.",
  PolicyBlocked: "Meet the policy that the message names, or have an exemption: ./novacron policies findings.",
  IntegrityFailure: "The copy is kept as evidence: look at both disks before anything is removed (docs/errors.md).",
  NotFound: "Something that the plan saw is gone: plan again.",
  Conflict: "Read the message: the guest did not come up, or something is not in the state that the step needs.",
};

const quietSeconds = 600;

/** Why a migration stands where it stands, and what to do. `lines`: what was said of it at `warn` and above. */
export function migrationFindings(
  migration: Schemas["Migration"],
  plan: Schemas["Plan"] | undefined,
  lines: readonly Schemas["LogLine"][],
  now: Date,
): readonly Finding[] {
  return [
    standing(migration, now),
    ...planFindings(migration, plan),
    ...leftBehind(migration),
    ...said(migration, lines),
  ];
}

function standing(migration: Schemas["Migration"], now: Date): Finding {
  const { migration_id: id, state, problem, step, vm } = migration;
  const subject = `migration ${id}`;
  const since = spanOf(secondsSince(migration.updated_at, now));
  switch (state) {
    case "failed":
    case "rolled-back": {
      const where = problem?.step === undefined ? "" : ` at ${problem.step}`;
      const what = `${vm.name} is ${state}${where}: ${problem?.message ?? "no reason is kept"}`;
      const remedy =
        lookAt[problem?.code ?? ""] ?? `Look at what was said: ./novacron logs --workflow ${migration.workflow_id}.`;
      return failing(subject, what, remedy.replace("SITE", migration.to).replace("PLAN", migration.plan_id));
    }
    case "queued": {
      const what = `waits for ${since}: as many migrations run as may (parallel_migrations)`;
      return warning(subject, what, "See what runs: ./novacron migrations list --state running.");
    }
    case "paused":
      return warning(subject, `is paused for ${since}`, `Let it go on: ./novacron migrations resume ${id}.`);
    case "awaiting-cutover":
      return warning(subject, `waits for the cutover`, `Give the word: ./novacron migrations cutover ${id}.`);
    case "running":
    case "rolling-back":
    case "undoing": {
      const seconds = secondsSince(migration.updated_at, now);
      if (seconds < quietSeconds) return ok(subject, `is at ${step ?? "its beginning"} (${progressOf(migration)})`);
      const what = `is at ${step ?? "its beginning"} (${progressOf(migration)}) and told nothing for ${since}`;
      return warning(subject, what, "Look at the run in Temporal's UI: an activity that is tried again says why.");
    }
    default:
      return ok(subject, `${vm.name} is ${state}`);
  }
}

function progressOf({ progress }: Schemas["Migration"]): string {
  return `${Math.floor(progress)} %`;
}

function planFindings({ plan_id: id }: Schemas["Migration"], plan: Schemas["Plan"] | undefined): readonly Finding[] {
  return (plan?.checks ?? [])
    .filter(({ result }) => result !== "pass")
    .map(({ check, detail, remedy = "" }) => warning(`plan ${id}`, `${check}: ${detail}`, remedy));
}

function leftBehind({ migration_id: id, problem }: Schemas["Migration"]): readonly Finding[] {
  return (problem?.left_behind ?? []).map(({ resource, remove }) =>
    failing(`migration ${id}`, `left ${resource} behind, which may cost money`, `Remove it: ${remove}`),
  );
}

const shownLines = 3;

function said(
  { migration_id: id, workflow_id: run }: Schemas["Migration"],
  lines: readonly Schemas["LogLine"][],
): readonly Finding[] {
  return lines
    .slice(0, shownLines)
    .map(({ at, message, activity = "a process" }) =>
      warning(
        `migration ${id}`,
        `${activity} said at ${at}: ${message}`,
        `All of it: ./novacron logs --workflow ${run}.`,
      ),
    );
}
