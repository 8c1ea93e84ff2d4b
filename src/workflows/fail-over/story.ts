import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { RecoveryState, RecoveryStepRecord } from "../../domain/recovery-run.ts";
import { rowCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { now } from "../lib/time.ts";
import { show } from "../lib/visibility.ts";

const { recordRecovery, recordRecoveryStep } = proxyActivities<Activities>(rowCall);

export type StepWords = Pick<RecoveryStepRecord, "step" | "detail" | "bootGroup" | "vm">;
export type RunPatch = Parameters<Activities["recordRecovery"]>[0]["patch"];

/** A person has given the run up. */
export class GivenUp extends Error {}

/** What a run does, step by step, in the store and in Temporal's UI, and how it waits for people. */
export class Story {
  readonly #runId: string;
  readonly #headline: string;
  #position = 0;
  #ended = 0;
  #state: RecoveryState = "running";
  /** What it is while nobody is waited for. */
  #calm: RecoveryState = "running";
  /** Of steps that failed, or that wait for a person, what each waits for. */
  readonly #waiting = new Map<number, { readonly for: string; readonly failed: boolean }>();
  #tries = 0;
  #givenUp = false;

  constructor(runId: string, headline: string) {
    this.#runId = runId;
    this.#headline = headline;
  }

  get state(): RecoveryState {
    return this.#state;
  }

  get hasFailedSteps(): boolean {
    return [...this.#waiting.values()].some(({ failed }) => failed);
  }

  get waits(): boolean {
    return this.#waiting.size > 0;
  }

  /** Steps that failed are tried again. */
  retry(): void {
    this.#tries += 1;
  }

  giveUp(): void {
    this.#givenUp = true;
  }

  /** From here on it undoes; that can be given up by itself. */
  async undoing(): Promise<void> {
    this.#givenUp = false;
    this.#calm = "undoing";
    await this.become("undoing", { waitsFor: "" });
  }

  /** A step with its times. What it answers with becomes its outcome, where that is a text. */
  async run<T>(words: StepWords, work: (position: number) => Promise<T>): Promise<T> {
    return this.#attempt(this.#position++, words, work);
  }

  /** The same, for what must not end the run: where it fails a person says whether it is tried again. @throws GivenUp. */
  async insist<T>(words: StepWords, work: (position: number) => Promise<T>): Promise<T> {
    for (;;) {
      // Each try is a step of its own: what failed stays in the report.
      const position = this.#position++;
      try {
        return await this.#attempt(position, words, work);
      } catch (error) {
        if (isCancellation(error) || error instanceof GivenUp) throw error;
        const tried = this.#tries;
        const { message } = describeFailure(error);
        await this.waitFor(position, { for: `${words.detail}: ${message}`, failed: true }, () => this.#tries > tried);
      }
    }
  }

  /** Until that is so; the run says what it waits for. False when it took too long. @throws GivenUp. */
  async waitFor(
    position: number,
    what: { readonly for: string; readonly failed: boolean },
    isSo: () => boolean,
    withinMs?: number,
  ): Promise<boolean> {
    this.#waiting.set(position, what);
    await this.#tellWaiting();
    const settled = () => isSo() || this.#givenUp;
    const came =
      withinMs === undefined
        ? await condition(settled, { summary: what.for }).then(() => true)
        : await condition(settled, withinMs, { summary: what.for });
    this.#waiting.delete(position);
    await this.#tellWaiting();
    if (this.#givenUp) throw new GivenUp();
    return came;
  }

  /** A step that a person does, or confirms: its outcome is who did. @throws Timeout after `withinMs` unless it insists, GivenUp. */
  async byPerson(
    words: StepWords,
    done: () => string | undefined,
    withinMs?: number,
    insists = false,
  ): Promise<string> {
    const wait = async (position: number) => {
      const what = { for: words.detail, failed: false };
      const came = await this.waitFor(position, what, () => done() !== undefined, withinMs);
      const by = done();
      if (came && by !== undefined) return by;
      const seconds = (withinMs ?? 0) / 1000;
      throw ApplicationFailure.nonRetryable(`Nobody said within ${seconds} s that it is done`, "Timeout", {
        resource: `recovery-run/${this.#runId}`,
      });
    };
    return insists ? this.insist(words, wait) : this.run(words, wait);
  }

  async passOver(words: StepWords, outcome: string): Promise<void> {
    const at = now();
    const position = this.#position++;
    await this.#record({ ...words, position, state: "passed-over", startedAt: at, endedAt: at, outcome });
  }

  async become(state: RecoveryState, patch: Omit<RunPatch, "state"> = {}): Promise<void> {
    this.#state = state;
    this.#show();
    await recordRecovery({ runId: this.#runId, patch: { ...patch, state } });
  }

  async note(patch: RunPatch): Promise<void> {
    await recordRecovery({ runId: this.#runId, patch });
  }

  async #attempt<T>(position: number, words: StepWords, work: (position: number) => Promise<T>): Promise<T> {
    const startedAt = now();
    const begun = { ...words, position, startedAt };
    this.#show(words.detail);
    await this.#record({ ...begun, state: "running" });
    try {
      const result = await work(position);
      this.#ended += 1;
      const outcome = typeof result === "string" ? { outcome: result } : {};
      await this.#record({ ...begun, state: "done", endedAt: now(), ...outcome });
      return result;
    } catch (error) {
      const { code, message } = describeFailure(error);
      const problem =
        error instanceof GivenUp ? { code: "Cancelled", message: "A person gave the run up" } : { code, message };
      await CancellationScope.nonCancellable(() =>
        this.#record({ ...begun, state: "failed", endedAt: now(), problem }),
      );
      throw error;
    }
  }

  async #record(step: RecoveryStepRecord): Promise<void> {
    await recordRecoveryStep({ runId: this.#runId, step });
  }

  /** The newest of what is waited for; a failed step before one that a person was going to do anyway. */
  async #tellWaiting(): Promise<void> {
    const all = [...this.#waiting.values()];
    const most = all.findLast(({ failed }) => failed) ?? all.at(-1);
    await this.become(most ? (most.failed ? "attention" : "waiting") : this.#calm, { waitsFor: most?.for ?? "" });
  }

  #show(detail?: string): void {
    const percent = this.#position === 0 ? 0 : Math.round((100 * this.#ended) / (this.#position + 1));
    show({ headline: this.#headline, phase: this.#state, percent, ...(detail === undefined ? {} : { next: detail }) });
  }
}
