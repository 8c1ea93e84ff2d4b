// Long because it is one table, to be read whole.
import { type ErrorCode, ProviderError } from "../../domain/errors.ts";
import { lostKey, type Subject } from "../failures.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly reason?: string;
  readonly action: string;
}

const capacity: Meaning = {
  code: "InsufficientCapacity",
  action: "Use another machine type or another zone, or try again later.",
};
const quota: Meaning = {
  code: "QuotaExceeded",
  action: "Ask Google for a higher quota (IAM & Admin, Quotas), or remove what is not needed.",
};
const throttled: Meaning = { code: "RateLimited", action: "It is tried again, more slowly." };
const unauthenticated: Meaning = {
  code: "CloudUnauthenticated",
  action: "Check the site's credentials; `novacron providers check` says what they are taken for.",
};
const denied: Meaning = {
  code: "CloudPermissionDenied",
  action: "Give the identity the permission that Google names; the GCP provider's README lists all of them.",
};
const away: Meaning = { code: "Unavailable", action: "It is tried again." };
const slow: Meaning = { code: "Timeout", action: "It is tried again." };
const gone: Meaning = { code: "NotFound", action: "Refresh the inventory; it may have been removed." };
const conflict: Meaning = { code: "Conflict", action: "Look at the resource's state at Google and try again." };
const invalid: Meaning = { code: "InvalidInput", action: "Correct the value that Google names." };
const unsupported: Meaning = { code: "UnsupportedCapability", action: "Leave this option out, or use another type." };

/**
 * The one table from Google's words to the union: reasons of the JSON errors ("Troubleshooting Compute Engine API errors",
 * "HTTP status and error codes for JSON" of Cloud Storage) and codes of operations that failed ("Troubleshooting VM creation",
 * SkyPilot's and Terraform's observations of them), which have upper-case letters.
 */
const codes: Readonly<Record<string, Meaning>> = {
  ZONE_RESOURCE_POOL_EXHAUSTED: capacity,
  ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: capacity,
  RESOURCE_POOL_EXHAUSTED: capacity,
  STOCKOUT: capacity,
  UNSUPPORTED_OPERATION: { ...capacity, action: "Use a machine type that this zone has, or another zone." },
  QUOTA_EXCEEDED: quota,
  QUOTA_FOR_INSTANCES: quota,
  LIMIT_EXCEEDED: quota,
  RATE_LIMIT_EXCEEDED: throttled,
  RESOURCE_OPERATION_RATE_EXCEEDED: throttled,
  RESOURCE_NOT_FOUND: gone,
  RESOURCE_NOT_READY: { ...away, reason: "the resource is being changed by something else" },
  RESOURCE_IN_USE: conflict,
  RESOURCE_IN_USE_BY_ANOTHER_RESOURCE: { ...conflict, action: "Remove first what uses it." },
  RESOURCE_ALREADY_EXISTS: conflict,
  CONDITION_NOT_MET: conflict,
  PERMISSIONS_ERROR: denied,
  FORBIDDEN: denied,
  KMS_RESOURCE_NOT_FOUND: lostKey,
  INVALID_USAGE: invalid,
  INVALID_FIELD_VALUE: invalid,
  INTERNAL_ERROR: away,
  BACKEND_ERROR: away,
  SERVICE_UNAVAILABLE: away,

  rateLimitExceeded: throttled,
  userRateLimitExceeded: throttled,
  concurrentLimitExceeded: throttled,
  tooManyRequests: throttled,
  quotaExceeded: quota,
  limitExceeded: quota,
  dailyLimitExceeded: quota,
  authError: unauthenticated,
  required: { ...invalid },
  invalid_grant: { ...unauthenticated, reason: "the key was deleted or disabled, or this machine's clock is wrong" },
  invalid_client: unauthenticated,
  forbidden: denied,
  insufficientPermissions: denied,
  accessNotConfigured: { ...denied, action: "Enable the API for the project." },
  SERVICE_DISABLED: { ...denied, action: "Enable the API for the project." },
  notFound: gone,
  alreadyExists: conflict,
  conflict,
  conditionNotMet: conflict,
  resourceInUseByAnotherResource: { ...conflict, action: "Remove first what uses it." },
  resourceNotReady: { ...away, reason: "the resource is being changed by something else" },
  // Google says so of a VM in another state than the call needs.
  operationNotPermitted: conflict,
  invalid,
  badRequest: invalid,
  parseError: invalid,
  invalidUsage: invalid,
  notImplemented: unsupported,
  backendError: away,
  internalError: away,
  uploadBrokenConnection: away,

  // What Node says of a connection.
  ECONNREFUSED: { ...away, reason: "the endpoint does not answer", action: "Check the network and the endpoint." },
  ECONNRESET: away,
  EPIPE: away,
  EAI_AGAIN: { ...away, reason: "the endpoint's name can't be resolved now", action: "Check this machine's DNS." },
  ENOTFOUND: { ...away, reason: "there is no host of that name", action: "Check the endpoint and this machine's DNS." },
  ETIMEDOUT: slow,
};

