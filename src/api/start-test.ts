import type { MigrationTestRequest, TestLifeParameters } from "../domain/migration-test.ts";
import type { Plan } from "../domain/plan.ts";
import { requireApproval } from "./approvals.ts";
import { ProblemError } from "./problem.ts";
import type { Access, Actor, Caller } from "./route.ts";
import { type ApiContext, notFound } from "./routes/context.ts";
import { knownMigration } from "./routes/migrations.ts";
import { testWorkflowId } from "./runs.ts";
import { refuseUnlessExecutable } from "./start-migration.ts";
import { startRegistered } from "./start-registered.ts";
import { reachableRequest, reachedPlan } from "./subjects.ts";

/** @throws ProblemError InvalidInput unless it names either a migration or a VM with both sites; NotFound. */
export async function planTestNow(
  context: ApiContext,
  { access, actor }: Caller,
  planId: string,
  asked: MigrationTestRequest,
): Promise<Plan> {
  const request = await reachableTest(context, access, asked);
  await context.store.guard.noteRequester(planId, actor?.responsible ?? "");
  return reachedPlan(access, await context.runs.planOperation({ planId, test: request }), planId);
}

async function reachableTest(
  context: ApiContext,
  access: Access,
  asked: MigrationTestRequest,
): Promise<MigrationTestRequest> {
  const { migrationId, vm, from, to } = asked;
  if (migrationId !== undefined && vm === undefined && from === undefined && to === undefined) {
    if ([asked.map, asked.instanceType, asked.bandwidthBytesPerSecond].some((value) => value !== undefined)) {
      throw new ProblemError("InvalidInput", {
        detail:
          "`map`, `instance_type` and `bandwidth_bytes_per_second` are the migration's own: its replica is there already",
        action: "Leave them out, or test the VM itself (`vm`, `from` and `to`).",
      });
    }
    await knownMigration(context, access, migrationId);
    return asked;
  }
  if (migrationId === undefined && vm !== undefined && from !== undefined && to !== undefined) {
    const reached = await reachableRequest(context, access, { vm, from, to });
    return { ...asked, vm: reached.vm };
  }
  throw new ProblemError("InvalidInput", {
    detail: "A test is of a migration (`migration_id`), or of a VM (`vm`, `from` and `to`)",
    action: "Send one of the two.",
  });
}

/**
 * Registers the test, then starts its run. Registered is as good as started.
 * @throws ProblemError Conflict when a check of the plan failed, PolicyBlocked when it wants the approval of a second person.
 */
export async function startTest(context: ApiContext, actor: Actor | undefined, testId: string, plan: Plan) {
  refuseUnlessExecutable(plan);
  await requireApproval(context, actor, plan);
  const { store, runs } = context;
  const { vm, vmName, from, to, migrationId } = plan.inputs as Record<"vm" | "vmName" | "from" | "to", string> & {
    migrationId?: string;
  };
  const life = plan.actions.find(({ action }) => action === "tear-down")?.parameters as unknown as TestLifeParameters;
  await store.tests.create({
    testId,
    planId: plan.planId,
    workflowId: testWorkflowId(testId),
    ...(migrationId === undefined ? {} : { migrationId }),
    vm: { name: vmName, sourceVmId: vm },
    from,
    to,
    tags: plan.subjects?.[0]?.tags ?? {},
    expiresAt: new Date(Date.now() + life.maxLifeSeconds * 1000).toISOString(),
    createdBy: actor?.id ?? "",
  });
  await startRegistered(
    context,
    { what: "a test", testId },
    () => runs.test({ testId, planId: plan.planId, planHash: plan.hash }, summaryOf(vmName, from, to)),
    { failed: ({ problem, ...ended }) => store.tests.update(testId, { ...ended, report: { problem } }) },
  );
  return knownTest(context, undefined, testId);
}

/** Starts the runs of tests that were registered by a process which could not start them any more. Starting one that runs
 *  already changes nothing. */
export async function startLeftOverTests(
  { store, runs, log }: Pick<ApiContext, "store" | "runs" | "log">,
  olderThanMs: number,
): Promise<void> {
  // They start when changes are allowed again.
  if (await store.guard.frozen()) return;
  for (const { testId, planId, vm, from, to } of await store.tests.notBegun(olderThanMs)) {
    const plan = await store.plans.get(planId);
    if (!plan) continue;
    log.info({ testId }, "starting a test that was only registered");
    await runs.test({ testId, planId, planHash: plan.hash }, summaryOf(vm.name, from, to));
  }
}

export async function knownTest({ store }: Pick<ApiContext, "store">, access: Access | undefined, testId: string) {
  const found = await store.tests.getScoped(testId);
  if (found && (access === undefined || access.covers(found.subjects))) return found.test;
  throw notFound("test", testId, "GET /v1/migration-tests lists them.");
}

function summaryOf(vmName: string, from: string, to: string): string {
  return `Test ${vmName}: ${from} → ${to}`;
}
