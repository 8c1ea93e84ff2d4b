import { type Consistency, describeConsistency } from "./consistency.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import type { PlanCheck, PlanChoice } from "./plan.ts";

const gap = "disks.application-consistent";

/** How consistent the points are that are taken while the source runs: in rounds of a warm move, or of a copy of one moment. */
export function planConsistency({ request, vm, source }: MigrationObservations): {
  choices: readonly PlanChoice[];
  checks: readonly PlanCheck[];
} {
  const whileRunning = request.mode === "warm" || request.point === "freeze";
  if (!whileRunning || vm.state !== "running") return { choices: [], checks: [] };
  const expected: Consistency = source.consistency ?? {
    level: "crash",
    why: source.capabilityGaps[gap] ?? `${request.from} takes all disks at one moment`,
  };
  const after = request.mode === "warm" ? "; what is cut over to is the disk of the stopped guest" : "";
  const detail = `Points of ${vm.name} while it runs are ${describeConsistency(expected)}${after}`;
  return {
    choices: [
      { what: "consistency of points while it runs", chosen: `${expected.level}-consistent`, why: expected.why },
    ],
    checks: [
      expected.level === "crash"
        ? {
            check: "consistency",
            result: "warn",
            detail,
            remedy:
              "Nothing has to be done: it boots as after a loss of power. A guest agent in the guest would do better.",
          }
        : { check: "consistency", result: "pass", detail },
    ],
  };
}
