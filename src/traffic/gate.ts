import { EventEmitter } from "node:events";
import type { Address, HoldEnd, ListenerTotals } from "../domain/traffic-proxy.ts";
import { formatAddress } from "../domain/traffic-proxy.ts";
import type { ProxyLimits } from "./limits.ts";

export interface Hold {
  readonly holdId: string;
  readonly since: number;
  readonly until: number;
}

/** What outlives the process. */
export interface GateState {
  readonly backend: Address;
  readonly hold?: Hold | undefined;
  readonly ended: readonly HoldEnd[];
}

/** Why something did not pass: too many wait, or it waited for as long as it may. */
export class NotPassed extends Error {
  readonly why: "full" | "too-long";

  constructor(why: "full" | "too-long") {
    super(why === "full" ? "as many requests wait as may" : "it waited for as long as a request may");
    this.why = why;
  }
}

/** An order that does not fit to how the gate stands. */
export class GateConflict extends Error {}

/** Ended holds that are remembered: none of them begins again. */
const rememberedHolds = 50;

/**
 * Says where what comes in is sent, or lets it wait. `directed` is emitted when the backend before is gone for good, so
 * that whoever still waits for its answer stops doing so.
 */
export class Gate extends EventEmitter<{ directed: [] }> {
  readonly #limits: ProxyLimits;
  readonly #keep: (state: GateState) => void;
  /** What lets each of them go, and when it came. */
  readonly #waiting = new Map<() => void, number>();
  #state: GateState;
  #timer: NodeJS.Timeout | undefined;
  /** Of the hold that goes on, or of the last one and what came of it. */
  #figures = { held: 0, failed: 0, longestMs: 0 };
  /** The figures of the hold that something met last, by what says that it is gone. */
  readonly #met = new WeakMap<AbortSignal, { failed: number }>();
  readonly totals: { -readonly [Name in keyof ListenerTotals]: number } = {
    passed: 0,
    held: 0,
    retried: 0,
    failed: 0,
    broken: 0,
  };
  inFlight = 0;

  constructor(state: GateState, limits: ProxyLimits, keep: (state: GateState) => void) {
    super();
    // One for each request that waits for an answer.
    this.setMaxListeners(0);
    this.#state = state;
    this.#limits = limits;
    this.#keep = keep;
    if (state.hold) this.#lapseAt(state.hold.until);
  }

  get backend(): Address {
    return this.#state.backend;
  }

  get hold(): Hold | undefined {
    return this.#state.hold;
  }

  get lastHold(): HoldEnd | undefined {
    const last = this.#state.ended.at(-1);
    if (!last || this.hold) return last;
    const { failed, longestMs } = this.#figures;
    return { ...last, failed: Math.max(last.failed, failed), longestMs: Math.max(last.longestMs, longestMs) };
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Where to send it, once that is known. @throws NotPassed, or what aborted it. */
  async pass(signal: AbortSignal, untilMs: number): Promise<Address> {
    signal.throwIfAborted();
    if (!this.hold) return this.backend;
    const began = Date.now();
    this.meet(signal);
    if (this.#waiting.size >= this.#limits.mostHeld) throw new NotPassed("full");
    if (began >= untilMs) throw new NotPassed("too-long");
    this.totals.held += 1;
    this.#figures.held += 1;
    const figures = this.#figures;
    await new Promise<void>((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        this.#waiting.delete(go);
        clearTimeout(tooLong);
        signal.removeEventListener("abort", gone);
        figures.longestMs = Math.max(figures.longestMs, Date.now() - began);
        outcome();
      };
      const go = () => settle(resolve);
      const gone = () => settle(() => reject(signal.reason));
      const tooLong = setTimeout(() => settle(() => reject(new NotPassed("too-long"))), Math.max(0, untilMs - began));
      signal.addEventListener("abort", gone, { once: true });
      this.#waiting.set(go, began);
    });
    return this.pass(signal, untilMs);
  }

  /** Notes, by the signal that came along to {@link pass}, that this hold is somebody's affair: they wait, or were cut by its end. */
  meet(signal: AbortSignal): void {
    this.#met.set(signal, this.#figures);
  }

  /** Counts an error of ours that somebody got: who met a hold, or got it during one, is told of in its report, also
   *  afterwards. */
  fail(signal: AbortSignal): void {
    this.totals.failed += 1;
    const met = this.#met.get(signal) ?? (this.hold && this.#figures);
    if (met) met.failed += 1;
  }

  begin(holdId: string, ms: number): void {
    if (this.hold?.holdId === holdId) return;
    if (this.hold) throw new GateConflict(`the hold ${this.hold.holdId} goes on`);
    const ended = this.#state.ended.find((each) => each.holdId === holdId);
    if (ended) throw new GateConflict(`the hold ${holdId} has ended (${ended.ended}) and does not begin again`);
    const since = Date.now();
    const state = { ...this.#state, hold: { holdId, since, until: since + ms } };
    this.#keep(state);
    this.#state = state;
    this.#figures = { held: 0, failed: 0, longestMs: 0 };
    this.#lapseAt(since + ms);
  }

  direct(to: { readonly backend: Address; readonly expected?: Address; readonly holdId?: string }): void {
    const now = formatAddress(this.backend);
    const wanted = formatAddress(to.backend);
    if (to.expected && now !== wanted && now !== formatAddress(to.expected)) {
      throw new GateConflict(`it points to ${now}, and not to ${formatAddress(to.expected)}`);
    }
    if (this.hold && this.hold.holdId !== to.holdId) throw new GateConflict(`the hold ${this.hold.holdId} goes on`);
    const moved = now !== wanted && to.holdId !== undefined;
    const state = this.#ended("released", to.backend);
    this.#keep(state);
    clearTimeout(this.#timer);
    this.#state = state;
    if (moved) this.emit("directed");
    this.#letGo();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #lapseAt(until: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lapse(), Math.max(0, until - Date.now()));
  }

  #lapse(): void {
    const state = this.#ended("lapsed", this.backend);
    this.#state = state;
    this.#letGo();
    try {
      this.#keep(state);
    } catch {
      // What is kept says until when it was held: a proxy that is started again lets it lapse, too.
    }
  }

  #ended(ended: HoldEnd["ended"], backend: Address): GateState {
    const { hold, ended: before } = this.#state;
    if (!hold) return { ended: before, backend };
    const oldest = [...this.#waiting.values()][0];
    if (oldest !== undefined) this.#figures.longestMs = Math.max(this.#figures.longestMs, Date.now() - oldest);
    const last: HoldEnd = { holdId: hold.holdId, ended, at: new Date().toISOString(), ...this.#figures };
    return { backend, ended: [...before, last].slice(-rememberedHolds) };
  }

  #letGo(): void {
    for (const go of [...this.#waiting.keys()]) go();
  }
}
