// Long because it is one run: its way, and all that it can be told meanwhile.
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  proxyLocalActivities,
  setHandler,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { FinalizeApproval, FinalizeStep, LeftAlone } from "../../domain/finalize.ts";
import type { MigrationProblem } from "../../domain/migration.ts";
import { recordCall, siteCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";
import { type LeftBehind, Saga } from "../lib/saga.ts";
import { memberEndedSignal } from "../run-wave/messages.ts";
import {
  cutoverUpdate,
  finalizeSignal,
  finalizeUpdate,
  homewardSignal,
  rollbackUpdate,
  undoUpdate,
} from "./messages.ts";
import { finalizeBySteps, finalizeMove, lookAhead, type MovedVm, moveVm } from "./move.ts";
import { afterSwitch, refusal, refuseLeft, runFailure, withoutReason } from "./refusals.ts";
import { now, Tracker } from "./tracker.ts";
import type { MigrateVmInput, MigrateVmResult } from "./types.ts";
import { UndoWindow } from "./undo-window.ts";

const { refuseIfSuperseded, openFinalize } = activitiesAtSites(siteCall);
const { askForCutover } = proxyLocalActivities<Activities>(recordCall);

/**
 * Moves one VM by an approved plan: validate → network → stop → copy → seal → prove → materialise → create → verify →
 * complete. A failure or a cancellation rolls everything back. After completion the run stays open, the source stopped
 * and fenced, until a person finalizes (the source goes) or rolls back (the target goes, the source runs again).
 */
export async function migrateVm(input: MigrateVmInput): Promise<MigrateVmResult> {
  const run = new MigrationRun(input);
  return run.execute();
}

class MigrationRun {
  readonly #input: MigrateVmInput;
  readonly #tracker: Tracker;
  readonly #saga = new Saga();
  #moved: MovedVm | undefined;
  /** Set while nothing else goes on: then a person may finalize or roll back. */
  #open: "completed" | "left-behind" | "undone" | undefined;
  #undoWindow: UndoWindow | undefined;
  #ended: MigrateVmResult | undefined;

  constructor(input: MigrateVmInput) {
    this.#input = input;
    this.#tracker = new Tracker(input);
    // A run that was cancelled stays open while something is left of it, and must still do what it is told.
    const whatever = <T>(work: () => Promise<T>) => CancellationScope.nonCancellable(work);
    setHandler(finalizeUpdate, (approval?: FinalizeApproval) => whatever(() => this.#finalize(approval)), {
      validator: (approval) => this.#refuseUnfinalizable(approval),
    });
    setHandler(undoUpdate, () => whatever(() => this.#bringHome()), {
      validator: () => this.#refuseUnlessUndoable(),
    });
    setHandler(homewardSignal, (news) => this.#undoWindow?.hear(news));
    setHandler(finalizeSignal, (approval) => whatever(() => this.#finalizeForHome(approval)));
    setHandler(cutoverUpdate, () => askForCutover({ migrationId: input.migrationId }), {
      validator: () => this.#tracker.refuseUnlessReplicating(),
    });
    setHandler(rollbackUpdate, () => whatever(() => this.#rollBackByHand()), {
      validator: () => {
        this.#refuseUnless("completed", "left-behind");
        if (this.#moved?.live) throw afterSwitch(input.migrationId);
      },
    });
  }

  async execute(): Promise<MigrateVmResult> {
    try {
      if (this.#input.startAt !== undefined) await this.#tracker.awaitStart(this.#input.startAt);
      const seen = this.#input.held ? await lookAhead(this.#input, this.#tracker) : undefined;
      await this.#tracker.begin(this.#input.planId);
      const onSwitch = (known: MovedVm) => {
        this.#moved = known;
      };
      const moved = await moveVm(this.#input, this.#tracker, this.#saga, onSwitch, seen);
      this.#moved = moved;
      // A guest that moved while it ran is not brought back by a cancellation.
      if (moved.live) await CancellationScope.nonCancellable(() => this.#arrive(moved));
      else await this.#arrive(moved);
    } catch (error) {
      await CancellationScope.nonCancellable(async () => {
        await this.#rollBackAfter(error);
        await this.#tracker.turn.release();
        const ended = isCancellation(error) ? "cancelled" : "failed";
        await this.#tellWave(ended, describeFailure(error).message);
        await this.#tracker.tellHome(ended, describeFailure(error).message, this.#open === "left-behind");
      });
      if (!this.#open) throw runFailure(this.#input.migrationId, error);
    }
    // From here on a cancellation must not undo or forget anything: only finalize and rollback end the run.
    return CancellationScope.nonCancellable(async () => {
      if (this.#open === "completed" && this.#moved?.undo) {
        this.#undoWindow = new UndoWindow(this.#input, this.#moved, this.#moved.undo, () => {
          this.#open = "completed";
        });
        this.#undoWindow.open();
      }
      await condition(() => this.#ended !== undefined, { summary: "until a person finalizes or rolls back" });
      return this.#ended as MigrateVmResult;
    });
  }

  async #arrive(moved: MovedVm): Promise<void> {
    await this.#tracker.turn.release();
    // Open before it is told: who reads the new state may act on it at once.
    this.#open = "completed";
    const message = "Moved and proven; the source is kept until you finalize";
    await this.#tracker.become("awaiting-finalize", message, moved.outcome);
    await this.#tellWave("moved");
    await this.#tracker.tellHome("moved");
  }

  /** The wave decides by it who comes next; one that is gone needs to know nothing. */
  async #tellWave(state: "moved" | "failed" | "cancelled", reason?: string): Promise<void> {
    const { waveId, migrationId } = this.#input;
    if (waveId === undefined) return;
    const outcome = { migrationId, state, ...(reason === undefined ? {} : { reason }) };
    await getExternalWorkflowHandle(`wave/${waveId}`)
      .signal(memberEndedSignal, outcome)
      .catch(() => undefined);
  }

  async #rollBackAfter(error: unknown): Promise<void> {
    if (this.#switched) return this.#stayMoved(this.#switched, error);
    const cancelled = isCancellation(error);
    const failure = describeFailure(error);
    const step = this.#tracker.step;
    const left =
      cancelled || this.#tracker.rollsBackOnFailure
        ? await this.#undo(cancelled ? "cancelled by a person" : failure.message, failure.code === "IntegrityFailure")
        : this.#saga.pending.map(({ resource, remove }) => ({ resource, remove, reason: "rollback_enabled is off" }));
    // What an undo of a live move may have found.
    if (this.#switched) return this.#stayMoved(this.#switched, error, step);
    const problem: MigrationProblem | undefined =
      cancelled && left.length === 0 ? undefined : { ...failure, step, leftBehind: withoutReason(left) };
    if (left.length > 0) {
      this.#open = "left-behind";
      await this.#tracker.become("failed", `${left.length} resource(s) are left; see the problem`, { problem });
      return;
    }
    const message = cancelled ? "Cancelled and rolled back" : `Rolled back: ${failure.message}`;
    await this.#tracker.become(cancelled ? "cancelled" : "rolled-back", message, { problem, endedAt: now() });
  }

  /** A running guest that is the target's. */
  get #switched(): MovedVm | undefined {
    return this.#moved?.live ? this.#moved : undefined;
  }

  /** A running guest is the target's since its switch. What failed is told, and the run is closed like any that moved. */
  async #stayMoved(moved: MovedVm, error: unknown, step = this.#tracker.step): Promise<void> {
    const left = await this.#saga.compensate({ keepEvidence: false });
    const problem: MigrationProblem = { ...describeFailure(error), step, leftBehind: withoutReason(left) };
    this.#open = "completed";
    const message =
      "It runs at the target, and that is not proven: see the problem; the source is kept until you finalize";
    await this.#tracker.become("awaiting-finalize", message, { ...moved.outcome, problem });
  }

  async #rollBackByHand(): Promise<MigrateVmResult> {
    const before = this.#open;
    this.#open = undefined;
    try {
      if (before === "completed" && this.#moved) {
        await this.#undoWindow?.close("The undo window ends with a rollback");
        await refuseIfSuperseded({ site: this.#moved.targetSite, vmId: this.#moved.targetVmId });
      }
    } catch (error) {
      this.#open = before;
      throw error;
    }
    const left = await this.#undo("asked for by a person", false);
    if (this.#switched) {
      const refused = afterSwitch(this.#input.migrationId);
      await this.#stayMoved(this.#switched, refused, "rollback");
      throw refused;
    }
    if (left.length > 0) {
      this.#open = "left-behind";
      const problem: MigrationProblem = {
        code: "Unavailable",
        message: left.map((item) => `${item.resource}: ${item.reason}`).join("; "),
        step: "rollback",
        leftBehind: withoutReason(left),
      };
      await this.#tracker.become("failed", `${left.length} resource(s) are left; see the problem`, { problem });
      throw ApplicationFailure.nonRetryable(problem.message, problem.code, { resource: this.#input.migrationId });
    }
    await this.#tracker.become("rolled-back", "Rolled back; the source is as it was", { endedAt: now() });
    return this.#end();
  }

  async #undo(why: string, keepEvidence: boolean): Promise<LeftBehind[]> {
    await this.#tracker.become("rolling-back", `Rolling back: ${why}`);
    return this.#tracker.run("rollback", why, () => this.#saga.compensate({ keepEvidence }));
  }

  /** `of`: the migration that the plan is of, where this one only brought its VM home. Without an approval: a run that was
   *  finalized before there were plans for it. */
  async #finalize(approval?: FinalizeApproval, of = this.#input.migrationId): Promise<MigrateVmResult> {
    const moved = this.#moved as MovedVm;
    const { migrationId } = this.#input;
    const before = this.#open;
    this.#open = undefined;
    try {
      const named = approval && (await this.#openFinalize(approval, of));
      if (before === "undone") await this.#undoWindow?.finalizeHome(approval);
      else await this.#undoWindow?.close("The undo window ends with the finalize");
      // Points that a failure after the switch left: disks that they hold can't be removed.
      if (moved.live) refuseLeft(migrationId, await this.#saga.compensate({ keepEvidence: false }));
      await this.#tracker.run("finalize", `removing the source at ${moved.sourceSite}`, () =>
        named ? finalizeBySteps(migrationId, moved, named.steps) : finalizeMove({ migrationId, moved }),
      );
      if (named && named.leftAlone.length > 0) await this.#tracker.noteLeftAlone(named.leftAlone);
      // Of a VM that went home the way there has the records.
      if (before !== "undone") await moved.traffic?.settle();
    } catch (error) {
      this.#open = before;
      throw error;
    }
    if (before === "undone") {
      await this.#tracker.become("undone", "It is home; what was left of both moves was removed", { endedAt: now() });
    } else await this.#tracker.become("finalized", "The source was removed; the move is final", { endedAt: now() });
    return this.#end();
  }

  #openFinalize(approval: FinalizeApproval, of: string): Promise<{ steps: FinalizeStep[]; leftAlone: LeftAlone[] }> {
    const { migrationId } = this.#input;
    const home = of === migrationId ? this.#undoWindow?.home : migrationId;
    const summary = `open plan ${approval.planId}`;
    return openFinalize.executeWithOptions({ summary }, [{ ...approval, migrationId, of, home }]);
  }

  /** A part of another migration's end: that one has to hear when it fails. */
  async #finalizeForHome(approval?: FinalizeApproval): Promise<void> {
    try {
      this.#refuseUnless("completed");
      await this.#finalize(approval, this.#input.undoOf);
    } catch (error) {
      await this.#tracker.tellHome("not-finalized", describeFailure(error).message);
    }
  }

  async #bringHome(): Promise<MigrateVmResult> {
    const window = this.#undoWindow as UndoWindow;
    this.#open = undefined;
    await this.#tracker.become("undoing", "Bringing the VM home with what it wrote since");
    try {
      await window.undo();
    } catch (error) {
      this.#open = "completed";
      await this.#tracker.become("awaiting-finalize", "It did not come home and serves where it is");
      throw error;
    }
    this.#open = "undone";
    await this.#tracker.become("awaiting-finalize", "It serves at its source again; finalize removes what is left");
    const { migrationId } = this.#input;
    return { migrationId, state: this.#tracker.state };
  }

  #refuseUnfinalizable(approval: FinalizeApproval | undefined): void {
    this.#refuseUnless("completed", "undone");
    if (approval) return;
    throw refusal(this.#input.migrationId, "A finalize removes what a confirmed plan names, and none was given");
  }

  #refuseUnlessUndoable(): void {
    this.#refuseUnless("completed");
    if (this.#undoWindow?.state === "open") return;
    throw refusal(
      this.#input.migrationId,
      this.#undoWindow ? "Its undo window has ended" : "Its plan has no undo window: roll it back, or finalize it",
    );
  }

  #end(): MigrateVmResult {
    this.#ended = {
      migrationId: this.#input.migrationId,
      state: this.#tracker.state,
      targetVmId: this.#moved?.targetVmId,
      certificateId: this.#moved?.certificateId,
    };
    return this.#ended;
  }

  #refuseUnless(...allowed: ("completed" | "left-behind" | "undone")[]): void {
    if (this.#open && allowed.includes(this.#open)) return;
    throw refusal(
      this.#input.migrationId,
      `Migration ${this.#input.migrationId} is ${this.#tracker.state} (step ${this.#tracker.step}): wait until it awaits its finalize, or cancel it`,
    );
  }
}
