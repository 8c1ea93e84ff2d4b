import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { Notification } from "../../domain/notification.ts";

/** Brings one notification to one place. A repeat with the same notification does no harm where the place can tell.
 *  @throws ProviderError, of a code that says whether another try makes sense. */
export type Send = (notification: Notification, signal: AbortSignal) => Promise<void>;

const answerWithinMs = 15_000;
const shownOfAnswer = 300;

/**
 * POSTs JSON. @throws ProviderError RateLimited, Unavailable and Timeout, which are tried again; InvalidInput for an answer that
 * another try won't change. Redirects are refused: a signature or a key is for nobody else.
 */
export async function post(
  where: { readonly url: string; readonly resource: string },
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const { url, resource } = where;
  const failure = (code: "InvalidInput" | "RateLimited" | "Unavailable", reason: string, retryAfterMs?: number) =>
    new ProviderError(code, {
      ...{ operation: "deliver a notification", resource, reason },
      action: code === "InvalidInput" ? "Look at the channel's configuration." : "Nothing: it is tried again.",
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  try {
    const response = await fetch(url, {
      ...{ method: "POST", body, redirect: "error" },
      headers: { "content-type": "application/json", ...headers },
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
    });
    const said = (await response.text()).slice(0, shownOfAnswer);
    if (response.ok) return;
    const reason = `it answered ${response.status}${said === "" ? "" : `: ${said}`}`;
    if (response.status === 429) throw failure("RateLimited", reason, retryAfter(response.headers.get("retry-after")));
    const passes = response.status >= 500 || response.status === 408;
    throw failure(passes ? "Unavailable" : "InvalidInput", reason);
  } catch (error) {
    signal.throwIfAborted();
    if (isProviderError(error)) throw error;
    throw failure("Unavailable", reasonOf(error));
  }
}

export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

function retryAfter(header: string | null): number | undefined {
  const seconds = Number(header);
  return header !== null && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}
