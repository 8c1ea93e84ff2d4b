import { type ErrorCode, errorMeanings, isProviderError } from "../domain/errors.ts";

/** Failures that only an HTTP interface has, beside the union of `domain/errors.ts`. */
export const httpMeanings = {
  Unauthenticated: { httpStatus: 401, title: "The request carries no valid token" },
  StepUpRequired: { httpStatus: 401, title: "This wants a sign-in with a second factor" },
  Forbidden: { httpStatus: 403, title: "The token lacks the permission for this" },
  MethodNotAllowed: { httpStatus: 405, title: "The resource does not support this method" },
  PayloadTooLarge: { httpStatus: 413, title: "The request body is too large" },
  UnsupportedMediaType: { httpStatus: 415, title: "The request body is not JSON" },
} as const;
export type ProblemCode = ErrorCode | keyof typeof httpMeanings;

export interface ProblemInput {
  /** What is wrong, in a sentence. */
  readonly detail: string;
  /** What the caller should do next, in a sentence. */
  readonly action: string;
  readonly resource?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A failure as the API answers it: RFC 9457 with `code` and `action`. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly input: ProblemInput;

  constructor(code: ProblemCode, input: ProblemInput) {
    super(input.detail, { cause: input.cause });
    this.name = "ProblemError";
    this.code = code;
    this.input = input;
  }

  get status(): number {
    return meaningOf(this.code).httpStatus;
  }
}

/** The body of an `application/problem+json` answer. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ProblemCode;
  readonly action: string;
  readonly requestId: string;
  readonly resource?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

export function problemBody(error: ProblemError, context: { instance: string; requestId: string }): Problem {
  const { httpStatus, title } = meaningOf(error.code);
  const { detail, action, resource, facts } = error.input;
  return {
    type: `urn:novacron:problem:${error.code}`,
    title,
    status: httpStatus,
    detail,
    instance: context.instance,
    code: error.code,
    action,
    requestId: context.requestId,
    resource,
    facts,
  };
}

/** Store and provider errors carry all that a problem needs; anything else is Unknown and says nothing of its inside. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isProviderError(error)) {
    const { operation, reason, action, resource, facts } = error.details;
    return new ProblemError(error.code, {
      detail: `Could not ${operation}: ${reason}`,
      action,
      resource,
      facts,
      retryAfterMs: error.retryAfterMs,
      cause: error,
    });
  }
  return new ProblemError("Unknown", {
    detail: "The request failed for a reason that was not foreseen",
    action: "Look the request id up in the API's log; repeat the request if it is safe to.",
    cause: error,
  });
}

function meaningOf(code: ProblemCode): { httpStatus: number; title: string } {
  return code in httpMeanings ? httpMeanings[code as keyof typeof httpMeanings] : errorMeanings[code as ErrorCode];
}
