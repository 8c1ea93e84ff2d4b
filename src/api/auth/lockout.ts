import { isIPv6 } from "node:net";
import { ProblemError } from "../problem.ts";

export interface LockoutRules {
  /** So many failures… */
  readonly failures: number;
  /** …within this time lock the pair out… */
  readonly withinMs: number;
  /** …for this long, and twice as long each further time, up to the most. */
  readonly lockMs: number;
  readonly mostMs: number;
}

interface Standing {
  failures: number;
  since: number;
  lockedUntil: number;
  lockMs: number;
}

const mostPairs = 50_000;

/**
 * Locks out an address from one account after repeated failures: the pair of both, so that nobody can lock somebody else
 * out by failing in their name, and one who fails does not lock out their neighbours' other accounts. Each process counts
 * for itself; what is guessed at has 256 bits, so a few times as many guesses change nothing.
 */
export class Lockout {
  readonly #rules: LockoutRules;
  readonly #now: () => number;
  readonly #pairs = new Map<string, Standing>();

  constructor(rules: LockoutRules, now: () => number = Date.now) {
    this.#rules = rules;
    this.#now = now;
  }

  isLocked(account: string, address: string): boolean {
    return this.#remainingMs(account, address) > 0;
  }

  /** @throws ProblemError RateLimited while the pair is locked out. */
  refuseLocked(account: string, address: string): void {
    const retryAfterMs = this.#remainingMs(account, address);
    if (retryAfterMs <= 0) return;
    throw new ProblemError("RateLimited", {
      detail: "Too many failed attempts from this address",
      action: "Wait as long as Retry-After says.",
      retryAfterMs,
    });
  }

  /** True when this failure is the one that locks the pair out. */
  fail(account: string, address: string): boolean {
    const [key, now, rules] = [pairOf(account, address), this.#now(), this.#rules];
    let standing = this.#pairs.get(key);
    if (!standing || now - Math.max(standing.since, standing.lockedUntil) > rules.withinMs) {
      standing = { failures: 0, since: now, lockedUntil: 0, lockMs: standing?.lockMs ?? rules.lockMs };
    }
    standing.failures += 1;
    const locks = standing.failures >= rules.failures;
    if (locks) {
      standing.lockedUntil = now + standing.lockMs;
      standing.lockMs = Math.min(standing.lockMs * 2, rules.mostMs);
      standing.failures = 0;
    }
    this.#pairs.delete(key);
    this.#pairs.set(key, standing);
    // The oldest goes first: a flood of addresses costs memory up to here, no more.
    if (this.#pairs.size > mostPairs) this.#pairs.delete(this.#pairs.keys().next().value ?? "");
    return locks;
  }

  succeed(account: string, address: string): void {
    this.#pairs.delete(pairOf(account, address));
  }

  #remainingMs(account: string, address: string): number {
    return (this.#pairs.get(pairOf(account, address))?.lockedUntil ?? 0) - this.#now();
  }
}

/** Whoever has one IPv6 address has the /64 that it is in. */
function pairOf(account: string, address: string): string {
  const place = isIPv6(address) && !address.startsWith("::ffff:") ? address.split(":").slice(0, 4).join(":") : address;
  return `${account} ${place}`;
}
