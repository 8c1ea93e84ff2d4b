import { ApplicationFailure, CancelledFailure, Context } from "@temporalio/activity";
import { ApplicationFailureCategory } from "@temporalio/common";
import { errorMeanings, isProviderError } from "../domain/errors.ts";

/** What a failure's first detail carries for workflows, API and people. */
export interface FailureDetail {
  readonly resource: string;
  readonly action: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

type AnyActivity = (...args: never[]) => Promise<unknown>;

/** Wraps activities so that whatever they throw leaves as an `ApplicationFailure` whose type is a code of the union. The
 *  only place that makes such failures. */
export function withFailures<T extends Record<string, AnyActivity>>(activities: T): T {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        throw toFailure(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}

/** The failure as Temporal shall see it: a cancellation stays one, so that a pause or a cancel is never taken for a fault. */
export function toFailure(error: unknown): Error {
  const { cancellationSignal, cancellationDetails } = Context.current();
  if (cancellationSignal.aborted) {
    // Paused by an operator: rethrown as it came, so that unpausing goes on from the checkpoint.
    const reason: unknown = cancellationSignal.reason;
    if (reason instanceof CancelledFailure) return reason;
    return new CancelledFailure(cancellationDetails?.paused ? "PAUSED" : "CANCELLED");
  }
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (isProviderError(error)) {
    const { code, details } = error;
    const meaning = errorMeanings[code];
    const detail: FailureDetail = { resource: details.resource, action: details.action, facts: details.facts };
    return ApplicationFailure.create({
      type: code,
      message: error.message,
      nonRetryable: meaning.retry === "never" || meaning.retry === "next-offering",
      nextRetryDelay: error.retryAfterMs,
      category: meaning.retry === "poll" ? ApplicationFailureCategory.BENIGN : undefined,
      details: [detail],
    });
  }
  return ApplicationFailure.create({
    type: "Unknown",
    message: error instanceof Error ? error.message : String(error),
    nonRetryable: Context.current().info.attempt >= unknownAttempts,
    cause: error instanceof Error ? error : undefined,
  });
}

/** An unknown failure may be a passing one or a defect: tried this often, then shown. */
const unknownAttempts = 8;
