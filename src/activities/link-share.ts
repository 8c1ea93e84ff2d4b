import type { ActivityDeps } from "./deps.ts";

const leaseMs = 6_000;
const renewEveryMs = 400;

/** One move's share of what may go over a link, for bytes that a hypervisor moves and not we. */
export class LinkShare {
  readonly #leases: ActivityDeps["store"]["leases"];
  readonly #lease: { readonly resource: string; readonly holder: string };
  readonly #limit: () => number | undefined;
  #perSecond: number | undefined;
  #askAt = 0;

  constructor(
    leases: ActivityDeps["store"]["leases"],
    lease: { readonly resource: string; readonly holder: string },
    limit: () => number | undefined,
  ) {
    this.#leases = leases;
    this.#lease = lease;
    this.#limit = limit;
  }

  /** Undefined where there is no limit. */
  async bytesPerSecond(): Promise<number | undefined> {
    if (Date.now() < this.#askAt) return this.#perSecond;
    const limitPerSecond = this.#limit();
    if (limitPerSecond === undefined) {
      await this.release();
      this.#perSecond = undefined;
      return undefined;
    }
    this.#askAt = Date.now() + renewEveryMs;
    try {
      const { perSecond } = await this.#leases.renew({ ...this.#lease, limitPerSecond, ttlMs: leaseMs });
      this.#perSecond = Math.max(1, Math.min(perSecond, limitPerSecond));
    } catch {
      // The floor that every holder drops to.
      this.#perSecond = limitPerSecond / 16;
    }
    return this.#perSecond;
  }

  async release(): Promise<void> {
    // A lease that can't be given back lapses by itself.
    if (this.#perSecond !== undefined) await this.#leases.release(this.#lease).catch(() => undefined);
  }
}
