import { setTimeout as sleep } from "node:timers/promises";
import type { MigrationTestRequest, MigrationTestView, TestState } from "../../../src/domain/migration-test.ts";
import type { Plan } from "../../../src/domain/plan.ts";
import { taskQueue } from "../../../src/temporal/connection.ts";
import type { Lab } from "../../support/lab.ts";

const stuckMs = 120_000;
let planned = 0;

export async function planTest(lab: Lab, test: MigrationTestRequest): Promise<Plan> {
  const planId = `tp${(planned += 1)}-${Date.now()}`;
  const args = [{ planId, test }];
  return lab.client.workflow.execute("planOperation", { taskQueue, workflowId: `plan/${planId}`, args });
}

/** Plans and starts; resolves with the test's id. `sweptAfterMs`: what the row says of its life, instead of the plan. */
export async function startTest(lab: Lab, request: MigrationTestRequest, sweptAfterMs?: number): Promise<string> {
  const plan = await planTest(lab, request);
  const testId = `t${plan.planId.slice(2)}`;
  const { vm, vmName, from, to } = plan.inputs as Record<"vm" | "vmName" | "from" | "to", string>;
  const life = plan.actions.find(({ action }) => action === "tear-down")?.parameters as { maxLifeSeconds: number };
  const workflowId = `test-migration/${testId}`;
  await lab.store.tests.create({
    testId,
    planId: plan.planId,
    workflowId,
    ...(request.migrationId === undefined ? {} : { migrationId: request.migrationId }),
    vm: { name: vmName, sourceVmId: vm },
    from,
    to,
    tags: {},
    expiresAt: new Date(Date.now() + (sweptAfterMs ?? life.maxLifeSeconds * 1000)).toISOString(),
    createdBy: "token/lab",
  });
  const args = [{ testId, planId: plan.planId, planHash: plan.hash }];
  await lab.client.workflow.start("testMigration", { taskQueue, workflowId, args, workflowTaskTimeout: "5 seconds" });
  return testId;
}

export async function untilTest(
  lab: Lab,
  testId: string,
  wanted: (test: MigrationTestView) => boolean,
): Promise<MigrationTestView> {
  for (const deadline = Date.now() + stuckMs; ; await sleep(50)) {
    const test = await lab.store.tests.get(testId);
    if (test && wanted(test)) return test;
    if (test?.endedAt) throw new Error(`${testId} ended as ${test.state}: ${JSON.stringify(test.problem)}`);
    if (Date.now() > deadline) throw new Error(`${testId} is stuck: ${JSON.stringify(test)}`);
  }
}

export function untilState(lab: Lab, testId: string, ...states: TestState[]): Promise<MigrationTestView> {
  return untilTest(lab, testId, ({ state }) => states.includes(state));
}
