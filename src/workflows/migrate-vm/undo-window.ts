import {
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  startChild,
  WorkflowIdReusePolicy,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { FinalizeApproval } from "../../domain/finalize.ts";
import type { UndoParameters, UndoState, UndoView } from "../../domain/undo.ts";
import { askCall, recordCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { finalizeSignal, type HomewardNews } from "./messages.ts";
import type { MovedVm } from "./move.ts";
import { now } from "./tracker.ts";
import type { MigrateVmInput, MigrateVmResult } from "./types.ts";

const { planWayHome } = proxyActivities<Activities>(askCall);
const { askForCutover, recordUndo, recordMigration } = proxyLocalActivities<Activities>(recordCall);

/**
 * The time after a cutover in which the VM can come home with all that it wrote since. A migration the other way, warm
 * where the VM runs, carries changes home all along; an undo is its cutover. Nothing of it outlives the window.
 */
export class UndoWindow {
  readonly #migrationId: string;
  readonly #planId: string;
  readonly #moved: MovedVm;
  readonly #parameters: UndoParameters;
  readonly #until: string;
  readonly #onTakenBack: () => void;
  #state: UndoState = "open";
  /** Migrations that went home so far, or tried to. */
  #tried = 0;
  /** `left`: it does nothing more, and what it could not undo keeps it open. */
  #child: { readonly migrationId: string; ended?: boolean; left?: boolean } | undefined;
  #news: HomewardNews | undefined;
  #opening: Promise<void> = Promise.resolve();

  constructor(input: MigrateVmInput, moved: MovedVm, parameters: UndoParameters, onTakenBack: () => void) {
    this.#onTakenBack = onTakenBack;
    this.#migrationId = input.migrationId;
    this.#planId = input.planId;
    this.#moved = moved;
    this.#parameters = parameters;
    this.#until = new Date(Date.now() + parameters.windowSeconds * 1000).toISOString();
  }

  get state(): UndoState {
    return this.#state;
  }

  /** Begins to carry changes home, and ends that by itself when the time is over. */
  open(): void {
    this.#opening = this.#begin();
    const closing = async (): Promise<void> => {
      await sleep(this.#parameters.windowSeconds * 1000, { summary: "until the undo window ends" });
      await this.#opening;
      if (this.#state === "open") await this.close("The undo window has ended");
    };
    closing().catch(() => undefined);
  }

  /** Ends it: what was carried home is removed again, the source stays as it was stopped. */
  async close(why: string): Promise<void> {
    await this.#opening;
    if (this.#state !== "open") return;
    this.#state = "closed";
    const child = this.#child;
    if (child && !child.ended && !child.left) {
      await getExternalWorkflowHandle(`migration/${child.migrationId}`)
        .cancel()
        .catch(() => undefined);
      await condition(() => child.ended === true || child.left === true);
    }
    await this.#tell(why, child?.left ? "What carried changes home left something behind: see its problem" : undefined);
  }

  /** Brings the VM home. @throws ApplicationFailure when it did not come; it serves at the target then, as before. */
  async undo(): Promise<void> {
    await this.#opening;
    this.#state = "undoing";
    await this.#tell("On its way home");
    let news: HomewardNews | undefined;
    try {
      news = this.#follows ? await this.#hearAfter((child) => askForCutover({ migrationId: child })) : undefined;
      // What carried changes home has ended just before: the rest of them moves now.
      if (!news || news.state === "failed" || news.state === "cancelled") {
        news = await this.#hearAfter(() => this.#start("cold"));
      }
    } catch (error) {
      news = undefined;
      await this.#stay(describeFailure(error).message);
    }
    if (news?.state !== "moved") await this.#stay(news?.reason ?? "it did not come home");
    this.#state = "undone";
    await this.#tell("Home again, with all that was written; finalize removes what is left of both moves");
  }

  /** The migration that brought the VM home. */
  get home(): string | undefined {
    return this.#state === "undone" ? this.#child?.migrationId : undefined;
  }

  /** Makes the way home final: the VM that came home stays, the one it left goes. */
  async finalizeHome(approval: FinalizeApproval | undefined): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#news = undefined;
    await getExternalWorkflowHandle(`migration/${child.migrationId}`).signal(finalizeSignal, approval);
    await condition(() => child.ended === true || this.#news?.state === "not-finalized");
    const news = this.#news as HomewardNews | undefined;
    if (news?.state !== "not-finalized") return;
    throw ApplicationFailure.nonRetryable(news.reason ?? "it could not be finalized", "Unavailable", {
      resource: `migration/${child.migrationId}`,
    });
  }

  get #follows(): boolean {
    return this.#child !== undefined && !this.#child.ended && !this.#child.left;
  }

  async #hearAfter(act: (child: string) => Promise<unknown>): Promise<HomewardNews | undefined> {
    this.#news = undefined;
    await act(this.#child?.migrationId ?? "");
    await condition(() => this.#news !== undefined);
    return this.#news;
  }

  hear(news: HomewardNews): void {
    if (news.migrationId !== this.#child?.migrationId) return;
    this.#news = news;
    if (news.leftBehind) this.#child.left = true;
  }

  async #begin(): Promise<void> {
    try {
      if (this.#moved.runs) await this.#start("warm");
      await this.#tell(`Undo brings it home until ${this.#until}`);
    } catch (error) {
      await this.#tell("Nothing is carried home meanwhile", describeFailure(error).message);
    }
  }

  async #start(mode: "warm" | "cold"): Promise<void> {
    this.#tried += 1;
    const migrationId = `${this.#migrationId}-undo${this.#tried === 1 ? "" : `-${this.#tried}`}`;
    const { sourceSite: to, targetSite: from, targetVmId: vmId } = this.#moved;
    const { roundPauseSeconds } = this.#parameters;
    const { without = [], ...planned } = await planWayHome.executeWithOptions(
      { summary: `plan the way home to ${to}` },
      [{ migrationId, planId: this.#planId, from, to, vmId, mode, roundPauseSeconds }],
    );
    for (const why of without) await this.#note(`The way home goes without: ${why}`);
    const child: { migrationId: string; ended?: boolean; left?: boolean } = { migrationId };
    const handle = await startChild<(input: MigrateVmInput) => Promise<MigrateVmResult>>("migrateVm", {
      workflowId: `migration/${migrationId}`,
      args: [{ migrationId, ...planned, undoOf: this.#migrationId }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      staticSummary: `Way home of ${this.#migrationId}: ${from} → ${to}`,
    });
    this.#child = child;
    // What an earlier one had to say is of no interest any more.
    this.#news = undefined;
    this.#follow(child, handle.result()).catch(() => undefined);
  }

  async #follow(
    child: { readonly migrationId: string; ended?: boolean },
    result: Promise<MigrateVmResult>,
  ): Promise<void> {
    const { migrationId } = child;
    let end: MigrateVmResult | undefined;
    let reason: string | undefined;
    try {
      end = await result;
    } catch (error) {
      reason = describeFailure(error).message;
    }
    child.ended = true;
    if (this.#state === "undoing") this.#news ??= { migrationId, state: "failed", reason };
    if (this.#state !== "undone" || end?.state === "finalized") return;
    // Somebody took the way home back: the VM serves where it was moved to, as before.
    this.#state = "closed";
    this.#onTakenBack();
    await this.#tell("The way home was taken back; the VM serves where it was moved to");
  }

  async #stay(reason: string): Promise<never> {
    this.#state = "open";
    await this.#tell("It did not come home and serves where it is", reason);
    throw ApplicationFailure.nonRetryable(`The VM did not come home: ${reason}`, "Conflict", {
      resource: `migration/${this.#migrationId}`,
    });
  }

  async #tell(message: string, reason?: string): Promise<void> {
    const undo: UndoView = {
      state: this.#state,
      until: this.#until,
      ...(this.#child && !this.#child.ended ? { migrationId: this.#child.migrationId } : {}),
      ...(reason === undefined ? {} : { reason }),
    };
    await recordUndo({ migrationId: this.#migrationId, undo });
    await this.#note(message);
  }

  async #note(message: string): Promise<void> {
    await recordMigration({ migrationId: this.#migrationId, at: now(), message, patch: {} });
  }
}
