import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

/** What a simulated cloud can be told to do wrong. The first group is refused with the vendor's own error. */
export const refusals = ["throttled", "5xx", "capacity", "quota", "unauthorised", "not-found"] as const;
export const faultKinds = [...refusals, "reset", "timeout-before-act", "timeout-after-act", "slow"] as const;
export type Refusal = (typeof refusals)[number];
export type FaultKind = (typeof faultKinds)[number];

/** One order; what is left out matches everything. */
export const faultOrder = z.strictObject({
  fault: z.enum(faultKinds),
  service: z.string().optional(),
  operation: z.string().optional(),
  region: z.string().optional(),
  /** Lets this many matching calls pass first. */
  after: z.int().min(0).default(0),
  /** How many calls it hits in all; without it, all until it is withdrawn. */
  times: z.int().min(1).optional(),
  probability: z.number().min(0).max(1).default(1),
  /** `slow`: how much later than else. Timeouts: how long the connection stays open without an answer. */
  delayMs: z.int().min(0).max(3_600_000).optional(),
});
export type FaultOrder = z.input<typeof faultOrder>;

export interface CalledOperation {
  readonly service: string;
  readonly operation: string;
  readonly region: string;
}

/** The call is to end without an answer: its connection is torn down. */
export class TornConnection extends Error {}

const silentMs = 60_000;
const slowMs = 1_000;

interface Standing extends z.output<typeof faultOrder> {
  readonly id: number;
  seen: number;
  hits: number;
}

/** The faults that stand, and how often each has struck. Not kept over a restart: a fault is an experiment. */
export class Faults {
  readonly #standing: Standing[] = [];
  #nextId = 1;
  /** Told of each call that comes by, for tests. */
  witness: ((call: CalledOperation) => void) | undefined;

  add(order: FaultOrder): number {
    const id = this.#nextId++;
    this.#standing.push({ ...faultOrder.parse(order), id, seen: 0, hits: 0 });
    return id;
  }

  list(): readonly object[] {
    return this.#standing.map((standing) => ({ ...standing }));
  }

  /** Withdraws one order, or all of them. */
  clear(id?: number): void {
    if (id === undefined) this.#standing.length = 0;
    const index = this.#standing.findIndex((standing) => standing.id === id);
    if (index >= 0) this.#standing.splice(index, 1);
  }

  #next(call: CalledOperation): Standing | undefined {
    for (const standing of this.#standing) {
      const { service, operation, region, after, times, probability } = standing;
      if (service !== undefined && service !== call.service) continue;
      if (operation !== undefined && operation !== call.operation) continue;
      if (region !== undefined && region !== call.region) continue;
      if (times !== undefined && standing.hits >= times) continue;
      if (standing.seen++ < after || (probability < 1 && Math.random() >= probability)) continue;
      standing.hits++;
      return standing;
    }
    return undefined;
  }

  /**
   * Does what the call asks for, unless a fault says otherwise; at most one fault strikes a call.
   * @throws what `refuse` makes of a refusal; TornConnection where the client must get no answer.
   */
  async around<T>(call: CalledOperation, act: () => T | Promise<T>, refuse: (kind: Refusal) => Error): Promise<T> {
    this.witness?.(call);
    const standing = this.#standing.length > 0 ? this.#next(call) : undefined;
    if (!standing) return act();
    const { fault, delayMs } = standing;
    switch (fault) {
      case "reset":
        throw new TornConnection();
      case "timeout-before-act":
        await sleep(delayMs ?? silentMs, undefined, { ref: false });
        throw new TornConnection();
      case "timeout-after-act":
        await act();
        await sleep(delayMs ?? silentMs, undefined, { ref: false });
        throw new TornConnection();
      case "slow":
        await sleep(delayMs ?? slowMs);
        return act();
      default:
        throw refuse(fault);
    }
  }
}
