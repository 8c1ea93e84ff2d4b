import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import type { GapReport, ProbeParameters } from "../domain/traffic.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";

/** Longer than a proxy holds a request by default: what is held is answered in the end. */
const answerWithinMs = 150_000;
/** Requests that wait at the same time; with so many out no more are sent. */
const mostOut = 200;

/** When it is over, those that are out may still be answered. */
const lastAnswersMs = 10_000;
const lookMs = 50;

/** What a successor goes on from. */
interface Sofar extends GapReport {
  readonly lastAnswerAt: number;
  readonly seenAt: number;
}

export function measureGapActivities() {
  return {
    /** Asks the application again and again until it is cancelled, and returns then what came of it. */
    async measureGap(input: { probe: ProbeParameters }): Promise<GapReport> {
      const context = Context.current();
      const before = context.info.heartbeatDetails as Sofar | undefined;
      const gap = new GapMeter(input.probe, before?.url === input.probe.url ? before : undefined);
      await gap.run(context.cancellationSignal, setHeartbeatDetails);
      return gap.report;
    },
  };
}

/** Requests go out at their times, whether those before were answered or not: one that hangs hides no answer of another. */
export class GapMeter {
  readonly #probe: ProbeParameters;
  readonly #out = new Set<AbortController>();
  #sofar: Sofar;

  constructor(probe: ProbeParameters, before?: Sofar) {
    this.#probe = probe;
    const now = Date.now();
    const at = new Date(now).toISOString();
    const nothing = { asked: 0, failed: 0, gapSeconds: 0, slowestSeconds: 0, unobservedSeconds: 0 };
    const unobserved = before ? Math.max(0, now - before.seenAt) / 1000 : 0;
    this.#sofar = before
      ? { ...before, unobservedSeconds: before.unobservedSeconds + unobserved, seenAt: now }
      : { url: probe.url, from: at, until: at, ...nothing, lastAnswerAt: now, seenAt: now };
  }

  get report(): GapReport {
    const { lastAnswerAt: _, seenAt: __, ...report } = this.#sofar;
    return report;
  }

  async run(signal: AbortSignal, note: (sofar: Sofar) => void): Promise<void> {
    while (!signal.aborted) {
      if (this.#out.size < mostOut) void this.#ask();
      await sleep(this.#probe.intervalMs, undefined, { signal }).catch(() => undefined);
      this.#see();
      note(this.#sofar);
    }
    // What was held is being answered now: it belongs to the story.
    for (const end = Date.now() + lastAnswersMs; this.#out.size > 0 && Date.now() < end; ) {
      await sleep(lookMs);
      note(this.#sofar);
    }
    for (const each of this.#out) each.abort();
  }

  async #ask(): Promise<void> {
    const { url, expectStatus } = this.#probe;
    const end = new AbortController();
    this.#out.add(end);
    const began = Date.now();
    let right = false;
    try {
      const signal = AbortSignal.any([end.signal, AbortSignal.timeout(answerWithinMs)]);
      // A connection of its own, as another user's would be.
      const answer = await fetch(url, { signal, redirect: "manual", headers: { connection: "close" } });
      // To its end, which shows that it is whole; nothing of it is kept, however much that is.
      await answer.body?.pipeTo(new WritableStream());
      right = answer.status === expectStatus;
    } catch {
      // No answer is what is counted here.
    }
    this.#out.delete(end);
    // What the end of the measuring cut was no failure of the application.
    if (end.signal.aborted) return;
    const now = Date.now();
    const { asked, failed, slowestSeconds } = this.#sofar;
    if (!right) {
      this.#sofar = { ...this.#sofar, asked: asked + 1, failed: failed + 1 };
      return;
    }
    this.#see();
    this.#sofar = {
      ...this.#sofar,
      asked: asked + 1,
      slowestSeconds: Math.max(slowestSeconds, (now - began) / 1000),
      lastAnswerAt: now,
    };
  }

  /** A gap that goes on counts as far as it has come. */
  #see(): void {
    const now = Date.now();
    const gapSeconds = Math.max(this.#sofar.gapSeconds, (now - this.#sofar.lastAnswerAt) / 1000);
    this.#sofar = { ...this.#sofar, gapSeconds, until: new Date(now).toISOString(), seenAt: now };
  }
}
