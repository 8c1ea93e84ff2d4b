import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  startChild,
  WorkflowIdReusePolicy,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { MemberOutcome, MemberState, WaveGroup, WaveState } from "../../domain/wave.ts";
import { nextMoves, waveEnded } from "../../domain/wave-schedule.ts";
import { recordCall, siteCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { show } from "../lib/visibility.ts";
import { pauseSignal, resumeSignal, turnSignal } from "../migrate-vm/messages.ts";
import {
  memberEndedSignal,
  memberServesSignal,
  pauseWaveSignal,
  resumeWaveSignal,
  waveProgressQuery,
} from "./messages.ts";
import type { RunWaveInput, RunWaveResult } from "./types.ts";

const { openWavePlan } = proxyActivities<Activities>(siteCall);
const { recordWave, registerMember, recordMember } = proxyLocalActivities<Activities>(recordCall);

/** So many more than may be at work are started, and held until it is their turn: what they look at beforehand costs the link
 *  no time. Few, as what they saw gets old. */
const mostAhead = 2;

type Orders = Awaited<ReturnType<Activities["openWavePlan"]>>;

/**
 * Moves the VMs of an approved plan, each by a `migrateVm` of its own, in the plan's order and so many at a time. A VM that
 * was not moved keeps those from starting that come after it, and nobody else. The wave ends when each was moved or won't
 * be; every migration then awaits its own finalize.
 */
export async function runWave(input: RunWaveInput): Promise<RunWaveResult> {
  const run = new WaveRun(input);
  return run.execute();
}

class WaveRun {
  readonly #input: RunWaveInput;
  #orders: Orders | undefined;
  #states: MemberState[] = [];
  readonly #opened = new Set<string>();
  readonly #pausing = new Set<string>();
  /** Started ahead, and not told yet that their turn has come. */
  readonly #held = new Set<number>();
  readonly #serving = new Set<number>();
  /** Told by migrations, and not yet in the store. */
  readonly #told: { position: number; state: MemberState; reason?: string | undefined }[] = [];
  #state: WaveState = "running";
  #paused = false;
  #changed = true;

  constructor(input: RunWaveInput) {
    this.#input = input;
    setHandler(waveProgressQuery, () => ({
      state: this.#state,
      ended: this.#states.filter((state) => !["waiting", "running"].includes(state)).length,
      vms: this.#states.length,
    }));
    setHandler(pauseWaveSignal, () => this.#setPaused(true));
    setHandler(resumeWaveSignal, () => this.#setPaused(false));
    setHandler(memberEndedSignal, (outcome) => this.#hear(outcome));
    setHandler(memberServesSignal, ({ migrationId }) => {
      this.#serving.add(this.#positionOf(migrationId));
      this.#changed = true;
    });
  }

  async execute(): Promise<RunWaveResult> {
    try {
      await recordWave({ waveId: this.#input.waveId, startedAt: now() });
      this.#orders = await openWavePlan.executeWithOptions({ summary: `open plan ${this.#input.planId}` }, [
        this.#input,
      ]);
      this.#states = this.#orders.members.map(() => "waiting");
      await this.#go(this.#orders);
    } catch (error) {
      await CancellationScope.nonCancellable(() => this.#giveUp(error));
      throw error;
    }
    await this.#become(this.#states.every((state) => state === "moved") ? "completed" : "incomplete");
    return { waveId: this.#input.waveId, state: this.#state };
  }

  async #go(orders: Orders): Promise<void> {
    const most = patched("ready-ahead") ? mostAhead : 0;
    for (;;) {
      await condition(() => this.#changed);
      this.#changed = false;
      await this.#recordTold();
      await this.#showPause();
      const standing = { states: this.#states, opened: this.#opened, held: this.#held, serving: this.#serving };
      const { open, start, ahead, skip } = nextMoves(orders, standing, most);
      for (const { position, reason } of skip) await this.#end(position, "skipped", reason);
      if (skip.length > 0) continue;
      for (const group of open) this.#openAfterPause(group);
      if (!this.#paused) {
        for (const position of start) await this.#letBegin(orders, position);
        for (const position of ahead) await this.#start(orders, position, true);
      }
      this.#show(orders);
      if (waveEnded(this.#states) && this.#told.length === 0) return;
    }
  }

  #openAfterPause({ name, pauseSeconds = 0 }: WaveGroup): void {
    if (this.#pausing.has(name)) return;
    this.#pausing.add(name);
    // The first one has nothing to keep a distance from.
    const pauseMs = this.#opened.size === 0 ? 0 : pauseSeconds * 1000;
    const opening = async (): Promise<void> => {
      if (pauseMs > 0) await sleep(pauseMs, { summary: `pause before ${name}` });
      this.#opened.add(name);
      this.#changed = true;
    };
    opening().catch(() => undefined);
  }

  async #letBegin(orders: Orders, position: number): Promise<void> {
    if (!this.#held.delete(position)) return this.#start(orders, position, false);
    const { migrationId = "", planId = "" } = orders.members[position] ?? {};
    // One that has ended meanwhile tells that itself.
    await getExternalWorkflowHandle(`migration/${migrationId}`)
      .signal(turnSignal)
      .catch(() => undefined);
    await registerMember({ waveId: this.#input.waveId, position, migrationId, planId, at: now() });
  }

  async #start({ members }: Orders, position: number, held: boolean): Promise<void> {
    const { waveId, planId: wavePlanId } = this.#input;
    const member = members[position];
    if (!member) return;
    const { migrationId, planId, planHash, vm, from, to, startAt } = member;
    this.#states[position] = "running";
    if (held) this.#held.add(position);
    const ahead = held ? { held } : {};
    // From here on it may have begun: a cancellation of the wave must find it.
    await CancellationScope.nonCancellable(async () => {
      try {
        await registerMember({ waveId, position, migrationId, planId, at: now(), ...ahead });
        const child = await startChild("migrateVm", {
          workflowId: `migration/${migrationId}`,
          args: [{ migrationId, planId, planHash, waveId, ...ahead, ...(startAt === undefined ? {} : { startAt }) }],
          // It stays open until somebody finalizes it, long after the wave.
          parentClosePolicy: ParentClosePolicy.ABANDON,
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
          staticSummary: `Migrate ${vm}: ${from} → ${to}`,
          staticDetails: `Plan ${planId}, hash ${planHash}, of wave ${waveId} (plan ${wavePlanId})`,
        });
        // Most ends are told; this hears of a run that somebody terminated.
        child.result().catch((error: unknown) => {
          const { message } = describeFailure(error);
          this.#hear({ migrationId, state: "failed", reason: message });
        });
      } catch (error) {
        this.#hear({ migrationId, state: "failed", reason: `It did not start: ${describeFailure(error).message}` });
      }
    });
  }

  #hear({ migrationId, state, reason }: MemberOutcome): void {
    const position = this.#positionOf(migrationId);
    if (this.#states[position] !== "running") return;
    this.#states[position] = state;
    this.#told.push({ position, state, reason });
    this.#changed = true;
  }

  #positionOf(migrationId: string): number {
    return this.#orders?.members.findIndex((member) => member.migrationId === migrationId) ?? -1;
  }

  async #recordTold(): Promise<void> {
    for (let next = this.#told.shift(); next; next = this.#told.shift()) {
      const { position, state, reason } = next;
      await recordMember({ waveId: this.#input.waveId, position, state, reason, at: now() });
    }
  }

  async #end(position: number, state: MemberState, reason: string): Promise<void> {
    this.#states[position] = state;
    this.#changed = true;
    await recordMember({ waveId: this.#input.waveId, position, state, reason, at: now() });
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#changed = true;
    for (const migration of this.#running((position) => !this.#held.has(position))) {
      migration.signal(paused ? pauseSignal : resumeSignal).catch(() => undefined);
    }
  }

  #running(wanted: (position: number) => boolean = () => true) {
    const members = this.#orders?.members ?? [];
    return members.flatMap(({ migrationId }, position) =>
      this.#states[position] === "running" && wanted(position)
        ? [getExternalWorkflowHandle(`migration/${migrationId}`)]
        : [],
    );
  }

  async #showPause(): Promise<void> {
    const state = this.#paused ? "paused" : "running";
    if (state !== this.#state) await this.#become(state);
  }

  /** Cancelled by a person: nobody starts any more, those under way are rolled back, those that were moved stay. */
  async #giveUp(error: unknown): Promise<void> {
    const cancelled = isCancellation(error);
    const { message } = describeFailure(error);
    const why = cancelled ? "the wave was cancelled before its turn came" : `the wave went no further: ${message}`;
    for (const [position, state] of this.#states.entries()) {
      if (state === "waiting") await this.#end(position, "cancelled", why);
    }
    await Promise.all(this.#running().map((migration) => migration.cancel().catch(() => undefined)));
    await condition(() => waveEnded(this.#states));
    await this.#recordTold();
    await this.#become(cancelled ? "cancelled" : "incomplete", cancelled ? undefined : message);
  }

  async #become(state: WaveState, reason?: string): Promise<void> {
    this.#state = state;
    const ends = state !== "running" && state !== "paused";
    await recordWave({ waveId: this.#input.waveId, state, reason, ...(ends ? { endedAt: now() } : {}) });
    if (this.#orders) this.#show(this.#orders);
  }

  #show({ name }: Orders): void {
    const count = (wanted: MemberState) => this.#states.filter((state) => state === wanted).length;
    const held = this.#states.filter((state, position) => state === "running" && this.#held.has(position)).length;
    const ended = this.#states.length - count("waiting") - count("running");
    const percent = Math.floor((100 * ended) / Math.max(1, this.#states.length));
    const next = `${count("running") - held} under way, ${count("waiting") + held} wait, ${count("moved")} moved, ${ended - count("moved")} not`;
    show({ headline: name, phase: this.#state, percent, next });
  }
}

function now(): string {
  return new Date().toISOString();
}
