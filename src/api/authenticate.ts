import type { Request } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { ApiLimits } from "./deps.ts";
import { ProblemError, type ProblemInput } from "./problem.ts";
import type { Actor, Route } from "./route.ts";
import { hashToken } from "./tokens.ts";

export type FindActor = (tokenHash: string) => Promise<Actor | undefined>;

/** How long a token that was found valid is believed: a revoked one works at most this long. */
export const believedMs = 2_000;
const bearer = /^Bearer +([A-Za-z0-9._~+/=-]{16,512})$/i;

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
  readonly #find: FindActor;
  readonly #perActor: RateLimiterMemory;
  readonly #perAddress: RateLimiterMemory;
  readonly #believed = new Map<string, { actor: Actor; until: number }>();

  constructor(find: FindActor, limits: Pick<ApiLimits, "requestsPerSecond" | "anonymousRequestsPerSecond">) {
    this.#find = find;
    this.#perActor = new RateLimiterMemory({ points: limits.requestsPerSecond, duration: 1 });
    this.#perAddress = new RateLimiterMemory({ points: limits.anonymousRequestsPerSecond, duration: 1 });
  }

  async admit(request: Request, route: Pick<Route, "actor" | "permission">): Promise<Actor | undefined> {
    if (route.actor === "anyone") {
      await consume(this.#perAddress, addressOf(request));
      return undefined;
    }
    const actor = await this.#identify(request);
    if (!actor) {
      await consume(this.#perAddress, addressOf(request));
      throw new ProblemError("Unauthenticated", {
        detail: request.get("authorization") ? "The token is not known here" : "No bearer token was sent",
        action:
          "Send `Authorization: Bearer TOKEN` with a token of this instance; the bootstrap one is in its token file.",
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
    return actor;
  }

  async #identify(request: Request): Promise<Actor | undefined> {
    const token = bearer.exec(request.get("authorization") ?? "")?.[1];
    if (!token) return undefined;
    const hash = hashToken(token);
    const now = Date.now();
    const known = this.#believed.get(hash);
    if (known && known.until > now) return known.actor;
    this.#believed.delete(hash);
    const actor = await this.#find(hash);
    if (actor) this.#believed.set(hash, { actor, until: now + believedMs });
    return actor;
  }
}

function addressOf(request: Request): string {
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
