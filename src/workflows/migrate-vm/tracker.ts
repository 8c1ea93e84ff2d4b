// Long because it is all that a run knows, shows and is told of itself.
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  proxyLocalActivities,
  setHandler,
  sleep,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { LeftAlone } from "../../domain/finalize.ts";
import type { ClosingStep, MigrationState, MigrationStep } from "../../domain/migration.ts";
import { recordCall } from "../lib/activity-options.ts";
import { show } from "../lib/visibility.ts";
import { memberServesSignal } from "../run-wave/messages.ts";
import {
  copyProgressSignal,
  type HomewardNews,
  homewardSignal,
  pauseSignal,
  progressQuery,
  replicatedSignal,
  resumeSignal,
  turnSignal,
} from "./messages.ts";
import { Turn } from "./turn.ts";
import type { MigrateVmInput } from "./types.ts";

const { recordStep, recordMigration, nextAllowedStart } = proxyLocalActivities<Activities>(recordCall);

/** Where each step begins on the way to 100 %; copying is most of it. */
const stepStart: Readonly<Record<MigrationStep, number>> = {
  validate: 0,
  network: 3,
  announce: 4,
  replicate: 4,
  live: 5,
  hold: 5,
  stop: 5,
  copy: 10,
  seal: 72,
  prove: 74,
  prepare: 81,
  materialise: 82,
  create: 84,
  verify: 87,
  shift: 97,
  complete: 98,
};
const copyEnd = stepStart.seal;

/** A disk's part of the run's percentage. */
export interface CopySpan {
  readonly from: number;
  readonly to: number;
}

/** What a migration's run knows of itself: state, step, progress, pause; kept in the store and in Temporal's UI. */
export class Tracker {
  state: MigrationState = "running";
  step: MigrationStep | ClosingStep = "validate";
  progress = 0;
  headline: string;
  /** From the plan: false leaves a failed move for inspection until a person rolls it back. */
  rollsBackOnFailure = true;
  readonly turn = new Turn();
  readonly #input: MigrateVmInput;
  readonly #spans = new Map<string, CopySpan>();
  #paused = false;
  /** Whether its wave has let it begin. */
  #mayBegin: boolean;
  #interrupt: (() => void) | undefined;
  /** Of a warm migration: whether its first round is proven. */
  #replicated = false;

  constructor(input: MigrateVmInput) {
    this.#input = input;
    this.headline = `migration ${input.migrationId}`;
    this.#mayBegin = input.held !== true;
    setHandler(turnSignal, () => {
      this.#mayBegin = true;
    });
    setHandler(progressQuery, () => ({ state: this.state, step: this.step, progress: this.progress }));
    setHandler(pauseSignal, () => {
      this.#paused = true;
      this.#interrupt?.();
    });
    setHandler(resumeSignal, () => {
      this.#paused = false;
    });
    setHandler(replicatedSignal, () => {
      this.#replicated = true;
    });
    setHandler(copyProgressSignal, ({ diskId, fraction }) => {
      const span = this.#spans.get(diskId);
      if (this.step === "copy" && span) this.#showCopy(span, fraction);
    });
  }

