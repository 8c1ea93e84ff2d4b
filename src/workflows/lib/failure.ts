import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TemporalFailure,
} from "@temporalio/workflow";

export interface FailureDescription {
  /** A code of the error union, or `Unknown`. */
  readonly code: string;
  readonly message: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** The innermost application failure's type and message: workflows branch on the code, never on the text. */
export function describeFailure(error: unknown): FailureDescription {
  let current: unknown = error;
  while ((current instanceof ActivityFailure || current instanceof ChildWorkflowFailure) && current.cause)
    current = current.cause;
  if (current instanceof ApplicationFailure) {
    const details = current.details?.[0] as { facts?: Record<string, unknown> } | undefined;
    return { code: current.type ?? "Unknown", message: current.message, facts: details?.facts };
  }
  if (current instanceof CancelledFailure) return { code: "Cancelled", message: "The run was cancelled" };
  if (current instanceof TemporalFailure) return { code: "Timeout", message: current.message };
  return { code: "Unknown", message: current instanceof Error ? current.message : String(current) };
}
