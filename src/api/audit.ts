import type { Logger } from "pino";
import type { AuditEntry } from "../domain/audit.ts";
import type { Store } from "../store/index.ts";
import type { RaiseAlarm } from "../telemetry/alarm.ts";
import { asProblem } from "./problem.ts";
import type { Actor, Answer } from "./route.ts";
import { fromTemporal } from "./temporal-problem.ts";

export interface AuditedRequest {
  readonly event: string;
  readonly actor: Actor | undefined;
  readonly resource: string;
  readonly requestId: string;
  readonly address: string | undefined;
  /** Left out where it holds a secret. */
  readonly body: unknown;
}

type AuditDeps = Readonly<{ store: Pick<Store, "audit">; log: Logger }>;

/**
 * Two entries a request: that it was asked for, written before anything happens (no trail, no deed), and how it ended, written
 * right behind the answer where it went well. The second may be missing after a crash; the request id joins them.
 */
export async function audited(
  deps: AuditDeps,
  request: AuditedRequest,
  work: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  await deps.store.audit.append(entryOf(request, "asked", { request: request.body }));
  try {
    const answer = await work();
    const { workflowId, before, after } = answer ?? {};
    void noteSoon(deps, entryOf(request, "done", { workflowId, before, after }));
    return answer;
  } catch (error) {
    await noteFailure(deps, request, error);
    throw error;
  }
}

/** Something that was refused, or went wrong: without the body, which is on record as it was asked. */
export async function noteFailure(deps: AuditDeps, request: AuditedRequest, error: unknown): Promise<void> {
  await note(deps, entryOf(request, asProblem(fromTemporal(error)).code, {}));
}

/** What comes after the deed is lost, and said to be, rather than failing what was done. */
export async function note(deps: AuditDeps, entry: AuditEntry): Promise<void> {
  await orSay(deps, entry, deps.store.audit.append(entry));
}

async function noteSoon(deps: AuditDeps, entry: AuditEntry): Promise<void> {
  await orSay(deps, entry, deps.store.audit.appendSoon(entry));
}

async function orSay({ log }: AuditDeps, entry: AuditEntry, written: Promise<void>): Promise<void> {
  try {
    await written;
  } catch (error) {
    const { requestId, action, outcome } = entry;
    log.error({ requestId, action, outcome, err: error }, "an audit entry was lost");
  }
}

const refusalsEveryMs = 60_000;

/** Credentials that were not valid: one entry a minute and address, with how many there were, so that guessing can't flood
 *  the trail. Being locked out is told at once. */
export function refusals(
  deps: AuditDeps,
  alarm: RaiseAlarm,
): (refused: { address: string; lockedOut: boolean }) => void {
  const seen = new Map<string, { count: number; since: number }>();
  return ({ address, lockedOut }) => {
    const now = Date.now();
    const known = seen.get(address);
    const count = (known?.count ?? 0) + 1;
    if (known && !lockedOut && now - known.since < refusalsEveryMs) {
      known.count = count;
      return;
    }
    if (seen.size > 10_000) seen.clear();
    seen.set(address, { count: 0, since: now });
    if (lockedOut)
      alarm({ event: "auth.lock-out", by: address, text: `${address} showed too many invalid credentials` });
    void note(deps, {
      at: new Date(now).toISOString(),
      actor: "anyone",
      action: lockedOut ? "auth.lock-out" : "auth.refused",
      resource: "/v1",
      requestId: "",
      outcome: "Unauthenticated",
      address,
      after: { refused: count },
    });
  };
}

function entryOf(
  { event, actor, resource, requestId, address }: AuditedRequest,
  outcome: string,
  more: Pick<AuditEntry, "workflowId" | "request" | "before" | "after">,
): AuditEntry {
  return {
    at: new Date().toISOString(),
    actor: actor?.id ?? "anyone",
    actorName: actor?.name,
    action: event,
    resource,
    requestId,
    outcome,
    address,
    ...more,
  };
}
