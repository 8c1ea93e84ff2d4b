import { rankOf } from "../domain/rate-shares.ts";
import type { ActivityDeps } from "./deps.ts";

const leaseMs = 6_000;
const renewEveryMs = 400;
/** Of what was moved of late, what is asked for where that was clearly less than what might. */
const headroom = 1.5;
/** Mirrors of disks tell of their bytes in large steps. */
const measuredOverMs = 5_000;

/** One move's share of what may go over a link, for bytes that a hypervisor moves and not we. */
export class LinkShare {
  readonly #leases: ActivityDeps["store"]["leases"];
  readonly #lease: { readonly resource: string; readonly holder: string };
  readonly #limit: () => number | undefined;
  #perSecond: number | undefined;
  #askAt = 0;
  #since: { readonly bytes: number; readonly at: number } | undefined;
  /** Undefined: all there is. */
  #needsPerSecond: number | undefined;

  constructor(
    leases: ActivityDeps["store"]["leases"],
    lease: { readonly resource: string; readonly holder: string },
    limit: () => number | undefined,
  ) {
    this.#leases = leases;
    this.#lease = lease;
    this.#limit = limit;
  }

  /** `movedBytes`: so far, where that is known. Undefined where there is no limit. */
  async bytesPerSecond(movedBytes?: number): Promise<number | undefined> {
    if (Date.now() < this.#askAt) return this.#perSecond;
    this.#measure(movedBytes);
    const limitPerSecond = this.#limit();
    if (limitPerSecond === undefined) {
      await this.release();
      this.#perSecond = undefined;
      return undefined;
    }
    this.#askAt = Date.now() + renewEveryMs;
    try {
      const { perSecond } = await this.#leases.renew({
        ...this.#lease,
        limitPerSecond,
        ttlMs: leaseMs,
        needsPerSecond: this.#needsPerSecond,
        rank: rankOf("live", 0),
      });
      this.#perSecond = Math.max(1, Math.min(perSecond, limitPerSecond));
    } catch {
      // The floor that every holder drops to.
      this.#perSecond = limitPerSecond / 16;
    }
    return this.#perSecond;
  }

  #measure(bytes: number | undefined): void {
    const now = performance.now();
    if (bytes === undefined) return;
    this.#since ??= { bytes, at: now };
    const { bytes: before, at } = this.#since;
    if (now - at < measuredOverMs) return;
    this.#since = { bytes, at: now };
    const wanted = (headroom * 1000 * Math.max(0, bytes - before)) / (now - at);
    this.#needsPerSecond = wanted < (this.#perSecond ?? 0) ? wanted : undefined;
  }

  async release(): Promise<void> {
    // A lease that can't be given back lapses by itself.
    if (this.#perSecond !== undefined) await this.#leases.release(this.#lease).catch(() => undefined);
  }
}
