import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  workflowInfo,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { RecoveryOrders } from "../../domain/recovery-actions.ts";
import { recoveryReport } from "../../domain/recovery-report.ts";
import type { RecoveryReport, RecoveryRun } from "../../domain/recovery-run.ts";
import { drilled } from "../../domain/recovery-verify.ts";
import { bootInOrder } from "../fail-over/boot.ts";
import { pauseAfter, runSteps } from "../fail-over/group-steps.ts";
import { type MadeVm, recoverVm } from "../fail-over/recover-vm.ts";
import { Story } from "../fail-over/story.ts";
import { rowCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { Saga } from "../lib/saga.ts";
import { now } from "../lib/time.ts";
import type { DrillRecoveryInput, DrillRecoveryResult } from "./types.ts";

const site = proxyActivities<Activities>(siteCall);
const undo = proxyActivities<Activities>(undoCall);
const records = proxyActivities<Activities>(rowCall);

const usualLifeSeconds = 86_400;

/**
 * Carries a group's recovery plan out from a real recovery point, into a network where nobody is reached, while protection goes
 * on: freeze the point → isolate → boot groups in order → tear down → count what is left. Nothing of it is kept but its report.
 */
export async function drillRecovery(input: DrillRecoveryInput): Promise<DrillRecoveryResult> {
  return new DrillRun(input).execute();
}

class DrillRun {
  readonly #input: DrillRecoveryInput;
  readonly #story: Story;
  readonly #saga = new Saga();
  readonly #decidedMs = Date.now();
  #orders: RecoveryOrders | undefined;
  #report: RecoveryReport | undefined;
  /** The point that is kept for it. */
  #held: string | undefined;
  /** Its VMs, with when each was made. */
  readonly #made: { readonly instanceType: string; readonly sinceMs: number }[] = [];

  constructor(input: DrillRecoveryInput) {
    this.#input = input;
    this.#story = new Story(input.runId, `drill of ${input.request.groupId}`);
  }

  async execute(): Promise<DrillRecoveryResult> {
    const lifeSeconds = this.#input.maxLifeSeconds ?? usualLifeSeconds;
    let failure: unknown;
    let byPerson = false;
    if ((await this.#register()).ended) return { runId: this.#input.runId, state: this.#story.state };
    try {
      await CancellationScope.withTimeout(lifeSeconds * 1000, () => this.#prove(lifeSeconds));
    } catch (error) {
      byPerson = CancellationScope.current().consideredCancelled;
      failure = isCancellation(error) && !byPerson ? tooLong(this.#input.runId, lifeSeconds) : error;
    }
    await CancellationScope.nonCancellable(() => this.#tearDown(failure, byPerson));
    return { runId: this.#input.runId, state: this.#story.state };
  }

  #register(): Promise<{ ended: boolean }> {
    const { runId, planId, request, requestedBy } = this.#input;
    const { workflowId } = workflowInfo();
    return records.registerRecovery({ runId, planId, request, workflowId, requestedBy });
  }

  async #prove(lifeSeconds: number): Promise<void> {
    const { runId, planId, request } = this.#input;
    const orders = await this.#story.run(
      { step: "verify-site", detail: "Look at the recovery site and at the plan" },
      async () => {
        const hash =
          this.#input.planHash ??
          (await site.makeRecoveryPlan.executeWithOptions({ summary: "plan the drill" }, [{ planId, request }])).hash;
        return site.openRecovery.executeWithOptions({ summary: `open plan ${planId}` }, [{ planId, planHash: hash }]);
      },
    );
    this.#orders = orders;
    const { groupId, from, to, freeze, bootGroups, vms, recoveryPlanVersion } = orders;
    await this.#story.note({ recoveryPlanVersion });
    const { final: _none, ...wish } = freeze;
    const point = await this.#story.run({ step: "freeze-point", detail: "Take the recovery point" }, async () => {
      const taken = await records.latestPoint({ groupId, at: to, ...wish });
      // Protection goes on, and would thin it away.
      if (taken.heldBecause === undefined) {
        this.#held = taken.pointId;
        await records.holdPoint({ pointId: taken.pointId, because: `drill ${runId}` });
      }
      return taken;
    });
    const group = await records.groupNow({ groupId });
    const place = { testId: runId, from, to };
    const network = await this.#story.run({ step: "isolate", detail: `A network of its own at ${to}` }, () =>
      site.isolateTest.executeWithOptions({ summary: `a network of its own at ${to}` }, [place]),
    );
    const expiresAt = new Date(Date.now() + lifeSeconds * 1000).toISOString();
    const [story, saga] = [this.#story, this.#saga];
    const steps = { ...{ runId, groupId, mode: "drill" as const, from, to, story, insists: false, done: [] } } as const;
    const recovered = await bootInOrder(bootGroups, vms, {
      bringUp: (vm) => {
        const create: NonNullable<Parameters<typeof recoverVm>[0]["create"]> = (made) =>
          this.#createApart({ ...place, ...made, network, expiresAt, sizes: vm.instanceTypes });
        return recoverVm({ runId, groupId, to, point, decidedMs: this.#decidedMs, saga, story, create }, vm);
      },
      steps: (bootGroup, which) => runSteps(steps, bootGroup, bootGroup[which]),
      pause: (bootGroup) => pauseAfter(steps, bootGroup),
    });
    this.#report = recoveryReport({
      ...{
        mode: "drill",
        decidedMs: this.#decidedMs,
        provenMs: Date.now(),
        point,
        policy: group.policy,
        vms: recovered,
      },
    });
  }

  /** Under a name of its own, with one NIC where nobody is reached. */
  async #createApart(
    input: Omit<Parameters<Activities["createTestVm"]>[0], "instanceType" | "testId"> & {
      readonly testId: string;
      readonly position: number;
      readonly sizes: readonly string[] | undefined;
    },
  ): Promise<MadeVm> {
    const { position, sizes, testId, ...rest } = input;
    const create = drilled(rest.create);
    const tries = sizes ?? create.instanceTypes ?? [undefined];
    for (const [index, instanceType] of tries.entries()) {
      try {
        const summary = `create ${create.name} at ${rest.to}`;
        // A key for each of its VMs; all begin with the run's own, by which they are removed.
        const own = { ...rest, testId: `${testId}-m${position}`, create, instanceType };
        const vmId = await site.createTestVm.executeWithOptions({ summary }, [own]);
        if (instanceType === undefined) return { vmId };
        this.#made.push({ instanceType, sinceMs: Date.now() });
        return { vmId, instanceType };
      } catch (error) {
        if (describeFailure(error).code !== "InsufficientCapacity" || index === tries.length - 1) throw error;
      }
    }
    throw new Error(`There is nowhere to make ${create.name}`);
  }

  async #tearDown(failure: unknown, byPerson: boolean): Promise<void> {
    const orders = this.#orders;
    await this.#story.become("undoing");
    let problem: RecoveryRun["problem"] = failure === undefined ? undefined : told(failure);
    let isTornDown = true;
    if (orders) {
      const { from, to } = orders;
      const { runId } = this.#input;
      try {
        const left = await this.#story.run(
          { step: "tear-down", detail: `Remove all that it made at ${to}` },
          async () => {
            const summary = "remove all that the drill made";
            await undo.removeTest.executeWithOptions({ summary }, [{ testId: runId, from, to, copies: [] }]);
            await this.#saga.compensate({ keepEvidence: false });
            const { leftOver } = await site.countLeftOver({ site: to, runId });
            return leftOver;
          },
        );
        if (left.length > 0) {
          isTornDown = false;
          problem ??= {
            code: "Conflict",
            message: `${left.length} resource(s) of it are left at ${to}: ${left.join(", ")}`,
          };
        }
        if (this.#report) this.#report = { ...this.#report, leftOver: left.length };
      } catch (error) {
        const { code, message } = describeFailure(error);
        isTornDown = false;
        const resource = `${to}: what carries novacron:key=${runId}-… (${message})`;
        const leftBehind = [{ resource, remove: `novacron recovery drill ${orders.groupId}: see its steps` }];
        problem = { code, message, ...problem, leftBehind };
      }
      await this.#settle(to);
    }
    // One that a person gave up says nothing of the plan.
    const ended = byPerson && isTornDown ? "given-up" : problem ? "failed" : "done";
    await this.#story.become(ended, {
      ...(problem ? { problem } : {}),
      ...(this.#report ? { report: this.#report } : {}),
      endedAt: now(),
    });
  }

  /** What it cost, and the point that was kept for it. */
  async #settle(site: string): Promise<void> {
    if (this.#held !== undefined) await records.holdPoint({ pointId: this.#held });
    const vms = this.#made.map(({ instanceType, sinceMs }) => ({
      instanceType,
      seconds: (Date.now() - sinceMs) / 1000,
    }));
    const cost = await records.costOfDrill({ site, vms });
    if (this.#report && cost) this.#report = { ...this.#report, cost };
  }
}

function tooLong(runId: string, seconds: number): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`It took longer than its life of ${seconds} s`, "Timeout", {
    resource: `recovery-run/${runId}`,
  });
}

function told(error: unknown): { code: string; message: string } {
  const { code, message } = describeFailure(error);
  return { code, message };
}
