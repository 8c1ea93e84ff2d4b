import { createHash, randomUUID } from "node:crypto";
import { canonicalJson } from "../domain/plan.ts";
import type { Store } from "../store/index.ts";
import { ProblemError } from "./problem.ts";
import type { Actor, Answer } from "./route.ts";

/** A few times in what the store takes for a sign of death. */
const renewEveryMs = 2_000;

const accepted = /^[\x21-\x7e]{1,200}$/;

/** One caller's key for one path. */
interface Claimed {
  readonly key: string;
  readonly route: string;
}

export interface IdempotentRequest {
  readonly key: string | undefined;
  readonly actor: Actor | undefined;
  readonly path: string;
  readonly body: unknown;
  /** The answer holds a secret: it is not kept, and a repeat is told so. */
  readonly confidential?: boolean | undefined;
}

/**
 * Runs `work` once for a key: a repeat with the same body gets the first answer, one with another body is refused. A
 * failure gives the key back, so that a repeat tries again; what it starts then has the same ids as before
 * ({@link stableId}), so nothing is started twice even when the first try had got half of the way.
 */
export async function once(store: Store, request: IdempotentRequest, work: () => Promise<Answer | undefined>) {
  if (request.key === undefined) return work();
  const claimed = scope(request.key, request);
  const claim = await store.idempotency.claim({ ...claimed, bodyHash: digest(canonicalJson(request.body ?? "")) });
  if (claim.status === "repeat") {
    if (request.confidential) throw shownOnce();
    return { ...claim.response, headers: { ...claim.response.headers, "Idempotency-Replayed": "true" } };
  }
  if (claim.status === "conflict") throw refused(claim.reason);
  const renewal = setInterval(() => {
    // A renewal that is lost lets a repeat in too early at worst; what it starts has the same ids.
    store.idempotency.renew(claimed.key, claimed.route).catch(() => undefined);
  }, renewEveryMs).unref();
  try {
    const answer = await work();
    if (answer) {
      const { status, headers, body } = answer;
      const kept = request.confidential ? { status, body: undefined } : { status, headers, body };
      await store.idempotency.complete(claimed.key, claimed.route, kept);
    } else {
      // It was sent as it came, and is not kept: a repeat gets it anew.
      await store.idempotency.release(claimed.key, claimed.route).catch(() => undefined);
    }
    return answer;
  } catch (error) {
    await store.idempotency.release(claimed.key, claimed.route).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(renewal);
  }
}

/** @throws ProblemError InvalidInput for a key that is empty, too long or not printable ASCII. */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || accepted.test(header)) return header;
  throw new ProblemError("InvalidInput", {
    detail: "The Idempotency-Key must have 1 to 200 printable ASCII characters without blanks",
    action: "Send a UUID, for instance.",
  });
}

/** An id that is the same for every repeat of the request, and random where it carries no key. */
export function stableId(request: Pick<IdempotentRequest, "key" | "actor" | "path">, what: string): string {
  if (request.key === undefined) return randomUUID();
  const { key, route } = scope(request.key, request);
  const hex = digest(`${what}\n${route}\n${key}`);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

function scope(key: string, request: Pick<IdempotentRequest, "actor" | "path">): Claimed {
  return { key, route: `${request.actor?.id ?? "anyone"} ${request.path}` };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function shownOnce(): ProblemError {
  return new ProblemError("Conflict", {
    detail: "The request with this Idempotency-Key was carried out; its answer held a secret, which is shown once",
    action: "If it got lost, rotate or revoke what was made, with a new key.",
  });
}

function refused(reason: "other-body" | "in-progress"): ProblemError {
  return reason === "other-body"
    ? new ProblemError("Conflict", {
        detail: "This Idempotency-Key came with another body before",
        action: "Use a new key for a new request.",
      })
    : new ProblemError("Conflict", {
        detail: "A request with this Idempotency-Key is still being answered",
        action: "Wait a little, then repeat it to get its answer.",
        retryAfterMs: 2_000,
      });
}
