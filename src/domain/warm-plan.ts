import { CheckList } from "./check-list.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import { usualSeconds } from "./migration-times.ts";
import type { PlanAction, PlanCheck, PlanChoice } from "./plan.ts";
import { type WarmParameters, warmDefaults } from "./warm.ts";

/** The steps between the source's stop and the target's proof whose time does not depend on what changed. */
const fixedSteps = ["stop", "materialise", "create", "verify"] as const;
/** Assumed for them until a move of this link has shown it. */
const assumedFixedSeconds = 20;

/** How a warm move replicates and when it cuts over. */
export function planWarm(
  seen: MigrationObservations,
  stopGraceMs: number,
): { parameters: WarmParameters; action: PlanAction; choice: PlanChoice } {
  const { request, vm } = seen;
  const asked = request.warm ?? {};
  const measured = fixedSteps.map((step) => usualSeconds(seen.history, step));
  const known = measured.every((seconds) => seconds !== undefined);
  const fixedSeconds = known ? measured.reduce((sum: number, seconds) => sum + (seconds ?? 0), 0) : assumedFixedSeconds;
  const parameters: WarmParameters = {
    cutover: asked.cutover ?? warmDefaults.cutover,
    cutoverAt: asked.cutoverAt,
    targetDowntimeSeconds: asked.targetDowntimeSeconds ?? warmDefaults.targetDowntimeSeconds,
    roundPauseSeconds: asked.roundPauseSeconds ?? warmDefaults.roundPauseSeconds,
    fixedSeconds,
  };
  return {
    parameters,
    action: {
      action: "replicate",
      resource: { site: request.from, kind: "vm", id: vm.vmId },
      detail: `Copy ${vm.name} while it runs, again and again what changed, until ${when(parameters)}`,
      parameters: { ...parameters },
    },
    choice: {
      what: "downtime beside moving and proving the last difference",
      chosen: `${fixedSeconds.toFixed(1)} s`,
      why: known
        ? "what stopping, cloning, creating and booting took in earlier moves of this link"
        : `assumed; no move of this link has completed yet (the guest may take up to ${stopGraceMs / 1000} s to stop)`,
    },
  };
}

function when({ cutover, cutoverAt, targetDowntimeSeconds }: WarmParameters): string {
  if (cutover === "manual") return "a person says cutover";
  if (cutover === "at-time") return `${cutoverAt}`;
  return `the downtime is predicted to be under ${targetDowntimeSeconds} s`;
}

/** What a warm move needs beside what every move needs. */
export function warmChecks({ request, vm, source, target, disks }: MigrationObservations): PlanCheck[] {
  const list = new CheckList();
  list.say(
    "warm-needs-running",
    vm.state === "running" ? undefined : `${vm.name} is ${vm.state}`,
    `${vm.name} runs and goes on running until the cutover`,
    `Leave out --mode ${request.mode}: a VM that is off moves cold without any downtime.`,
  );
  list.say(
    "warm-point",
    request.point === "freeze" ? "a copy of a frozen moment has no cutover" : undefined,
    "the source stops at the cutover only",
    "Leave out --point freeze.",
  );
  const noRounds = source.capabilityGaps["disks.rounds"] ?? target.capabilityGaps["disks.rounds"];
  if (noRounds !== undefined) list.say("warm-rounds", noRounds, "", "Move it cold.");
  list.say(
    "warm-source",
    source.capabilityGaps["disks.source-frozen"],
    `${request.from} gives points of running VMs, each one moment of all disks`,
    "Move it cold.",
  );
  list.say(
    "warm-changes",
    source.capabilityGaps["disks.changed-blocks"],
    `${request.from} keeps track of what changes between rounds`,
    "Nothing has to be done: every round reads all allocated bytes and compares hashes, which takes longer.",
    true,
  );
  const { cutover, cutoverAt } = request.warm ?? {};
  const at = cutoverAt === undefined ? Number.NaN : Date.parse(cutoverAt);
  list.say(
    "warm-cutover",
    cutover === "at-time" && Number.isNaN(at)
      ? "the cutover is to come at a time, and none is given"
      : cutover !== "at-time" && cutoverAt !== undefined
        ? `a time is given, and the cutover is ${cutover ?? warmDefaults.cutover}`
        : undefined,
    cutover === "at-time" ? `the cutover comes at ${cutoverAt}` : `the cutover is ${cutover ?? warmDefaults.cutover}`,
    "Give --cutover a time, or leave it out.",
  );
  list.say(
    "warm-disks",
    disks.length === 0 ? `${vm.name} has no disk` : undefined,
    `${disks.length} disk(s) are replicated, frozen at one moment`,
    "Move it cold.",
  );
  return list.checks;
}
