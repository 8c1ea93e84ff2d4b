import {
  isGrpcServiceError,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from "@temporalio/client";
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
} from "@temporalio/common";
import { type ErrorCode, errorMeanings } from "../domain/errors.ts";
import { ProblemError } from "./problem.ts";

/** What `activities/failures.ts` puts first into a failure's details. */
interface FailureDetail {
  readonly resource?: string;
  readonly action?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

const grpcDeadlineExceeded = 4;

/** Turns what Temporal throws into the failure that the workflow meant; gives anything else back as it came. */
export function fromTemporal(error: unknown): unknown {
  if (error instanceof WorkflowNotFoundError) {
    return new ProblemError("Conflict", {
      detail: "The run has ended or is not known to Temporal any more",
      action: "Read the resource's state; what has ended takes no further orders.",
      cause: error,
    });
  }
  // Some calls of the client wrap what gRPC said.
  const grpc = error instanceof ServiceError ? error.cause : error;
  if (isGrpcServiceError(grpc)) {
    return grpc.code === grpcDeadlineExceeded
      ? timeout("Temporal gave no answer in time", error)
      : new ProblemError("Unavailable", {
          detail: "Temporal cannot be reached",
          action: "Run `novacron status`, and repeat the request when Temporal is up.",
          cause: error,
        });
  }
  if (error instanceof WorkflowFailedError || error instanceof WorkflowUpdateFailedError) return fromFailure(error);
  return error;
}

function fromFailure(error: Error): ProblemError {
  for (let failure: unknown = error.cause; failure instanceof Error; failure = failure.cause) {
    if (failure instanceof ActivityFailure) {
      if (failure.cause === undefined) break;
      continue;
    }
    if (failure instanceof ApplicationFailure) return fromApplicationFailure(failure);
    if (failure instanceof TimeoutFailure) return timeout("No worker finished the work in time", error);
    if (failure instanceof CancelledFailure || failure instanceof TerminatedFailure) {
      return new ProblemError("Conflict", {
        detail: "The run was cancelled or terminated",
        action: "Start it again if it is still wanted.",
        cause: error,
      });
    }
  }
  return new ProblemError("Unknown", {
    detail: "The run failed for a reason that was not foreseen",
    action: "Open the run in Temporal's UI; its history shows the failure.",
    cause: error,
  });
}

function fromApplicationFailure(failure: ApplicationFailure): ProblemError {
  const code: ErrorCode = failure.type && failure.type in errorMeanings ? (failure.type as ErrorCode) : "Unknown";
  const detail = (failure.details?.[0] ?? {}) as FailureDetail;
  return new ProblemError(code, {
    detail: failure.message,
    action: detail.action ?? "Open the run in Temporal's UI; its history shows the failure.",
    resource: detail.resource,
    facts: detail.facts,
    cause: failure,
  });
}

function timeout(detail: string, cause: unknown): ProblemError {
  return new ProblemError("Timeout", {
    detail,
    action: "Run `novacron status`: a worker must be up. Then repeat the request.",
    cause,
  });
}
