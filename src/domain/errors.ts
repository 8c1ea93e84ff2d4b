/**
 * The one union of failure codes. Every provider maps its vendor's codes onto it in one table, activities turn it
 * into Temporal failures in `activities/failures.ts`, and the API turns it into problem+json.
 * `docs/errors.md` lists every code; a test holds the page to this table.
 */
export const errorCodes = [
  "InvalidInput",
  "CloudUnauthenticated",
  "CloudPermissionDenied",
  "NotFound",
  "Conflict",
  "QuotaExceeded",
  "UnsupportedCapability",
  "PolicyBlocked",
  "InsufficientCapacity",
  "RateLimited",
  "Unavailable",
  "Timeout",
  "OperationPending",
  "IntegrityFailure",
  "Unknown",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorMeaning {
  /** What retrying does: `never`, `yes` with back-off, `after` the given delay, `bounded` a few times, `poll` (benign),
   *  `next-offering` where the workflow itself tries another placement. */
  readonly retry: "never" | "yes" | "after" | "bounded" | "poll" | "next-offering";
  /** HTTP status in problem+json. */
  readonly httpStatus: number;
  readonly title: string;
}

export const errorMeanings: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  InvalidInput: { retry: "never", httpStatus: 400, title: "The request is not valid" },
  CloudUnauthenticated: { retry: "never", httpStatus: 502, title: "The site does not accept our credentials" },
  CloudPermissionDenied: { retry: "never", httpStatus: 502, title: "Our credentials at the site lack a permission" },
  NotFound: { retry: "never", httpStatus: 404, title: "The resource does not exist" },
  Conflict: { retry: "never", httpStatus: 409, title: "The resource is not in the state this needs" },
  QuotaExceeded: { retry: "never", httpStatus: 422, title: "A quota or ceiling would be exceeded" },
  UnsupportedCapability: { retry: "never", httpStatus: 422, title: "The site cannot do this" },
  PolicyBlocked: { retry: "never", httpStatus: 422, title: "A policy forbids this" },
  InsufficientCapacity: { retry: "next-offering", httpStatus: 503, title: "The site has no capacity for this now" },
  RateLimited: { retry: "after", httpStatus: 429, title: "Too many requests" },
  Unavailable: { retry: "yes", httpStatus: 503, title: "The site or a part of the system cannot be reached now" },
  Timeout: { retry: "yes", httpStatus: 504, title: "No answer in time" },
  OperationPending: { retry: "poll", httpStatus: 202, title: "The operation is still running" },
  IntegrityFailure: { retry: "never", httpStatus: 500, title: "The bytes differ; both sides are kept" },
  Unknown: { retry: "bounded", httpStatus: 500, title: "An unexpected failure" },
};

export interface ProviderErrorDetails {
  /** What was being done, as a phrase: `start VM`. */
  readonly operation: string;
  /** What it was done to, as a person would look it up: `onprem-b/vm/7f3c…`. */
  readonly resource: string;
  /** Why it failed, in a sentence without a full stop. Never contains a credential. */
  readonly reason: string;
  /** What the reader should do next, in a sentence. */
  readonly action: string;
  readonly cause?: unknown;
  /** Milliseconds to wait before a retry, when the other side said so. */
  readonly retryAfterMs?: number;
  /** Facts for programs (extents that differ, what drifted); plain JSON. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/**
 * The only error that leaves a provider, the data plane or the store. Its message says what failed, on which resource,
 * why, and what to do next.
 */
export class ProviderError extends Error {
  readonly code: ErrorCode;
  readonly details: ProviderErrorDetails;

  constructor(code: ErrorCode, details: ProviderErrorDetails) {
    super(`Could not ${details.operation} (${details.resource}): ${details.reason}. ${details.action}`, {
      cause: details.cause,
    });
    this.name = "ProviderError";
    this.code = code;
    this.details = details;
  }

  get retryAfterMs(): number | undefined {
    return this.details.retryAfterMs;
  }
}

/** True for a {@link ProviderError} of one of the codes (any code when none is given). */
export function isProviderError(error: unknown, ...codes: ErrorCode[]): error is ProviderError {
  return error instanceof ProviderError && (codes.length === 0 || codes.includes(error.code));
}
