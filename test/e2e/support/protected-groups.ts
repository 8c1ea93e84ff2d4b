import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Plan } from "../../../src/domain/plan.ts";
import type { ProtectionGroup } from "../../../src/domain/protection.ts";
import type { ProtectionOutline, ProtectVmParameters } from "../../../src/domain/protection-plan.ts";
import { resolvePolicy } from "../../../src/domain/protection-policy.ts";
import type { RecoveryMode, RecoveryRun } from "../../../src/domain/recovery-run.ts";
import { taskQueue } from "../../../src/temporal/connection.ts";
import { startRecovery } from "../../../src/temporal/start-failover.ts";
import { deleteProtectionSignal } from "../../../src/workflows/protect-group/messages.ts";
import type { Lab } from "../../support/lab.ts";

const stuckMs = 120_000;
let made = 0;

export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + stuckMs; ; await sleep(100)) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(Date.now() < deadline, `${what} did not come`);
  }
}

/** The group once it is protected at that site. */
export async function untilProtected(lab: Lab, groupId: string, to: string): Promise<ProtectionGroup> {
  try {
    return await until(`protection at ${to}`, async () => {
      const group = await lab.store.protection.get(groupId);
      return group?.state === "protected" && group.replicatesTo === to ? group : undefined;
    });
  } catch (error) {
    const { items } = await lab.store.protection.events(groupId, { limit: 20 });
    const members = (await lab.store.protection.get(groupId))?.members;
    const story = items.map(({ at, message }) => `${at} ${message}`).join("\n");
    throw new Error(`${groupId}: ${JSON.stringify(members)}\n${story}`, { cause: error });
  }
}

/** A group of these VMs, once it has its first complete point. */
export async function protectedGroup(lab: Lab, from: string, to: string, vms: readonly string[]): Promise<string> {
  const policy = resolvePolicy(
    { primarySite: from, recoverySite: to, rpoSeconds: 3_600, replicationIntervalSeconds: 1_800 },
    {},
  );
  assert.ok(policy);
  const planId = `pg${(made += 1)}-${Date.now()}`;
  const outline: ProtectionOutline = { name: planId, policy, vms };
  const workflowId = `plan/${planId}`;
  const args = [{ planId, outline }];
  const plan: Plan = await lab.client.workflow.execute("planProtection", { taskQueue, workflowId, args });
  assert.ok(plan.executable, JSON.stringify(plan.checks.filter(({ result }) => result === "fail")));
  const groupId = `group-${planId}`;
  const group = { groupId, workflowId: `protection/${groupId}`, createdBy: "user/test" };
  const { name, policy: planned } = plan.inputs as unknown as Pick<ProtectionGroup, "name" | "policy">;
  const members = plan.actions.map(({ resource, parameters }) => {
    const { position, name: vmName, planId: of, planVersion } = parameters as unknown as ProtectVmParameters;
    return { position, name: vmName, vmId: resource.id, tags: {}, planId: of, planVersion };
  });
  await lab.store.protection.create({ ...group, name, policy: planned, members });
  await lab.client.workflow.start("protectGroup", { taskQueue, workflowId: group.workflowId, args: [{ groupId }] });
  await until(`the first point of ${groupId}`, async () => {
    const { items } = await lab.store.groupPoints.list(groupId, { limit: 1, state: "complete" });
    return items.length > 0 && (await lab.store.protection.get(groupId))?.state === "protected" ? true : undefined;
  });
  return groupId;
}

/** Starts a run that plans by itself; its id. */
export async function recover(lab: Lab, groupId: string, mode: RecoveryMode): Promise<string> {
  const runId = `${mode}-${(made += 1)}-${groupId}`;
  const request = { groupId, mode, reason: "a test", stopGraceMs: 0 };
  const started = await startRecovery(lab.client, {
    runId,
    planId: `${runId}-plan`,
    request,
    requestedBy: "user/test",
  });
  assert.ok(started, "another one goes on");
  return runId;
}

/** The run once it has ended, or waits for somebody. */
export async function untilSettled(lab: Lab, runId: string): Promise<RecoveryRun> {
  return until(`the end of ${runId}`, async () => {
    const run = await lab.store.recoveryRuns.get(runId);
    return run && !["running", "undoing"].includes(run.state) ? run : undefined;
  });
}

export async function unprotect(lab: Lab, groupId: string): Promise<void> {
  const run = lab.client.workflow.getHandle(`protection/${groupId}`);
  await run.signal(deleteProtectionSignal);
  await run.result();
}