/** Where an answer has no reason that is known; 409 and 412 are what changed meanwhile. */
const statuses: Readonly<Record<number, Meaning>> = {
  400: invalid,
  401: unauthenticated,
  403: denied,
  404: gone,
  408: slow,
  409: conflict,
  412: conflict,
  429: throttled,
  501: unsupported,
  504: slow,
};

const timeoutCode = 4;
const unknown: Meaning = { code: "Unknown", action: "See the site's log; report it if it happens again." };

/** A failed call of the SDK, or an error of the network beneath it. */
export function gcpFailure(error: unknown, subject: Subject, redact: (text: string) => string): ProviderError {
  if (error instanceof ProviderError) return error;
  const { code, status, message, retryAfterMs } = readError(error);
  const byStatus = status === undefined ? undefined : (statuses[status] ?? (status >= 500 ? away : undefined));
  // `required` is said of a field that is missing, and of credentials that are.
  const meaning = status === 401 ? unauthenticated : (codes[code] ?? byStatus);
  return failureOf(meaning ?? unknown, code, redact(message), subject, {
    facts: { vendorCode: code, ...(status && { status }) },
    retryAfterMs,
  });
}

/** The failure that an operation ended with: its request was accepted all the same. */
export function codeFailure(code: string, message: string, subject: Subject, status?: number): ProviderError {
  const byStatus = status === undefined ? undefined : statuses[status];
  return failureOf(codes[code] ?? byStatus ?? unknown, code, message, subject, { facts: { vendorCode: code } });
}

function failureOf(
  meaning: Meaning,
  code: string,
  message: string,
  subject: Subject,
  more: { facts: Readonly<Record<string, unknown>>; retryAfterMs?: number | undefined },
): ProviderError {
  const said = message.replace(/\.$/, "").slice(0, 600) || "no message";
  const label = `Google: ${code}: ${said}`;
  const { retryAfterMs, facts } = more;
  return new ProviderError(meaning.code, {
    ...subject,
    reason: meaning.reason ? `${meaning.reason} (${label})` : label,
    action: meaning.action,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    facts,
  });
}

interface Answer {
  readonly error?: {
    readonly message?: string;
    readonly status?: string;
    readonly errors?: readonly { readonly reason?: string; readonly message?: string }[];
    readonly details?: readonly { readonly reason?: string }[];
  };
  readonly error_description?: string;
}

/** The parts of what the SDKs throw that matter. They keep the whole answer beside what they make of it. */
function readError(error: unknown): { code: string; message: string; status?: number; retryAfterMs?: number } {
  if (!(error instanceof Error)) return { code: "Unknown", message: String(error) };
  const raw = error as Error & {
    code?: unknown;
    status?: unknown;
    httpStatusCode?: number;
    errors?: readonly { reason?: string }[];
    response?: { status?: number; data?: unknown; headers?: { get?(name: string): string | null } };
  };
  const cause = error.cause as { code?: unknown } | undefined;
  const network = [raw.code, cause?.code].find((code): code is string => typeof code === "string" && code in codes);
  const answer = answerOf(error, raw.response?.data);
  const status = [raw.httpStatusCode, raw.response?.status, raw.status, raw.code].find(
    (value): value is number => typeof value === "number" && value >= 100 && value < 600,
  );
  if (raw.code === timeoutCode && status === undefined) return { code: "ETIMEDOUT", message: error.message };
  const inner = typeof answer?.error === "string" ? { message: answer.error_description } : answer?.error;
  const reason =
    (typeof answer?.error === "string" ? answer.error : undefined) ??
    inner?.errors?.[0]?.reason ??
    inner?.details?.find((detail) => detail.reason !== undefined)?.reason ??
    raw.errors?.[0]?.reason;
  const seconds = Number(raw.response?.headers?.get?.("retry-after"));
  return {
    code: network ?? reason ?? (status === undefined ? "Unknown" : String(status)),
    message: inner?.message ?? error.message,
    ...(status !== undefined && { status }),
    ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }),
  };
}

function answerOf(
  error: Error,
  data: unknown,
): (Omit<Answer, "error"> & { error?: Answer["error"] | string }) | undefined {
  const kept = Object.getOwnPropertySymbols(error).map((symbol) => (error as never as Record<symbol, unknown>)[symbol]);
  for (const found of [data, ...kept, error.message]) {
    if (typeof found === "object" && found !== null && "error" in found) return found as Answer;
    if (typeof found !== "string" || !found.startsWith("{")) continue;
    try {
      return JSON.parse(found) as Answer;
    } catch {
      // Not the answer then.
    }
  }
  return undefined;
}
