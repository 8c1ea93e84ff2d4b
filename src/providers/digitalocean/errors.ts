import { type ErrorCode, ProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly reason?: string;
  readonly action: string;
}

const away: Meaning = { code: "Unavailable", action: "It is tried again." };
const slow: Meaning = { code: "Timeout", action: "It is tried again." };
const gone: Meaning = { code: "NotFound", action: "Refresh the inventory; it may have been removed." };
const invalid: Meaning = { code: "InvalidInput", action: "Correct the value that DigitalOcean names." };
const conflict: Meaning = { code: "Conflict", action: "Look at the resource's state at DigitalOcean and try again." };
const denied: Meaning = {
  code: "CloudPermissionDenied",
  action: "Give the token the scope that is missing; the DigitalOcean provider's README lists all of them.",
};
const quota: Meaning = {
  code: "QuotaExceeded",
  action: "Ask DigitalOcean for a higher limit (Settings, Resource limits), or remove what is not needed.",
};
const capacity: Meaning = {
  code: "InsufficientCapacity",
  action: "Use another size or another region, or try again later.",
};

/** The `id` of an error is the status in words ("HTTP Statuses" of the API's introduction): what is meant stands in the message,
 *  in words that Terraform's provider and others look for, too. The first that fits counts. */
const messages: readonly (readonly [words: RegExp, meaning: Meaning])[] = [
  [/exceed|limit (?:of|for|has been) |over .*limit|reached .*limit/i, quota],
  [/not available|unavailable in|sold out|no capacity|currently restricted/i, capacity],
  [/pending event|event in progress|already being processed/i, { ...away, reason: "another change is under way" }],
  [/with members/i, { ...conflict, action: "Remove first what is in it." }],
  [/already (?:attached|exists|in use|been taken|powered)|is attached|in use by|must be (?:powered )?off/i, conflict],
  [/currently (?:on|off)|is (?:on|off|locked)\b/i, conflict],
];

const statuses: Readonly<Record<number, Meaning>> = {
  400: invalid,
  401: {
    code: "CloudUnauthenticated",
    action: "Check the site's token; it may have ended or been taken back.",
  },
  403: denied,
  404: gone,
  408: slow,
  409: conflict,
  412: conflict,
  422: invalid,
  429: { code: "RateLimited", action: "It is tried again, more slowly." },
  504: slow,
};

/** What Node says of a connection. */
const connections: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { ...away, reason: "the endpoint does not answer", action: "Check the network and the endpoint." },
  EAI_AGAIN: { ...away, reason: "the endpoint's name can't be resolved now", action: "Check this machine's DNS." },
  ENOTFOUND: { ...away, reason: "there is no host of that name", action: "Check the endpoint and this machine's DNS." },
  ETIMEDOUT: slow,
  UND_ERR_CONNECT_TIMEOUT: slow,
  UND_ERR_HEADERS_TIMEOUT: slow,
  UND_ERR_BODY_TIMEOUT: slow,
};

/** An answer that is no success. */
export class Refusal extends Error {
  readonly status: number;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(response: Response, body: string) {
    const said = parsed(body);
    super(said.message ?? (body.slice(0, 300) || response.statusText || `status ${response.status}`));
    this.name = "Refusal";
    this.status = response.status;
    this.requestId = said.request_id ?? response.headers.get("x-request-id") ?? undefined;
    this.retryAfterMs = retryAfterOf(response.headers);
  }
}

/** What a failed request means. */
export function failureOf(error: unknown, subject: Subject, redact: (text: string) => string): ProviderError {
  if (error instanceof ProviderError) return error;
  if (!(error instanceof Refusal)) return connectionFailure(error, subject, redact);
  const { status, message, requestId, retryAfterMs } = error;
  const meaning = meaningOf(status, message);
  const { code, action, reason } = meaning ?? { code: "Unknown" as const, action: "Look at the log for all of it." };
  const said = redact(message).replace(/[.\s]+$/, "");
  return new ProviderError(code, {
    ...subject,
    reason: reason === undefined ? said : `${reason} (${said})`,
    action,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    facts: { status, message: redact(message), ...(requestId && { requestId }) },
  });
}

/** An action ends without a word of why. */
export function actionFailure(type: string, subject: Subject): ProviderError {
  return new ProviderError("Conflict", {
    ...subject,
    reason: `DigitalOcean could not carry out ${type}`,
    action: "Look at the resource's history in DigitalOcean's control panel and try again.",
  });
}

function meaningOf(status: number, message: string): Meaning | undefined {
  const spoken = status === 403 || status === 409 || status === 412 || status === 422;
  const said = spoken ? messages.find(([words]) => words.test(message))?.[1] : undefined;
  return said ?? statuses[status] ?? (status >= 500 ? away : undefined);
}

function connectionFailure(error: unknown, subject: Subject, redact: (text: string) => string): ProviderError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  const timedOut = error instanceof DOMException && error.name === "TimeoutError";
  const meaning = timedOut ? slow : (connections[code] ?? away);
  const said = timedOut ? "no answer in time" : redact(cause instanceof Error ? cause.message : String(cause));
  return new ProviderError(meaning.code, {
    ...subject,
    reason: meaning.reason ?? said,
    action: meaning.action,
  });
}

/** "Rate Limit": seconds in `retry-after` for the limit of a minute; else when the oldest request of the hour expires. */
function retryAfterOf(headers: Headers): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  if (seconds >= 0) return seconds * 1_000;
  const reset = Number(headers.get("ratelimit-reset") ?? Number.NaN);
  return headers.get("ratelimit-remaining") === "0" && reset > 0 ? Math.max(0, reset * 1_000 - Date.now()) : undefined;
}

function parsed(body: string): { readonly message?: string; readonly request_id?: string } {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // A proxy's own page, say.
  }
  return {};
}
