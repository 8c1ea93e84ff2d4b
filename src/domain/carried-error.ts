import { type ErrorCode, errorCodes, isProviderError, ProviderError } from "./errors.ts";

/** A failure as it goes from one of our processes to another. */
export interface CarriedError {
  readonly code: ErrorCode;
  readonly operation: string;
  readonly resource: string;
  readonly reason: string;
  readonly action: string;
  readonly retryAfterMs?: number;
}

export function carry(error: unknown): CarriedError {
  if (isProviderError(error)) {
    const { operation, resource, reason, action, retryAfterMs } = error.details;
    return {
      code: error.code,
      operation,
      resource,
      reason,
      action,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
  return {
    code: "Unknown",
    operation: "work for another site's worker",
    resource: "link",
    reason: error instanceof Error ? error.message : String(error),
    action: "Look into that worker's log.",
  };
}

export function uncarry(value: unknown): ProviderError {
  const { code, operation, resource, reason, action, retryAfterMs } = (value ?? {}) as Partial<CarriedError>;
  return new ProviderError(errorCodes.find((known) => known === code) ?? "Unknown", {
    operation: operation ?? "work at another site",
    resource: resource ?? "link",
    reason: reason ?? "it failed there",
    action: action ?? "Look into that worker's log.",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
