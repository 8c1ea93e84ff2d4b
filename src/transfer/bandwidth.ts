import type { RateLeases } from "./ports.ts";

export interface BandwidthLimiter {
  /** Waits until so many bytes may be sent. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
  /** Gives the share back to the other holders. */
  close(): Promise<void>;
}

export interface BandwidthOptions {
  readonly leases: RateLeases;
  /** What is limited: `link:onprem-a/onprem-b`. */
  readonly resource: string;
  /** Whose share this is; unique among those who use the resource now. */
  readonly holder: string;
  /** The limit of the resource, shared by all holders. */
  readonly bytesPerSecond: number;
  /** Asked whenever the share is: the lowest of the holders goes first. Default 0. */
  readonly rank?: () => number;
  /** Default 6 000. */
  readonly ttlMs?: number;
  /** What a holder drops to when its lease could not be renewed in time. Default 1/16 of the limit, so that what many
   *  of them send together stays below it. */
  readonly floorPerSecond?: number;
}

/** Of a second's worth: what may leave in one go after a pause, such as that of a disk that makes things durable. Small, so
 *  that the limit holds over short times too. */
const burstSeconds = 0.25;

/** How soon a share follows when others come or leave; what they leave unused until then is lost to the link. */
const renewEveryMs = 500;
/** Who waits for its bytes behind others takes over what they leave sooner; the longer the line, the less often it asks. */
const followMs = 100;
/** A newcomer is given what is left until the others have renewed: asked again as soon as they may have. */
const askAgainMs = 100;
/** Of what was used of late, what is asked for by who did not have to wait. */
const headroom = 1.5;
/** What was used over longer than this tells nothing of now. */
const latelyMs = 1500;

/** A token bucket whose rate is this holder's share of the resource's limit, renewed several times in a lease's life. */
export function createBandwidthLimiter(options: BandwidthOptions): BandwidthLimiter {
  return new LeasedBucket(options);
}

class LeasedBucket implements BandwidthLimiter {
  readonly #options: Required<BandwidthOptions>;
  #perSecond: number;
  #expiresAt = 0;
  #tokens = 0;
  #filledAt = performance.now();
  #renewing: Promise<void> | undefined;
  #renewAt = 0;
  /** Since the share was last asked for: bytes taken, and whether they had to wait. */
  #used = { bytes: 0, waited: true, since: 0 };
  #idleTimer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: BandwidthOptions) {
    this.#options = { ttlMs: 6000, floorPerSecond: options.bytesPerSecond / 16, rank: () => 0, ...options };
    this.#perSecond = this.#options.floorPerSecond;
  }

  /** Callers are served in order. What is taken may be more than the bucket holds: the debt is waited for. */
  take(bytes: number, signal?: AbortSignal): Promise<void> {
    const mine = this.#turn.then(() => this.#spend(bytes, signal));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    await this.#renewing;
    const { leases, resource, holder } = this.#options;
    // A lease that cannot be given back lapses by itself.
    await leases.release({ resource, holder }).catch(() => undefined);
  }

  async #spend(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#expiresAt === 0) await this.#renew();
    this.#used.bytes += bytes;
    this.#refill();
    this.#tokens -= bytes;
    while (this.#tokens < 0) {
      this.#used.waited = true;
      // In short steps, so that a changed share takes effect in mid-wait.
      await pause(Math.min(250, (-this.#tokens / this.#perSecond) * 1000), signal);
      this.#refill();
    }
  }

  #refill(): void {
    const now = performance.now();
    if (now >= this.#renewAt && !this.#closed) void this.#renew();
    if (now >= this.#expiresAt) this.#perSecond = Math.min(this.#perSecond, this.#options.floorPerSecond);
    const gained = ((now - this.#filledAt) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#tokens + gained, this.#perSecond * burstSeconds);
    this.#filledAt = now;
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#askForShare().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #askForShare(): Promise<void> {
    const { leases, resource, holder, bytesPerSecond, ttlMs, rank } = this.#options;
    const asked = performance.now();
    const needsPerSecond = this.#needs(asked);
    this.#renewAt = asked + Math.min(ttlMs / 3, renewEveryMs);
    try {
      const claim = { needsPerSecond, rank: rank() };
      const lease = await leases.renew({ resource, holder, limitPerSecond: bytesPerSecond, ttlMs, ...claim });
      this.#refillAtOldRate();
      this.#perSecond = Math.max(1, Math.min(lease.perSecond, bytesPerSecond));
      const behind = needsPerSecond === undefined && lease.perSecond < bytesPerSecond / 2;
      const line = Math.max(1, this.#options.floorPerSecond / Math.max(1, lease.perSecond));
      if (behind) this.#renewAt = asked + Math.min(ttlMs / 3, lease.perSecond < 1 ? askAgainMs : followMs * line);
      // By our own clock, from before the question: the store's clock may be another machine's.
      this.#expiresAt = asked + ttlMs;
    } catch {
      // The old share holds until it lapses, then the floor does.
      this.#expiresAt ||= asked;
    }
  }

  /** Undefined: all there is. One that takes nothing says so once, by itself, lest the link idle for it. */
  #needs(now: number): number | undefined {
    const { bytes, waited, since } = this.#used;
    this.#used = { bytes: 0, waited: this.#tokens < 0, since: now };
    clearTimeout(this.#idleTimer);
    if (!waited && bytes === 0) return 0;
    this.#idleTimer = setTimeout(() => this.#refill(), 2 * renewEveryMs).unref();
    const overMs = Math.max(1, now - since);
    return waited || overMs > latelyMs ? undefined : (headroom * 1000 * bytes) / overMs;
  }

  #refillAtOldRate(): void {
    const now = performance.now();
    this.#tokens += ((now - this.#filledAt) / 1000) * this.#perSecond;
    this.#filledAt = now;
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    };
    const timer = setTimeout(done, ms);
    const aborted = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
