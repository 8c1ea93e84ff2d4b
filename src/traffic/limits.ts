/** What one listener takes upon itself at most. */
export interface ProxyLimits {
  /** Requests (or connections) that wait at the same time; one more is refused at once. */
  readonly mostHeld: number;
  /** The longest hold that may be asked for, and the longest that one request waits in all. */
  readonly longestHoldMs: number;
  /** The longest body that is kept to be sent again, and all that are kept together. */
  readonly keptBodyBytes: number;
  readonly keptBytes: number;
  /** How long a backend may refuse connections before a request fails; it may just be starting. */
  readonly unreachableMs: number;
  /** Of one try to connect. */
  readonly connectMs: number;
  /** How long a backend that has taken a request may be silent before its answer begins. */
  readonly answerMs: number;
  /** Of a probe: an application may be slow in its first answers. */
  readonly probeMs: number;
}

export const defaultLimits: ProxyLimits = {
  mostHeld: 1_000,
  longestHoldMs: 300_000,
  keptBodyBytes: 64 * 1024,
  keptBytes: 16 * 1024 * 1024,
  unreachableMs: 10_000,
  connectMs: 2_000,
  answerMs: 300_000,
  probeMs: 15_000,
};

/** Between two tries to reach a backend that refuses. */
export const tryAgainMs = 100;
/** What waits has read no more than this of its body; the rest stays with the sender. */
export const readAheadBytes = 16 * 1024;
/** A side that went away without a word is noticed by probes from then on. */
export const keepAliveMs = 10_000;
