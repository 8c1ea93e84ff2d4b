import type { Request } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Lockout } from "./auth/lockout.ts";
import { isSessionSecret, refuseForged, sessionOf } from "./auth/sessions.ts";
import type { ApiLimits } from "./deps.ts";
import { ProblemError, type ProblemInput } from "./problem.ts";
import type { Actor, Route } from "./route.ts";
import { hashToken } from "./tokens.ts";

export interface AuthenticatorDeps {
  /** Who holds the secret with this hash, an API token's or a session's. */
  find(hash: string, kind: "token" | "session"): Promise<Actor | undefined>;
  /** Somebody showed something that is not valid; `lockedOut`: once too often. */
  onRefused(refused: { address: string; lockedOut: boolean }): void;
  readonly limits: Pick<ApiLimits, "requestsPerSecond" | "anonymousRequestsPerSecond" | "failuresBeforeLockout">;
  readonly mfaMaxAgeMs: number;
  /** Of Temporal's UI, where there is one. */
  readonly temporalUiOrigin: string | undefined;
}

/** How long a token that was found valid is believed: a revoked one works at most this long. */
export const believedMs = 2_000;
const mostBelieved = 10_000;
const bearer = /^Bearer +([A-Za-z0-9._~+/=-]{16,512})$/i;
/** A program with an old token goes on trying; a person mistypes. Beyond that, looking up costs more than it may. */
const lockout = { withinMs: 60_000, lockMs: 60_000, mostMs: 3_600_000 };
const anyToken = "token";

/** Somebody we know asked for what none of their roles allows. */
export class ForbiddenError extends ProblemError {
  readonly actor: Actor;

  constructor(actor: Actor, input: ProblemInput) {
    super("Forbidden", input);
    this.actor = actor;
  }
}

/** Says who asks, and refuses who may not: 401, 403, 429. */
export class Authenticator {
  readonly #deps: AuthenticatorDeps;
  readonly #perActor: RateLimiterMemory;
  readonly #perAddress: RateLimiterMemory;
  readonly #lookUpsWhileLocked = new RateLimiterMemory({ points: 1, duration: 1 });
  readonly #lockout: Lockout;
  readonly #believed = new Map<string, { actor: Actor; until: number }>();

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps;
    this.#lockout = new Lockout({ ...lockout, failures: deps.limits.failuresBeforeLockout });
    this.#perActor = new RateLimiterMemory({ points: deps.limits.requestsPerSecond, duration: 1 });
    this.#perAddress = new RateLimiterMemory({ points: deps.limits.anonymousRequestsPerSecond, duration: 1 });
  }

  async admit(
    request: Request,
    route: Pick<Route, "actor" | "permission" | "stepUp" | "temporalUi">,
  ): Promise<Actor | undefined> {
    if (route.actor === "anyone") {
      await consume(this.#perAddress, addressOf(request));
      return undefined;
    }
    const fromUi = route.temporalUi === true && request.get("origin") === this.#deps.temporalUiOrigin;
    const actor = await this.#identify(request, fromUi);
    if (!actor) {
      await consume(this.#perAddress, addressOf(request));
      throw new ProblemError("Unauthenticated", {
        detail: request.get("authorization") ? "The token is not known here" : "Neither a token nor a session was sent",
        action:
          "Sign in (`novacron login`, GET /v1/auth/sign-in), or send `Authorization: Bearer TOKEN` with a token of this instance.",
        headers: { "WWW-Authenticate": 'Bearer realm="novacron"' },
      });
    }
    await consume(this.#perActor, actor.id);
    const { permission } = route;
    if (permission !== "public" && permission !== "self" && !actor.grants.has(permission)) {
      throw new ForbiddenError(actor, {
        detail: `${actor.name} lacks the permission ${permission}`,
        action: `Ask an administrator for a role that holds ${permission}; docs/security.md lists them.`,
        facts: { permission },
      });
    }
    if (route.stepUp) requireSecondFactor(actor, this.#deps.mfaMaxAgeMs);
    return actor;
  }

  /** What was ended here is not believed any longer; other processes notice within {@link believedMs}. */
  forget(hash: string): void {
    this.#believed.delete(hash);
  }

  async #identify(request: Request, fromUi: boolean): Promise<Actor | undefined> {
    const token = bearer.exec(request.get("authorization") ?? "")?.[1];
    if (token !== undefined) return this.#holderOf(token, isSessionSecret(token) ? "session" : "token", request);
    const session = sessionOf(request);
    if (session === undefined) return undefined;
    const actor = await this.#holderOf(session, "session", request);
    if (actor && !fromUi) refuseForged(request, session);
    return actor;
  }

  async #holderOf(secret: string, kind: "token" | "session", request: Request): Promise<Actor | undefined> {
    const hash = hashToken(secret);
    const now = Date.now();
    const known = this.#believed.get(hash);
    if (known && known.until > now) return known.actor;
    this.#believed.delete(hash);
    const address = addressOf(request);
    // Somebody with a valid token gets through all the same, if not at once: their neighbour's failures are not theirs.
    if (this.#lockout.isLocked(anyToken, address)) await consume(this.#lookUpsWhileLocked, address);
    const actor = await this.#deps.find(hash, kind);
    if (actor) {
      if (this.#believed.size >= mostBelieved) this.#believed.clear();
      this.#believed.set(hash, { actor, until: now + believedMs });
    } else {
      this.#deps.onRefused({ address, lockedOut: this.#lockout.fail(anyToken, address) });
    }
    return actor;
  }
}

/** For tokens and break-glass sessions there is none to confirm. @throws ProblemError StepUpRequired, as RFC 9470 has it. */
export function requireSecondFactor(actor: Actor, maxAgeMs: number): void {
  if (actor.kind !== "user") return;
  if (actor.mfaAt !== undefined && Date.now() - Date.parse(actor.mfaAt) <= maxAgeMs) return;
  const seconds = Math.floor(maxAgeMs / 1000);
  throw new ProblemError("StepUpRequired", {
    detail: actor.mfaAt
      ? `The second factor was confirmed at ${actor.mfaAt}, which is too long ago for this`
      : "The sign-in was made without a second factor, which this wants",
    action: "Sign in again with a second factor: `novacron login --step-up`, or GET /v1/auth/sign-in?step_up=true.",
    facts: { signIn: "/v1/auth/sign-in?step_up=true" },
    headers: {
      "WWW-Authenticate": `Bearer realm="novacron", error="insufficient_user_authentication", max_age="${seconds}"`,
    },
  });
}

export function addressOf(request: Request): string {
  return request.ip ?? "unknown";
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    throw new ProblemError("RateLimited", {
      detail: "Too many requests from this caller",
      action: "Wait as long as Retry-After says, then go on more slowly.",
      retryAfterMs: refusal.msBeforeNext,
    });
  }
}
