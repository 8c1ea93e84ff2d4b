import { randomUUID } from "node:crypto";
import { answerOf, connectApi } from "../client.ts";
import { confirm } from "../confirm.ts";
import { show } from "../output.ts";
import { readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { describePlan } from "./plans.ts";

export interface RemediateOptions extends CommonOptions {
  readonly finding?: readonly string[];
  readonly most?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Plans, shows the plan, and starts exactly that. */
export async function remediate(policy: string, options: RemediateOptions): Promise<void> {
  const { finding, most } = options;
  const request = {
    policy,
    ...(finding === undefined ? {} : { findings: [...finding] }),
    ...(most === undefined ? {} : { most: readCount(most) }),
  };
  await planAndStart(request, options);
}

export async function undoRemediation(operation: string, options: RemediateOptions): Promise<void> {
  await planAndStart({ undo: operation }, options);
}

async function planAndStart(
  request: { policy?: string; findings?: string[]; most?: number; undo?: string },
  options: RemediateOptions,
): Promise<void> {
  const { api } = connectApi(options);
  const header = () => ({ "Idempotency-Key": randomUUID() });
  const body = { kind: "remediate_findings" as const, request };
  const plan = await answerOf(api.POST("/v1/plans", { body, params: { header: header() } }));
  if (options.dryRun || !plan.executable) {
    await show(plan, options.output, describePlan);
    return;
  }
  if (process.stdin.isTTY && process.stderr.isTTY && !options.yes) {
    process.stderr.write(`${await describePlan(plan)}\n\n`);
    await confirm("Carry this out?", false);
  }
  const approved = { plan_id: plan.plan_id, plan_hash: plan.hash };
  const operation = await answerOf(api.POST("/v1/operations", { body: approved, params: { header: header() } }));
  await show(
    operation,
    options.output,
    async ({ operation_id: id, total }) =>
      `Started ${id} on ${total} resource(s)\nLook at it: novacron operations show ${id}\nTake it back: novacron policies undo ${id}`,
  );
}
