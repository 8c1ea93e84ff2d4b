// Long because it is one story: from the decision to the hand-over.
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { CompletePoint } from "../../domain/group-point.ts";
import type { ProtectionGroup } from "../../domain/protection.ts";
import type { RecoveryOrders } from "../../domain/recovery-actions.ts";
import { lastSteps } from "../../domain/recovery-plan.ts";
import { recoveryReport } from "../../domain/recovery-report.ts";
import type { RecoveredVm } from "../../domain/recovery-run.ts";
import { rowCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";
import { type LeftBehind, Saga, type SagaMark } from "../lib/saga.ts";
import { takeOverLease } from "../lib/take-over-lease.ts";
import { now } from "../lib/time.ts";
import { groupChangedSignal, reprotectSignal } from "../protect-group/messages.ts";
import { makePoint } from "../protect-group/round.ts";
import { bootInOrder } from "./boot.ts";
import { pauseAfter, runSteps } from "./group-steps.ts";
import { confirmFencedUpdate, giveUpUpdate, retryUpdate, stepDoneUpdate } from "./messages.ts";
import { recoverVm } from "./recover-vm.ts";
import { GivenUp, Story } from "./story.ts";
import { lowerTtls, shiftTraffic } from "./traffic.ts";
import type { FailOverInput, FailOverResult, FencingConfirmed, StepDone } from "./types.ts";

const plans = proxyActivities<Activities>(siteCall);
const site = activitiesAtSites(siteCall);
const undo = activitiesAtSites(undoCall);
const records = proxyActivities<Activities>(rowCall);
/** Of a site that may be lost: nobody waits for it long. */
const lost = activitiesAtSites(
  { ...undoCall, startToCloseTimeout: "1 minute", scheduleToCloseTimeout: "1 minute" },
  { waitMs: 0 },
);

/**
 * Takes a protection group over to its recovery site: fence → freeze the point → boot groups in order → hand over → traffic.
 * A planned one stops the VMs first and moves their last difference, and goes back by itself when it fails. One for a lost site
 * can't go back once that is fenced: a step that fails then waits for a person, who lets it try again or gives it up.
 */
export async function failOver(input: FailOverInput): Promise<FailOverResult> {
  return new FailoverRun(input).execute();
}

const givenUpWords = { code: "Cancelled", message: "A person gave it up" } as const;

class FailoverRun {
  readonly #input: FailOverInput;
  readonly #story: Story;
  readonly #saga = new Saga();
  readonly #done: StepDone[] = [];
  /** The run's beginning is the decision. */
  readonly #decidedMs = Date.now();
  #confirmed: FencingConfirmed | undefined;
  #asksForFencing = false;
  #fencedMs: number | undefined;
  /** The lease went to the recovery site, at least for a while. */
  #leaseMoved = false;
  /** What was registered before anything was brought up. */
  #brought: SagaMark | undefined;
  /** The group serves at the recovery site: nothing is undone from here on. */
  #handedOver = false;

  constructor(input: FailOverInput) {
    this.#input = input;
    const { mode, groupId } = input.request;
    this.#confirmed = input.confirmed;
    this.#story = new Story(input.runId, `${mode} of ${groupId}`);
    setHandler(stepDoneUpdate, (step) => void this.#done.push(step));
    setHandler(
      confirmFencedUpdate,
      (confirmed) => {
        this.#confirmed = confirmed;
      },
      { validator: (_confirmed) => this.#refuseUnless(this.#asksForFencing, "nothing has to be made sure of now") },
    );
    setHandler(retryUpdate, (_order) => this.#story.retry(), {
      validator: (_order) => this.#refuseUnless(this.#story.hasFailedSteps, "no step of it has failed"),
    });
    setHandler(giveUpUpdate, (_order) => this.#story.giveUp(), {
      validator: (_order) => this.#refuseUnless(this.#story.waits, "it waits for nobody now"),
    });
  }

  async execute(): Promise<FailOverResult> {
    const { runId, planId, request, requestedBy } = this.#input;
    const { workflowId } = workflowInfo();
    const { ended } = await records.registerRecovery({ runId, planId, request, workflowId, requestedBy });
    if (ended) return { runId, state: this.#story.state };
    try {
      await this.#takeOver(await this.#open());
    } catch (error) {
      await CancellationScope.nonCancellable(() => this.#end(error));
    }
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    return { runId: this.#input.runId, state: this.#story.state };
  }

  /** The plan that was approved, or one that is made now, for a failover that nobody was asked about. */
  async #open(): Promise<RecoveryOrders> {
    const { planId, planHash, request } = this.#input;
    return this.#story.run({ step: "verify-site", detail: "Look at the recovery site and at the plan" }, async () => {
      const hash =
        planHash ??
        (await plans.makeRecoveryPlan.executeWithOptions({ summary: "plan the failover" }, [{ planId, request }])).hash;
      const summary = `open plan ${planId}`;
      const orders = await plans.openRecovery.executeWithOptions({ summary }, [{ planId, planHash: hash }]);
      await this.#story.note({ recoveryPlanVersion: orders.recoveryPlanVersion });
      return orders;
    });
  }

  async #takeOver(orders: RecoveryOrders): Promise<void> {
    const { runId } = this.#input;
    const { groupId, epoch, reason, mode } = orders;
    const planned = mode === "switchover";
    // While it is followed still: resolvers may keep what they have for hours.
    if (planned) await lowerTtls({ orders, story: this.#story, saga: this.#saga });
    const group = await this.#story.run(
      { step: "claim", detail: "Stop its replication, and let nobody else act for it" },
      async () => {
        this.#saga.add({
          resource: `protection-group/${groupId} (held by ${runId})`,
          remove: `novacron recovery give-up ${runId}`,
          undo: () => this.#abandon(groupId, epoch),
        });
        return this.#claimed(await records.pauseReplication({ groupId, failoverId: runId, epoch, reason }));
      },
    );
    if (planned) await this.#stopVms(orders, group);
    await records.closeWritable({ groupId, failoverId: runId });
    const point = planned ? await this.#lastPoint(orders, group) : undefined;
    await this.#fence(orders, group);
    const frozen = point ?? (await this.#freeze(orders));
    this.#brought = this.#saga.mark();
    const recovered = await this.#boot(orders, frozen);
    await this.#handOver(orders, group, recovered);
    const problem = await this.#leadUsers(orders, recovered);
    const report = recoveryReport({
      ...{ mode, decidedMs: this.#decidedMs, provenMs: Date.now(), fencedMs: this.#fencedMs },
      ...{ outageAt: orders.outageAt, point: frozen, policy: group.policy, vms: recovered },
    });
    const end = { report, endedAt: now(), waitsFor: "", ...(problem ? { problem } : {}) };
    await CancellationScope.nonCancellable(() => this.#story.become("done", end));
  }

  /** Its run hears of it, and lets a round go that is under way. */
  async #claimed(group: ProtectionGroup): Promise<ProtectionGroup> {
    await getExternalWorkflowHandle(group.workflowId)
      .signal(groupChangedSignal)
      // One that is gone needs to hear nothing.
      .catch(() => undefined);
    return group;
  }

  async #stopVms({ from, stopGraceMs: graceMs }: RecoveryOrders, { members }: ProtectionGroup): Promise<void> {
    const { runId } = this.#input;
    await this.#story.run({ step: "stop", detail: `Stop the VMs at ${from}` }, async () => {
      const stopped = await Promise.allSettled(
        members.map(async ({ vmId, name }) => {
          this.#saga.add({
            resource: `${from}/vm/${vmId} (stopped and held)`,
            remove: `novacron recovery give-up ${runId}`,
            undo: () => undo.releaseSource({ site: from, vmId, migrationId: runId, start: true }),
          });
          const hold = { site: from, vmId, migrationId: runId };
          await site.fenceVm.executeWithOptions({ summary: `hold ${name} at ${from}` }, [hold]);
          await site.stopVm.executeWithOptions({ summary: `stop ${name} at ${from}` }, [{ site: from, vmId, graceMs }]);
        }),
      );
      // Whatever is at work has ended before anything is undone.
      for (const each of stopped) if (each.status === "rejected") throw each.reason;
    });
  }

  async #lastPoint({ groupId }: RecoveryOrders, group: ProtectionGroup): Promise<CompletePoint> {
    return this.#story.run({ step: "last-point", detail: "Move what the stopped VMs wrote last" }, async () => {
      const made = await makePoint(group, { kind: "final", failoverId: this.#input.runId });
      if ("unplanned" in made) {
        throw ApplicationFailure.nonRetryable(
          `Could not take a last point of the group ${groupId}: VMs of it have changed since they were planned`,
          "Conflict",
          { resource: `protection-group/${groupId}`, action: "Let a round of it pass, and try again." },
        );
      }
      return records.latestPoint({ groupId, pointId: made.pointId });
    });
  }

  /** From here on the old site may not write. */
  async #fence({ groupId, from, to, epoch, mode }: RecoveryOrders, group: ProtectionGroup): Promise<void> {
    const { runId } = this.#input;
    const place = { groupId, at: to, from, to, epoch, vms: group.members, key: runId };
    const planned = mode === "switchover";
    let fencing: Promise<unknown> = Promise.resolve();
    if (!planned) {
      const vmIds = group.members.map(({ vmId }) => vmId);
      this.#saga.add({
        resource: `${from}/vm: ${vmIds.join(", ")} (turned off and held)`,
        remove: "take the tag novacron:fenced-by off them, and start what is to run with novacron vms start",
        undo: async () => {
          // What is still being turned off would be held again.
          await fencing.catch(() => undefined);
          await lost.releaseGroupFence({ site: from, groupId, vmIds });
        },
      });
    }
    this.#saga.add({
      resource: `protection-group/${groupId} (its lease)`,
      remove: `novacron recovery give-up ${runId}`,
      undo: () => this.#handBack({ groupId, from, to, epoch }),
    });
    const detail = planned ? `Hand the lease over to ${to}` : `See to it that nothing of it writes at ${from} any more`;
    const sureOf: string[] = [];
    await this.#story.run({ step: "fence", detail }, async () => {
      const confirmed = this.#confirmed ? { confirmed: this.#confirmed } : {};
      const result = await takeOverLease({ ...place, planned, ...confirmed }, (begun) => {
        fencing = begun;
      });
      if (result.outcome === "taken") return result.proof;
      sureOf.push(...result.makeSureOf);
      return "nothing proves it";
    });
    if (sureOf.length === 0) return this.#taken();
    this.#asksForFencing = true;
    const sure = `Make sure of this, and confirm it: ${sureOf.join("; ")}`;
    const words = { step: "confirm-fencing", detail: sure };
    await this.#story.byPerson(words, () => this.#confirmed && `${this.#confirmed.by}: ${this.#confirmed.text}`);
    this.#asksForFencing = false;
    const confirmed = this.#confirmed;
    await this.#story.run({ step: "fence", detail: "Take the lease on that word" }, async () => {
      const taken = await takeOverLease({ ...place, asked: true, ...(confirmed ? { confirmed } : {}) });
      return taken.outcome === "taken" ? taken.proof : taken.outcome;
    });
    this.#taken();
  }

  #taken(): void {
    this.#leaseMoved = true;
    this.#fencedMs = Date.now();
  }

  async #freeze({ groupId, to, freeze }: RecoveryOrders): Promise<CompletePoint> {
    const { final: _none, ...wish } = freeze;
    return this.#story.insist({ step: "freeze-point", detail: "Keep the recovery point" }, () =>
      records.latestPoint({ groupId, at: to, ...wish }),
    );
  }

  async #boot(orders: RecoveryOrders, point: CompletePoint): Promise<RecoveredVm[]> {
    const { runId } = this.#input;
    const { groupId, to, from, mode, bootGroups, vms } = orders;
    const [story, saga] = [this.#story, this.#saga];
    const place = { runId, groupId, to, point, decidedMs: this.#decidedMs, saga, story };
    // A planned one goes back by itself; one for a lost site can't.
    const insists = mode !== "switchover";
    const steps = { runId, groupId, mode, from, to, story, insists, done: this.#done };
    return bootInOrder(bootGroups, vms, {
      bringUp: (vm) => {
        const words = { step: "recover-vm", detail: `Bring up ${vm.vm}`, bootGroup: vm.bootGroup, vm: vm.vm };
        const work = () => recoverVm(place, vm);
        return insists ? story.insist(words, work) : story.run(words, work);
      },
      steps: (group, which) => runSteps(steps, group, group[which]),
      pause: (group) => pauseAfter(steps, group),
    });
  }

  async #handOver(orders: RecoveryOrders, group: ProtectionGroup, vms: readonly RecoveredVm[]): Promise<void> {
    const { runId } = this.#input;
    const { groupId, from, to, reason, reprotect } = orders;
    const members = vms.map(({ position, vmId }) => ({ position, vmId }));
    await this.#story.insist({ step: "hand-over", detail: `It serves at ${to} from now on` }, () =>
      // Half of it would be worse than either: whatever comes meanwhile waits.
      CancellationScope.nonCancellable(async () => {
        await records.finishFailover({ groupId, failoverId: runId, site: to, members, reason });
        this.#handedOver = true;
        this.#saga.forgetAll();
        await this.#claimed(group);
        if (!reprotect) return;
        // Waits for that site by itself, and fences what is left there before anything else.
        await getExternalWorkflowHandle(group.workflowId)
          .signal(reprotectSignal, { to: from })
          .catch(() => undefined);
      }),
    );
  }

  /** Nothing takes the group back from here on: what fails waits for a person, and what they give up is left as it is. */
  async #leadUsers(orders: RecoveryOrders, recovered: readonly RecoveredVm[]) {
    const { runId } = this.#input;
    const { groupId, from, to, mode, last } = orders;
    const story = this.#story;
    try {
      await shiftTraffic({ orders, story }, recovered);
      const place = { runId, groupId, mode, from, to, story, insists: true, done: this.#done };
      await runSteps(place, { name: lastSteps }, last);
      return undefined;
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error;
      return { code: "Cancelled", message: `It serves at ${to}; what leads users there was given up by a person` };
    }
  }

  async #end(error: unknown): Promise<void> {
    const { code, message } = error instanceof GivenUp ? givenUpWords : describeFailure(error);
    // It serves there, whatever came afterwards.
    if (this.#handedOver) {
      return this.#story.become("done", { problem: { code, message }, endedAt: now(), waitsFor: "" });
    }
    await this.#story.undoing();
    const left = await this.#undo();
    const leftBehind = left.map(({ resource, remove, reason }) => ({ resource: `${resource} (${reason})`, remove }));
    const problem = { code, message, ...(leftBehind.length > 0 ? { leftBehind } : {}) };
    const givenUp = error instanceof GivenUp || isCancellation(error);
    await this.#story.become(givenUp ? "given-up" : "failed", { problem, endedAt: now() });
  }

  /** What was brought up goes first. As long as some of it may run, nothing is given back to where the group was: a person lets
   *  it be tried again, or says by giving up once more that nothing of it runs. */
  async #undo(): Promise<readonly LeftBehind[]> {
    const since = this.#brought;
    if (since) {
      const words = { step: "undo", detail: "Remove what was brought up, before the old site may write again" };
      try {
        await this.#story.insist(words, async () => {
          const left = await this.#saga.compensate({ keepEvidence: false, since });
          if (left.length === 0) return;
          const what = left.map(({ resource, reason }) => `${resource} (${reason})`).join("; ");
          throw ApplicationFailure.nonRetryable(`It could not be removed: ${what}`, "Conflict", {
            resource: `recovery-run/${this.#input.runId}`,
          });
        });
      } catch (error) {
        if (!(error instanceof GivenUp)) throw error;
      }
    }
    return this.#saga.compensate({ keepEvidence: false });
  }

  async #abandon(groupId: string, epoch: number): Promise<void> {
    const { runId } = this.#input;
    // As the lease has it when it comes back; one that could not be given back gives way to it.
    const back = this.#leaseMoved ? { epoch: epoch + 2 } : {};
    await records.abandonFailover({ groupId, failoverId: runId, reason: "it was undone", ...back });
    await this.#claimed(await records.groupNow({ groupId }));
  }

  /** To the site that held it; where it was never taken nothing has to be done. */
  async #handBack(place: { groupId: string; from: string; to: string; epoch: number }): Promise<void> {
    const { groupId, from, to, epoch } = place;
    const { lease } = await plans.lookAtLease({ groupId, at: to });
    if (lease?.holder !== to) return;
    this.#leaseMoved = true;
    const key = `${this.#input.runId}-back`;
    await takeOverLease({ groupId, at: to, from: to, to: from, epoch: epoch + 1, vms: [], key, planned: true });
  }

  #refuseUnless(allowed: boolean, reason: string): void {
    if (allowed) return;
    const { runId } = this.#input;
    throw ApplicationFailure.nonRetryable(`Run ${runId} is ${this.#story.state}: ${reason}`, "Conflict", {
      resource: `recovery-run/${runId}`,
    });
  }
}