  /** One named step: waits while the run is paused, in a scope of its own where one is given, and records start, end and
   *  failure with times. */
  async run<T>(
    step: MigrationStep | ClosingStep,
    detail: string,
    work: () => Promise<T>,
    waitIn?: CancellationScope,
  ): Promise<T> {
    // Nobody resumes what was cancelled.
    const goesOn = this.#paused && step === "rollback" && patched("rollback-while-paused");
    if (waitIn) await waitIn.run(() => this.#whileNotPaused());
    else if (!goesOn) await this.#whileNotPaused();
    this.step = step;
    if (isForward(step)) this.progress = stepStart[step];
    this.#show(detail);
    const { migrationId } = this.#input;
    await recordStep({ migrationId, step, state: "running", at: now(), progress: this.progress, detail });
    try {
      const result = await work();
      await recordStep({ migrationId, step, state: "done", at: now(), progress: this.progress, detail });
      return result;
    } catch (error) {
      await CancellationScope.nonCancellable(() =>
        recordStep({ migrationId, step, state: "failed", at: now(), progress: this.progress, detail }),
      );
      throw error;
    }
  }

  /** Runs work that a pause interrupts and a resume starts again; the work itself goes on from its checkpoint. */
  async interruptible<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.#whileNotPaused();
      const scope = new CancellationScope();
      this.#interrupt = () => scope.cancel();
      try {
        return await scope.run(work);
      } catch (error) {
        const ours = isCancellation(error) && this.#paused && !CancellationScope.current().consideredCancelled;
        if (!ours) throw error;
      } finally {
        this.#interrupt = undefined;
      }
    }
  }

  /** Waits until the time that the plan names. */
  async awaitStart(startAt: string): Promise<void> {
    const left = (): number => Date.parse(startAt) - Date.now();
    if (left() <= 0) return;
    await this.become("queued", `It begins at ${startAt}`);
    await this.interruptible(() => sleep(Math.max(1, left()), { summary: `until ${startAt}` }));
    await this.become("running", "Its time has come");
  }

  /** Waits until its wave lets it begin. */
  async awaitWave(): Promise<void> {
    const told = { summary: "until its wave lets it begin" };
    await this.interruptible(() => condition(() => this.#mayBegin, told));
    await this.become("running", "Its turn has come");
  }

  /** Its VM serves at the target: what is left takes no slot, and its wave may put another to work. */
  async noteServing(): Promise<void> {
    if (!patched("slot-until-served")) return;
    await this.turn.release();
    const { waveId, migrationId } = this.#input;
    if (waveId === undefined) return;
    await getExternalWorkflowHandle(`wave/${waveId}`)
      .signal(memberServesSignal, { migrationId })
      .catch(() => undefined);
  }

  /** Waits until the plan's allowed hours last long enough for all of it. */
  async awaitHours(planId: string): Promise<void> {
    for (let waited = false; ; waited = true) {
      const { waitMs, at } = await nextAllowedStart({ planId });
      if (waitMs === 0) {
        if (waited) await this.become("running", "Its allowed hours have begun");
        return;
      }
      if (!waited) await this.become("queued", `Its allowed hours begin at ${at}`);
      await this.interruptible(() => sleep(waitMs, { summary: `until ${at}` }));
    }
  }

  /** Takes a turn within the allowed hours. */
  async begin(planId: string): Promise<void> {
    // A person's word brings a VM home, at any hour.
    if (this.#input.undoOf !== undefined || !patched("hours")) {
      await this.turn.take(this);
      return;
    }
    for (;;) {
      await this.awaitHours(planId);
      if (!(await this.turn.take(this))) return;
      // While it waited for its turn they may have ended.
      if ((await nextAllowedStart({ planId })).waitMs === 0) return;
      await this.turn.release();
    }
  }

  /** Runs a replication; `told` says that a person (or the clock) ends it, and everyone hears when that is possible. */
  async whileReplicating<T>(told: boolean, work: () => Promise<T>): Promise<T> {
    if (!told) return work();
    const waiting = new CancellationScope();
    const telling = waiting.run(async () => {
      await condition(() => this.#replicated, { summary: "until the first round is proven" });
      await this.awaitCutover("The replica follows the running source; cut over when it suits you");
    });
    telling.catch(() => undefined);
    try {
      return await work();
    } finally {
      waiting.cancel();
      await telling.catch(() => undefined);
    }
  }

  /** @throws ApplicationFailure Conflict outside of a replication. */
  refuseUnlessReplicating(): void {
    const replicating = this.step === "replicate" && ["running", "awaiting-cutover", "paused"].includes(this.state);
    if (replicating) return;
    throw ApplicationFailure.nonRetryable(
      `Migration ${this.#input.migrationId} is ${this.state} (step ${this.step}): only a warm one that replicates can cut over`,
      "Conflict",
      { resource: `migration/${this.#input.migrationId}` },
    );
  }

  async awaitCutover(message: string): Promise<void> {
    if (this.state === "running") await this.become("awaiting-cutover", message);
  }

  /** Back from waiting for the cutover. */
  async becomeRunning(): Promise<void> {
    if (this.state === "awaiting-cutover") await this.become("running", "Cutting over");
  }

  async noteFailedCutover(message: string): Promise<void> {
    await this.tellHome("not-cut-over", message);
    await recordMigration({ migrationId: this.#input.migrationId, at: now(), message, patch: {} });
  }

  async note(message: string): Promise<void> {
    await recordMigration({ migrationId: this.#input.migrationId, at: now(), message, patch: {} });
  }

  /** Lists what a finalize did not touch, as its plan did not name it. */
  async noteLeftAlone(leftAlone: readonly LeftAlone[]): Promise<void> {
    const listed = leftAlone.map(({ site, kind, id }) => `${site}/${kind}/${id}`).join(", ");
    const message = `Left alone, as the confirmed plan did not name it: ${listed}`;
    await recordMigration({ migrationId: this.#input.migrationId, at: now(), message, patch: { leftAlone } });
  }

  /** Tells the migration whose VM this one brings home, where it is such. */
  async tellHome(state: HomewardNews["state"], reason?: string, leftBehind = false): Promise<void> {
    const { undoOf, migrationId } = this.#input;
    if (undoOf === undefined) return;
    await getExternalWorkflowHandle(`migration/${undoOf}`)
      .signal(homewardSignal, { migrationId, state, reason, ...(leftBehind ? { leftBehind } : {}) })
      .catch(() => undefined);
  }

  /** Gives each disk its part of the copy step, by what it has to move. */
  expectCopies(disks: readonly { diskId: string; weight: number }[]): void {
    const total = disks.reduce((sum, { weight }) => sum + weight, 0) || 1;
    let from = stepStart.copy;
    for (const { diskId, weight } of disks) {
      const to = from + (weight / total) * (copyEnd - stepStart.copy);
      this.#spans.set(diskId, { from, to });
      from = to;
    }
  }

  copySpan(diskId: string): CopySpan {
    return this.#spans.get(diskId) ?? { from: stepStart.copy, to: copyEnd };
  }

  /** Changes the state for everyone: store, event stream, Temporal's UI. */
  async become(
    state: MigrationState,
    message: string,
    patch: Parameters<Activities["recordMigration"]>[0]["patch"] = {},
  ): Promise<void> {
    this.state = state;
    if (state === "awaiting-finalize" || state === "finalized") this.progress = 100;
    this.#show(message);
    await recordMigration({
      migrationId: this.#input.migrationId,
      at: now(),
      message,
      patch: { ...patch, state, progress: this.progress },
    });
  }

  async #whileNotPaused(): Promise<void> {
    if (!this.#paused) return;
    const before = this.state;
    await this.become("paused", `Paused before or within step ${this.step}; resume to go on`);
    const takesTurn = await this.turn.suspend();
    await condition(() => !this.#paused, { summary: "paused by a person" });
    if (takesTurn) await this.turn.take(this);
    await this.become(before, `Resumed in step ${this.step}`);
  }

  #showCopy(span: CopySpan, fraction: number): void {
    this.progress = Math.round(span.from + fraction * (span.to - span.from));
    this.#show("copying; the bytes so far are durable at the target");
  }

  #show(next: string): void {
    const phase = this.state === "running" ? this.step : this.state;
    show({ headline: this.headline, phase, percent: this.progress, next });
  }
}

export function now(): string {
  return new Date().toISOString();
}

function isForward(step: MigrationStep | ClosingStep): step is MigrationStep {
  return step in stepStart;
}
