// Long because it is one state machine, to be read whole.
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  workflowInfo,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { type ProtectionGroup, replicates } from "../../domain/protection.ts";
import { rowCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";
import { show } from "../lib/visibility.ts";
import { cleanPoints } from "./clean.ts";
import { readyToReturn } from "./come-back.ts";
import {
  deleteProtectionSignal,
  groupChangedSignal,
  makePointSignal,
  pauseProtectionSignal,
  protectionStandingQuery,
  reprotectSignal,
  resumeProtectionSignal,
} from "./messages.ts";
import { makePoint } from "./round.ts";
import type { ProtectGroupInput } from "./types.ts";
import { verifyPoints } from "./verify.ts";

const { planMembers } = proxyActivities<Activities>(siteCall);
const records = proxyActivities<Activities>(rowCall);
const undo = activitiesAtSites(undoCall);

/** After a round that failed; doubled with each one, up to the second. */
const firstPauseMs = 2_000;
const longestPauseMs = 300_000;
/** Rounds of a continuous replication keep this distance: each freezes the guests and calls the sites. */
const leastPauseMs = 1_000;
/** Should the server suggest nothing, a history still has its bounds. */
const roundsPerRun = 200;

/**
 * Protects a group of VMs: makes its recovery points, round after round, keeps as many as its policy says, and tells when the
 * policy is not kept. While a failover holds the group, or nothing follows it, it waits to be told. Its truth is the group's
 * row, so that it may begin anew at any time.
 */
export async function protectGroup(input: ProtectGroupInput): Promise<void> {
  await new GroupRun(input.groupId).execute();
}

class GroupRun {
  readonly #groupId: string;
  #group: ProtectionGroup | undefined;
  /** Somebody changed the group's row, or wants something. */
  #told = true;
  #wanted: "pause" | "resume" | "delete" | undefined;
  /** Where what was failed over is to be replicated to. */
  #back: string | undefined;
  #pointAsked = false;
  #pointId: string | undefined;
  #nextRoundAt: string | undefined;
  #completed = 0;
  #failed = 0;
  #rounds = 0;
  #ended = false;

  constructor(groupId: string) {
    this.#groupId = groupId;
    setHandler(pauseProtectionSignal, () => this.#want("pause"));
    setHandler(resumeProtectionSignal, () => this.#want("resume"));
    setHandler(deleteProtectionSignal, () => this.#want("delete"));
    setHandler(groupChangedSignal, () => {
      this.#told = true;
    });
    setHandler(reprotectSignal, ({ to }) => {
      this.#back = to;
      this.#told = true;
    });
    setHandler(makePointSignal, () => {
      this.#pointAsked = true;
    });
    setHandler(protectionStandingQuery, () => ({
      state: this.#group?.state ?? "initial",
      ...(this.#pointId === undefined ? {} : { pointId: this.#pointId }),
      ...(this.#nextRoundAt === undefined ? {} : { nextRoundAt: this.#nextRoundAt }),
    }));
  }

  async execute(): Promise<void> {
    await records.beginProtection({ groupId: this.#groupId });
    const watching = this.#watch();
    // It ends with the run, and its failure is the run's.
    watching.catch(() => undefined);
    for (;;) {
      await this.#obey();
      const group = await this.#look();
      if (group.state === "deleted") break;
      if (replicates(group.state)) await this.#replicate(group);
      else if (group.state === "unprotected" && this.#back !== undefined) await this.#follow(group, this.#back);
      else await condition(() => this.#told || this.#wanted !== undefined);
      if (this.#isLong && !this.#told && this.#wanted === undefined) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof protectGroup>({ groupId: this.#groupId });
      }
    }
    this.#ended = true;
    await watching;
  }

  get #isLong(): boolean {
    return workflowInfo().continueAsNewSuggested || this.#rounds >= roundsPerRun;
  }

  #want(wanted: "pause" | "resume" | "delete"): void {
    // Nothing takes a deletion back.
    if (this.#wanted !== "delete") this.#wanted = wanted;
  }

  async #look(): Promise<ProtectionGroup> {
    this.#told = false;
    const group = await records.groupNow({ groupId: this.#groupId });
    this.#group = group;
    show({
      headline: group.name,
      phase: group.state,
      percent: replicates(group.state) ? 100 : 0,
      next: this.#next(group),
    });
    return group;
  }

  #next({ state, replicatesTo }: ProtectionGroup): string {
    if (!replicates(state)) return "waits to be told";
    return `recovery points at ${replicatesTo}${this.#nextRoundAt ? `, the next one at ${this.#nextRoundAt}` : ""}`;
  }

  async #obey(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    const groupId = this.#groupId;
    if (wanted === "pause") {
      const message = "Paused: no recovery points are made";
      await records.becomeGroup({ groupId, from: ["initial", "protected", "re-protecting"], to: "paused", message });
    } else if (wanted === "resume") {
      await records.resumeGroup({ groupId });
    } else if (wanted === "delete") {
      await this.#delete();
    }
  }

  /** After a failover: follows the group from where it serves, moving only differences to what it left at `to`. */
  async #follow(group: ProtectionGroup, to: string): Promise<void> {
    const { groupId, epoch, currentSite } = group;
    const scope = new CancellationScope();
    let over = false;
    const giveUp = this.#cancelWhen(
      scope,
      (now) => now.state !== "unprotected" || now.epoch !== epoch || this.#goesElsewhere(to),
      () => over,
    );
    try {
      await scope.run(() => readyToReturn(group, to));
      const message = `Replication from ${currentSite} to ${to} begins`;
      const direction = { from: currentSite, to };
      await records.becomeGroup({ groupId, from: ["unprotected"], to: "re-protecting", epoch, message, direction });
      this.#back = undefined;
      this.#failed = 0;
    } catch (error) {
      if (isCancellation(error) && !scope.consideredCancelled) throw error;
      if (this.#goesElsewhere(to)) return;
      const { message } = describeFailure(error);
      await records.noteProtection({
        groupId,
        type: "note",
        message: `It can't be replicated to ${to} yet: ${message}`,
      });
      this.#failed += 1;
    } finally {
      over = true;
    }
    await giveUp;
    if (this.#failed > 0) await condition(() => this.#told || this.#wanted !== undefined, this.#pauseAfterFailure);
  }

  /** A person named another site, while this one is waited for. */
  #goesElsewhere(to: string): boolean {
    return this.#back !== undefined && this.#back !== to && patched("follow-elsewhere");
  }

  /** One round when it is due, or asked for. */
  async #replicate(group: ProtectionGroup): Promise<void> {
    const { dueInMs } = await records.judgeGroup({ groupId: this.#groupId });
    const pauseMs = Math.max(dueInMs, this.#rounds === 0 ? 0 : leastPauseMs, this.#pauseAfterFailure);
    this.#nextRoundAt = new Date(Date.now() + pauseMs).toISOString();
    const called = () => this.#pointAsked || this.#told || this.#wanted !== undefined;
    if (pauseMs > 0 && (await condition(called, pauseMs)) && !this.#pointAsked) return;
    const kind = this.#pointAsked ? ("manual" as const) : ("scheduled" as const);
    this.#pointAsked = false;
    this.#rounds += 1;
    const scope = new CancellationScope();
    let over = false;
    const { epoch } = group;
    const giveUp = this.#cancelWhen(
      scope,
      (now) => !replicates(now.state) || now.epoch !== epoch,
      () => over,
    );
    try {
      const made = await scope.run(() => makePoint(group, { kind, onOpen: (pointId) => (this.#pointId = pointId) }));
      if ("pointId" in made) {
        this.#failed = 0;
        this.#completed += 1;
        await this.#tidy();
        await scope.run(() => verifyPoints(this.#groupId));
      } else {
        this.#failed += 1;
        await planMembers.executeWithOptions({ summary: `plan ${made.unplanned.length} VM(s) anew` }, [
          { groupId: this.#groupId, positions: made.unplanned },
        ]);
      }
    } catch (error) {
      if (isCancellation(error) && !scope.consideredCancelled) throw error;
      this.#failed += 1;
      const positions = group.members.map(({ position }) => position);
      // What a plan counts on may be gone: bases at the other site, the VM as it was.
      if (describeFailure(error).code === "NotFound") await this.#planAnew(positions);
    } finally {
      over = true;
      this.#pointId = undefined;
    }
    await giveUp;
  }

  async #planAnew(positions: readonly number[]): Promise<void> {
    const summary = `plan ${positions.length} VM(s) anew`;
    await planMembers.executeWithOptions({ summary }, [{ groupId: this.#groupId, positions }]);
  }

  get #pauseAfterFailure(): number {
    return this.#failed === 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#failed - 1));
  }

  /** A failover that has taken the group waits for nothing of the round. */
  async #cancelWhen(
    scope: CancellationScope,
    taken: (now: ProtectionGroup) => boolean,
    over: () => boolean,
  ): Promise<void> {
    while (!over()) {
      await condition(() => over() || this.#told || this.#wanted === "delete");
      if (over()) return;
      if (this.#wanted === "delete") return scope.cancel();
      if (taken(await this.#look())) scope.cancel();
    }
  }

  /** Keeps what the policy says. What can't be removed now is removed another time. */
  async #tidy(): Promise<void> {
    const groupId = this.#groupId;
    await records.applyRetention({ groupId });
    try {
      await cleanPoints(groupId);
    } catch (error) {
      const { message } = describeFailure(error);
      await records.noteProtection({
        groupId,
        type: "note",
        message: `Old points could not be removed yet: ${message}`,
        dedupeKey: `unclean/${message}`,
      });
    }
  }

  /** Tells when the newest point has become too old; rounds tell the rest. */
  async #watch(): Promise<void> {
    while (!this.#ended) {
      const seen = this.#completed;
      const state = this.#group?.state;
      const changed = () => this.#ended || this.#completed !== seen || this.#group?.state !== state;
      const { breachInMs } = await records.judgeGroup({ groupId: this.#groupId });
      if (breachInMs === undefined) await condition(changed);
      else await condition(changed, Math.max(1, breachInMs));
    }
  }

  async #delete(): Promise<void> {
    const groupId = this.#groupId;
    const from = ["initial", "protected", "paused", "unprotected", "re-protecting"] as const;
    await records.becomeGroup({ groupId, from, to: "deleting", message: "Its recovery points are removed" });
    // A failover needs them.
    if ((await this.#look()).state !== "deleting") return;
    await this.#removeAll();
  }

  async #removeAll(): Promise<void> {
    const groupId = this.#groupId;
    const { sites } = await records.expireAll({ groupId });
    try {
      for (const site of sites) await undo.releaseGroup({ site, groupId, sourcePointIds: [], all: true });
      await cleanPoints(groupId);
      for (const { site, pointId } of await records.pointsLeft({ groupId })) await undo.dropPoint({ site, pointId });
    } catch (error) {
      const { message } = describeFailure(error);
      await records.noteProtection({ groupId, type: "note", message: `Not all could be removed: ${message}` });
      this.#wanted = "delete";
      await condition(() => this.#told, longestPauseMs);
      return;
    }
    await records.becomeGroup({ groupId, from: ["deleting"], to: "deleted", message: "The group is deleted" });
  }
}
