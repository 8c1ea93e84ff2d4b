import type { PlanCheck } from "./plan.ts";

/** Collects checks that pass unless they have a problem. */
export class CheckList {
  readonly checks: PlanCheck[] = [];

  /** `problem` and `fine` are sentences for a person; a warning doesn't keep the plan from being executed. */
  say(check: string, problem: string | undefined, fine: string, remedy: string, warn = false): void {
    this.checks.push(
      problem === undefined
        ? { check, result: "pass", detail: fine }
        : { check, result: warn ? "warn" : "fail", detail: problem, remedy },
    );
  }
}
