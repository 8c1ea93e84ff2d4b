import { Flows } from "./flows.ts";
import { type Destination, Front, type FrontSpec } from "./front.ts";
import { HealthChecks } from "./health-checks.ts";

export interface WantedFront extends FrontSpec {
  readonly id: string;
  readonly pick: () => Destination | undefined;
}

/** The load balancers of a simulated cloud, as they really listen, look at their targets and pass traffic on. What is to be
 *  there is the cloud's affair: it tells after each change. */
export class Balancing {
  readonly flows = new Flows();
  readonly checks = new HealthChecks();
  readonly #fronts = new Map<string, Front>();
  readonly #refused = new Map<string, string>();
  #settling: Promise<void> = Promise.resolve();

  /** Has exactly these fronts from then on; returns when they listen, or can't ({@link whyNot}). */
  settle(wanted: readonly WantedFront[]): Promise<void> {
    this.#settling = this.#settling.then(() => this.#change(wanted));
    return this.#settling;
  }

  /** Why a front does not listen; undefined when it does, or is not there. */
  whyNot(id: string): string | undefined {
    return this.#refused.get(id);
  }

  /** Waits until nothing goes to a target any more, and after `withinMs` ends what does; false when `isWanted` no longer
   *  holds then. */
  async drain(key: string, withinMs: number, isWanted: () => boolean): Promise<boolean> {
    const ended = await this.flows.none(key, withinMs);
    if (!isWanted()) return false;
    if (!ended) this.flows.cut(key);
    return true;
  }

  async close(): Promise<void> {
    this.checks.close();
    await this.settle([]);
  }

  async #change(wanted: readonly WantedFront[]): Promise<void> {
    const byId = new Map(wanted.map((front) => [front.id, front]));
    for (const [id, front] of [...this.#fronts]) {
      const next = byId.get(id);
      if (next && isSame(front.spec, next)) {
        front.pick = next.pick;
        continue;
      }
      this.#fronts.delete(id);
      await front.close();
    }
    for (const id of [...this.#refused.keys()]) if (!byId.has(id)) this.#refused.delete(id);
    for (const { id, pick, host, port, mode } of wanted) {
      if (this.#fronts.has(id)) continue;
      const front = new Front({ host, port, mode }, pick, this.flows);
      try {
        await front.listen();
        this.#fronts.set(id, front);
        this.#refused.delete(id);
      } catch (error) {
        this.#refused.set(id, (error as Error).message);
      }
    }
  }
}

function isSame(one: FrontSpec, other: FrontSpec): boolean {
  return one.host === other.host && one.port === other.port && one.mode === other.mode;
}
